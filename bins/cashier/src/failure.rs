//! The reasons why a request is not carried out: a refusal for the caller, or a failure of the
//! database.

use database::DatabaseError;
use wire::{Refusal, cashier::CashierReply};

/// The reason why a request is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request itself is refused.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The database failed, or did not answer in time.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<database::tokio_postgres::Error> for Failure {
    fn from(error: database::tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl database::Failure for Failure {
    fn into_database(self) -> Result<DatabaseError, Self> {
        match self {
            Self::Database(error) => Ok(error),
            Self::Refused(_) => Err(self),
        }
    }
}

impl Failure {
    /// Returns the refusal for the caller. A failure of the database goes to the log with its
    /// cause; the caller only gets [`Refusal::Unavailable`].
    #[must_use]
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Database(error) => {
                tracing::error!(error = %error.chain(), "the database failed: the request is refused for now, and its caller repeats it");
                Refusal::unavailable("database")
            }
        }
    }
}

/// Returns the reply for a result.
#[must_use]
pub fn reply(outcome: Result<CashierReply, Failure>) -> CashierReply {
    outcome.unwrap_or_else(|failure| CashierReply::Refused(failure.into_refusal()))
}
