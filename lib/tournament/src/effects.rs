//! Effects that are still due, derived from the state: the tournament's owner carries them out, and
//! again after a takeover. All of them may be carried out twice.

use crate::{entry::EntryStatus, state::Tournament};
use wire::{
    Chips, PlayerId, TableId,
    table::TableConfig,
    tournament::{Instruction, Phase, Place},
};

/// Most tables opened in one step: a table's opening takes about 1 KiB of a record, and a record
/// has to fit into a message.
pub const MOST_TABLES_AT_ONCE: u32 = 256;

/// An effect of a tournament.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the cashier for bots' accounts; its answer goes into [`crate::Command::EnterBots`].
    AskBots {
        /// The number of accounts in all.
        count: u32,
    },
    /// Ask the cashier for an entry's money; its answer goes into [`crate::Command::Paid`].
    Enter {
        /// The player.
        player: PlayerId,
        /// The number of the entry.
        entry: u32,
        /// The amount for the prize pool.
        buy_in: Chips,
        /// The amount for the house.
        fee: Chips,
    },
    /// Ask the cashier to pay an entry back; [`crate::Command::Refunded`] follows.
    Refund {
        /// The player.
        player: PlayerId,
        /// The number of the entry.
        entry: u32,
        /// The amount from the prize pool.
        buy_in: Chips,
        /// The amount from the house.
        fee: Chips,
    },
    /// Choose ids for tables; they go into [`crate::Command::OpenTables`].
    OpenTables {
        /// The number of tables, at most [`MOST_TABLES_AT_ONCE`].
        count: u32,
    },
    /// Send an instruction to a table; [`crate::Command::Applied`] follows its answer.
    Push {
        /// The table.
        table: TableId,
        /// The configuration to create the table with first; `None` when it exists.
        create: Option<TableConfig>,
        /// The instruction.
        instruction: Instruction,
    },
    /// Ask the cashier to record places and pay prizes; [`crate::Command::Settled`] follows.
    Settle {
        /// The tournament's name.
        name: String,
        /// All places.
        places: Vec<Place>,
        /// The end of the tournament, in milliseconds since 1970.
        finished_ms: u64,
    },
}

impl Tournament {
    /// Returns all effects that are due now.
    pub fn effects(&self) -> impl Iterator<Item = Effect> + '_ {
        self.table_effects().chain(self.money_effects())
    }

    /// Returns the effects due at tables: first the opening of tables, then instructions in the
    /// order of table ids.
    pub fn table_effects(&self) -> impl Iterator<Item = Effect> + '_ {
        let count = self.core.unopened().min(MOST_TABLES_AT_ONCE);
        let open = (count > 0).then_some(Effect::OpenTables { count });
        let pushes = self.tables.iter().filter(|(_, table)| table.push).filter_map(|(&id, table)| {
            let instruction = table.told.clone()?;
            Some(Effect::Push { table: id, create: table.config.clone(), instruction })
        });
        open.into_iter().chain(pushes)
    }

    /// Returns the effects due at the cashier.
    pub fn money_effects(&self) -> impl Iterator<Item = Effect> + '_ {
        let registering = self.core.phase == Phase::Registering;
        let bots = registering && self.core.bots_to_come() > 0;
        let config = self.core.config.as_ref();
        let ask = config.filter(|_| bots).map(|config| Effect::AskBots { count: config.bots });
        let entries = self.unresolved.iter().filter_map(|&player| self.entry_effect(player));
        ask.into_iter().chain(self.settle()).chain(entries)
    }

    /// Returns whether an instruction still has to be sent to a table other than as the answer to a
    /// report.
    #[must_use]
    pub fn is_push_due(&self, table: TableId, number: u64) -> bool {
        self.tables.get(&table).is_some_and(|table| table.push && table.told_number() == number)
    }

    fn entry_effect(&self, player: PlayerId) -> Option<Effect> {
        let entry = self.entries.get(&player)?;
        let config = self.core.config.as_ref()?;
        let (number, buy_in, fee) = (entry.number, config.buy_in, config.fee);
        match entry.stage {
            EntryStatus::Reserved => Some(Effect::Enter { player, entry: number, buy_in, fee }),
            EntryStatus::Withdrawn => Some(Effect::Refund { player, entry: number, buy_in, fee }),
            _ => None,
        }
    }

    fn settle(&self) -> Option<Effect> {
        if self.core.phase != Phase::Finished || self.core.settled {
            return None;
        }
        let name = self.core.config.as_ref()?.name.clone();
        Some(Effect::Settle { name, places: self.places(), finished_ms: self.core.finished_ms })
    }

    /// Returns the places that are final, best first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let placed = self.entries.iter().filter_map(|(&player, entry)| match entry.stage {
            EntryStatus::Placed { place, prize } => Some(Place { place, player, prize }),
            _ => None,
        });
        let mut places: Vec<Place> = placed.collect();
        places.sort_by_key(|place| (place.place, place.player));
        places
    }
}
