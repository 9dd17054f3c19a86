//! The watched tables in their current state.

use crate::{screen, words::Names};
use client::TableMirror;
use std::collections::BTreeMap;
use wire::{
    Card, Chips, PlayerId, TableId,
    client::PrivateCards,
    event::Event,
    view::{TableView, TurnView},
};

/// The watched tables.
#[derive(Default)]
pub struct Seats {
    tables: BTreeMap<TableId, Followed>,
    current: Option<TableId>,
}

struct Followed {
    mirror: TableMirror,
    /// The player's own cards. They arrive apart from the table's events, and may belong to the
    /// hand that starts next.
    cards: Option<PrivateCards>,
    names: Names,
}

/// A turn of the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTurn {
    /// The table.
    pub table: TableId,
    /// The hand.
    pub hand: wire::HandNo,
    /// The turn.
    pub turn: TurnView,
    /// The player's chips behind.
    pub stack: Chips,
}

impl Seats {
    /// Returns the table that is shown.
    pub fn current(&self) -> Option<TableId> {
        self.current
    }

    /// Makes another table the current one. Returns whether it is watched.
    pub fn look_at(&mut self, table: TableId) -> bool {
        let followed = self.tables.contains_key(&table);
        if followed {
            self.current = Some(table);
        }
        followed
    }

    /// Starts to follow a table from this view on.
    pub fn start(&mut self, view: TableView, cards: Option<PrivateCards>) {
        let mut names = Names::default();
        view.seats.iter().for_each(|seat| names.sit(seat.seat, &seat.name));
        let table = view.table;
        self.tables.insert(table, Followed { mirror: TableMirror::new(view), cards, names });
        self.current.get_or_insert(table);
    }

    /// Stops following a table.
    pub fn stop(&mut self, table: TableId) {
        self.tables.remove(&table);
        if self.current == Some(table) {
            self.current = self.tables.keys().next().copied();
        }
    }

    /// Applies an event. Returns its sentence, if it has one.
    pub fn event(&mut self, table: TableId, number: u64, event: &Event) -> Option<String> {
        let followed = self.tables.get_mut(&table)?;
        followed.mirror.apply(number, event);
        let said = followed.names.public(event)?;
        Some(if self.current == Some(table) { said } else { format!("[table {table}] {said}") })
    }

    /// Sets the player's own cards.
    pub fn cards(&mut self, cards: PrivateCards) {
        if let Some(followed) = self.tables.get_mut(&cards.table) {
            followed.cards = Some(cards);
        }
    }

    /// Returns the player's own cards in the current hand.
    pub fn own_cards(&self, table: TableId) -> &[Card] {
        self.tables.get(&table).map_or(&[], Followed::own_cards)
    }

    /// Returns the player's turn at a table, if it is the player's turn.
    pub fn own_turn(&self, table: TableId, me: PlayerId) -> Option<OwnTurn> {
        let mirror = &self.tables.get(&table)?.mirror;
        let seat = mirror.seat_of(me)?;
        let hand = mirror.view().hand.as_ref()?;
        let turn = hand.turn.clone().filter(|turn| turn.seat == seat.seat)?;
        Some(OwnTurn { table, hand: hand.hand, turn, stack: seat.stack })
    }

    /// Returns the player's turns at all tables.
    pub fn own_turns(&self, me: PlayerId) -> Vec<OwnTurn> {
        self.tables.keys().filter_map(|table| self.own_turn(*table, me)).collect()
    }

    /// Returns whether a seat is the player's.
    pub fn sits_at(&self, table: TableId, seat: wire::SeatNo, me: PlayerId) -> bool {
        let own = self.tables.get(&table).and_then(|followed| followed.mirror.seat_of(me));
        own.is_some_and(|own| own.seat == seat)
    }

    /// Returns the tables where the player has a seat.
    pub fn seated(&self, me: PlayerId) -> Vec<TableId> {
        let sits = |followed: &&Followed| followed.mirror.seat_of(me).is_some();
        self.tables.values().filter(sits).map(|followed| followed.mirror.table()).collect()
    }

    /// Returns a table as text.
    pub fn text(&self, table: TableId, me: Option<PlayerId>, now_ms: u64) -> Option<String> {
        let followed = self.tables.get(&table)?;
        Some(screen::table(followed.mirror.view(), me, followed.own_cards(), Some(now_ms)))
    }
}

impl Followed {
    fn own_cards(&self) -> &[Card] {
        let playing = self.mirror.view().hand.as_ref().map(|hand| hand.hand);
        match &self.cards {
            Some(cards) if Some(cards.hand) == playing => &cards.cards,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        HandNo,
        event::{HandStart, Seed},
        table::{Level, TableConfig},
    };

    fn empty_table() -> TableView {
        TableView::new(TableId(1), TableConfig::cash(Level::default(), Chips(1)..=Chips(1)))
    }

    fn begin(hand: u64) -> Event {
        Event::HandStarted(HandStart {
            hand: HandNo(hand),
            button: 0,
            small_blind: None,
            big_blind: 0,
            level: Level::default(),
            stacks: Vec::new(),
            commitment: Seed([0; 32]),
            deal: None,
        })
    }

    #[test]
    fn own_cards_may_arrive_before_or_after_the_start_of_their_hand() {
        let table = TableId(1);
        let cards = |hand, card: &str| PrivateCards {
            table,
            hand: HandNo(hand),
            cards: vec![card.parse().unwrap()],
            openings: vec![],
        };
        let mut seats = Seats::default();
        seats.start(empty_table(), None);
        seats.cards(cards(1, "As"));
        assert!(seats.own_cards(table).is_empty());
        seats.event(table, 1, &begin(1));
        assert_eq!(seats.own_cards(table), cards(1, "As").cards);
        seats.event(table, 2, &begin(2));
        assert!(seats.own_cards(table).is_empty());
        seats.cards(cards(2, "Kd"));
        assert_eq!(seats.own_cards(table), cards(2, "Kd").cards);
    }
}
