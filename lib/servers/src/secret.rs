//! Passwords, and files that only their owner reads.

use crate::ServerError;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Returns a new password: 192 random bits as text.
pub(crate) fn password() -> Result<String, ServerError> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(ServerError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes a folder, with those above it, that only its owner opens; leaves one that is there as it
/// is.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(path: &Path) -> Result<(), ServerError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(ServerError::on("make", path))
}

/// Writes a file that only its owner reads, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), ServerError> {
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&new, path)
    };
    write().map_err(ServerError::on("write", path))
}

/// Returns the password in a file, which is made when it is not there or empty.
///
/// # Errors
/// When it can neither be read nor written.
pub fn kept_password(path: &Path) -> Result<String, ServerError> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ServerError::file("read", path, error)),
        Ok(_) | Err(_) => {
            let password = password()?;
            write_private(path, &password)?;
            Ok(password)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_is_made_once_and_only_its_owner_reads_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("secrets");
        private_folder(&folder).unwrap();
        let path = folder.join("x");
        let password = kept_password(&path).unwrap();
        assert_eq!(password.len(), 48);
        assert_eq!(kept_password(&path).unwrap(), password);
        assert_ne!(kept_password(&folder.join("y")).unwrap(), password);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
    }
}
