//! A pool of connections, and work that is repeated on it.

use crate::{DatabaseError, Failure, address::Address};
use deadpool_postgres::{
    Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
    tokio_postgres::{NoTls, error::SqlState},
};
use std::{
    marker::PhantomData,
    time::{Duration, Instant},
};

/// The pause between two checks whether the database answers.
const LOOK: Duration = Duration::from_secs(1);

/// The time limits of an attempt and of all attempts. Both are limited because the caller repeats
/// its request anyway and needs a refusal in time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest attempt, the wait for a connection included.
    pub attempt: Duration,
    /// The time after which no new attempt begins.
    pub patience: Duration,
}

impl Limits {
    /// The limits of requests that a player waits for.
    pub const SHORT: Self = Self { attempt: Duration::from_secs(3), patience: Duration::from_secs(3) };
    /// The limits of settlements, audits and thousands of bots.
    pub const LONG: Self = Self { attempt: Duration::from_secs(60), patience: Duration::from_secs(3) };
}

/// The settings of a connection pool.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The URL with user and password, `postgres://user:password@host:port/name`, with
    /// `?sslmode=verify-full&sslrootcert=FILE` for an encrypted connection.
    pub url: &'a str,
    /// The most connections at a time, at least 1.
    pub connections: usize,
    /// The name of the program, for PostgreSQL's views and for errors.
    pub application: &'static str,
    /// The number of the migration that must be applied.
    pub migration: i32,
    /// Unique constraints that two processes may violate when they write the same row at the same
    /// moment: the attempt is repeated.
    pub contended: &'static [&'static str],
}

/// A limited number of connections to the database, for work that fails with `E`. Clones share
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
    /// Prepares the pool without opening a connection.
    ///
    /// # Errors
    /// [`DatabaseError`] when the URL cannot be parsed, or its file of authorities cannot be used.
    pub fn new(options: Options<'_>) -> Result<Self, DatabaseError> {
        let Options { url, connections, application, migration, contended } = options;
        let Address { mut config, tls } = Address::parse(url)?;
        // A process that stops in the middle of a transaction holds the rows of all its players.
        // The server ends such a transaction after 2 s, and statements and waits for locks have
        // limits too.
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
        let manager = match tls {
            Some(tls) => Manager::from_config(config, tls, recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .runtime(Runtime::Tokio1)
            .max_size(connections)
            .create_timeout(Some(Duration::from_secs(2)))
            .wait_timeout(Some(Limits::SHORT.attempt))
            .build()?;
        Ok(Self { pool, application, migration, contended, failure: PhantomData })
    }

    /// Does `work`, and repeats it while errors are transient. `work` must be one transaction that
    /// may be carried out twice.
    ///
    /// # Errors
    /// The refusal of `work`, or the database's error in the last attempt.
    pub async fn run<T, W, F>(&self, limits: Limits, work: W) -> Result<T, E>
    where
        W: Fn(Client) -> F,
        F: Future<Output = Result<T, E>>,
    {
        self.repeat(limits, work).await
    }

    /// Returns whether the database answers now. A pool whose connections are all busy counts as an
    /// answer.
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

    /// Calls `told` every second with whether the database answers. Does not return.
    pub async fn watch(&self, told: impl Fn(bool)) {
        loop {
            tokio::time::sleep(LOOK).await;
            told(self.answers().await);
        }
    }

    /// Checks that the migrations that this program needs are applied. Later ones do no harm: they
    /// only add.
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
    /// Errors that are not transient: missing migrations, a refused log-in.
    pub async fn wait(&self) -> Result<(), DatabaseError> {
        loop {
            match self.check_migrations().await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(error = %error.chain(), "waiting for the database: it does not answer, and is asked again every second");
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
            tracing::debug!(error = %error.chain(), "the database failed: the attempt is repeated");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_bad_url_does_not_contain_its_password() {
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
