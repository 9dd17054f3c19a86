//! The tables that are followed, as they stand.

use crate::{screen, words::Names};
use client::TableMirror;
use std::collections::BTreeMap;
use wire::{
    Card, Chips, PlayerId, TableId,
    client::PrivateCards,
    event::Event,
    view::{TableView, TurnView},
};

/// The tables that are followed.
#[derive(Default)]
pub struct Seats {
    tables: BTreeMap<TableId, Followed>,
    current: Option<TableId>,
}

struct Followed {
    mirror: TableMirror,
    cards: Vec<Card>,
    names: Names,
}

/// A turn of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTurn {
    /// At which table.
    pub table: TableId,
    /// In which hand.
    pub hand: wire::HandNo,
    /// The turn.
    pub turn: TurnView,
    /// Our chips behind.
    pub stack: Chips,
}

impl Seats {
    /// The table that is being looked at.
    pub fn current(&self) -> Option<TableId> {
        self.current
    }

    /// Looks at another table. Whether it is followed.
    pub fn look_at(&mut self, table: TableId) -> bool {
        let followed = self.tables.contains_key(&table);
        if followed {
            self.current = Some(table);
        }
        followed
    }

    /// Follows a table from this view on.
    pub fn start(&mut self, view: TableView, cards: Option<PrivateCards>) {
        let mut names = Names::default();
        view.seats.iter().for_each(|seat| names.sit(seat.seat, &seat.name));
        let table = view.table;
        let cards = cards.map(|cards| cards.cards).unwrap_or_default();
        self.tables.insert(table, Followed { mirror: TableMirror::new(view), cards, names });
        self.current.get_or_insert(table);
    }

    /// Follows a table no longer.
    pub fn stop(&mut self, table: TableId) {
        self.tables.remove(&table);
        if self.current == Some(table) {
            self.current = self.tables.keys().next().copied();
        }
    }

    /// Takes an event in; what it says, if anything.
    pub fn event(&mut self, table: TableId, number: u64, event: &Event) -> Option<String> {
        let followed = self.tables.get_mut(&table)?;
        if matches!(event, Event::HandStarted(_)) {
            followed.cards.clear();
        }
        followed.mirror.apply(number, event);
        let said = followed.names.public(event)?;
        Some(if self.current == Some(table) { said } else { format!("[table {table}] {said}") })
    }

    /// Takes our own cards in. Whether they are of the hand that is played.
    pub fn cards(&mut self, cards: PrivateCards) -> bool {
        let Some(followed) = self.tables.get_mut(&cards.table) else { return false };
        let hand = followed.mirror.view().hand.as_ref().map(|hand| hand.hand);
        let now = hand == Some(cards.hand);
        if now {
            followed.cards = cards.cards;
        }
        now
    }

    /// Our turn at a table.
    pub fn own_turn(&self, table: TableId, me: PlayerId) -> Option<OwnTurn> {
        let mirror = &self.tables.get(&table)?.mirror;
        let seat = mirror.seat_of(me)?;
        let hand = mirror.view().hand.as_ref()?;
        let turn = hand.turn.clone().filter(|turn| turn.seat == seat.seat)?;
        Some(OwnTurn { table, hand: hand.hand, turn, stack: seat.stack })
    }

    /// Our turns at all tables.
    pub fn own_turns(&self, me: PlayerId) -> Vec<OwnTurn> {
        self.tables.keys().filter_map(|table| self.own_turn(*table, me)).collect()
    }

    /// Tables where we sit.
    pub fn seated(&self, me: PlayerId) -> Vec<TableId> {
        let sits = |followed: &&Followed| followed.mirror.seat_of(me).is_some();
        self.tables.values().filter(sits).map(|followed| followed.mirror.table()).collect()
    }

    /// A table as text.
    pub fn text(&self, table: TableId, me: Option<PlayerId>, now_ms: u64) -> Option<String> {
        let followed = self.tables.get(&table)?;
        Some(screen::table(followed.mirror.view(), me, &followed.cards, Some(now_ms)))
    }
}
