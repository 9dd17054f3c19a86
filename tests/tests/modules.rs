//! The modules of a crate have one direction: modules below the same parent do not import each
//! other, nor do they over further ones. A module may use the modules above it, which may use it.
//!
//! Imports are `use` items and paths, those in macros included; a name that a module passes on
//! counts as the module that has it. Left out are code for tests, and methods: an `impl` block may
//! be in another module than its type.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails is a failed test")]

use cargo_metadata::MetadataCommand;
use proc_macro2::{TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::Path,
};

/// Names that `pub use` passes on through more modules than these go in a circle.
const MOST_PASSES: usize = 32;

/// The names of a path, in order.
type Names = Vec<String>;

/// A module: what its own lines import and use, without those of the modules in it.
#[derive(Default)]
struct Module {
    /// The imported paths, by the names that they have here.
    imported: BTreeMap<String, Names>,
    /// All paths, with their lines.
    paths: Vec<(Names, usize)>,
}

/// The modules of a crate by their paths. The root's path is empty.
#[derive(Default)]
struct Modules(BTreeMap<Names, Module>);

/// A path in one module that leads to another: the module, the path and its line.
type Use<'a> = (&'a [String], &'a [String], usize);

/// The modules below one parent, with those that each uses.
type Siblings<'a> = BTreeMap<&'a str, BTreeMap<String, Use<'a>>>;

impl Modules {
    /// Reads a crate from the file of its root.
    fn of_crate(root: &Path) -> Self {
        let mut modules = Self::default();
        modules.read(&[], tokens_of(root), root.parent().unwrap());
        modules
    }

    /// Reads a module, whose modules have their files in `folder`.
    fn read(&mut self, module: &[String], tokens: TokenStream, folder: &Path) {
        self.0.entry(module.to_vec()).or_default();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some(first) = rest.first() {
            if let Some((file, name)) = named_file(rest) {
                let file = folder.join(file);
                self.read(&with(module, &name), tokens_of(&file), file.parent().unwrap());
                rest = &rest[5..];
                continue;
            }
            let taken = match (first, &rest[1..]) {
                _ if is_test(rest) => item_length(rest),
                (keyword, [TokenTree::Ident(name), end, ..]) if is_ident(keyword, "mod") => {
                    let inner = folder.join(name.to_string());
                    let child = with(module, &name.to_string());
                    match end {
                        TokenTree::Group(body) => self.read(&child, body.stream(), &inner),
                        _ => self.read(&child, tokens_of(&file_of(&inner)), &inner),
                    }
                    3
                }
                (keyword, [next, ..]) if is_ident(keyword, "use") && !is_punct(next, '<') => {
                    let end = rest.iter().position(|token| is_punct(token, ';')).unwrap();
                    self.import(module, &rest[1..end], &[]);
                    end + 1
                }
                (TokenTree::Ident(_), _) => {
                    let (path, length) = path_at(rest);
                    if path.len() > 1 {
                        self.module(module).paths.push((path, line_of(first)));
                    }
                    length
                }
                (TokenTree::Group(group), _) => {
                    self.read(module, group.stream(), folder);
                    1
                }
                (TokenTree::Punct(_) | TokenTree::Literal(_), _) => 1,
            };
            rest = &rest[taken..];
        }
    }

    /// Adds the imports of a `use` item, or of the braces after `prefix` in it.
    fn import(&mut self, module: &[String], tokens: &[TokenTree], prefix: &[String]) {
        for tree in tokens.split(|token| is_punct(token, ',')) {
            // A path that begins with `::` is another crate's.
            let Some(first) = tree.first().filter(|token| !is_punct(token, ':')) else { continue };
            let (mut path, length) = path_at(tree);
            path.splice(0..0, prefix.iter().cloned());
            let end = tree[length..].iter().find(|token| !is_punct(token, ':'));
            if let Some(TokenTree::Group(braces)) = end {
                let inner: Vec<TokenTree> = braces.stream().into_iter().collect();
                self.import(module, &inner, &path);
                continue;
            }
            path.pop_if(|last| *last == "self" && !prefix.is_empty());
            let name = match (end, tree.last()) {
                (Some(keyword), Some(TokenTree::Ident(name))) if is_ident(keyword, "as") => name.to_string(),
                _ => path.last().unwrap().clone(),
            };
            let module = self.module(module);
            module.paths.push((path.clone(), line_of(first)));
            let is_glob = end.is_some_and(|token| is_punct(token, '*'));
            if !is_glob {
                module.imported.insert(name, path);
            }
        }
    }

    fn module(&mut self, path: &[String]) -> &mut Module {
        self.0.entry(path.to_vec()).or_default()
    }

