//! Attempts at the effects of tables and tournaments.

use crate::world::PartitionTenure;
use poker::{hosted::Key as TableKey, table::Effect as TableEffect};
use tournament::{Effect, Key};
use wire::{TableId, TournamentId};

/// An attempt that is under way.
pub(crate) enum Run {
    Table { place: PartitionTenure, id: TableId, key: TableKey, effect: TableEffect },
    Tournament { place: PartitionTenure, id: TournamentId, key: Key, effect: Effect },
}
