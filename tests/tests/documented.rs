//! Public items of the crates and modules that tests share have doc comments. The compiler's
//! `missing_docs` looks only at items that other crates can reach, and so at no module of a test.
//!
//! Examples of code are programs in a crate's folder `examples`: those in doc comments would be
//! compiled by another command (`cargo test --doc`), which compiles most crates once more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails is a failed test")]

use proc_macro2::{TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words that begin an item, after `pub`.
const ITEMS: &[&str] = &["fn", "struct", "enum", "trait", "type", "const", "static", "async", "unsafe"];

/// Returns the lines of a source at which a public item without doc comment begins.
fn undocumented(source: &str) -> Vec<usize> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("no Rust: {error}"));
    let mut lines = Vec::new();
    walk(tokens, &mut lines);
    lines
}

fn walk(tokens: TokenStream, lines: &mut Vec<usize>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => walk(group.stream(), lines),
            TokenTree::Ident(word) if *word == "pub" => {
                if begins_item(&tokens[at + 1..]) && !is_documented(&tokens[..at]) {
                    lines.push(word.span().start().line);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Returns whether an item follows `pub`, and not a field, a module or an import.
fn begins_item(tokens: &[TokenTree]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Ident(word)) if ITEMS.contains(&word.to_string().as_str()))
}

/// Returns whether one of the attributes at the end of these tokens is a doc comment.
fn is_documented(before: &[TokenTree]) -> bool {
    match before {
        [rest @ .., TokenTree::Punct(hash), TokenTree::Group(attribute)] if hash.as_char() == '#' => {
            let name = attribute.stream().into_iter().next();
            matches!(name, Some(TokenTree::Ident(name)) if name == "doc") || is_documented(rest)
        }
        _ => false,
    }
}

/// Adds the sources in a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_tests_share_has_doc_comments() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let mut files = Vec::new();
    sources(&project.join("tests"), &mut files);
    sources(&project.join("lib/testkit/src"), &mut files);
    for group in ["bins", "lib"] {
        for entry in fs::read_dir(project.join(group)).unwrap() {
            let tests = entry.unwrap().path().join("tests");
            if tests.is_dir() {
                sources(&tests, &mut files);
            }
        }
    }
    assert!(files.len() > 100, "only {} files were found", files.len());
    let missing = files.iter().flat_map(|file| {
        let name = file.strip_prefix(&project).unwrap().display();
        undocumented(&fs::read_to_string(file).unwrap()).into_iter().map(move |line| format!("{name}:{line}"))
    });
    let missing: Vec<String> = missing.collect();
    assert!(missing.is_empty(), "public items without a doc comment:\n{}", missing.join("\n"));
}

/// Returns the lines of a source at which a doc comment has code that Cargo would compile.
fn code_in_doc_comments(source: &str) -> Vec<usize> {
    let mut within = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.trim_start();
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(language) = comment.and_then(|comment| comment.trim().strip_prefix("```")) else { continue };
        if !within && language != "text" {
            lines.push(number);
        }
        within = !within;
    }
    lines
}

#[test]
fn doc_comments_have_no_code_that_is_never_compiled() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let mut files = Vec::new();
    for group in ["bins", "lib", "tests"] {
        sources(&project.join(group), &mut files);
    }
    let found = files.iter().flat_map(|file| {
        let name = file.strip_prefix(&project).unwrap().display();
        code_in_doc_comments(&fs::read_to_string(file).unwrap())
            .into_iter()
            .map(move |line| format!("{name}:{line}"))
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "make an example program of it, or mark it as ```text:\n{}", found.join("\n"));
}

#[test]
fn code_in_doc_comments_is_found() {
    assert_eq!(code_in_doc_comments("/// A.\n///\n/// ```\n/// a();\n/// ```\nfn a() {}"), [3]);
    assert_eq!(code_in_doc_comments("//! ```no_run\n//! a();\n//! ```"), [1]);
    assert_eq!(code_in_doc_comments("//! ```text\n//! a\n//! ```\n//! ```text\n//! ```"), [0_usize; 0]);
}

#[test]
fn items_without_doc_comments_are_found() {
    for missing in [
        "pub fn f() {}",
        "#[must_use] pub const fn f() {}",
        "pub async fn f() {}",
        "mod a { pub struct B; }",
        "impl A { /// F.\n fn f() {} pub fn g() {} }",
        "pub const A: u8 = 1;",
    ] {
        assert_eq!(undocumented(missing).len(), 1, "{missing}");
    }
    for enough in [
        "/// F.\npub fn f() {}",
        "/// F.\n#[must_use]\npub const fn f() {}",
        "#[derive(Debug)]\n/// A.\npub struct A { pub b: u8 }",
        "pub use a::b; pub mod c; pub(crate) fn d() {} fn e() {}",
    ] {
        assert_eq!(undocumented(enough).len(), 0, "{enough}");
    }
}
