//! A running fleet: found by its folder, or started for a measurement in a folder of its own.

use anyhow::{Context, bail, ensure};
use bus::{Bus, Options};
use serde::Deserialize;
use servers::{Child, Program, Signal};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;

/// Time limit until a fleet is ready.
const READY: Duration = Duration::from_secs(120);
/// Time limit until a fleet has stopped.
const STOPPED: Duration = Duration::from_secs(60);

/// The fields of `fleet.json` that are used here.
#[derive(Clone, Debug, Deserialize)]
pub struct Described {
    nats_url: String,
    pub nats_pid: Option<u32>,
    pub postgres_pid: Option<u32>,
    /// Port of the NATS server's monitoring.
    #[serde(default)]
    pub nats_monitor_port: Option<u16>,
    credentials: Option<PathBuf>,
    ready: bool,
    pub nodes: Vec<Node>,
}

/// A process of the fleet.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    pub node: String,
    pub role: String,
    pub pid: Option<u32>,
    pub addresses: Vec<String>,
}

/// The number of processes of each role in a measured fleet, and whether its tables take scripts.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub gateways: usize,
    pub table_workers: usize,
    pub bot_workers: usize,
    /// Whether table workers take scripts.
    pub scripted_decks: bool,
}

/// A fleet for one measurement. Dropping it kills it with everything it started.
pub struct Started {
    up: Child,
    folder: TempDir,
}

impl Described {
    /// Returns the fleet that runs on a folder.
    ///
    /// # Errors
    /// When no fleet runs on it, or it is not ready.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("fleet.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("no fleet is up on {}: start one with `make up`", folder.display()))?;
        let described: Self = serde_json::from_str(&text).context(path.display().to_string())?;
        ensure!(described.ready, "the fleet on {} is not ready yet", folder.display());
        Ok(described)
    }

    /// Returns the administrator's connection.
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub async fn admin(&self) -> anyhow::Result<Bus> {
        let folder = self.credentials.as_deref().context("the fleet's NATS server is not its own")?;
        Ok(Bus::connect(options(&self.nats_url, folder, "admin")?).await?)
    }

    /// Returns the gateways' addresses that begin with `scheme`, in the order of the gateways'
    /// names.
    pub fn addresses(&self, scheme: &str) -> Vec<String> {
        let all = self.nodes.iter().flat_map(|node| &node.addresses);
        all.filter(|address| address.starts_with(scheme)).cloned().collect()
    }
}

/// Returns the options to connect as a NATS user whose password is in a folder.
///
/// # Errors
/// When the password cannot be read.
pub fn options(nats_url: &str, passwords: &Path, user: &str) -> anyhow::Result<Options> {
    let path = passwords.join(user);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Options {
        urls: vec![nats_url.to_owned()],
        user: user.to_owned(),
        password: text.lines().next().map(str::to_owned),
        name: user.to_owned(),
        node: "swarm".to_owned(),
    })
}

impl Started {
    /// Starts a fleet and waits until all of it is ready. Each gateway takes `max_connections`
    /// connections, and takes one for lost after `idle_ms` milliseconds of silence.
    ///
    /// # Errors
    /// When the fleet does not become ready, with the end of its log.
    pub async fn start(size: Size, max_connections: usize, idle_ms: u32) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("swarm-fleet-").tempdir()?;
        let log = folder.path().join("up.log");
        let mut up = Program::new(beside("pokerctl")?)
            .args(["up", "--no-demo", "--port-base", "0", "--nats-monitored"])
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .args(["--gateways", &size.gateways.to_string()])
            .args(["--table-workers", &size.table_workers.to_string()])
            .args(["--bot-workers", &size.bot_workers.to_string()])
            .args(size.scripted_decks.then_some("--scripted-decks"))
            .args(["--coordinators", "1"])
            .args(["--max-connections", &max_connections.to_string()])
            .env("GATEWAY_IDLE_MS", idle_ms.to_string())
            .orphaned_by(Signal::KILL)
            .log(&log)
            .start()
            .await?;
        let began = Instant::now();
        while Described::read(&folder.path().join("data")).is_err() {
            let ended = up.try_ended()?;
            if ended.is_some() || began.elapsed() > READY {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                let ended = ended.map_or("still starting".to_owned(), |ended| ended.to_string());
                bail!("the fleet is not ready ({ended}):\n{log}");
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { up, folder })
    }

    /// Returns the fleet's description.
    ///
    /// # Errors
    /// When the description cannot be read.
    pub fn described(&self) -> anyhow::Result<Described> {
        Described::read(&self.folder.path().join("data"))
    }

    /// Stops the fleet by plan.
    ///
    /// # Errors
    /// When the fleet does not stop, or not cleanly.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let status = self.up.stop(STOPPED).await?;
        ensure!(status.success(), "the fleet ended with {status}");
        Ok(())
    }
}

/// Returns the path of another program of the project, built beside this one.
///
/// # Errors
/// When the program was not built.
pub fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "{} is missing: run `make build` first", path.display());
    Ok(path)
}
