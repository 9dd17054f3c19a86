//! Passwords of the database: random, made at the first start, readable by the owner only.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

/// A secret cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep a password in {path}: {error}")]
pub struct SecretError {
    /// Its file.
    path: PathBuf,
    /// Why not.
    error: io::Error,
}

/// The folder of secrets, closed to others.
#[derive(Debug)]
pub struct Secrets(PathBuf);

impl Secrets {
    /// Opens the folder, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self, SecretError> {
        match DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
            Ok(()) => Ok(Self(folder)),
            Err(error) => Err(SecretError { path: folder, error }),
        }
    }

    /// A password, which is made if it is not there.
    ///
    /// # Errors
    /// When it can neither be read nor written.
    pub fn password(&self, name: &str) -> Result<String, SecretError> {
        let path = self.0.join(name);
        match fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SecretError { path, error }),
            _ => {
                let mut bytes = [0; 24];
                let filled = getrandom::fill(&mut bytes).map_err(io::Error::other);
                let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                filled.map_err(|error| SecretError { path, error })?;
                self.keep(name, &password)?;
                Ok(password)
            }
        }
    }

    /// Writes a secret down.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, secret: &str) -> Result<(), SecretError> {
        let path = self.0.join(name);
        let new = self.0.join(format!(".{name}.new"));
        let write = || -> io::Result<()> {
            let mut options = File::options();
            let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&new)?;
            writeln!(file, "{secret}")?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| SecretError { path: path.clone(), error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt, path::Path};

    #[test]
    fn a_password_is_made_once_and_only_its_owner_reads_it() {
        let folder = std::env::temp_dir().join(format!("pokerctl-secrets-{}", std::process::id()));
        let secrets = Secrets::open(folder.clone()).unwrap();
        let password = secrets.password("x").unwrap();
        assert_eq!(password.len(), 48);
        assert_eq!(secrets.password("x").unwrap(), password);
        assert_ne!(secrets.password("y").unwrap(), password);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("x"))), (0o700, 0o600));
        fs::remove_dir_all(folder).unwrap();
    }
}
