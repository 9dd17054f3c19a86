//! What the tasks of one worker share: counters for the heartbeat, and the index that queries are answered from.
//! The index changes when players come and go and when hands end, never with an action.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};
use wire::{
    PlayerId, TableId,
    fleet::Load,
    table::{MAX_SEATS_OF, PlayerSeats, Purpose, TableSummary, WorkersAnswer, WorkersQuery},
};

/// Most tables in an answer to a query.
const MAX_LISTED: usize = 1_000;

/// Shared by the tasks of one worker.
#[derive(Default)]
pub struct Shared {
    pub partitions: AtomicU32,
    pub hands: AtomicU64,
    pub actions: AtomicU64,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    tables: BTreeMap<TableId, TableSummary>,
    seats: HashMap<PlayerId, HashSet<TableId>>,
    players_of: HashMap<TableId, Vec<PlayerId>>,
    open: u32,
}

impl Shared {
    /// Brings the index up to date with a table.
    pub fn update(&self, table: &poker::table::Table) {
        let mut index = self.index();
        index.forget(table.id());
        let summary = table.summary();
        index.open += u32::from(!summary.closed);
        index.tables.insert(table.id(), summary);
        for (_, player) in table.players() {
            index.seats.entry(player).or_default().insert(table.id());
        }
        index.players_of.insert(table.id(), table.players().map(|(_, player)| player).collect());
    }

    /// Takes a table out of the index.
    pub fn forget(&self, table: TableId) {
        self.index().forget(table);
    }

    /// The worker's part of the answer to a query.
    pub fn answer(&self, query: &WorkersQuery) -> WorkersAnswer {
        let index = self.index();
        match query {
            WorkersQuery::Seats { player } => WorkersAnswer::Seats(index.seats_of(*player)),
            WorkersQuery::SeatsOf { players } => {
                let seats = |&player: &PlayerId| PlayerSeats { player, tables: index.seats_of(player) };
                let asked = players.iter().take(MAX_SEATS_OF);
                let seated = asked.map(seats).filter(|seats| !seats.tables.is_empty());
                WorkersAnswer::SeatsOf(seated.collect())
            }
            &WorkersQuery::Tables { limit, tournaments } => {
                let limit = usize::from(limit).min(MAX_LISTED);
                let is_cash = |table: &&TableSummary| matches!(table.config.purpose, Purpose::Cash { .. });
                let open = || index.tables.values().filter(|table| !table.closed);
                let cash = open().filter(is_cash);
                let others = open().filter(|table| tournaments && !is_cash(table));
                WorkersAnswer::Tables(cash.chain(others).take(limit).cloned().collect())
            }
        }
    }

    /// What the heartbeat says.
    pub fn load(&self) -> Load {
        Load {
            partitions: self.partitions.load(Relaxed),
            tables: self.index().open,
            hands: self.hands.load(Relaxed),
            actions: self.actions.load(Relaxed),
            ..Load::default()
        }
    }

    /// The index is whole after every statement, so a panic elsewhere does not spoil it.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn seats_of(&self, player: PlayerId) -> Vec<TableId> {
        self.seats.get(&player).into_iter().flatten().copied().collect()
    }

    fn forget(&mut self, table: TableId) {
        let Some(known) = self.tables.remove(&table) else {
            return;
        };
        self.open -= u32::from(!known.closed);
        for player in self.players_of.remove(&table).unwrap_or_default() {
            if let Some(tables) = self.seats.get_mut(&player) {
                tables.remove(&table);
                if tables.is_empty() {
                    self.seats.remove(&player);
                }
            }
        }
    }
}
