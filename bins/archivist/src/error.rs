//! Errors of archiving.

use crate::pack::PackError;
use bus::{BusError, JournalError};
use database::{DatabaseError, tokio_postgres};
use wire::codec::CodecError;

/// The reason why records are not archived now. The unit starts again after a pause.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The journals cannot be read or trimmed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A request to the server failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The database does not answer, or refuses.
    #[error("{}", .0.chain())]
    Database(DatabaseError),
    /// Another archivist works on the stream, and is further.
    #[error("stream {stream}: another archivist has archived and trimmed record {sequence}: beginning again")]
    Overtaken {
        /// The stream.
        stream: String,
        /// Sequence of a record that was not read here.
        sequence: u64,
    },
    /// Records cannot be packed or unpacked.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A record or configuration cannot be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
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
            other @ (Self::Journal(_)
            | Self::Bus(_)
            | Self::Overtaken { .. }
            | Self::Pack(_)
            | Self::Codec(_)) => Err(other),
        }
    }
}
