//! A running fleet: found by its folder, or started for a measurement in a folder of its own.

use anyhow::{Context, ensure};
use bus::{Bus, options::ADMIN};
use std::path::Path;
use supervisor::{Fleet, Up, program_beside};

/// The number of processes of each role in a measured fleet, and whether its tables take scripts.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub gateways: usize,
    pub table_workers: usize,
    pub bot_workers: usize,
    pub archivists: usize,
    /// Whether table workers take scripts.
    pub scripted_decks: bool,
}

/// Returns the fleet that runs on a folder.
///
/// # Errors
/// When no fleet runs on it, or it is not ready.
pub fn ready(folder: &Path) -> anyhow::Result<Fleet> {
    let fleet = Fleet::read(folder)?;
    ensure!(fleet.ready, "the fleet on {} is not ready yet", folder.display());
    Ok(fleet)
}

/// Returns the administrator's connection.
///
/// # Errors
/// When the server refuses the connection.
pub async fn admin(fleet: &Fleet) -> anyhow::Result<Bus> {
    fleet.credentials.as_ref().context("the fleet's NATS server is not its own")?;
    Ok(Bus::connect(fleet.options(ADMIN, "swarm")?).await?)
}

impl Size {
    /// Starts a fleet of this size for one measurement and waits until all of it is ready. Each
    /// gateway takes this many connections, and counts a connection as lost after this many
    /// milliseconds of silence.
    ///
    /// # Errors
    /// With the ends of the logs, when it does not become ready.
    pub async fn start(self, max_connections: usize, idle_ms: u32) -> anyhow::Result<Up> {
        let mut options = vec!["--nats-monitored".to_owned()];
        for (name, number) in [
            ("--gateways", self.gateways),
            ("--table-workers", self.table_workers),
            ("--bot-workers", self.bot_workers),
            ("--archivists", self.archivists),
            ("--coordinators", 1),
            ("--max-connections", max_connections),
        ] {
            options.extend([name.to_owned(), number.to_string()]);
        }
        options.extend(self.scripted_decks.then(|| "--scripted-decks".to_owned()));
        let idle = ("GATEWAY_IDLE_MS", idle_ms.to_string());
        // All connections are those of the measurement's players.
        let reserve = ("GATEWAY_RESERVE_PERCENT", "0".to_owned());
        Ok(Up::start(&program_beside("pokerctl")?, options, &[idle, reserve]).await?)
    }
}
