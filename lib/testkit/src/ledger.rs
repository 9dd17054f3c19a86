//! PostgreSQL with the fleet's tables, for tests of the roles that log in to it.

use anyhow::Result;
use database::tokio_postgres::{self, Client, NoTls};
use refinery::{Runner, load_sql_migrations};
use servers::{Postgres, PostgresOptions};
use wire::fleet::Role;

/// The password of every role: logs must not contain it.
pub const DATABASE_PASSWORD: &str = "for tests";

/// A server of the test's own, which ends with the test.
#[derive(Debug)]
pub struct TestDatabase {
    /// The server.
    pub postgres: Postgres,
}

impl TestDatabase {
    /// Starts a server that does not flush to the disk, and applies the migrations.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn start() -> Result<Self> {
        let database = Self::empty(false).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// Starts a server without tables. A durable one flushes each commit to the disk.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn empty(durable: bool) -> Result<Self> {
        Ok(Self { postgres: Postgres::start(PostgresOptions { dir: None, port: None, durable }).await? })
    }

    /// Applies the migrations and gives the roles their password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn migrate(&self) -> Result<()> {
        let mut owner = self.owner().await?;
        migrate(&mut owner).await?;
        for role in [Role::Cashier, Role::Archivist] {
            let statement = format!("ALTER ROLE {} LOGIN PASSWORD '{DATABASE_PASSWORD}'", role.name());
            owner.batch_execute(&statement).await?;
        }
        Ok(())
    }

    /// Returns the address by which a role logs in.
    #[must_use]
    pub fn url(&self, role: Role) -> String {
        let password = DATABASE_PASSWORD.replace(' ', "%20");
        format!("postgres://{}:{password}@127.0.0.1:{}/poker", role.name(), self.postgres.port())
    }

    /// Connects as the owner of the tables.
    ///
    /// # Errors
    /// When the server refuses the connection.
    pub async fn owner(&self) -> Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.postgres.url(), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// Applies the migrations over a connection.
///
/// # Errors
/// When the server refuses.
pub async fn migrate(client: &mut Client) -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/sql");
    Runner::new(&load_sql_migrations(folder)?).run_async(client).await?;
    Ok(())
}
