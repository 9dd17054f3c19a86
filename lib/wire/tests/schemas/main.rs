//! The promises about encodings, checked: JSON Schema files and golden bytes in `schemas/` are what the types say, every
//! variant of every message has golden bytes, old bytes decode, unknown fields are skipped, missing ones filled, and the
//! AsyncAPI document mentions every subject and message.
//!
//! After a deliberate change: `UPDATE_SCHEMAS=1 cargo test -p wire --test schemas` writes the files anew.

// All of this is a test; clippy knows only the functions marked so.
#![allow(clippy::unwrap_used, clippy::panic)]

mod asyncapi;
mod compatibility;
mod json_schema;
mod messages;
mod samples;
mod vectors;
mod walk;

use std::path::PathBuf;

/// The folder `schemas/` of the repository.
fn schemas_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Whether the files are to be written rather than compared.
fn updating() -> bool {
    std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| value == "1")
}

/// What to do about a file that is not current.
const HOW_TO_UPDATE: &str = "if the change is meant, run `UPDATE_SCHEMAS=1 cargo test -p wire --test schemas` and commit \
                             the files";
