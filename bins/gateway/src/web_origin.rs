//! The web pages whose scripts may open a WebSocket connection. A browser lets every page connect
//! anywhere and names the page's origin in the handshake; the server has to judge it (RFC 6455,
//! section 10.2). Programs that are no browser name none.

use axum::http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
};

/// Reads an origin as it is written in an option: `https://poker.example.org`, with the port if it
/// is not the scheme's own.
///
/// # Errors
/// A text that says how to write an origin.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let wrong =
        || format!("write the scheme, the host and the port, as in https://poker.example.org: not {text}");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
    let is_bare = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
    // The path "/" is read from an origin without a path too.
    if !is_bare || text.ends_with('/') || !matches!(scheme, "http" | "https") {
        return Err(wrong());
    }
    Ok(text.to_ascii_lowercase())
}

/// Returns whether a handshake with these headers may go on: it comes from no page, from a page of
/// the host that it asks for, or from a page of an allowed origin.
pub(crate) fn may_connect(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut named = headers.get_all(ORIGIN).iter();
    let Some(origin) = named.next() else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if named.next().is_some() {
        return false;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let same = authority.zip(host).is_some_and(|(page, host)| page.eq_ignore_ascii_case(host));
    same || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn pages_of_the_same_host_and_of_allowed_origins_may_connect_and_programs_may_too() {
        let allowed = [parse("https://Poker.example.org").unwrap(), parse("http://localhost:5173").unwrap()];
        let host = (HOST, "10.0.0.7:7100");
        for origin in ["https://poker.example.org", "HTTP://LOCALHOST:5173", "http://10.0.0.7:7100"] {
            assert!(may_connect(&headers(&[host.clone(), (ORIGIN, origin)]), &allowed), "{origin}");
        }
        assert!(may_connect(&headers(&[host]), &allowed));
    }

    #[test]
    fn other_pages_may_not_connect() {
        let allowed = [parse("https://poker.example.org").unwrap()];
        for origin in [
            "https://poker.example.org.evil.example",
            "https://poker.example.org:8443",
            "http://poker.example.org",
            "https://10.0.0.7",
            "http://10.0.0.7:7100.evil.example",
            "null",
            "",
        ] {
            let headers = headers(&[(HOST, "10.0.0.7:7100"), (ORIGIN, origin)]);
            assert!(!may_connect(&headers, &allowed), "{origin}");
        }
        assert!(!may_connect(&headers(&[(ORIGIN, "null")]), &[]), "without a host");
        let twice = [(ORIGIN, "https://poker.example.org"), (ORIGIN, "https://evil.example")];
        assert!(!may_connect(&headers(&twice), &allowed));
    }

    #[test]
    fn an_option_that_is_no_origin_is_refused_with_how_to_write_one() {
        for wrong in [
            "poker.example.org",
            "https://poker.example.org/",
            "https://poker.example.org/table",
            "https://ann@poker.example.org",
            "ftp://poker.example.org",
            "*",
            "",
        ] {
            let text = parse(wrong).unwrap_err();
            assert!(text.contains("https://poker.example.org"), "{text}");
        }
    }
}
