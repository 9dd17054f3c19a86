//! One entry, from its reservation to its place.

use serde::{Deserialize, Serialize};
use wire::{Chips, SeatNo, TableId};

/// An entry of a player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The number of the reservation, counted from 0 over the tournament: a player who withdraws
    /// and comes back gets a new one.
    pub(crate) number: u32,
    /// Display name.
    pub(crate) name: String,
    /// Whether bot workers play it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) bot: bool,
    /// The state of the entry. It is one value, so that a player is in one place only.
    pub(crate) stage: EntryStatus,
    /// Chips: at the table or on the way to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) stack: Chips,
    /// The number of the player's moves, for breaking and balancing together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) moves: u16,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The state of an entry.
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
        /// The table.
        table: TableId,
    },
    /// Still at `from`, whose next or last instruction removes the player.
    Leaving {
        /// Old table.
        from: TableId,
        /// New table, where `seat` is held.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// At no table: the old one has confirmed the removal, the new one has no instruction yet.
    Travelling {
        /// Old table.
        from: TableId,
        /// New table, where `seat` is held.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// Bust, or the winner.
    Placed {
        /// Final place, from 1.
        place: u32,
        /// The prize.
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
