//! Recorded hands, read from files and folders and made ready to be played.

use anyhow::{Context, bail, ensure};
use poker::phh::{Phh, PhhError, Scripted};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A hand of a file. Copies share it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The file, and the hand's number in a file of several.
    pub name: Arc<str>,
    /// The script, or why the hand cannot be played.
    pub hand: Result<Arc<Scripted>, PhhError>,
}

/// Reads all hands of these files and folders, with the folders in them, sorted by name.
///
/// # Errors
/// When a file cannot be read or is not a hand file, and when there is no hand at all.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Recorded>> {
    let mut hands = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = hands.len();
            folder(path, &mut hands)?;
            ensure!(hands.len() > before, "no .phh or .phhs file is in {}", path.display());
        } else {
            ensure!(kind(path).is_some(), "{} is no hand file: name .phh and .phhs files", path.display());
            file(path, &mut hands)?;
        }
    }
    Ok(hands)
}

fn folder(path: &Path, hands: &mut Vec<Recorded>) -> anyhow::Result<()> {
    let unreadable = || format!("cannot read {}", path.display());
    let entries = fs::read_dir(path).with_context(unreadable)?;
    let found: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut found = found.with_context(unreadable)?;
    found.sort();
    for path in found {
        if path.is_dir() {
            folder(&path, hands)?;
        } else if kind(&path).is_some() {
            file(&path, hands)?;
        }
    }
    Ok(())
}

enum Kind {
    One,
    Several,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "phh" => Some(Kind::One),
        "phhs" => Some(Kind::Several),
        _ => None,
    }
}

fn file(path: &Path, hands: &mut Vec<Recorded>) -> anyhow::Result<()> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
    let read = match kind(path) {
        Some(Kind::Several) => Phh::parse_all(&text),
        _ => Phh::parse(&text).map(|hand| vec![(String::new(), hand)]),
    };
    let read = match read {
        Ok(read) => read,
        Err(error) => bail!("{file}: {}", in_one_line(&error.to_string())),
    };
    ensure!(!read.is_empty(), "{file} holds no hand");
    hands.extend(read.into_iter().map(|(number, phh)| {
        let name = if number.is_empty() { file.clone() } else { format!("{file} {number}") };
        Recorded { name: name.into(), hand: phh.script().map(Arc::new) }
    }));
    Ok(())
}

/// Returns an error's text without the excerpt of the file that it shows.
fn in_one_line(told: &str) -> String {
    let lines: Vec<&str> = told.lines().filter(|line| !line.contains('|')).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAND: &str = "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [1, 2]\nmin_bet = 2\n\
        starting_stacks = [100, 100]\nactions = ['p2 f']\n";

    #[test]
    fn files_and_folders_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("b");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("2.phh"), HAND).unwrap();
        fs::write(inner.join("notes.txt"), "no hand").unwrap();
        fs::write(folder.path().join("a.phhs"), format!("[1]\n{HAND}[10]\n{HAND}[9]\n{HAND}")).unwrap();
        let hands = read(&[folder.path().to_owned()]).unwrap();
        let names: Vec<&str> = hands.iter().filter_map(|hand| hand.name.rsplit('/').next()).collect();
        assert_eq!(names, ["a.phhs 1", "a.phhs 9", "a.phhs 10", "2.phh"]);
        assert!(hands.iter().all(|hand| hand.hand.is_ok()));
    }

    #[test]
    fn errors_are_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let told = |path: PathBuf| format!("{:#}", read(&[path]).unwrap_err());
        assert!(told(folder.path().join("none.phh")).contains("none.phh: No such file"));
        assert!(told(folder.path().to_owned()).contains("no .phh or .phhs file"));
        assert!(told(at("hand.txt", HAND)).ends_with("is no hand file: name .phh and .phhs files"));
        assert!(told(at("empty.phhs", "")).ends_with("holds no hand"));
        let broken = told(at("broken.phh", "variant = 'NT'\nantes = 7\n"));
        assert!(broken.contains("broken.phh: not a hand file: ") && !broken.contains('\n'), "{broken}");
    }
}
