//! The parts of a tournament's state that events of play change: in the tournament itself, or in a
//! draft of it.

use crate::{
    entry::Entry,
    state::{Core, Tournament},
    table::Table,
};
use wire::{PlayerId, TableId};

/// A state to which events of play can be applied.
pub(crate) trait Ground {
    fn core(&mut self) -> &mut Core;
    fn entry(&mut self, player: PlayerId) -> Option<&mut Entry>;
    fn table(&mut self, table: TableId) -> Option<&mut Table>;
    fn close(&mut self, table: TableId);
}

impl Ground for Tournament {
    fn core(&mut self) -> &mut Core {
        &mut self.core
    }

    fn entry(&mut self, player: PlayerId) -> Option<&mut Entry> {
        self.entries.get_mut(&player)
    }

    fn table(&mut self, table: TableId) -> Option<&mut Table> {
        self.tables.get_mut(&table)
    }

    fn close(&mut self, table: TableId) {
        self.tables.remove(&table);
        self.closed.insert(table);
    }
}
