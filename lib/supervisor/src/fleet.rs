//! The fleet's folder: the lock that one `pokerctl up` at a time holds, and `fleet.json`, by which
//! other commands find the fleet. `fleet.json` has addresses, processes and the places of
//! passwords, and never a password.

use crate::keep::Server;
use bus::Options;
use serde::{Deserialize, Serialize};
use servers::{Nats, Postgres};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The reason why the fleet's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Another `up` runs on the same folder.
    #[error(
        "a fleet already runs on {folder}{pid}: stop it with Ctrl-C first, or give another --data-dir",
        pid = .pid.map(|pid| format!(" (pokerctl with process id {pid})")).unwrap_or_default()
    )]
    Running {
        /// The folder.
        folder: PathBuf,
        /// The other `up`, if its `fleet.json` is there already.
        pid: Option<u32>,
    },
    /// No `up` runs on the folder.
    #[error(
        "no fleet runs on {0}: start one with `pokerctl up`, or name another with --data-dir or --nats-url"
    )]
    NotRunning(PathBuf),
    /// `fleet.json` was written by another version, or is damaged.
    #[error("cannot read {path}: {error}; the next `pokerctl up` writes it again")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: serde_json::Error,
    },
    /// A file cannot be read or written.
    #[error("cannot {what} {path}: {error}")]
    Io {
        /// The operation.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

/// A running fleet, as `fleet.json` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    /// Process id of the `pokerctl up` that runs the fleet.
    pub pid: u32,
    /// Addresses of the NATS servers, comma separated.
    pub nats_url: String,
    /// Process id of the fleet's own nats-server.
    #[serde(default)]
    pub nats_pid: Option<u32>,
    /// Port of the HTTP statistics of the fleet's own nats-server; none if they are off.
    #[serde(default)]
    pub nats_monitor_port: Option<u16>,
    /// Process id of the fleet's own PostgreSQL.
    #[serde(default)]
    pub postgres_pid: Option<u32>,
    /// Folder with a password file for each NATS user; none if NATS_PASSWORD has one password for
    /// all.
    pub credentials: Option<PathBuf>,
    /// File with the address, password included, by which the database's owner logs in.
    pub database_url_file: PathBuf,
    /// File with the authority of the gateways' certificate, if it is the fleet's own.
    #[serde(default)]
    pub authority: Option<PathBuf>,
    /// Folder with one log file per role process.
    pub logs: PathBuf,
    /// Whether all role processes have reported ready.
    pub ready: bool,
    /// The role processes.
    pub nodes: Vec<Node>,
}

/// One role process of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name, e.g. `gateway-1`.
    pub node: String,
    /// Its role, e.g. `gateway`.
    pub role: String,
    /// Its process id now; it changes when the role is started again.
    pub pid: Option<u32>,
    /// Whether it was drained: it stays down until `pokerctl undrain` or the next `pokerctl up`.
    #[serde(default)]
    pub drained: bool,
    /// Addresses for players: `tcp` and `ws` URLs (gateways).
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Its log.
    pub log: PathBuf,
}

impl Fleet {
    /// Returns the description of a fleet that has no process yet.
    pub(crate) fn without_processes(folder: &Path) -> Self {
        Self {
            pid: std::process::id(),
            nats_url: String::new(),
            nats_pid: None,
            nats_monitor_port: None,
            postgres_pid: None,
            credentials: None,
            database_url_file: folder.join("credentials/database-url"),
            authority: None,
            logs: folder.join("logs"),
            ready: false,
            nodes: Vec::new(),
        }
    }

    /// Returns the path of the file.
    fn path(folder: &Path) -> PathBuf {
        folder.join("fleet.json")
    }

