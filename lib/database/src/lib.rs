//! Connections to PostgreSQL: limited in number and time, with attempts repeated while errors are
//! transient.
//!
//! Invariants: an attempt is one transaction that may be repeated from its beginning, also when it
//! is not known whether its commit succeeded; no request waits longer than its [`Limits`]. This
//! crate does not know tables and statements, apart from the list of applied migrations.

pub mod address;
pub mod args;
pub mod error;
pub mod pool;

pub use address::connect;
pub use args::{Args, ArgsError};
pub use deadpool_postgres::{Client, GenericClient, Transaction, tokio_postgres};
pub use error::{DatabaseError, Failure};
pub use pool::{Database, Limits, Options};

/// The highest migration in `schemas/sql`.
pub const SCHEMA_VERSION: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_1_to_the_schema_version() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/sql");
        let mut numbers: Vec<i32> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| {
                let name = file.unwrap().file_name().into_string().unwrap();
                name.strip_prefix('V')?.split_once("__")?.0.parse().ok()
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    }
}
