//! PostgreSQL with one superuser and one database, both named [`NAME`].
//!
//! The data folder has the password, the log, and the database cluster. When this process runs as
//! root and the user that PostgreSQL then runs as cannot reach the folder, the cluster is elsewhere
//! and the file `place` has its path.

use crate::{
    Child, Program, ServerError, Signal,
    account::{Account, shared_folders},
    find, secret,
    start::{Start, candidates, room},
};
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

mod programs;

/// Name of the superuser and of the database.
pub const NAME: &str = "poker";
const PROGRAM: &str = "PostgreSQL";
/// Time limit to end all sessions and write all data.
const STOP: Duration = Duration::from_secs(20);
/// Time limit until a killed server's shared memory is released.
const LET_GO: Duration = Duration::from_secs(10);
/// File in the data folder with the cluster's path, when the cluster is elsewhere.
const PLACE: &str = "place";

/// Options to start a server.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// The data folder, made when it does not exist [default: a temporary one, removed at the end].
    pub dir: Option<PathBuf>,
    /// The port [default: a free one].
    pub port: Option<u16>,
    /// Whether commits survive a power cut; tests do not need it.
    pub durable: bool,
}

/// A running server. Dropping it ends it at once.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    setup: Setup,
    port: u16,
    password: String,
    temporary: bool,
    /// Removed last, after the server has ended.
    _folder: Option<TempDir>,
}

/// The settings that stay the same over restarts.
#[derive(Debug)]
struct Setup {
    bin: PathBuf,
    account: Option<Account>,
    dir: PathBuf,
    cluster: PathBuf,
    durable: bool,
}

impl Postgres {
    /// Starts a server and waits until it takes connections. A new data folder gets a new database.
    ///
    /// # Errors
    /// When the programs are missing, the port is taken, the disk is full, or the server ends
    /// during its start.
    pub async fn start(options: PostgresOptions) -> Result<Self, ServerError> {
        let account = Account::to_drop_to()?;
        let bin = programs::reachable(find::postgres_bin()?, account.as_ref())?;
        let (dir, folder) = data_folder(options.dir)?;
        let cluster = place(&dir, account.as_ref())?.join("cluster");
        let temporary = folder.is_some();
        let setup = Setup { bin, account, dir, cluster, durable: options.durable };
        room(&setup.dir)?;
        room(setup.cluster.parent().unwrap_or(&setup.dir))?;
        let password = secret::kept_password(&setup.dir.join("password"))?;
        setup.init(&password).await?;

        let mut taken = ServerError::NotFound { program: PROGRAM, variable: find::PG_BIN_DIR };
        for port in candidates(PROGRAM, options.port).await? {
            match setup.launch(port).await {
                Ok(child) => {
                    return Ok(Self { child, setup, port, password, temporary, _folder: folder });
                }
                Err(error @ ServerError::PortTaken { .. }) => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// Returns the server's address, with user, password and database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{NAME}:{}@127.0.0.1:{}/{NAME}", self.password, self.port)
    }

    /// Returns the server's port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Lets the server end its sessions, write all data and end.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        let ended = self.child.stop(STOP).await;
        ended.map(|_| ()).map_err(ServerError::on("stop the server of", &self.setup.dir))
    }

    /// Kills the server (SIGKILL).
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn kill(&mut self) -> Result<(), ServerError> {
        let ended = self.child.kill().await;
        ended.map(|_| ()).map_err(ServerError::on("kill the server of", &self.setup.dir))
    }

    /// Starts the server again, on the same port and with the same data; a server that still runs
    /// is stopped first.
    ///
    /// # Errors
    /// Those of [`Postgres::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.stop().await?;
        self.child = self.setup.launch(self.port).await?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate shutdown, unlike SIGKILL, leaves neither sessions nor shared memory behind.
        self.child.end_now(Signal::QUIT, Duration::from_secs(5));
        if self.temporary
            && let Err(error) = remove(&self.setup.dir)
        {
            tracing::warn!(%error, "temporary files were not removed: they stay until the folder is removed by hand");
        }
    }
}

/// Removes a data folder whose server has ended, wherever its cluster is.
///
/// # Errors
/// When a file cannot be removed.
pub fn remove(dir: &Path) -> Result<(), ServerError> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    if let Ok(place) = fs::read_to_string(dir.join(PLACE)) {
        let place = Path::new(place.trim());
        gone(fs::remove_dir_all(place)).map_err(ServerError::on("remove", place))?;
    }
    gone(fs::remove_dir_all(dir)).map_err(ServerError::on("remove", dir))
}

/// Returns the given folder, or a temporary one. Other users may pass through it, because the
/// cluster in it belongs to another user.
fn data_folder(dir: Option<PathBuf>) -> Result<(PathBuf, Option<TempDir>), ServerError> {
    let (dir, temporary) = match dir {
        Some(dir) => (dir, None),
        None => {
            let shared = std::env::temp_dir();
            let temporary =
                TempDir::with_prefix("postgres-").map_err(ServerError::on("write into", &shared))?;
            (temporary.path().join("data"), Some(temporary))
        }
    };
    let made = DirBuilder::new().recursive(true).mode(0o711).create(&dir);
    made.map_err(ServerError::on("make", &dir))?;
    if let Some(temporary) = &temporary {
        let passable = fs::Permissions::from_mode(0o711);
        fs::set_permissions(temporary.path(), passable).map_err(ServerError::on("open up", &dir))?;
    }
    let dir = dir.canonicalize().map_err(ServerError::on("find", &dir))?;
    Ok((dir, temporary))
}

