//! A pool of connections, and work that is repeated on it.

use crate::{DatabaseError, Failure};
use deadpool_postgres::{
    Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
    tokio_postgres::{Config, NoTls, error::SqlState},
};
use std::{
    marker::PhantomData,
    time::{Duration, Instant},
};

/// Pause between two looks whether the database is there.
const LOOK: Duration = Duration::from_secs(1);

/// How long one attempt may take and how long to go on trying. Both are bounded because whoever
/// asks repeats the question anyway, and would rather hear that it is not possible now.
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

/// What a program wants of its database.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Address with user and password, `postgres://user:password@host:port/name`.
    pub url: &'a str,
    /// Most connections at a time, at least 1.
    pub connections: usize,
    /// Name of the program, as PostgreSQL shows it and errors name it.
    pub application: &'static str,
    /// The migration that must be applied.
    pub migration: i32,
    /// Unique constraints that two processes may violate by doing the same at the same moment: the
    /// attempt is repeated.
    pub contended: &'static [&'static str],
}

/// A bounded number of connections to the database, for work that fails with `E`. Clones share
/// them.
pub struct Database<E> {
    pool: Pool,
    application: &'static str,
    migration: i32,
    contended: &'static [&'static str],
    failure: PhantomData<fn() -> E>,
}

impl<E> Clone for Database<E> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), ..*self }
    }
}

impl<E: Failure> Database<E> {
    /// Prepares connections. Connects to nothing yet.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn new(options: Options<'_>) -> Result<Self, DatabaseError> {
        let Options { url, connections, application, migration, contended } = options;
        let mut config: Config = url.parse().map_err(DatabaseError::BadUrl)?;
        // A process that stops in the middle of a transaction holds the rows of everybody it was
        // serving: the server ends such a transaction, and no statement or lock is waited for
        // without end.
        let settings = format!(
            "{} -c statement_timeout=10s -c lock_timeout=2s -c idle_in_transaction_session_timeout=2s",
            config.get_options().unwrap_or_default()
        );
        config
            .options(settings.trim())
            .application_name(application)
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
        Ok(Self { pool, application, migration, contended, failure: PhantomData })
    }

    /// Does `work`, again and again while the trouble may pass. `work` must begin at the beginning
    /// and must stand being done twice.
    ///
    /// # Errors
    /// What `work` refused, or what the database's trouble was in the last attempt.
    pub async fn run<T, W, F>(&self, limits: Limits, work: W) -> Result<T, E>
    where
        W: Fn(Client) -> F,
        F: Future<Output = Result<T, E>>,
    {
        self.repeat(limits, work).await
    }

    /// Returns whether the database answers now. One that is only busy does.
    pub async fn answers(&self) -> bool {
        let limits = Limits { patience: Duration::ZERO, ..Limits::SHORT };
        let asked = self.repeat(limits, |client| async move {
            client.simple_query("").await?;
            Ok(())
        });
        match asked.await {
            Err(DatabaseError::Pool(PoolError::Timeout(TimeoutType::Wait))) => true,
            asked => asked.is_ok(),
        }
    }

    /// Tells `told` every second whether the database answers. Does not return.
    pub async fn watch(&self, told: impl Fn(bool)) {
        loop {
            tokio::time::sleep(LOOK).await;
            told(self.answers().await);
        }
    }

    /// Checks that the migrations that this program needs are applied. Later ones do not matter:
    /// they only add.
    ///
    /// # Errors
    /// [`DatabaseError::NotMigrated`] when they are not; others when the database does not answer.
    pub async fn check_migrations(&self) -> Result<(), DatabaseError> {
        let (needed, application) = (self.migration, self.application);
        self.repeat(Limits::SHORT, |client| async move {
            let highest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
            let found = match client.query_one(highest, &[]).await {
                Ok(row) => row.try_get(0)?,
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
                Err(error) => return Err(error.into()),
            };
            if found < needed {
                return Err(DatabaseError::NotMigrated { found, needed, application });
            }
            Ok(())
        })
        .await
    }

    /// Waits until the database answers and checks its migrations.
    ///
    /// # Errors
    /// What time cannot mend: missing migrations, a refused login.
    pub async fn wait(&self) -> Result<(), DatabaseError> {
        loop {
            match self.check_migrations().await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(error = %error.chain(), "waiting for the database");
                }
                checked => return checked,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn repeat<T, X, W, F>(&self, limits: Limits, work: W) -> Result<T, X>
    where
        X: Failure,
        W: Fn(Client) -> F,
        F: Future<Output = Result<T, X>>,
    {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(10);
        loop {
            let attempt = async {
                let client = self.pool.get().await.map_err(DatabaseError::Pool)?;
                work(client).await
            };
            let error = match tokio::time::timeout(limits.attempt, attempt).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(failure)) => failure.into_database()?.or_contended(self.contended),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_address_is_not_repeated() {
        let options = Options {
            url: "postgres://user:hush@host:notaport/x",
            connections: 1,
            application: "test",
            migration: 0,
            contended: &[],
        };
        let error = Database::<DatabaseError>::new(options).err().unwrap();
        assert!(!error.chain().contains("hush"), "{}", error.chain());
        assert!(!error.is_transient());
    }
}
