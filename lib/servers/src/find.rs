//! The locations of programs and configuration: by the environment, else `.local/` of the
//! repository, else the PATH.

use crate::ServerError;
use std::{
    env,
    path::{Path, PathBuf},
};

/// Environment variable: the path of nats-server.
pub const NATS_SERVER_BIN: &str = "NATS_SERVER_BIN";
/// Environment variable: the folder with PostgreSQL's programs.
pub const PG_BIN_DIR: &str = "PG_BIN_DIR";
/// Environment variable: the folder with the fleet's NATS configuration.
pub const NATS_CONFIG_DIR: &str = "NATS_CONFIG_DIR";

/// Returns the nats-server program.
///
/// # Errors
/// When it is not found.
pub fn nats_server() -> Result<PathBuf, ServerError> {
    let missing = ServerError::NotFound { program: "nats-server", variable: NATS_SERVER_BIN };
    if let Some(path) = env::var_os(NATS_SERVER_BIN).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() { Ok(path) } else { Err(missing) };
    }
    upward(Path::new(".local/nats/nats-server")).or_else(|| on_path("nats-server")).ok_or(missing)
}

/// Returns the folder of PostgreSQL's programs.
///
/// # Errors
/// When no folder with `initdb` and `postgres` is found.
pub fn postgres_bin() -> Result<PathBuf, ServerError> {
    let missing = ServerError::NotFound { program: "PostgreSQL", variable: PG_BIN_DIR };
    let complete = |dir: &PathBuf| dir.join("initdb").is_file() && dir.join("postgres").is_file();
    if let Some(dir) = env::var_os(PG_BIN_DIR).filter(|dir| !dir.is_empty()) {
        return Some(PathBuf::from(dir)).filter(complete).ok_or(missing);
    }
    upward(Path::new(".local/postgres/bin"))
        .filter(complete)
        .or_else(|| Some(on_path("initdb")?.parent()?.to_owned()).filter(complete))
        .ok_or(missing)
}

/// Returns the folder of the fleet's NATS configuration: `nats/` of the repository, unless the
/// environment names another.
///
/// # Errors
/// When no folder with a `server.conf` is found.
pub fn nats_config() -> Result<PathBuf, ServerError> {
    let complete = |dir: &PathBuf| dir.join("server.conf").is_file();
    match env::var_os(NATS_CONFIG_DIR).filter(|dir| !dir.is_empty()) {
        Some(dir) => Some(PathBuf::from(dir)),
        None => upward(Path::new("nats/server.conf")).and_then(|file| Some(file.parent()?.to_owned())),
    }
    .filter(complete)
    .ok_or(ServerError::NoConfig)
}

/// Looks for a path in this process' folder and those above it.
fn upward(path: &Path) -> Option<PathBuf> {
    let start = env::current_dir().ok()?;
    start.ancestors().map(|dir| dir.join(path)).find(|found| found.exists())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|found| found.is_file())
}
