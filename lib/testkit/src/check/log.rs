//! What one client program saw and did, as it notes it down itself.

use client::ClientEvent;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};
use wire::{
    Card, CommandId, HandNo, PlayerId, TableId, client::PrivateCards, codec, event::Event, view::TableView,
};

/// The log of one client program.
#[derive(Clone, Debug, Default)]
pub struct ClientLog {
    /// Whose; nobody's for visitors.
    pub player: Option<PlayerId>,
    /// What it saw of tables, in the order in which it began to.
    pub stretches: Vec<Stretch>,
    /// Own cards, in the order in which they came.
    pub cards: Vec<OwnCards>,
    /// What it asked for.
    pub commands: Vec<Sent>,
    /// Connections made.
    pub connections: u32,
    now_at: HashMap<TableId, usize>,
}

/// Events of one table without an interruption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Which table.
    pub table: TableId,
    /// Number of the last event before the first one.
    pub after: u64,
    /// Number of the last event that the view at its beginning includes.
    pub view: u64,
    /// Last event seen before, when the table said that it does not remember what came since.
    pub forgotten_since: Option<u64>,
    /// What was seen.
    pub seen: Vec<SeenEvent>,
}

/// One event as it was seen: small, because there are very many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// Its number.
    pub number: u64,
    /// Sum of its content, see [`sum`].
    pub sum: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Own hidden cards as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCards {
    /// At which table.
    pub table: TableId,
    /// In which hand.
    pub hand: HandNo,
    /// The cards.
    pub cards: Vec<Card>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// What kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One that changes something whenever it is carried out.
    Change,
    /// One that may find nothing to change: then it is done without a record.
    Wish,
    /// A seat: the table may carry it out and the cashier still refuse it.
    Seat,
}

/// A command that was sent to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: CommandId,
    /// To which table.
    pub table: TableId,
    /// What kind.
    pub kind: Kind,
    /// When it was sent first, in milliseconds since 1970.
    pub at_ms: u64,
    /// What came of it.
    pub answer: Answer,
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The program ended before an answer came.
    None,
    /// Done, and durable.
    Done,
    /// Refused for good.
    Refused,
}

/// A sum of an event: equal for equal events, and for different ones with a chance of 2^-64.
#[must_use]
pub fn sum(event: &Event) -> u64 {
    let mut hasher = DefaultHasher::new();
    codec::encode(event).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

impl ClientLog {
    /// The empty log of a player, or of a visitor.
    #[must_use]
    pub fn of(player: Option<PlayerId>) -> Self {
        Self { player, ..Self::default() }
    }

    /// Notes an event of the client down that came at `at_ms`.
    pub fn see(&mut self, event: &ClientEvent, at_ms: u64) {
        match event {
            ClientEvent::Up { .. } => self.connections += 1,
            ClientEvent::Table { view, cards, so_far } => {
                self.begin_with(view, so_far, None, at_ms);
                self.learn(cards.as_ref(), at_ms);
            }
            ClientEvent::Restarted { view, cards, so_far } => {
                let last = self.last(view.table);
                self.begin_with(view, so_far, last, at_ms);
                self.learn(cards.as_ref(), at_ms);
            }
            ClientEvent::Event { table, number, event } => {
                let seen = SeenEvent { number: *number, sum: sum(event), at_ms };
                if let Some(stretch) = self.now_at.get(table).and_then(|&at| self.stretches.get_mut(at)) {
                    stretch.seen.push(seen);
                } else {
                    // The client library promises a view first: without one the event is out of place.
                    self.begin(*table, (0, 0), None);
                    self.see(
                        &ClientEvent::Event { table: *table, number: *number, event: event.clone() },
                        at_ms,
                    );
                }
            }
            ClientEvent::Cards(cards) => self.learn(Some(cards), at_ms),
            _ => {}
        }
    }

    /// Number of events seen.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.seen.len()).sum()
    }

    /// Begins with a view, and the events of the running hand that it includes.
    fn begin_with(
        &mut self,
        view: &TableView,
        so_far: &[(u64, Event)],
        forgotten_since: Option<u64>,
        at_ms: u64,
    ) {
        let after = so_far.first().map_or(view.event_no, |(number, _)| number - 1);
        self.begin(view.table, (after, view.event_no), forgotten_since);
        let seen = so_far.iter().map(|(number, event)| SeenEvent { number: *number, sum: sum(event), at_ms });
        self.stretches.last_mut().into_iter().for_each(|stretch| stretch.seen.extend(seen.clone()));
    }

    fn begin(&mut self, table: TableId, (after, view): (u64, u64), forgotten_since: Option<u64>) {
        self.now_at.insert(table, self.stretches.len());
        self.stretches.push(Stretch { table, after, view, forgotten_since, seen: Vec::new() });
    }

    fn last(&self, table: TableId) -> Option<u64> {
        let stretch = self.stretches.get(*self.now_at.get(&table)?)?;
        Some(stretch.seen.last().map_or(stretch.after, |seen| seen.number))
    }

    fn learn(&mut self, cards: Option<&PrivateCards>, at_ms: u64) {
        if let Some(PrivateCards { table, hand, cards }) = cards {
            self.cards.push(OwnCards { table: *table, hand: *hand, cards: cards.clone(), at_ms });
        }
    }
}
