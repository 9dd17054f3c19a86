//! The global options, and connections to the fleet's servers as the administrator.

use bus::{Bus, BusError, Options, options::ADMIN};
use std::{env, path::PathBuf};
use supervisor::{Fleet, FleetError};

/// The reason why the fleet cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No fleet runs on the folder.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The NATS server does not answer, or refuses the connection.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Default folder of the fleet.
pub const DEFAULT_DATA_DIR: &str = ".local/data";

/// The global options.
#[derive(Clone, Debug)]
pub struct Context {
    /// Folder of the fleet.
    pub data_dir: PathBuf,
    /// NATS servers in place of the fleet's own, comma separated.
    pub nats_url: Option<String>,
    /// Whether to print JSON.
    pub json: bool,
}

impl Context {
    /// Returns the folder of the local authority, whose certificate gateways beyond loopback have.
    pub fn authority(&self) -> PathBuf {
        self.data_dir.join("tls")
    }

    /// Connects as the administrator: to the given servers, or else to those of the fleet that runs
    /// on the folder.
    ///
    /// # Errors
    /// When no fleet runs, or its server does not answer or refuses the connection.
    pub async fn bus(&self) -> Result<Bus, ConnectError> {
        if let Some(urls) = &self.nats_url {
            return as_named(urls).await;
        }
        administrator(&Fleet::read(&self.data_dir)?).await
    }

    /// Returns the database's address: DATABASE_URL, or else that of the fleet that runs on the
    /// folder.
    ///
    /// # Errors
    /// When no fleet runs.
    pub fn database_url(&self) -> Result<String, ConnectError> {
        if let Ok(url) = env::var("DATABASE_URL") {
            return Ok(url);
        }
        Ok(Fleet::read(&self.data_dir)?.database_url()?)
    }
}

/// Connects to a fleet's servers as the administrator: with the password in the fleet's folder, or
/// else with NATS_USER and NATS_PASSWORD.
///
/// # Errors
/// When the server does not answer or refuses the connection.
pub async fn administrator(fleet: &Fleet) -> Result<Bus, ConnectError> {
    match fleet.credentials {
        Some(_) => Ok(Bus::connect(fleet.options(ADMIN, &node())?).await?),
        None => as_named(&fleet.nats_url).await,
    }
}

/// Connects to servers with NATS_USER and NATS_PASSWORD, and NATS_CA_FILE for encrypted ones.
async fn as_named(urls: &str) -> Result<Bus, ConnectError> {
    let user = env::var("NATS_USER").unwrap_or_else(|_| ADMIN.to_owned());
    let options = Options::new(urls, &user, env::var("NATS_PASSWORD").ok().as_deref(), &node());
    let ca = env::var_os("NATS_CA_FILE").map(PathBuf::from);
    let options = Options { name: ADMIN.to_owned(), ca, ..options };
    Ok(Bus::connect(options).await?)
}

fn node() -> String {
    format!("pokerctl-{}", std::process::id())
}
