//! What every command needs: where the fleet's folder is and how to reach its NATS server.

use std::path::PathBuf;

/// The global options.
#[derive(Clone, Debug)]
pub struct Context {
    /// Folder of the fleet.
    pub data_dir: PathBuf,
    /// A NATS server in place of the fleet's own.
    pub nats_url: Option<String>,
    /// Whether to print JSON.
    pub json: bool,
}
