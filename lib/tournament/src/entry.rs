//! One entry, from its reservation to its place.

use serde::{Deserialize, Serialize};
use wire::{Chips, SeatNo, TableId};

/// An entry of a player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Counts the tournament's reservations from 0, so that a player that withdraws and comes back
    /// has a new one.
    pub(crate) number: u32,
    /// Display name.
    pub(crate) name: String,
    /// Whether bot workers play it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) bot: bool,
    /// Where the entry is in its life. A player is in one place only because this is one value.
    pub(crate) stage: EntryStatus,
    /// Chips: at the table or on the way to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) stack: Chips,
    /// How often the player has been moved, breaking and balancing together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) moves: u16,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where an entry is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EntryStatus {
    /// Held while the cashier takes the money.
    Reserved,
    /// Paid; not seated yet.
    Paid,
    /// Given back; the cashier pays the money back.
    Withdrawn,
    /// At a table.
    Seated {
        /// Which.
        table: TableId,
    },
    /// Still at `from`, which gives the player up with its next instruction or has been told to.
    Leaving {
        /// Old table.
        from: TableId,
        /// New table, where `seat` is held.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// At no table: the old one has confirmed, the new one has not been told yet.
    Travelling {
        /// Old table.
        from: TableId,
        /// New table, where `seat` is held.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// Out, or the winner.
    Placed {
        /// Final place, from 1.
        place: u32,
        /// What it pays.
        prize: Chips,
    },
}

impl EntryStatus {
    /// Returns whether the entry takes part: it was paid when the tournament started.
    pub(crate) const fn is_in_field(self) -> bool {
        !matches!(self, Self::Reserved | Self::Withdrawn)
    }

    /// Returns the table where the player sits now.
    pub(crate) const fn table(self) -> Option<TableId> {
        match self {
            Self::Seated { table } | Self::Leaving { from: table, .. } => Some(table),
            _ => None,
        }
    }
}
