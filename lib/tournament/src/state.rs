//! The state of a tournament.

use crate::{
    config,
    entry::{Entry, EntryStatus},
    played::Played,
    table::Table,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Chips, PlayerId, SeatNo, TableId, TournamentId,
    event::Seed,
    table::Level,
    tournament::{Instruction, Phase, Stats, TournamentConfig},
};

/// The state of a tournament: the result of its events. Equal events give equal states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tournament {
    pub(crate) core: Core,
    pub(crate) entries: BTreeMap<PlayerId, Entry>,
    /// Entries with money due at the cashier: to be paid or to be paid back.
    pub(crate) unresolved: BTreeSet<PlayerId>,
    pub(crate) tables: BTreeMap<TableId, Table>,
    /// Tables that are closed for good: their repeats still get an answer.
    pub(crate) closed: BTreeSet<TableId>,
}

/// The part of the state that is neither an entry nor a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Core {
    pub(crate) id: TournamentId,
    pub(crate) config: Option<TournamentConfig>,
    pub(crate) phase: Phase,
    pub(crate) created_ms: u64,
    pub(crate) started_ms: u64,
    pub(crate) finished_ms: u64,
    pub(crate) seed: Option<Seed>,
    /// Reservations ever made.
    pub(crate) reservations: u32,
    /// Reservations ever made for bots.
    pub(crate) bots: u32,
    /// Entries that are reserved or paid.
    pub(crate) held: u32,
    /// Paid entries. From the start on: the entries that take part.
    pub(crate) paid: u32,
    /// Players left. 0 before the start.
    pub(crate) left: u32,
    /// Tables ever opened.
    pub(crate) opened: u32,
    /// Moves ever ordered; each numbers the stream of its draw.
    pub(crate) moves: u64,
    pub(crate) hands: u64,
    pub(crate) actions: u64,
    pub(crate) settled: bool,
    /// `None` before the start, and in tournaments whose levels go by the owner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) played: Option<Played>,
}

impl Core {
    /// Returns the number of seats per table; 2 before the tournament is created.
    pub(crate) fn seats(&self) -> u8 {
        self.config.as_ref().map_or(2, |config| config.seats)
    }

    /// Returns the number of tables at the start: the fewest that hold all players.
    pub(crate) fn first_tables(&self) -> u32 {
        self.paid.div_ceil(u32::from(self.seats()))
    }

    /// Returns the number of bots that are still to be entered.
    pub(crate) fn bots_to_come(&self) -> u32 {
        let wanted = self.config.as_ref().map_or(0, |config| config.bots);
        wanted.saturating_sub(self.bots)
    }

    /// Returns the level of hands that begin now; the first one before the start. With `resumed`,
    /// `now_ms` does not tell how long ago the last record was written.
    pub(crate) fn level(&self, now_ms: u64, resumed: bool) -> Level {
        let now_ms = if self.phase == Phase::Running { now_ms } else { self.finished_ms };
        let played_ms = match self.played {
            Some(played) => played.by(now_ms, resumed),
            None => now_ms.saturating_sub(self.started_ms),
        };
        let levels = self.config.as_ref().map_or(&[][..], |config| &config.levels);
        config::level_at(levels, played_ms)
    }

    pub(crate) fn stats(&self, tables: usize) -> Stats {
        let stack = self.config.as_ref().map_or(Chips::ZERO, |config| config.starting_stack);
        let all = stack.times(u64::from(self.paid));
        Stats {
            entries: self.paid,
            players_left: if self.phase == Phase::Registering { self.paid } else { self.left },
            tables: tables as u32,
            average_stack: Chips(all.0.checked_div(u64::from(self.left)).unwrap_or(0)),
        }
    }
}

impl Tournament {
    /// Returns a tournament that has not been created yet.
    #[must_use]
    pub fn new(id: TournamentId) -> Self {
        let core = Core {
            id,
            config: None,
            phase: Phase::Registering,
            created_ms: 0,
            started_ms: 0,
            finished_ms: 0,
            seed: None,
            reservations: 0,
            bots: 0,
            held: 0,
            paid: 0,
            left: 0,
            opened: 0,
            moves: 0,
            hands: 0,
            actions: 0,
            settled: false,
            played: None,
        };
        Self {
            core,
            entries: BTreeMap::new(),
            unresolved: BTreeSet::new(),
            tables: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Returns the tournament's id.
    #[must_use]
    pub const fn id(&self) -> TournamentId {
        self.core.id
    }

    /// Returns the configuration; `None` before the tournament is created.
    #[must_use]
    pub const fn config(&self) -> Option<&TournamentConfig> {
        self.core.config.as_ref()
    }

    /// Returns the phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.core.phase
    }

    /// Returns the time of creation, in milliseconds since 1970.
    #[must_use]
    pub const fn created_ms(&self) -> u64 {
        self.core.created_ms
    }

    /// Returns whether levels go by the time that has certainly passed, and the tournament has
    /// started.
    #[must_use]
    pub const fn counts_time(&self) -> bool {
        self.core.played.is_some()
    }

    /// Returns the last instruction made for a table, which is the answer to its last report.
    #[must_use]
    pub fn instruction(&self, table: TableId) -> Option<&Instruction> {
        self.tables.get(&table)?.told.as_ref()
    }

    /// Returns all players at tables as far as the director knows: table, seat (`None` for players
    /// who have been ordered to leave) and player.
    pub fn seated(&self) -> impl Iterator<Item = (TableId, Option<SeatNo>, PlayerId)> + '_ {
        self.tables.iter().flat_map(|(&id, table)| {
            let stay = table.seats.iter().map(move |(&seat, &player)| (id, Some(seat), player));
            stay.chain(table.leaving.iter().map(move |&player| (id, None, player)))
        })
    }

    /// Returns the players between two tables: they have left one and are in no instruction of the
    /// other.
    pub fn travelling(&self) -> impl Iterator<Item = PlayerId> + '_ {
        let coming = self.tables.values().flat_map(|table| table.coming.values().copied());
        coming.filter(|player| matches!(self.stage(*player), Some(EntryStatus::Travelling { .. })))
    }

    /// Returns all chips, those of players between tables included. From the start to the end this
    /// is starting stack times entries.
    #[must_use]
    pub fn chips_in_play(&self) -> Chips {
        self.entries.values().map(|entry| entry.stack).sum()
    }

    /// Returns a player's chips; `None` for a player without an entry.
    #[must_use]
    pub fn stack(&self, player: PlayerId) -> Option<Chips> {
        self.entries.get(&player).map(|entry| entry.stack)
    }

    /// Returns whether bot workers play this player's entry.
    #[must_use]
    pub fn is_bot(&self, player: PlayerId) -> bool {
        self.entries.get(&player).is_some_and(|entry| entry.bot)
    }

    pub(crate) fn stage(&self, player: PlayerId) -> Option<EntryStatus> {
        self.entries.get(&player).map(|entry| entry.stage)
    }

    /// Returns the number of tables that have no instruction to close.
    pub(crate) fn open_tables(&self) -> usize {
        self.tables.values().filter(|table| !table.is_closing()).count()
    }
}
