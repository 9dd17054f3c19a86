//! The log of a client program: the events that it saw and the commands that it sent.

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
    /// The program's player; none for visitors.
    pub player: Option<PlayerId>,
    /// The stretches of events that the program saw, in the order of their beginnings.
    pub stretches: Vec<Stretch>,
    /// The player's own cards, in the order of their arrival.
    pub cards: Vec<OwnCards>,
    /// The commands that the program sent.
    pub commands: Vec<Sent>,
    /// Hands whose deals the program verified.
    pub verified: u64,
    /// Those that were not dealt as committed, with the reason.
    pub misdeals: Vec<(TableId, HandNo, String)>,
    /// Number of connections.
    pub connections: u32,
    now_at: HashMap<TableId, usize>,
}

/// Events of one table without an interruption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The table.
    pub table: TableId,
    /// Number of the last event before the first one.
    pub after: u64,
    /// Number of the last event that the view at its beginning includes.
    pub view: u64,
    /// Number of the last event seen before, if the table no longer remembered the events in
    /// between.
    pub forgotten_since: Option<u64>,
    /// The events.
    pub seen: Vec<SeenEvent>,
}

/// A seen event, kept small because there are very many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// The event's number.
    pub number: u64,
    /// Hash of the event's content, see [`sum`].
    pub sum: u64,
    /// Time of its arrival, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Own hidden cards as they arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCards {
    /// The table.
    pub table: TableId,
    /// The hand.
    pub hand: HandNo,
    /// The cards.
    pub cards: Vec<Card>,
    /// Time of their arrival, in milliseconds since 1970.
    pub at_ms: u64,
}

/// The kinds of commands, by the record that they must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes the table whenever it is carried out.
    Change,
    /// The command may have no effect, and is then answered without a record.
    Wish,
    /// Takes a seat or more chips: the table may carry it out and the cashier still refuse it.
    Paid,
}

/// A command that was sent to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The command id.
    pub id: CommandId,
    /// The table.
    pub table: TableId,
    /// The kind.
    pub kind: Kind,
    /// Time at which it was first sent, in milliseconds since 1970.
    pub at_ms: u64,
    /// The answer.
    pub answer: Answer,
}

/// The answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No answer: the program ended before it came.
    None,
    /// The command was carried out, and its record is durable.
    Done,
    /// The command was refused for good.
    Refused,
}

/// Returns a hash of an event: equal for equal events, and for different ones with a probability of
/// 2^-64.
#[must_use]
pub fn sum(event: &Event) -> u64 {
    let mut hasher = DefaultHasher::new();
    codec::encode(event).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

impl ClientLog {
    /// Makes the empty log of a player, or of a visitor.
    #[must_use]
    pub fn of(player: Option<PlayerId>) -> Self {
        Self { player, ..Self::default() }
    }

    /// Adds an event of the client that arrived at `at_ms`.
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
                    // The client library promises a view first, so this event is a fault.
                    self.begin(*table, (0, 0), None);
                    self.see(
                        &ClientEvent::Event { table: *table, number: *number, event: event.clone() },
                        at_ms,
                    );
                }
            }
            ClientEvent::Cards(cards) => self.learn(Some(cards), at_ms),
            ClientEvent::Verified { verdict: Ok(_), .. } => self.verified += 1,
            ClientEvent::Verified { table, hand, verdict: Err(fault) } => {
                self.misdeals.push((*table, *hand, fault.to_string()));
            }
            _ => {}
        }
    }

    /// Returns the number of events seen.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.seen.len()).sum()
    }

    /// Begins a stretch with a view, and the events of the current hand that it includes.
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
        if let Some(PrivateCards { table, hand, cards, .. }) = cards {
            self.cards.push(OwnCards { table: *table, hand: *hand, cards: cards.clone(), at_ms });
        }
    }
}
