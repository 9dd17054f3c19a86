//! A tournament during a decision: the state and, on top of it, the changes by the events decided
//! so far. Only tables and entries that change are copied, so that the cost of a decision does not
//! grow with the field.

use crate::{
    entry::Entry,
    evolve::play,
    ground::Ground,
    state::{Core, Tournament},
    table::Table,
};
use std::collections::BTreeMap;
use wire::{PlayerId, TableId, tournament::TournamentEvent};

/// The state during a decision.
pub(crate) struct Draft<'a> {
    base: &'a Tournament,
    core: Core,
    entries: BTreeMap<PlayerId, Entry>,
    /// Changed tables; `None` for those that were closed.
    tables: BTreeMap<TableId, Option<Table>>,
    events: Vec<TournamentEvent>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(base: &'a Tournament) -> Self {
        let core = base.core.clone();
        Self { base, core, entries: BTreeMap::new(), tables: BTreeMap::new(), events: Vec::new() }
    }

    /// Adds an event to the decision and applies it.
    pub(crate) fn push(&mut self, event: TournamentEvent) {
        play(self, &event);
        self.events.push(event);
    }

    pub(crate) fn into_events(self) -> Vec<TournamentEvent> {
        self.events
    }

    pub(crate) const fn state(&self) -> &Core {
        &self.core
    }

    pub(crate) fn see_entry(&self, player: PlayerId) -> Option<&Entry> {
        self.entries.get(&player).or_else(|| self.base.entries.get(&player))
    }

    pub(crate) fn see_entries(&self) -> impl Iterator<Item = (PlayerId, &Entry)> {
        self.base.entries.iter().map(|(id, entry)| (*id, self.entries.get(id).unwrap_or(entry)))
    }

    pub(crate) fn see_table(&self, id: TableId) -> Option<&Table> {
        match self.tables.get(&id) {
            Some(changed) => changed.as_ref(),
            None => self.base.tables.get(&id),
        }
    }

    /// Returns the tables that are not closed, closing ones included.
    pub(crate) fn see_tables(&self) -> impl Iterator<Item = (TableId, &Table)> {
        self.base.tables.keys().filter_map(|&id| Some((id, self.see_table(id)?)))
    }
}

impl Ground for Draft<'_> {
    fn core(&mut self) -> &mut Core {
        &mut self.core
    }

    fn entry(&mut self, player: PlayerId) -> Option<&mut Entry> {
        if !self.entries.contains_key(&player) {
            self.entries.insert(player, self.base.entries.get(&player)?.clone());
        }
        self.entries.get_mut(&player)
    }

    fn table(&mut self, table: TableId) -> Option<&mut Table> {
        if !self.tables.contains_key(&table) {
            self.tables.insert(table, Some(self.base.tables.get(&table)?.clone()));
        }
        self.tables.get_mut(&table)?.as_mut()
    }

    fn close(&mut self, table: TableId) {
        self.tables.insert(table, None);
    }
}
