//! The entries and tables of a tournament, for checks that begin in the middle of its journal.

use crate::{entry::EntryStatus, state::Tournament};
use wire::{Chips, HandNo, PlayerId, SeatNo, TableId};

/// The inventory of a tournament's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// All entries, by player.
    pub entries: Vec<EntryInventory>,
    /// Reservations ever made.
    pub reservations: u32,
    /// Tables that are not closed yet.
    pub tables: Vec<TableInventory>,
    /// Whether the cashier has recorded places and paid prizes.
    pub settled: bool,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryInventory {
    /// The player.
    pub player: PlayerId,
    /// The number of the reservation, from 0.
    pub number: u32,
    /// The state of the entry.
    pub standing: EntryStanding,
}

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStanding {
    /// Held while the cashier takes the money.
    Reserved,
    /// Given back; the cashier pays the money back.
    Withdrawn,
    /// Paid; takes part if the tournament has started.
    Paid,
    /// The player is bust, or has won.
    Placed {
        /// Final place, from 1.
        place: u32,
        /// The prize.
        prize: Chips,
    },
}

/// A table in the director's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInventory {
    /// The table's id.
    pub table: TableId,
    /// The players there. A player who has been ordered to leave has no seat here.
    pub players: Vec<(PlayerId, Option<SeatNo>)>,
    /// The number of the last instruction; 0 before the first.
    pub told: u64,
    /// The players who leave with that instruction; empty once the table has confirmed it.
    pub leaving: Vec<PlayerId>,
    /// The last hand reported; 0 before the first.
    pub hand: HandNo,
}

impl Tournament {
    /// Returns the inventory of the state.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let entries = self.entries.iter().map(|(&player, entry)| EntryInventory {
            player,
            number: entry.number,
            standing: standing(entry.stage),
        });
        let tables = self.tables.iter().map(|(&id, table)| {
            let stay = table.seats.iter().map(|(&seat, &player)| (player, Some(seat)));
            let told = table.told.as_ref().filter(|told| told.number > table.applied);
            TableInventory {
                table: id,
                players: stay.chain(table.leaving.iter().map(|&player| (player, None))).collect(),
                told: table.told_number(),
                leaving: told.map_or_else(Vec::new, |told| told.remove.clone()),
                hand: table.hand,
            }
        });
        Inventory {
            entries: entries.collect(),
            reservations: self.core.reservations,
            tables: tables.collect(),
            settled: self.core.settled,
        }
    }
}

const fn standing(stage: EntryStatus) -> EntryStanding {
    match stage {
        EntryStatus::Reserved => EntryStanding::Reserved,
        EntryStatus::Withdrawn => EntryStanding::Withdrawn,
        EntryStatus::Placed { place, prize } => EntryStanding::Placed { place, prize },
        EntryStatus::Paid
        | EntryStatus::Seated { .. }
        | EntryStatus::Leaving { .. }
        | EntryStatus::Travelling { .. } => EntryStanding::Paid,
    }
}
