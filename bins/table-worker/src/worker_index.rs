//! State that the tasks of one worker share: counters for the heartbeat, and the index from which
//! queries are answered. The index changes when players sit down or leave and when hands end, never
//! with an action.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};
use wire::{
    Epoch, PlayerId, TableId,
    fleet::Load,
    table::{MAX_SEATS_OF, PlayerSeats, Purpose, TableSummary, WorkersAnswer, WorkersQuery},
};

/// Maximum number of tables in an answer to a query.
const MAX_LISTED: usize = 1_000;

/// The counters and the index of one worker.
#[derive(Default)]
pub struct WorkerIndex {
    pub partitions: AtomicU32,
    pub hands: AtomicU64,
    pub actions: AtomicU64,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    tables: BTreeMap<TableId, (Epoch, TableSummary)>,
    seats: HashMap<PlayerId, HashSet<TableId>>,
    players_of: HashMap<TableId, Vec<PlayerId>>,
}

impl WorkerIndex {
    /// Brings the index up to date with a table that this worker owns since `epoch`; a closed table
    /// is removed. A task of an earlier epoch that has not noticed its end has no effect.
    pub fn update(&self, table: &poker::table::Table, epoch: Epoch) {
        let mut index = self.index();
        let id = table.id();
        if index.tables.get(&id).is_some_and(|(known, _)| *known > epoch) {
            return;
        }
        index.forget(id);
        if table.is_closed() {
            return;
        }
        index.tables.insert(id, (epoch, table.summary()));
        for (_, player) in table.players() {
            index.seats.entry(player).or_default().insert(id);
        }
        index.players_of.insert(id, table.players().map(|(_, player)| player).collect());
    }

    /// Removes a table from the index: this worker no longer owns it since `epoch`. A later
    /// tenure's entry stays.
    pub fn forget(&self, table: TableId, epoch: Epoch) {
        let mut index = self.index();
        if index.tables.get(&table).is_some_and(|(known, _)| *known == epoch) {
            index.forget(table);
        }
    }

    /// Returns this worker's part of the answer to a query.
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
                let open = || index.tables.values().map(|(_, table)| table);
                let cash = open().filter(is_cash);
                let others = open().filter(|table| tournaments && !is_cash(table));
                WorkersAnswer::Tables(cash.chain(others).take(limit).cloned().collect())
            }
        }
    }

    /// Returns the load for the heartbeat.
    pub fn load(&self) -> Load {
        Load {
            partitions: self.partitions.load(Relaxed),
            tables: self.index().tables.len() as u32,
            hands: self.hands.load(Relaxed),
            actions: self.actions.load(Relaxed),
            ..Load::default()
        }
    }

    /// Locks the index. It is consistent after every statement, so a panic of another task does not
    /// spoil it.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn seats_of(&self, player: PlayerId) -> Vec<TableId> {
        self.seats.get(&player).into_iter().flatten().copied().collect()
    }

    fn forget(&mut self, table: TableId) {
        if self.tables.remove(&table).is_none() {
            return;
        }
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
