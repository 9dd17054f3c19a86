//! Why something is not archived now.

use bus::BusError;
use database::{DatabaseError, tokio_postgres};

/// Why something is not archived now. The unit that it happened to begins again after a pause.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A request to the server failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The database does not answer, or refuses.
    #[error("{}", .0.chain())]
    Database(DatabaseError),
}

impl From<DatabaseError> for ArchiveError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<tokio_postgres::Error> for ArchiveError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl database::Failure for ArchiveError {
    fn into_database(self) -> Result<DatabaseError, Self> {
        match self {
            Self::Database(error) => Ok(error),
            other @ Self::Bus(_) => Err(other),
        }
    }
}
