//! Texts for people contain no debug format: names, numbers and sentences instead of `HandNo(1)`.
//!
//! The source of every program and library is checked, without their tests. Allowed are lines of
//! `debug!` and `trace!`, which are for people who know the source, panics, and `impl Debug`
//! itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails is a failed test")]

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Crates whose output is for people who work on this project: violations, with the values in which
/// they were found.
const FOR_DEVELOPERS: &[&str] = &["lib/testkit", "lib/audit"];
/// Files with their number of exceptions: quoting for a machine, and violations that the load
/// generator found.
const EXCEPTIONS: &[(&str, usize)] = &[("lib/servers/src/nats.rs", 1), ("bins/swarm/src/play/chips.rs", 2)];
/// Macros whose texts are read only in a trace or after a mistake in the program.
const FREE: &[&str] =
    &["debug", "trace", "panic", "assert", "assert_eq", "assert_ne", "debug_assert", "unreachable"];
/// Macros in which `?value` is a debug format.
const LOGS: &[&str] = &["info", "warn", "error", "event", "span", "info_span", "warn_span", "error_span"];

/// Returns the lines of a source that use debug formats in texts for people.
fn debug_formats(source: &str) -> Vec<usize> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("no Rust: {error}"));
    let mut lines = Vec::new();
    walk(tokens, &mut lines);
    lines
}

fn walk(tokens: TokenStream, lines: &mut Vec<usize>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        if is_test(rest) || is_impl_debug(rest) {
            at += skip_item(rest);
        } else if is_comment(rest) {
            at += skip_attribute(rest);
        } else if let Some((name, group)) = as_macro(rest) {
            if LOGS.contains(&name.as_str()) {
                lines.extend(debug_fields(group));
            }
            if !FREE.contains(&name.as_str()) {
                walk(group.stream(), lines);
            }
            at += 3;
        } else {
            match &tokens[at] {
                TokenTree::Group(group) => walk(group.stream(), lines),
                TokenTree::Literal(literal) if literal.to_string().contains("?}") => {
                    lines.push(literal.span().start().line);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

/// Returns whether a doc comment begins here.
fn is_comment(tokens: &[TokenTree]) -> bool {
    let attribute = match tokens {
        [hash, bang, TokenTree::Group(group), ..] if is_punct(hash, '#') && is_punct(bang, '!') => group,
        [hash, TokenTree::Group(group), ..] if is_punct(hash, '#') => group,
        _ => return false,
    };
    attribute.stream().into_iter().next().is_some_and(|token| is_ident(&token, "doc"))
}

/// Returns the number of tokens of the attribute that begins here.
fn skip_attribute(tokens: &[TokenTree]) -> usize {
    if matches!(tokens, [_, TokenTree::Group(_), ..]) { 2 } else { 3 }
}

/// Returns whether an item begins here that is compiled for tests only.
fn is_test(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(attribute), ..] = tokens else { return false };
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    is_punct(hash, '#') && attribute.delimiter() == Delimiter::Bracket && text == "cfg(test)"
}

fn is_impl_debug(tokens: &[TokenTree]) -> bool {
    tokens.first().is_some_and(|token| is_ident(token, "impl")) && {
        let head = tokens.iter().take_while(|token| !is_ident(token, "for") && !is_block(token));
        head.last().is_some_and(|token| is_ident(token, "Debug"))
    }
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Returns the number of tokens of the item that begins here.
fn skip_item(tokens: &[TokenTree]) -> usize {
    let end = tokens.iter().position(|token| is_block(token) || is_punct(token, ';'));
    end.map_or(tokens.len(), |end| end + 1)
}

fn as_macro(tokens: &[TokenTree]) -> Option<(String, &Group)> {
    match tokens {
        [TokenTree::Ident(name), bang, TokenTree::Group(group), ..] if is_punct(bang, '!') => {
            Some((name.to_string(), group))
        }
        _ => None,
    }
}

/// Returns the lines of `?value` and `name = ?value` in a log macro.
fn debug_fields(group: &Group) -> Vec<usize> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let fields = tokens.iter().enumerate().filter(|&(at, token)| {
        let begins = at == 0 || is_punct(&tokens[at - 1], ',') || is_punct(&tokens[at - 1], '=');
        begins && is_punct(token, '?')
    });
    fields.map(|(_, token)| token.span().start().line).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        if name.contains("tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn texts_for_people_contain_no_debug_format() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let mut offences = Vec::new();
    let mut looked_at = 0;
    for group in ["bins", "lib"] {
        for entry in fs::read_dir(project.join(group)).unwrap() {
            let crate_ = entry.unwrap().path();
            let name = crate_.strip_prefix(&project).unwrap().display().to_string();
            if FOR_DEVELOPERS.contains(&name.as_str()) || !crate_.join("src").is_dir() {
                continue;
            }
            let mut files = Vec::new();
            sources(&crate_.join("src"), &mut files);
            looked_at += files.len();
            for file in files {
                let lines = debug_formats(&fs::read_to_string(&file).unwrap());
                let name = file.strip_prefix(&project).unwrap().display().to_string();
                let allowed = EXCEPTIONS.iter().find(|(path, _)| *path == name).map_or(0, |(_, n)| *n);
                if lines.len() != allowed {
                    offences.extend(lines.iter().map(|line| format!("{name}:{line}")));
                }
            }
        }
    }
    assert!(looked_at > 200, "only {looked_at} files were found");
    assert!(offences.is_empty(), "debug format in texts for people:\n{}", offences.join("\n"));
}

#[test]
fn debug_formats_are_found_in_texts_for_people() {
    let found = |source: &str| debug_formats(source).len();
    for offence in [
        r#"fn f() { format!("{x:?}") }"#,
        r#"fn f() { say(format!("a {0:#?}", x)) }"#,
        r#"#[error("at {hand:?}")] struct E;"#,
        r#"fn f() { tracing::warn!(?reply, "no") }"#,
        r#"fn f() { info!(%id, phase = ?x.phase(), "due") }"#,
        r#"fn f() { let a = vec![Some(bail!("{a:>8?}"))]; }"#,
    ] {
        assert_eq!(found(offence), 1, "{offence}");
    }
    for allowed in [
        r#"fn f() { tracing::debug!(?x, "{x:?}") }"#,
        r#"fn f() { panic!("{x:?}") }"#,
        r#"impl fmt::Debug for A { fn fmt(&self) { write!(f, "{:?}", self.0) } }"#,
        r#"#[cfg(test)] mod tests { fn f() { format!("{x:?}") } }"#,
        r#"fn f() -> Option<u8> { error!(a = x?, "no"); let b = a?; Some(b) }"#,
        r#"fn f() { format!("{x}") }"#,
        "//! Such as `{x:?}`.\n/// Or `{x:?}`.\nfn f() {}",
    ] {
        assert_eq!(found(allowed), 0, "{allowed}");
    }
}
