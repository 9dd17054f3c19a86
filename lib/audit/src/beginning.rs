//! Where a check begins.

use serde::Serialize;

/// Where the check of a journal begins. What lies before is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// No record has been met that a check can begin with.
    Awaited,
    /// The journal's first record.
    Creation,
    /// The state that the record of this sequence carries.
    Snapshot {
        /// Sequence of the record in its stream.
        sequence: u64,
    },
}