    /// Returns the module that has what a path in `from` names; `None` for another crate's.
    fn target(&self, from: &[String], path: &[String], passes: usize) -> Option<Names> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_vec(),
            "super" => from.split_last()?.1.to_vec(),
            name if self.0.contains_key(&with(from, name)) => with(from, name),
            name => return self.passed_on(from, name, rest, passes),
        };
        while let Some((name, further)) = rest.split_first() {
            let child = with(&at, name);
            if name == "super" {
                at.pop();
            } else if self.0.contains_key(&child) {
                at = child;
            } else {
                return Some(self.passed_on(&at, name, further, passes).unwrap_or(at));
            }
            rest = further;
        }
        Some(at)
    }

    /// Returns the module that has what a module imports under this name, and `rest` in it.
    fn passed_on(&self, module: &[String], name: &str, rest: &[String], passes: usize) -> Option<Names> {
        let imported = self.0.get(module)?.imported.get(name)?;
        let path = [imported, rest].concat();
        if passes > MOST_PASSES || path.first().is_some_and(|first| first == name && imported.len() == 1) {
            return None;
        }
        self.target(module, &path, passes + 1)
    }

    /// Returns the modules that use each other, by the path of their parent.
    fn siblings(&self) -> BTreeMap<&[String], Siblings<'_>> {
        let mut siblings: BTreeMap<&[String], Siblings<'_>> = BTreeMap::new();
        for (module, Module { paths, .. }) in &self.0 {
            for (path, line) in paths {
                let Some(target) = self.target(module, path, 0) else { continue };
                let parents = module.iter().zip(&target).take_while(|(one, other)| one == other).count();
                // Between a module and one above it, both directions are allowed.
                if let (Some(user), Some(used)) = (module.get(parents), target.get(parents)) {
                    let users = siblings.entry(&module[..parents]).or_default();
                    users.entry(user).or_default().entry(used.clone()).or_insert((
                        module.as_slice(),
                        path.as_slice(),
                        *line,
                    ));
                }
            }
        }
        siblings
    }

    /// Describes the cycles of the crate, each module in one of them.
    fn cycles(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (parent, siblings) in self.siblings() {
            let mut known = BTreeSet::new();
            for module in siblings.keys() {
                let Some(cycle) = shortest_cycle(&siblings, module) else { continue };
                if !cycle.iter().all(|(user, _)| known.contains(user)) {
                    known.extend(cycle.iter().map(|(user, _)| *user));
                    told.push(describe(parent, &cycle));
                }
            }
        }
        told
    }
}

