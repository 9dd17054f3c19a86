//! Errors.

use std::path::PathBuf;

/// The reason why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use the file {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: std::io::Error,
    },
    /// A file has other contents than it should have.
    #[error("{} has no {wanted} in PEM form", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should have.
        wanted: &'static str,
    },
    /// A certificate of a file is malformed.
    #[error("{} has a malformed certificate: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The certificate cannot be used with the key.
    #[error("the certificate {} cannot be used with the key {}: {reason}", cert.display(), key.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The reason.
        reason: rustls::Error,
    },
    /// The library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Settings(rustls::Error),
    /// A certificate cannot be made, for example because a host is no name or address.
    #[error("a certificate cannot be made: {0}")]
    NotMade(String),
    /// The system has no list of authorities.
    #[error("the system has no certificates of authorities: name a file that has some")]
    NoAuthorities,
}
