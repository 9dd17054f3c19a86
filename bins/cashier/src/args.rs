//! The cashier's command line.

use clap::Parser;
use std::path::PathBuf;

/// Why there is no database address.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// None was given.
    #[error("no database: set DATABASE_URL, or --database-url-file to a file that holds it")]
    NoDatabase,
    /// The file cannot be read.
    #[error("cannot read the database address from {path}: {reason}")]
    UrlFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: std::io::Error,
    },
}

/// Keeps the accounts, the ledger and the results of a poker fleet in PostgreSQL.
#[derive(Parser)]
#[command(version)]
pub struct CommandLine {
    /// How to reach NATS.
    #[command(flatten)]
    pub bus: bus::Args,
    /// Address of the database, e.g. postgres://cashier:secret@localhost/poker. Prefer the environment or
    /// a file: command lines can be read by others.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File that holds the address of the database.
    #[arg(long, env = "DATABASE_URL_FILE")]
    pub database_url_file: Option<PathBuf>,
    /// Most connections to the database.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=500))]
    pub database_connections: u16,
}

impl CommandLine {
    /// The address of the database. The file counts more than the environment.
    ///
    /// # Errors
    /// When there is none.
    pub fn database(&self) -> Result<String, ArgsError> {
        if let Some(path) = &self.database_url_file {
            let text = std::fs::read_to_string(path)
                .map_err(|reason| ArgsError::UrlFile { path: path.clone(), reason })?;
            return Ok(text.trim().to_owned());
        }
        self.database_url.clone().ok_or(ArgsError::NoDatabase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }
}
