//! Errors of servers, each with the remedy.

use std::{io, path::Path};

/// Why a server could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program was not found.
    #[error("{program} is not installed: run `make fetch`, or set {variable}")]
    NotFound {
        /// The program's name.
        program: &'static str,
        /// The environment variable that names its location.
        variable: &'static str,
    },
    /// The fleet's NATS configuration was not found.
    #[error(
        "there is no nats/server.conf in this folder or above it: run this inside the repository, or set NATS_CONFIG_DIR"
    )]
    NoConfig,
    /// Another program listens on the port.
    #[error(
        "port {port}, which {program} needs, is taken: stop the program that listens there, or choose another port"
    )]
    PortTaken {
        /// The program that needs it.
        program: &'static str,
        /// The port.
        port: u16,
    },
    /// The disk is full.
    #[error("the disk of {path} is full: make room there, or choose another data folder")]
    DiskFull {
        /// A file or folder on that disk.
        path: String,
    },
    /// The server ended before it was ready.
    #[error("{program} ended while it started: {reason} (its log is {log})")]
    Ended {
        /// The server.
        program: &'static str,
        /// The last telling line of its log.
        reason: String,
        /// Its log file.
        log: String,
    },
    /// The server was not ready in time.
    #[error("{program} is not ready after {seconds} s: see its log {log}")]
    NotReady {
        /// The server.
        program: &'static str,
        /// How long was waited, in seconds.
        seconds: u64,
        /// Its log file.
        log: String,
    },
    /// PostgreSQL does not run as root, and there is no other user to run it.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: create one of them"
    )]
    NoAccount,
    /// PostgreSQL's user cannot reach the programs.
    #[error("user {account} cannot reach {path}: make its parent folders searchable (chmod o+x)")]
    Unreachable {
        /// The user that PostgreSQL would run as.
        account: String,
        /// Its programs.
        path: String,
    },
    /// The data folder names a cluster that does not exist any more.
    #[error(
        "the data of {dir} was kept in {place}, which is gone: restore it, or remove {dir} to begin anew"
    )]
    PlaceGone {
        /// The data folder.
        dir: String,
        /// The cluster's former path.
        place: String,
    },
    /// An operation on a file or folder failed.
    #[error("cannot {what} {path}: {source}")]
    File {
        /// The operation.
        what: &'static str,
        /// The file or folder.
        path: String,
        /// The reason.
        source: io::Error,
    },
    /// A process cannot be started.
    #[error("cannot start {program}: {source}")]
    Spawn {
        /// The program's path.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// The operating system gives no random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(getrandom::Error),
}

impl ServerError {
    /// Returns the error of a failed operation on a file; a full disk has an error of its own.
    pub(crate) fn file(what: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.display().to_string();
        if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Self::DiskFull { path };
        }
        Self::File { what, path, source }
    }

    /// Returns a function for `map_err`.
    pub(crate) fn on<'a>(what: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Self + 'a {
        move |source| Self::file(what, path, source)
    }
}