    /// Reads the description of the fleet that runs on a folder.
    ///
    /// # Errors
    /// When no fleet runs there, or its description cannot be read.
    pub fn read(folder: &Path) -> Result<Self, FleetError> {
        let path = Self::path(folder);
        if !Lock::is_held(folder) {
            return Err(FleetError::NotRunning(folder.to_owned()));
        }
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FleetError::NotRunning(folder.to_owned()),
            _ => io_error("read", &path)(error),
        })?;
        serde_json::from_str(&text).map_err(|error| FleetError::Unreadable { path, error })
    }

    /// Writes the description atomically: a reader sees either the old or the new one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), FleetError> {
        let path = Self::path(folder);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| FleetError::Unreadable { path: path.clone(), error })?;
        let fresh = folder.join(".fleet.json.new");
        fs::write(&fresh, text + "\n").map_err(io_error("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(io_error("write", &path))
    }

    /// Returns the options for a connection to the fleet's NATS servers as one of their users;
    /// without a password if the fleet's folder has none.
    ///
    /// # Errors
    /// When the user's password cannot be read.
    pub fn options(&self, user: &str, node: &str) -> Result<Options, FleetError> {
        let password = self.credentials.as_deref().map(|folder| secret(&folder.join(user))).transpose()?;
        Ok(Options::new(&self.nats_url, user, password.as_deref(), node))
    }

    /// Returns the address, password included, by which the database's owner logs in.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn database_url(&self) -> Result<String, FleetError> {
        secret(&self.database_url_file)
    }

    /// Returns the addresses for players that begin with `scheme`, e.g. `tcp://`, in the order of
    /// the gateways' names.
    #[must_use]
    pub fn addresses(&self, scheme: &str) -> Vec<String> {
        let all = self.nodes.iter().flat_map(|node| &node.addresses);
        all.filter(|address| address.starts_with(scheme)).cloned().collect()
    }

    /// Returns the process id of a role's process, of nats-server or of PostgreSQL; none while it
    /// does not run.
    #[must_use]
    pub fn pid_of(&self, node: &str) -> Option<u32> {
        match node {
            Nats::NAME => self.nats_pid,
            Postgres::NAME => self.postgres_pid,
            _ => self.nodes.iter().find(|known| known.node == node)?.pid,
        }
    }

    pub(crate) fn set_pid(&mut self, node: &str, pid: Option<u32>) {
        match node {
            Nats::NAME => self.nats_pid = pid,
            Postgres::NAME => self.postgres_pid = pid,
            _ => {
                if let Some(node) = self.nodes.iter_mut().find(|known| known.node == node) {
                    (node.pid, node.drained) = (pid, false);
                }
            }
        }
    }

    pub(crate) fn set_drained(&mut self, node: &str) {
        if let Some(node) = self.nodes.iter_mut().find(|known| known.node == node) {
            (node.pid, node.drained) = (None, true);
        }
    }

    /// Removes the description: the fleet has stopped.
    pub fn remove(folder: &Path) {
        let _ = fs::remove_file(Self::path(folder));
    }
}

/// The lock of a folder, held by one `up` as long as it runs; the operating system releases it when
/// the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// [`FleetError::Running`] when another process has it.
    pub fn take(folder: &Path) -> Result<Self, FleetError> {
        fs::create_dir_all(folder).map_err(io_error("make the folder", folder))?;
        let path = folder.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        // A reader takes the lock for an instant (see `is_held`): only a lock that stays taken
        // belongs to an `up`.
        for _ in 0..10 {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
            }
        }
        Err(FleetError::Running {
            folder: folder.to_owned(),
            pid: Fleet::read(folder).ok().map(|fleet| fleet.pid),
        })
    }

    /// Returns whether a process has the lock of a folder: takes a shared lock for an instant.
    fn is_held(folder: &Path) -> bool {
        File::open(folder.join("lock"))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Reads the first line of a file that holds a password, or an address with one.
fn secret(path: &Path) -> Result<String, FleetError> {
    let text = fs::read_to_string(path).map_err(io_error("read", path))?;
    Ok(text.lines().next().unwrap_or_default().trim_end().to_owned())
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FleetError {
    let path = path.to_owned();
    move |error| FleetError::Io { what, path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("supervisor-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn fleet() -> Fleet {
        Fleet { pid: 7, credentials: Some("p".into()), ready: true, ..Fleet::without_processes("f".as_ref()) }
    }

    #[test]
    fn a_second_up_is_told_the_first_ones_process_id() {
        let folder = folder("lock");
        let first = Lock::take(&folder).unwrap();
        let second = Lock::take(&folder).unwrap_err();
        assert!(matches!(second, FleetError::Running { pid: None, .. }));
        fleet().write(&folder).unwrap();
        let third = Lock::take(&folder).unwrap_err().to_string();
        assert!(third.contains("process id 7"), "{third}");
        drop(first);
        Lock::take(&folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_fleet_is_found_only_while_its_up_runs() {
        let folder = folder("fleet");
        fleet().write(&folder).unwrap();
        let stale = Fleet::read(&folder).unwrap_err();
        assert!(matches!(stale, FleetError::NotRunning(_)), "{stale}");
        let _lock = Lock::take(&folder).unwrap();
        assert_eq!(Fleet::read(&folder).unwrap(), fleet());
        fs::remove_dir_all(folder).unwrap();
    }
}
