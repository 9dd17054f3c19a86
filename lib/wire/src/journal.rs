//! Records of journals. An accepted command appends one record.

use crate::{CommandId, Epoch, PlayerId};
use serde::{Deserialize, Serialize};

/// A record. `E` is the event type, `S` the state after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Record<E, S> {
    /// Version of the record: [`crate::VERSION`].
    pub v: u8,
    /// The epoch of the owner that wrote it.
    pub epoch: Epoch,
    /// Time of the record by the owner's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether `at_ms` does not tell how long ago the previous record was written: the owner had
    /// read the journal since, or its clock was set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// The command that the record carries out; none if the clock or the fleet itself was the
    /// cause.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The events, at least one.
    pub events: Vec<E>,
    /// A snapshot: the state after the events. Only in some records.
    pub state: Option<S>,
}

/// The command that a record carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cause {
    /// The player who sent it; none for commands of the fleet.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// The command's id.
    pub id: CommandId,
}