/// Returns the modules of the shortest cycle from a module back to it, each with how it uses the
/// next one.
fn shortest_cycle<'a>(siblings: &Siblings<'a>, start: &'a str) -> Option<Vec<(&'a str, Use<'a>)>> {
    let mut ways: VecDeque<(&str, Vec<(&str, Use<'a>)>)> = VecDeque::from([(start, Vec::new())]);
    let mut reached = BTreeSet::new();
    while let Some((at, way)) = ways.pop_front() {
        for (used, how) in siblings.get(at).into_iter().flatten() {
            let mut way = way.clone();
            way.push((at, *how));
            if used == start {
                return Some(way);
            }
            // A module that uses no sibling is in no cycle.
            if let Some((used, _)) = siblings.get_key_value(used.as_str())
                && reached.insert(*used)
            {
                ways.push_back((used, way));
            }
        }
    }
    None
}

fn describe(parent: &[String], cycle: &[(&str, Use<'_>)]) -> String {
    let uses = cycle.iter().map(|(_, (module, path, line))| {
        format!("line {line} of {} has {}", module.join("::"), path.join("::"))
    });
    let names: Vec<&str> = cycle.iter().map(|(name, _)| *name).collect();
    let place = if parent.is_empty() { String::new() } else { format!("in {}, ", parent.join("::")) };
    format!("{place}{} import each other: {}", names.join(" and "), uses.collect::<Vec<_>>().join(", "))
}

fn with(module: &[String], name: &str) -> Names {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

fn tokens_of(file: &Path) -> TokenStream {
    let source = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    source.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the file that an attribute `path` gives for the module that is declared here, and the
/// module's name.
fn named_file(tokens: &[TokenTree]) -> Option<(String, String)> {
    let [hash, TokenTree::Group(attribute), keyword, TokenTree::Ident(name), _, ..] = tokens else {
        return None;
    };
    let attribute: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [path, _, TokenTree::Literal(file)] = &attribute[..] else { return None };
    let is_named = is_punct(hash, '#') && is_ident(path, "path") && is_ident(keyword, "mod");
    is_named.then(|| (file.to_string().trim_matches('"').to_owned(), name.to_string()))
}

/// Returns the file of the module whose own modules are in a folder.
fn file_of(folder: &Path) -> std::path::PathBuf {
    let beside = folder.with_extension("rs");
    if beside.exists() { beside } else { folder.join("mod.rs") }
}

/// Returns the path that begins with the first token, and the number of its tokens.
fn path_at(tokens: &[TokenTree]) -> (Names, usize) {
    let (mut path, mut at) = (Vec::new(), 0);
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        at += 1;
        match &tokens[at..] {
            [one, other, TokenTree::Ident(_), ..] if is_punct(one, ':') && is_punct(other, ':') => at += 2,
            _ => break,
        }
    }
    (path, at)
}

fn line_of(token: &TokenTree) -> usize {
    token.span().start().line
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

/// Returns whether an item begins here that is compiled for tests only.
fn is_test(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(attribute), ..] = tokens else { return false };
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    is_punct(hash, '#') && text == "cfg(test)"
}

/// Returns the number of tokens of the item that begins here.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| {
        let braces =
            matches!(token, TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace);
        braces || is_punct(token, ';')
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |end| end + 1)
}

/// Returns the crates of the workspace, tests included, each with the name of its package and the
/// file of its root.
fn crates() -> Vec<(String, Modules)> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let mut crates = Vec::new();
    for package in &metadata.packages {
        for target in &package.targets {
            let name = format!("{}, {}", package.name, target.name);
            crates.push((name, Modules::of_crate(target.src_path.as_std_path())));
        }
    }
    crates
}

/// Returns the modules of a source text.
fn planted(source: &str) -> Modules {
    let mut modules = Modules::default();
    modules.read(&[], source.parse().unwrap(), Path::new(""));
    modules
}

#[test]
fn no_two_sibling_modules_of_a_crate_import_each_other() {
    let mut cycles = Vec::new();
    for (name, modules) in crates() {
        cycles.extend(modules.cycles().into_iter().map(|cycle| format!("{name}: {cycle}")));
    }
    assert!(cycles.is_empty(), "move what both use to a module of its own:\n{}", cycles.join("\n"));
}

#[test]
fn a_cycle_that_is_planted_in_a_crate_is_noticed() {
    let (_, mut wire) = crates().into_iter().find(|(name, _)| name == "wire, wire").unwrap();
    assert_eq!(wire.cycles(), Vec::<String>::new());
    let source = "pub const fn at(self) -> crate::client::ClientMessage {}";
    wire.read(&["command".to_owned()], source.parse().unwrap(), Path::new(""));
    let cycles = wire.cycles();
    let cycle = cycles.first().unwrap();
    assert!(cycle.starts_with("client and command import each other: "), "{cycle}");
    assert!(cycle.contains("line 1 of command has crate::client::ClientMessage"), "{cycle}");
}

#[test]
fn cycles_of_every_form_are_noticed() {
    let forms = [
        ("a and b", "mod a { use super::b::B; } mod b { use crate::a::A; }"),
        ("a and b", "mod a { use crate::{b::{self, B}, c}; } mod b { use super::a as other; } mod c {}"),
        ("a and c and b", "mod a { use super::c::C; } mod b { use super::a::A; } mod c { use super::b::B; }"),
        // Without a `use` item: a path in a body, in a macro, in an attribute.
        ("a and b", "mod a { fn f() { crate::b::g() } } mod b { fn g() { h!(\"{}\", super::a::X) } }"),
        ("a and b", "mod a { use crate::b::B; } mod b { #[error(\"{}\", crate::a::X)] struct E; }"),
        // Over a name that the root passes on, under another name too.
        ("a and b", "pub use a::A; mod a { use crate::b::B; } mod b { use crate::A; }"),
        ("a and b", "use a::A as Z; mod a { use super::b::B; } mod b { fn f() -> super::Z {} }"),
        // Between modules below the siblings, and below another parent than the root.
        ("a and b", "mod a { mod x { use crate::b::B; } } mod b { mod y { use crate::a::x::X; } }"),
        ("in m, a and b", "mod m { mod a { use super::b::B; } mod b { use crate::m::a::*; } }"),
    ];
    for (names, source) in forms {
        let cycles = planted(source).cycles();
        assert_eq!(cycles.len(), 1, "{source}: {cycles:?}");
        assert!(cycles[0].starts_with(&format!("{names} import each other")), "{source}: {cycles:?}");
    }
}

#[test]
fn one_direction_is_no_cycle() {
    let sound = [
        "mod a { use super::b::B; } mod b { use std::a::A; }",
        // A parent and its child may use each other.
        "use a::A; mod a { use crate::B; mod x { use super::Y; } use x::X; } struct B;",
        "mod a { use super::b::B; } mod b { #[cfg(test)] mod tests { use crate::a::A; } }",
        "mod a { use super::b::B; } mod b { #[cfg(test)] use crate::a::A; fn f<'a>() -> impl F + use<'a> {} }",
        "pub use bytes::Bytes; mod a { use super::b::B; } mod b { use crate::Bytes; }",
    ];
    for source in sound {
        assert_eq!(planted(source).cycles(), Vec::<String>::new(), "{source}");
    }
}
