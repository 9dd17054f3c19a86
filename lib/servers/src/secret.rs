//! Passwords, and files that only their owner reads.

use crate::ServerError;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Returns a new password: 192 random bits as text.
pub(crate) fn password() -> Result<String, ServerError> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(ServerError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a file that only its owner reads, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), ServerError> {
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&new, path)
    };
    write().map_err(ServerError::on("write", path))
}

/// Returns the password in a file, which is made when it is not there.
pub(crate) fn kept_password(path: &Path) -> Result<String, ServerError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let password = password()?;
            write_private(path, &password)?;
            Ok(password)
        }
        Err(error) => Err(ServerError::file("read", path, error)),
    }
}
