//! The database options of a role's command line.

use std::path::PathBuf;

/// The reason why there is no database URL.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// No URL was given.
    #[error("no database: set DATABASE_URL, or --database-url-file to a file that holds it")]
    NoDatabase,
    /// The file with the URL cannot be read.
    #[error("cannot read the database address from {path}: {reason}")]
    UrlFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: std::io::Error,
    },
}

/// The options of the connection to the database.
#[derive(Clone, clap::Args)]
pub struct Args {
    /// URL of the database, e.g. postgres://user:secret@localhost/poker; encrypted with
    /// ?sslmode=verify-full&sslrootcert=FILE (without FILE, the system's authorities are trusted).
    /// Prefer the environment or a file: other users can read command lines
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File that holds the URL of the database
    #[arg(long, env = "DATABASE_URL_FILE")]
    pub database_url_file: Option<PathBuf>,
    /// Most connections to the database
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=500))]
    pub database_connections: u16,
}

impl Args {
    /// Returns the URL of the database. The file takes precedence over the environment.
    ///
    /// # Errors
    /// [`ArgsError`] when neither is set or the file cannot be read.
    pub fn url(&self) -> Result<String, ArgsError> {
        if let Some(path) = &self.database_url_file {
            let text = std::fs::read_to_string(path)
                .map_err(|reason| ArgsError::UrlFile { path: path.clone(), reason })?;
            return Ok(text.trim().to_owned());
        }
        self.database_url.clone().ok_or(ArgsError::NoDatabase)
    }

    /// Returns the most connections to the database, 2 to 500.
    #[must_use]
    pub fn connections(&self) -> usize {
        usize::from(self.database_connections)
    }
}
