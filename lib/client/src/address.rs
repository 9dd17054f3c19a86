//! Addresses of gateways.

use std::{fmt, str::FromStr};

/// The transport and encoding of frames; as text, the scheme of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString)]
pub enum Wire {
    /// Length-prefixed MessagePack over TCP.
    #[strum(serialize = "tcp")]
    Tcp,
    /// MessagePack in binary WebSocket messages.
    #[strum(serialize = "ws")]
    WebSocket,
    /// JSON in text WebSocket messages.
    #[strum(serialize = "ws+json")]
    WebSocketJson,
}

/// The address of a gateway: `tcp://host:port`, `ws://host:port/` or `ws+json://host:port/`, and
/// with TLS `tcps`, `wss` or `wss+json`. Without a scheme it is TCP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    wire: Wire,
    secure: bool,
    authority: String,
    path: String,
}

/// The text is not a valid address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not an address of a gateway: write tcp://host:port, ws://host:port/ or ws+json://host:port/, with TLS tcps, wss or wss+json",
    wire::text::Quoted(.0)
)]
pub struct BadAddress(pub String);

impl Address {
    /// Returns the transport and encoding of frames.
    #[must_use]
    pub const fn wire(&self) -> Wire {
        self.wire
    }

    /// Returns whether the connection uses TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the host's name or address.
    pub(crate) fn host(&self) -> &str {
        self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host)
    }

    /// Returns `host:port`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the URL of the WebSocket handshake, e.g. `ws://host:port/`.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }

    /// Returns an address that a gateway named, with this address's encoding. None if its listener
    /// is of the other kind (a WebSocket client cannot use a TCP listener), or plain where this
    /// address has TLS: no gateway talks a client out of it.
    #[must_use]
    pub fn sibling(&self, text: &str) -> Option<Self> {
        let other: Self = text.parse().ok()?;
        let same_listener = (self.wire == Wire::Tcp) == (other.wire == Wire::Tcp);
        let as_secure = other.secure || !self.secure;
        (same_listener && as_secure).then_some(Self { wire: self.wire, ..other })
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        let (wire, secure) = parse_scheme(scheme).ok_or_else(bad)?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let (host, port) = authority.rsplit_once(':').ok_or_else(bad)?;
        let fits = |c: char| !c.is_whitespace() && !"@/?#".contains(c);
        if host.is_empty() || !host.chars().all(fits) || port.parse::<u16>().is_err() {
            return Err(bad());
        }
        if wire == Wire::Tcp && path != "/" {
            return Err(bad());
        }
        Ok(Self { wire, secure, authority: authority.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = self.wire.to_string();
        let (listener, encoding) = wire.split_at(wire.find('+').unwrap_or(wire.len()));
        let secure = if self.secure { "s" } else { "" };
        write!(f, "{listener}{secure}{encoding}://{}", self.authority)?;
        if self.wire == Wire::Tcp {
            return Ok(());
        }
        f.write_str(&self.path)
    }
}

/// Returns the transport and encoding that a scheme names, and whether it is with TLS.
fn parse_scheme(scheme: &str) -> Option<(Wire, bool)> {
    if let Ok(wire) = scheme.parse() {
        return Some((wire, false));
    }
    let (listener, encoding) = scheme.split_at(scheme.find('+').unwrap_or(scheme.len()));
    let plain = format!("{}{encoding}", listener.strip_suffix('s')?);
    Some((plain.parse().ok()?, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_parse_and_print() {
        for text in ["tcp://127.0.0.1:7000", "ws://node-1.example:80/", "ws+json://[::1]:7001/play"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert!(!address.is_secure());
        }
        for (text, host) in
            [("tcps://a.example:7000", "a.example"), ("wss://b:80/", "b"), ("wss+json://[::1]:7/", "[::1]")]
        {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.host()), (text, host));
            assert!(address.is_secure());
        }
        assert_eq!("localhost:5".parse::<Address>().unwrap().to_string(), "tcp://localhost:5");
        for text in [
            "http://a:1",
            "https://a:1",
            "s://a:1",
            "tcpss://a:1",
            "ws+jsons://a:1/",
            "tcp://a",
            "ws://:1/",
            "tcp://a:b",
            "tcp://a:1/x",
            "ws://a b:1/",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn another_gateways_address_gets_the_same_encoding() {
        let json: Address = "ws+json://a:1/".parse().unwrap();
        assert_eq!(json.sibling("ws://b:2/").unwrap().to_string(), "ws+json://b:2/");
        assert_eq!(json.sibling("tcp://b:2"), None);
        let tcp: Address = "tcp://a:1".parse().unwrap();
        assert_eq!(tcp.sibling("b:2").unwrap().to_string(), "tcp://b:2");
        assert_eq!(tcp.sibling("ws://b:2/"), None);
        assert_eq!(tcp.sibling("tcps://b:2").unwrap().to_string(), "tcps://b:2");
        let secure: Address = "wss+json://a:1/".parse().unwrap();
        assert_eq!(secure.sibling("wss://b:2/").unwrap().to_string(), "wss+json://b:2/");
        assert_eq!(secure.sibling("ws://b:2/"), None, "without TLS");
    }
}
