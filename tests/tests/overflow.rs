//! Release builds stop at a sum of chips that overflows, as other builds do.

use std::{fs, path::Path};
use toml::Table;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Crates that no released program contains.
const NOT_RELEASED: &[&str] = &["testkit"];

/// Returns whether a folder has code, apart from tests, that names `Chips`.
#[allow(clippy::unwrap_used)] // only tests call it
fn counts_chips(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            return counts_chips(&path);
        }
        if name.ends_with("tests.rs") || !name.ends_with(".rs") {
            return false;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "Chips")
    })
}

/// Returns the crates that count chips.
#[allow(clippy::unwrap_used)] // only tests call it
fn crates() -> Vec<String> {
    let folders = ["lib", "bins"].map(|folder| fs::read_dir(Path::new(ROOT).join(folder)).unwrap());
    let folders = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let counting = folders.filter(|folder| counts_chips(&folder.join("src")));
    let names = counting.map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|name| !NOT_RELEASED.contains(&name.as_str())).collect()
}

/// Returns the crates whose sums are not checked in release builds, by a workspace's manifest.
fn unchecked(manifest: &Table) -> Vec<String> {
    let checks = |name: &String| {
        let profile = manifest.get("profile")?.get("release")?.get("package")?.get(name)?;
        profile.get("overflow-checks")?.as_bool()
    };
    crates().into_iter().filter(|name| checks(name) != Some(true)).collect()
}

#[allow(clippy::unwrap_used)] // only tests call it
fn manifest() -> Table {
    fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap().parse().unwrap()
}

#[test]
fn every_crate_that_counts_chips_checks_its_sums_in_release_builds() {
    assert_eq!(unchecked(&manifest()), Vec::<String>::new());
}

#[test]
fn a_crate_whose_sums_are_not_checked_is_noticed() {
    let mut manifest = manifest();
    let packages = manifest["profile"]["release"]["package"].as_table_mut().unwrap();
    packages.remove("cashier");
    packages["poker"].as_table_mut().unwrap().remove("overflow-checks");
    let mut missing = unchecked(&manifest);
    missing.sort();
    assert_eq!(missing, ["cashier", "poker"]);
}
