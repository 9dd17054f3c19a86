//! nats-server with JetStream on disk.
//!
//! The data folder holds the store, a copy of the configuration, the log, and one password per NATS
//! user, made at the first start: `passwords/<user>`, and all of them in `local.conf`, which the
//! configuration includes.

use crate::{
    Child, Program, ServerError, Signal, find, ports, secret,
    start::{Start, candidates, room},
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    time::timeout,
};

const PROGRAM: &str = "nats-server";
/// Time limit to write all data and end when asked to stop.
const STOP: Duration = Duration::from_secs(20);
/// Configuration of a server without users, for tests without a fleet.
const SIMPLE: &str = "include ./local.conf\n\
    listen: $NATS_ADDRESS\n\
    max_payload: 8MB\n\
    jetstream { store_dir: $NATS_STORE }\n";

/// Options to start a server.
#[derive(Clone, Debug, Default)]
pub struct NatsOptions {
    /// The data folder, made when it does not exist [default: a temporary one, removed at the end].
    pub dir: Option<PathBuf>,
    /// The port [default: a free one].
    pub port: Option<u16>,
    /// Folder with a `server.conf` that takes its passwords from `$<USER>_PASSWORD`, its address
    /// from `$NATS_ADDRESS` and its store from `$NATS_STORE`, see [`find::nats_config`] [default: a
    /// server without users].
    pub config: Option<PathBuf>,
    /// Whether the server reports its state over HTTP, on this machine only: see
    /// [`Nats::monitor_port`].
    pub monitored: bool,
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Nats {
    child: Child,
    program: PathBuf,
    dir: PathBuf,
    port: u16,
    monitor_port: Option<u16>,
    passwords: BTreeMap<String, String>,
    /// Removed last, after the server has ended.
    _temporary: Option<TempDir>,
}

impl Nats {
    /// Starts a server and waits until it takes connections.
    ///
    /// # Errors
    /// When the program is missing, the port is taken, the disk is full, or the server ends during
    /// its start.
    pub async fn start(options: NatsOptions) -> Result<Self, ServerError> {
        let program = find::nats_server()?;
        let (dir, temporary) = data_folder(options.dir)?;
        room(&dir)?;
        let config = match &options.config {
            Some(folder) => {
                let path = folder.join("server.conf");
                fs::read_to_string(&path).map_err(ServerError::on("read", &path))?
            }
            None => SIMPLE.to_owned(),
        };
        let passwords = passwords(&dir, &config)?;
        let path = dir.join("server.conf");
        fs::write(&path, config).map_err(ServerError::on("write", &path))?;

        let mut taken = ServerError::NotFound { program: PROGRAM, variable: find::NATS_SERVER_BIN };
        let monitor_port = match options.monitored {
            true => Some(ports::free(PROGRAM)?),
            false => None,
        };
        for port in candidates(PROGRAM, options.port).await? {
            match launch(&program, &dir, (port, monitor_port), &passwords).await {
                Ok(child) => {
                    let _temporary = temporary;
                    return Ok(Self { child, program, dir, port, monitor_port, passwords, _temporary });
                }
                Err(error @ ServerError::PortTaken { .. }) => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// Returns the server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Returns the server's port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the port of the server's monitoring over HTTP (`/varz` and others); `None` when it
    /// is off.
    #[must_use]
    pub const fn monitor_port(&self) -> Option<u16> {
        self.monitor_port
    }

    /// Returns the server's data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the password of a NATS user; none when the configuration has no such user.
    #[must_use]
    pub fn password(&self, user: &str) -> Option<&str> {
        self.passwords.get(user).map(String::as_str)
    }

    /// Returns a file, readable by its owner only, with the password of a NATS user.
    #[must_use]
    pub fn password_file(&self, user: &str) -> PathBuf {
        password_file(&self.dir, user)
    }

    /// Returns the process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Lets the server write all data and end.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        self.child.stop(STOP).await.map(|_| ()).map_err(ServerError::on("stop the server of", &self.dir))
    }

    /// Kills the server (SIGKILL).
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn kill(&mut self) -> Result<(), ServerError> {
        self.child.kill().await.map(|_| ()).map_err(ServerError::on("kill the server of", &self.dir))
    }

    /// Starts the server again, on the same port and with the same data; a server that still runs
    /// is stopped first.
    ///
    /// # Errors
    /// Those of [`Nats::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.stop().await?;
        self.child =
            launch(&self.program, &self.dir, (self.port, self.monitor_port), &self.passwords).await?;
        Ok(())
    }
}

/// Returns the password file of a NATS user in a data folder.
#[must_use]
pub fn password_file(dir: &Path, user: &str) -> PathBuf {
    dir.join("passwords").join(user)
}

/// Returns the given folder, which only its owner may enter, or a temporary one.
fn data_folder(dir: Option<PathBuf>) -> Result<(PathBuf, Option<TempDir>), ServerError> {
    let Some(dir) = dir else {
        let shared = std::env::temp_dir();
        let temporary = tempfile::Builder::new()
            .prefix("nats-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(ServerError::on("write into", &shared))?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    };
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.map_err(ServerError::on("make", &dir))?;
    let dir = dir.canonicalize().map_err(ServerError::on("find", &dir))?;
    Ok((dir, None))
}

/// Returns the users whose passwords a configuration refers to, with their passwords.
fn passwords(dir: &Path, config: &str) -> Result<BTreeMap<String, String>, ServerError> {
    let folder = dir.join("passwords");
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(ServerError::on("make", &folder))?;
    users(config).map(|user| Ok((user.clone(), secret::kept_password(&password_file(dir, &user))?))).collect()
}

/// Returns the user of a password's variable: `$TABLE_WORKER_PASSWORD` is the password of user
/// `table-worker`.
fn users(config: &str) -> impl Iterator<Item = String> {
    config
        .split('$')
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
            rest.get(..end)?.strip_suffix("_PASSWORD")
        })
        .map(|user| user.to_ascii_lowercase().replace('_', "-"))
}

async fn launch(
    program: &Path,
    dir: &Path,
    (port, monitor_port): (u16, Option<u16>),
    passwords: &BTreeMap<String, String>,
) -> Result<Child, ServerError> {
    let store = dir.join("store");
    let mut local =
        format!("NATS_ADDRESS: \"127.0.0.1:{port}\"\nNATS_STORE: {:?}\n", store.display().to_string());
    for (user, password) in passwords {
        let variable = user.to_ascii_uppercase().replace('-', "_");
        local.push_str(&format!("{variable}_PASSWORD: \"{password}\"\n"));
    }
    secret::write_private(&dir.join("local.conf"), &local)?;

    // A name of its own tells this server from another one that took the port at the same moment.
    let name = format!("nats-{}", secret::password()?);
    let log = dir.join("nats.log");
    let monitor = monitor_port.map(|port| format!("--http_port={port}"));
    let mut child = Program::new(program)
        .args(monitor)
        .arg("--config")
        .arg(dir.join("server.conf"))
        .args(["--name", &name])
        .log(&log)
        .orphaned_by(Signal::TERM)
        .start()
        .await?;
    let start = Start { program: PROGRAM, port, log: &log, disk: dir };
    start.wait(&mut child, async |_| greeting(port).await.is_some_and(|text| text.contains(&name))).await?;
    Ok(child)
}

/// Returns a server's first message, which has its name.
async fn greeting(port: u16) -> Option<String> {
    let greet = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.ok()?;
        Some(line)
    };
    timeout(Duration::from_secs(1), greet).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_those_with_a_password() {
        let config = "listen: $NATS_ADDRESS\n{ user: gateway, password: $GATEWAY_PASSWORD }\n\
            { user: table-worker, password: $TABLE_WORKER_PASSWORD, x: $NATS_STORE }";
        assert_eq!(users(config).collect::<Vec<_>>(), ["gateway", "table-worker"]);
    }
}
