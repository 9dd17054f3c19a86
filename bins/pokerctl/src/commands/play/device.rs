//! The device's token, kept between log-ins: with it, wrong passwords that others try do not lock
//! the player out here.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Folder of the tokens, in the fleet's folder.
const FOLDER: &str = "devices";

/// Returns the token of an account's last log-in here, if one is kept.
pub fn kept(data_dir: &Path, name: &str) -> Option<String> {
    let token = fs::read_to_string(file(data_dir, name)?).ok()?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

/// Keeps a token in a file that only its owner reads.
///
/// # Errors
/// When the file cannot be written.
pub fn keep(data_dir: &Path, name: &str, token: &str) -> io::Result<()> {
    let Some(file) = file(data_dir, name) else { return Ok(()) };
    fs::create_dir_all(data_dir.join(FOLDER))?;
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(file)?;
    writeln!(file, "{token}")
}

/// Returns the file of an account; none for a name that no account can have.
fn file(data_dir: &Path, name: &str) -> Option<PathBuf> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let is_name = !name.is_empty() && name.bytes().all(fits);
    is_name.then(|| data_dir.join(FOLDER).join(name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_its_account_only() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept(folder.path(), "Ann"), None);
        keep(folder.path(), "Ann", "feed").unwrap();
        keep(folder.path(), "ann", "cafe").unwrap();
        assert_eq!(kept(folder.path(), "ANN").as_deref(), Some("cafe"));
        assert_eq!(kept(folder.path(), "bob"), None);
        keep(folder.path(), "../bob", "feed").unwrap();
        assert_eq!(kept(folder.path(), "../bob"), None);
    }
}
