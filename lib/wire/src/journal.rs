//! Records of the journals. One accepted command is one record.

use crate::{CommandId, Epoch, PlayerId};
use serde::{Deserialize, Serialize};

/// One record. `E` is the event type, `S` the state after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Record<E, S> {
    /// Version of the record: [`crate::VERSION`].
    pub v: u8,
    /// Ownership under which it was written.
    pub epoch: Epoch,
    /// When, by the owner's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// The command that caused it; none when it was the clock or the fleet itself.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// What happened, at least one event.
    pub events: Vec<E>,
    /// The state after the events, now and then.
    pub state: Option<S>,
}

/// The command that a record carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cause {
    /// On whose behalf.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// The command's id.
    pub id: CommandId,
}
