//! The beginning of a check.

use serde::Serialize;

/// The beginning of a journal's check. Records before it are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// No record has been read yet with which a check can begin.
    Awaited,
    /// The journal's first record.
    Creation,
    /// The snapshot in the record of this sequence.
    Snapshot {
        /// Sequence of the record in its stream.
        sequence: u64,
    },
}
