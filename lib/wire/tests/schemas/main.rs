//! Tests of the encodings: JSON Schema files and golden bytes in `schemas/` fit the types, each
//! variant of each message has golden bytes, old bytes decode, unknown fields are skipped and
//! missing ones filled, and the AsyncAPI document has all subjects and messages.
//!
//! After a deliberate change: `UPDATE_SCHEMAS=1 cargo test -p wire --test schemas` updates the
//! files.

// All of this is a test, but clippy's exceptions for tests cover only functions with `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod asyncapi;
mod compatibility;
mod json_schema;
mod later;
mod messages;
mod samples;
mod vectors;
mod walk;

use std::path::PathBuf;

/// Returns the folder `schemas/` of the repository.
fn schemas_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Returns whether the files are to be written and not compared.
fn updating() -> bool {
    std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| value == "1")
}

/// The advice for a file that is not current.
const HOW_TO_UPDATE: &str = "if the change is meant, run `UPDATE_SCHEMAS=1 cargo test -p wire --test schemas` and commit \
                             the files";
