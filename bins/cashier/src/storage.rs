//! How the cashier opens its database.

use crate::Failure;
use database::{DatabaseError, Options, SCHEMA_VERSION};

/// The cashier's connections to its database.
pub type Database = database::Database<Failure>;

/// Two cashiers posting the same key at once: the second attempt finds the first one's posting.
const CONTENDED: &[&str] = &["postings_key"];

/// Prepares at most `connections` connections to the database at `url`. Connects to nothing yet.
///
/// # Errors
/// When the address cannot be understood.
pub fn open(url: &str, connections: usize) -> Result<Database, DatabaseError> {
    Database::new(Options {
        url,
        connections,
        application: "cashier",
        migration: SCHEMA_VERSION,
        contended: CONTENDED,
    })
}
