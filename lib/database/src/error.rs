//! The errors of the database, and which of them are transient.

use deadpool_postgres::{
    PoolError,
    tokio_postgres::{self, error::SqlState},
};
use std::{error::Error, time::Duration};

/// An error of code that uses the database: the database's error, or one of the code's own.
pub trait Failure: From<DatabaseError> + From<tokio_postgres::Error> {
    /// Returns the database's error.
    ///
    /// # Errors
    /// The failure itself when it is not the database's.
    fn into_database(self) -> Result<DatabaseError, Self>;
}

/// The reason why the database did not carry out an attempt.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL cannot be parsed. The text does not repeat it, because it contains a password.
    #[error("the database URL is not understood ({0}): use postgres://user:password@host:port/name")]
    BadUrl(tokio_postgres::Error),
    /// The authorities that the address names cannot be used.
    #[error("the authorities for the database's certificate: {0}")]
    Tls(#[from] tls::TlsError),
    /// No connection is free or can be opened.
    #[error("no database connection: {0}")]
    Pool(#[from] PoolError),
    /// A statement failed.
    #[error("the database failed: {0}")]
    Sql(#[from] tokio_postgres::Error),
    /// Another process wrote the same row at the same moment: the next attempt finds that row.
    #[error("another process wrote the same row: {0}")]
    Contended(tokio_postgres::Error),
    /// The database gave no answer in time.
    #[error("no answer from the database within {} ms", .0.as_millis())]
    Silent(Duration),
    /// The migrations are missing or too old.
    #[error("the database is at migration {found}, this {application} needs {needed}: run `pokerctl apply`")]
    NotMigrated {
        /// The highest migration applied; 0 for none.
        found: i32,
        /// The migration that is needed.
        needed: i32,
        /// The name of the program that needs it.
        application: &'static str,
    },
    /// The connection pool could not be created.
    #[error("cannot create the connection pool: {0}")]
    Build(#[from] deadpool_postgres::BuildError),
}

impl Failure for DatabaseError {
    fn into_database(self) -> Result<DatabaseError, Self> {
        Ok(self)
    }
}

impl DatabaseError {
    /// Returns whether the same attempt may soon succeed: the server is down, restarting or full,
    /// or another transaction was in the way.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Silent(_) | Self::Contended(_) | Self::Pool(PoolError::Timeout(_)) => true,
            Self::Sql(error) | Self::Pool(PoolError::Backend(error)) => sql_is_transient(error),
            _ => false,
        }
    }

    /// Returns the error and its causes in one line.
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

    /// Turns a violation of one of the constraints in `contended` into
    /// [`DatabaseError::Contended`].
    pub(crate) fn or_contended(self, contended: &[&str]) -> Self {
        match self {
            Self::Sql(error) if violates(&error, contended) => Self::Contended(error),
            other => other,
        }
    }
}

fn violates(error: &tokio_postgres::Error, constraints: &[&str]) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::UNIQUE_VIOLATION
            && error.constraint().is_some_and(|constraint| constraints.contains(&constraint))
    })
}

fn sql_is_transient(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        let io = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
        return io || error.is_closed();
    };
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(code)
        // Classes of codes: 08 connection, 53 insufficient resources, 57 operator intervention
        // (restart, timeout).
        || ["08", "53", "57"].iter().any(|class| code.code().starts_with(class))
}
