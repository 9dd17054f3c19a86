//! A stage for tests of one role: the servers, and single processes of the role. The test plays the
//! other roles.

use anyhow::{Context, ensure};
use bus::{Bus, Options, OwnedKind, Peers, admin, options::ADMIN};
use servers::{Child, Nats, NatsOptions, Program};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};
use supervisor::program_beside;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use wire::fleet::{Heartbeat, Load, Role};

/// Limit of all waits in tests; generous, for busy machines.
pub const GUARD: Duration = Duration::from_secs(120);
/// Pause between two checks of a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// nats-server with the fleet's configuration, users and streams, and the administrator's view of
/// the members. The server ends with the test.
pub struct Stage {
    /// The server.
    pub nats: Nats,
    /// The administrator's connection.
    pub admin: Bus,
    /// The members, by their heartbeats.
    pub peers: Peers,
    logs: TempDir,
}

impl Stage {
    /// Starts the server and applies `nats/`.
    ///
    /// # Errors
    /// When the server does not start or refuses a request.
    pub async fn open() -> anyhow::Result<Self> {
        // It fails when another test of this process has done it already.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let config = servers::find::nats_config()?;
        let options = NatsOptions { config: Some(config.clone()), monitored: true, ..NatsOptions::default() };
        let nats = Nats::start(options).await?;
        let admin = connect(&nats, ADMIN).await?;
        admin::apply(&admin, &config).await?;
        let peers = Peers::watch(&admin).await?;
        Ok(Self { nats, admin, peers, logs: TempDir::new()? })
    }

    /// Returns the settings of a connection as a NATS user: a role's name, or [`ADMIN`].
    #[must_use]
    pub fn options(&self, user: &str) -> Options {
        options(&self.nats, user)
    }

    /// Connects as a NATS user: a role's name, or [`ADMIN`].
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub async fn bus(&self, user: &str) -> anyhow::Result<Bus> {
        connect(&self.nats, user).await
    }

    /// Connects as a role and joins the members as a ready process of it, until the returned peers
    /// are dropped.
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub async fn join(&self, role: Role) -> anyhow::Result<(Bus, Peers)> {
        let bus = self.bus(role.name()).await?;
        let node = format!("{}-1", role.name()).parse()?;
        let peers = Peers::join(&bus, role, node, vec![], Load::default).await?;
        peers.set_ready();
        Ok((bus, peers))
    }

    /// Returns a role's program with the options and the environment that it needs here.
    ///
    /// # Errors
    /// When the program was not built.
    pub fn program(&self, role: Role, node: &str) -> anyhow::Result<Program> {
        Ok(Program::new(program_beside(role.name())?)
            .args(["--node", node, "--nats-url", &self.nats.url()])
            // The test's own environment may name another server's user.
            .env("NATS_USER", role.name())
            .env("NATS_PASSWORD", "")
            .env("NATS_PASSWORD_FILE", self.nats.password_file(role.name()))
            .env("RUST_BACKTRACE", "0")
            .log(self.log(node)))
    }

    /// Starts a process of a role with further options and waits until it is ready.
    ///
    /// # Errors
    /// When the process ends before.
    pub async fn start(&self, role: Role, node: &str, args: &[&str]) -> anyhow::Result<Child> {
        self.start_ready(role, node, self.program(role, node)?.args(args)).await
    }

    /// Starts a program of [`Stage::program`] and waits until its process is ready.
    ///
    /// # Errors
    /// When the process ends before.
    pub async fn start_ready(&self, role: Role, node: &str, program: Program) -> anyhow::Result<Child> {
        let mut child = program.start().await?;
        let began = Instant::now();
        while !self.beat(role, node).is_some_and(|beat| beat.ready && Some(beat.pid) == child.id()) {
            let runs = child.try_ended()?.is_none() && began.elapsed() < GUARD;
            ensure!(runs, "{node} is not ready:\n{}", child.log_tail());
            sleep(PAUSE).await;
        }
        Ok(child)
    }

    /// Returns the last heartbeat of a live process.
    #[must_use]
    pub fn beat(&self, role: Role, node: &str) -> Option<Heartbeat> {
        self.peers.alive(role).into_iter().find(|beat| beat.node.as_str() == node)
    }

    /// Returns the number of the process that owns a partition: the digits behind the last dash of
    /// its name.
    ///
    /// # Errors
    /// When the partition has no owner.
    pub async fn owner_of(&self, kind: OwnedKind, partition: u16) -> anyhow::Result<usize> {
        let owners = bus::owners(&self.admin, kind).await?;
        let owner = owners.get(&partition).with_context(|| format!("partition {partition} has no owner"))?;
        let number = owner.as_str().rsplit('-').next().unwrap_or_default();
        number.parse().with_context(|| format!("{owner} has no number"))
    }

    /// Returns the log file of a process.
    #[must_use]
    pub fn log(&self, node: &str) -> PathBuf {
        self.logs.path().join(node)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for entry in fs::read_dir(self.logs.path()).into_iter().flatten().flatten() {
            let log = fs::read_to_string(entry.path()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(15)..].join("\n");
            eprintln!("--- {}\n{tail}", entry.path().display());
        }
    }
}

fn options(nats: &Nats, user: &str) -> Options {
    Options::new(&nats.url(), user, nats.password(user), &format!("{user}-test"))
}

async fn connect(nats: &Nats, user: &str) -> anyhow::Result<Bus> {
    Bus::connect(options(nats, user)).await.with_context(|| format!("{user} cannot connect"))
}

/// Waits until `look` returns a value.
///
/// # Panics
/// When it returns none within [`GUARD`].
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    guarded(what, async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            sleep(PAUSE).await;
        }
    })
    .await
}

/// Waits for a future.
///
/// # Panics
/// When the future is not ready within [`GUARD`].
#[allow(clippy::panic, reason = "a wait without an end is a failed test")]
pub async fn guarded<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    timeout(GUARD, wanted).await.unwrap_or_else(|_| panic!("{what} does not come"))
}
