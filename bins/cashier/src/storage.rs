//! The cashier's database.

use crate::Failure;
use database::{DatabaseError, Options, SCHEMA_VERSION};

/// The cashier's connections to its database.
pub type Database = database::Database<Failure>;

/// The unique constraint that two cashiers break when they post the same key at once: the second
/// one's repeated attempt finds the first one's posting.
const CONTENDED: &[&str] = &["postings_key"];

/// Prepares at most `connections` connections to the database at `url`, without opening one.
///
/// # Errors
/// [`DatabaseError`] when the URL cannot be parsed.
pub fn open(url: &str, connections: usize) -> Result<Database, DatabaseError> {
    Database::new(Options {
        url,
        connections,
        application: "cashier",
        migration: SCHEMA_VERSION,
        contended: CONTENDED,
    })
}
