//! An append that is under way.

use bytes::Bytes;

/// A record on its way to the server, as its process knows it.
pub(crate) struct Append {
    pub(crate) number: u64,
    pub(crate) attempt: u32,
    pub(crate) after: u64,
    pub(crate) payload: Bytes,
    pub(crate) snapshot: bool,
    pub(crate) patient: bool,
    /// Whether the append is counted in [`World::in_trouble`](crate::world::World::in_trouble).
    pub(crate) in_trouble: bool,
}
