//! What every command needs: where the fleet's folder is and how to reach its servers as the administrator.

use crate::fleet::{Fleet, FleetError};
use bus::{Bus, BusError, options::ADMIN};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Why the fleet cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No fleet runs on the folder.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The NATS server does not let us in.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A password cannot be read.
    #[error("cannot read {path}: {error}")]
    Password {
        /// Its file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// Folder of the fleet when no other is named.
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
    /// Connects as the administrator: to the servers that were named, else to those of the fleet that runs on
    /// the folder.
    ///
    /// # Errors
    /// When no fleet runs, or its server does not answer or refuses.
    pub async fn bus(&self) -> Result<Bus, ConnectError> {
        if let Some(urls) = &self.nats_url {
            return connect(urls, None).await;
        }
        let fleet = Fleet::read(&self.data_dir)?;
        connect(&fleet.nats_url, fleet.credentials.as_deref()).await
    }

    /// The database's address: DATABASE_URL, else the one of the fleet that runs on the folder.
    ///
    /// # Errors
    /// When no fleet runs.
    pub fn database_url(&self) -> Result<String, ConnectError> {
        if let Ok(url) = env::var("DATABASE_URL") {
            return Ok(url);
        }
        let fleet = Fleet::read(&self.data_dir)?;
        read_secret(&fleet.database_url_file)
    }
}

/// Connects as the administrator: with the password in the file `admin` of `passwords`, or else as the
/// environment says (NATS_USER, NATS_PASSWORD).
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn connect(urls: &str, passwords: Option<&Path>) -> Result<Bus, ConnectError> {
    let user = || env::var("NATS_USER").unwrap_or_else(|_| ADMIN.to_owned());
    let (user, password) = match passwords {
        Some(folder) => (ADMIN.to_owned(), Some(read_secret(&folder.join(ADMIN))?)),
        None => (user(), env::var("NATS_PASSWORD").ok()),
    };
    let options = bus::Options {
        urls: urls.split(',').map(str::to_owned).collect(),
        user,
        password,
        name: ADMIN.to_owned(),
        node: format!("pokerctl-{}", std::process::id()),
    };
    Ok(Bus::connect(options).await?)
}

fn read_secret(path: &Path) -> Result<String, ConnectError> {
    let text =
        fs::read_to_string(path).map_err(|error| ConnectError::Password { path: path.to_owned(), error })?;
    Ok(text.trim_end().to_owned())
}
