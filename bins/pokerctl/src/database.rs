//! PostgreSQL as its owner sees it: migrations, and the logins of the roles that use it.

use refinery::{Runner, load_sql_migrations};
use std::path::{Path, PathBuf};
use tokio_postgres::{Client, NoTls};

/// Why the database cannot be brought up to date. No error repeats the database's address: it holds
/// a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Nobody answers, or the login is refused.
    #[error(
        "cannot use the PostgreSQL database: {0}; check that it runs, and DATABASE_URL (postgres://user:password@host:port/name)"
    )]
    Connect(tokio_postgres::Error),
    /// A statement failed.
    #[error("PostgreSQL: {0}")]
    Sql(#[from] tokio_postgres::Error),
    /// The migrations cannot be read.
    #[error("cannot read the migrations in {folder}: {error}")]
    Read {
        /// Their folder.
        folder: PathBuf,
        /// What is wrong.
        error: refinery::Error,
    },
    /// A migration failed, or one that was applied is not the one in the folder.
    #[error("cannot migrate the database: {0}")]
    Migrate(refinery::Error),
}

/// A database and an open connection to it.
pub struct Database {
    client: Client,
}

impl Database {
    /// Connects as the owner of the tables.
    ///
    /// # Errors
    /// When nobody answers or the login is refused.
    pub async fn connect(url: &str) -> Result<Self, DatabaseError> {
        let (client, connection) =
            tokio_postgres::connect(url, NoTls).await.map_err(DatabaseError::Connect)?;
        // Ends with the client; what goes wrong with the connection comes out of the client's
        // calls.
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Applies the migrations of a folder that are not applied yet, each whole or not at all, and
    /// names them.
    ///
    /// # Errors
    /// When one fails or the folder does not fit the database.
    pub async fn migrate(&mut self, folder: &Path) -> Result<Vec<String>, DatabaseError> {
        let migrations = load_sql_migrations(folder)
            .map_err(|error| DatabaseError::Read { folder: folder.to_owned(), error })?;
        let report =
            Runner::new(&migrations).run_async(&mut self.client).await.map_err(DatabaseError::Migrate)?;
        Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
    }

    /// Lets `user` (`cashier` or `archivist`) log in with a password. The migrations make these
    /// users and give them their rights.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn let_user_in(&self, user: &str, password: &str) -> Result<(), DatabaseError> {
        // Neither a user nor a password can be a bound parameter.
        let (user, password) = (user.replace('"', "\"\""), password.replace('\'', "''"));
        let statement = format!("ALTER ROLE \"{user}\" LOGIN PASSWORD '{password}'");
        Ok(self.client.batch_execute(&statement).await?)
    }
}
