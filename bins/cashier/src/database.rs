//! Connections to PostgreSQL: bounded, timed, and tried again while the trouble may pass.
//!
//! What always holds: an attempt is one transaction that may be repeated from its beginning, also when it
//! is not known whether its commit got through; no request waits longer than its [`Limits`].

use crate::Failure;
use deadpool_postgres::{
    Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
    tokio_postgres::{self, Config, NoTls, error::SqlState},
};
use std::{
    error::Error,
    time::{Duration, Instant},
};

/// The migration that this version needs: the highest number in `schemas/sql`.
pub const SCHEMA_VERSION: i32 = 4;

/// How long one attempt may take and how long to go on trying. Both are bounded because whoever asks
/// repeats the question anyway, and would rather hear that it is not possible now.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest attempt, waiting for a connection included.
    pub attempt: Duration,
    /// No new attempt after this long.
    pub patience: Duration,
}

impl Limits {
    /// For requests that a player waits for.
    pub const SHORT: Self = Self { attempt: Duration::from_secs(3), patience: Duration::from_secs(3) };
    /// For settlements, audits and bots by the thousand.
    pub const LONG: Self = Self { attempt: Duration::from_secs(60), patience: Duration::from_secs(3) };
}

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The address cannot be understood. Its text is not repeated: it holds a password.
    #[error("the database URL is not understood ({0}): use postgres://user:password@host:port/name")]
    BadUrl(tokio_postgres::Error),
    /// No connection can be had.
    #[error("no database connection: {0}")]
    Pool(#[from] PoolError),
    /// A statement failed.
    #[error("database: {0}")]
    Sql(#[from] tokio_postgres::Error),
    /// No answer in time.
    #[error("no answer from the database within {} ms", .0.as_millis())]
    Silent(Duration),
    /// The tables are not there or too old.
    #[error(
        "the database is at migration {found}, this cashier needs {SCHEMA_VERSION}: run `pokerctl apply`"
    )]
    NotMigrated {
        /// The highest migration applied; 0 for none.
        found: i32,
    },
    /// The connection pool could not be made.
    #[error("cannot make the connection pool: {0}")]
    Build(#[from] deadpool_postgres::BuildError),
}

impl DatabaseError {
    /// Whether the same attempt may succeed in a moment: the server is away, restarting or full, or another
    /// transaction was in the way.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Silent(_) | Self::Pool(PoolError::Timeout(_)) => true,
            Self::Sql(error) | Self::Pool(PoolError::Backend(error)) => sql_is_transient(error),
            _ => false,
        }
    }

    /// The error and what caused it, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        text
    }
}

fn sql_is_transient(error: &tokio_postgres::Error) -> bool {
    let Some(db) = error.as_db_error() else {
        let io = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
        return io || error.is_closed();
    };
    let code = db.code();
    // Two cashiers posting the same key at once: the second attempt finds the first one's posting.
    if *code == SqlState::UNIQUE_VIOLATION {
        return db.constraint() == Some("postings_key");
    }
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(code)
        // Classes of codes: 08 connection, 53 out of something, 57 operator intervention (restart, timeout).
        || ["08", "53", "57"].iter().any(|class| code.code().starts_with(class))
}

/// A bounded number of connections to the database.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
}

impl Database {
    /// Prepares connections to the database at `url`, at most `connections` at a time. Connects to nothing yet.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn new(url: &str, connections: usize) -> Result<Self, DatabaseError> {
        let mut config: Config = url.parse().map_err(DatabaseError::BadUrl)?;
        // A cashier that stops in the middle of a transaction holds the rows of everybody it was serving:
        // the server ends such a transaction, and no statement or lock is waited for without end.
        let options = format!(
            "{} -c statement_timeout=10s -c lock_timeout=2s -c idle_in_transaction_session_timeout=2s",
            config.get_options().unwrap_or_default()
        );
        config
            .options(options.trim())
            .application_name("cashier")
            .connect_timeout(Duration::from_secs(2))
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(5));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .runtime(Runtime::Tokio1)
            .max_size(connections)
            .create_timeout(Some(Duration::from_secs(2)))
            .wait_timeout(Some(Limits::SHORT.attempt))
            .build()?;
        Ok(Self { pool })
    }

    /// Does `work`, again and again while the trouble may pass. `work` must begin at the beginning and must
    /// stand being done twice.
    ///
    /// # Errors
    /// What `work` refused, or what the database's trouble was in the last attempt.
    pub async fn run<T, W, F>(&self, limits: Limits, work: W) -> Result<T, Failure>
    where
        W: Fn(Client) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(10);
        loop {
            let attempt = async {
                let client = self.pool.get().await.map_err(DatabaseError::Pool)?;
                work(client).await
            };
            let error = match tokio::time::timeout(limits.attempt, attempt).await {
                Ok(Err(Failure::Database(error))) => error,
                Ok(outcome) => return outcome,
                Err(_) => DatabaseError::Silent(limits.attempt),
            };
            if !error.is_transient() || begun.elapsed() + pause >= limits.patience {
                return Err(error.into());
            }
            tracing::debug!(error = %error.chain(), "database: trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    /// Whether the database answers now. One that is only busy does.
    pub async fn answers(&self) -> bool {
        let limits = Limits { patience: Duration::ZERO, ..Limits::SHORT };
        let asked = self.run(limits, |client| async move {
            client.simple_query("").await?;
            Ok(())
        });
        match asked.await {
            Err(Failure::Database(DatabaseError::Pool(PoolError::Timeout(TimeoutType::Wait)))) => true,
            asked => asked.is_ok(),
        }
    }

    /// Checks that the migrations that this version needs are applied. Later ones do not matter: they only add.
    ///
    /// # Errors
    /// [`DatabaseError::NotMigrated`] when they are not; others when the database does not answer.
    pub async fn check_migrations(&self) -> Result<(), Failure> {
        self.run(Limits::SHORT, |client| async move {
            let highest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
            let found = match client.query_one(highest, &[]).await {
                Ok(row) => row.try_get(0)?,
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
                Err(error) => return Err(error.into()),
            };
            if found < SCHEMA_VERSION {
                return Err(DatabaseError::NotMigrated { found }.into());
            }
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_needed_migration_is_the_highest_there_is() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/sql");
        let highest = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| {
                let name = file.unwrap().file_name().into_string().unwrap();
                name.strip_prefix('V')?.split_once("__")?.0.parse().ok()
            })
            .max();
        assert_eq!(highest, Some(SCHEMA_VERSION));
    }

    #[test]
    fn a_bad_address_is_not_repeated() {
        let error = Database::new("postgres://user:hush@host:notaport/x", 1).err().unwrap();
        assert!(!error.chain().contains("hush"), "{}", error.chain());
        assert!(!error.is_transient());
    }
}