/// Returns the folder that the cluster is in, owned by the user that PostgreSQL runs as.
fn place(dir: &Path, account: Option<&Account>) -> Result<PathBuf, ServerError> {
    let note = dir.join(PLACE);
    if let Ok(place) = fs::read_to_string(&note) {
        let place = PathBuf::from(place.trim());
        if place.is_dir() {
            return Ok(place);
        }
        let place = place.display().to_string();
        return Err(ServerError::PlaceGone { dir: dir.display().to_string(), place });
    }
    let Some(account) = account else {
        return Ok(dir.to_owned());
    };
    let inside = dir.join("owned");
    if account.can_reach(dir) {
        match DirBuilder::new().mode(0o700).create(&inside) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(ServerError::file("make", &inside, error));
            }
            _ => account.give(&inside)?,
        }
        return Ok(inside);
    }
    let shared = shared_folders().into_iter().find(|shared| account.can_reach(shared));
    let shared = shared.unwrap_or_else(std::env::temp_dir);
    let place = tempfile::Builder::new()
        .prefix("poker-postgres-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(&shared)
        .map_err(ServerError::on("write into", &shared))?
        .keep();
    account.give(&place)?;
    secret::write_private(&note, &place.display().to_string())?;
    Ok(place)
}

impl Setup {
    /// Makes the cluster and its database, unless they exist; an incomplete one is replaced.
    async fn init(&self, password: &str) -> Result<(), ServerError> {
        if self.cluster.join("PG_VERSION").is_file() {
            return Ok(());
        }
        let new = self.cluster.with_extension("new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(ServerError::on("remove", &new))?;
        }
        let log = self.log();
        let secret_file = self.cluster.with_extension("password");
        secret::write_private(&secret_file, password)?;
        if let Some(account) = &self.account {
            account.give(&secret_file)?;
        }
        let mut initdb = Program::new(self.bin.join("initdb"))
            .args(["--username", NAME, "--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256"])
            .args(["--no-instructions", "--no-sync"])
            .arg("--pwfile")
            .arg(&secret_file)
            .arg("--pgdata")
            .arg(&new)
            .dir("/")
            .env("LC_ALL", "C")
            .log(&log)
            .account(self.account.clone())
            .start()
            .await?;
        let status = initdb.ended().await.map_err(ServerError::on("wait for", &log))?;
        let removed = fs::remove_file(&secret_file);
        if !status.success() {
            return Err(self.start(0, &log).reason(&initdb.log_tail()));
        }
        removed.map_err(ServerError::on("remove", &secret_file))?;
        self.create_database(&new, &log).await?;
        fs::rename(&new, &self.cluster).map_err(ServerError::on("make", &self.cluster))
    }

    /// Uses the single-user server, before the first start.
    async fn create_database(&self, cluster: &Path, log: &Path) -> Result<(), ServerError> {
        let script = cluster.with_extension("sql");
        let sql = format!("CREATE DATABASE {NAME}\n");
        fs::write(&script, sql).map_err(ServerError::on("write", &script))?;
        let mut single = Program::new(self.bin.join("postgres"))
            .args(["--single", "-D"])
            .arg(cluster)
            .args(["-c", "fsync=off", "postgres"])
            .dir("/")
            .env("LC_ALL", "C")
            .input(&script)
            .log(log)
            .account(self.account.clone())
            .start()
            .await?;
        let status = single.ended().await.map_err(ServerError::on("wait for", log))?;
        fs::remove_file(&script).map_err(ServerError::on("remove", &script))?;
        let printed = single.log_tail();
        if !status.success() || printed.contains("ERROR:") {
            return Err(self.start(0, log).reason(&printed));
        }
        Ok(())
    }

    /// Starts the server; waits first for the sessions of a killed earlier server, which end a
    /// little later than it did.
    async fn launch(&self, port: u16) -> Result<Child, ServerError> {
        let deadline = Instant::now() + LET_GO;
        loop {
            match self.launch_once(port).await {
                Err(ServerError::Ended { reason, .. })
                    if (reason.contains("shared memory") || reason.contains("lock file"))
                        && Instant::now() < deadline =>
                {
                    sleep(Duration::from_millis(50)).await;
                }
                other => return other,
            }
        }
    }

    async fn launch_once(&self, port: u16) -> Result<Child, ServerError> {
        let log = self.log();
        let port_text = port.to_string();
        let fsync = if self.durable { "fsync=on" } else { "fsync=off" };
        let mut child = Program::new(self.bin.join("postgres"))
            .arg("-D")
            .arg(&self.cluster)
            .args(["-p", &port_text, "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", fsync, "-c", "logging_collector=off"])
            .dir("/")
            .env("LC_ALL", "C")
            .log(&log)
            .account(self.account.clone())
            // SIGTERM would wait for the clients.
            .stop_by(Signal::INT)
            .orphaned_by(Signal::INT)
            .start()
            .await?;
        self.start(port, &log).wait(&mut child, async |child| self.is_ready(child)).await?;
        Ok(child)
    }

    /// Returns whether the server is ready, by the lock file of this very process: the first line
    /// is the process id, the last one the state.
    fn is_ready(&self, child: &Child) -> bool {
        let Ok(text) = fs::read_to_string(self.cluster.join("postmaster.pid")) else { return false };
        let ours = text.lines().next().and_then(|line| line.trim().parse().ok()) == child.id();
        ours && text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    fn start<'a>(&'a self, port: u16, log: &'a Path) -> Start<'a> {
        Start { program: PROGRAM, port, log, disk: &self.cluster }
    }

    fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }
}
