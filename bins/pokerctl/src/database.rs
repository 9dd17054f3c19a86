//! PostgreSQL with the rights of the tables' owner: applies migrations and sets the passwords of
//! the users `cashier` and `archivist`.

use refinery::{Runner, load_sql_migrations};
use std::path::{Path, PathBuf};
use tokio_postgres::Client;

/// The reason why the database cannot be brought up to date. No error repeats the database's
/// address, because it contains a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database does not answer, or refuses the login.
    #[error(
        "cannot use the PostgreSQL database: {}; check that it runs, and DATABASE_URL (postgres://user:password@host:port/name)",
        .0.chain()
    )]
    Connect(#[from] database::DatabaseError),
    /// A statement failed.
    #[error("PostgreSQL: {0}")]
    Sql(#[from] tokio_postgres::Error),
    /// The migrations cannot be read.
    #[error("cannot read the migrations in {folder}: {error}")]
    Read {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        error: refinery::Error,
    },
    /// A migration failed, or an applied migration differs from the one in the folder.
    #[error("cannot migrate the database: {0}")]
    Migrate(refinery::Error),
}

/// An open connection to a database.
pub struct Database {
    client: Client,
}

impl Database {
    /// Connects as the owner of the tables. `url` contains the password.
    ///
    /// # Errors
    /// When the database does not answer or refuses the login.
    pub async fn connect(url: &str) -> Result<Self, DatabaseError> {
        Ok(Self { client: database::connect(url).await? })
    }

    /// Applies the migrations in a folder that are not applied yet, each entirely or not at all,
    /// and returns their names.
    ///
    /// # Errors
    /// When a migration fails, or an applied one differs from the folder's.
    pub async fn migrate(&mut self, folder: &Path) -> Result<Vec<String>, DatabaseError> {
        let migrations = load_sql_migrations(folder)
            .map_err(|error| DatabaseError::Read { folder: folder.to_owned(), error })?;
        let report =
            Runner::new(&migrations).run_async(&mut self.client).await.map_err(DatabaseError::Migrate)?;
        Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
    }

    /// Lets `user` (`cashier` or `archivist`) log in with a password. The migrations create these
    /// users and give them their rights.
    ///
    /// # Errors
    /// When the database refuses the statement.
    pub async fn let_user_in(&self, user: &str, password: &str) -> Result<(), DatabaseError> {
        // PostgreSQL does not accept bound parameters here.
        let (user, password) = (user.replace('"', "\"\""), password.replace('\'', "''"));
        let statement = format!("ALTER ROLE \"{user}\" LOGIN PASSWORD '{password}'");
        Ok(self.client.batch_execute(&statement).await?)
    }
}
