//! The archive in the database.

use crate::error::ArchiveError;
use database::{DatabaseError, Options, SCHEMA_VERSION};

/// The archivist's connections to its database.
pub type Database = database::Database<ArchiveError>;

/// Prepares at most `connections` connections to the database at `url`. Connects to nothing yet.
///
/// # Errors
/// When the address cannot be understood.
pub fn open(url: &str, connections: usize) -> Result<Database, DatabaseError> {
    Database::new(Options {
        url,
        connections,
        application: "archivist",
        migration: SCHEMA_VERSION,
        // Two archivists of one stream may write the same rows at the same moment.
        contended: &["streams_pkey", "tables_pkey"],
    })
}
