//! One table as its players in this process see it, with checks.
//!
//! Invariants: every player sees each event once, in order, and the same bytes as the others; no
//! chip appears or disappears between two events. A breach is a violation. The first player to see
//! a frame decodes it, the others compare bytes: checks must not cost more than play. Uses no
//! socket and no clock of its own.

use super::chips::ChipCount;
use crate::{pace::Chance, tally::Tally};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use wire::{Chips, HandNo, Legal, SeatNo, TableId, client::TableEvents, event::Event, view::TableView};

/// Frames that are kept for players that have not seen them yet. Players that are further behind
/// are not compared any more.
const MOST_KEPT: usize = 256;

/// A table, with the frames that some players have not seen.
pub(crate) struct Table {
    pub(crate) id: TableId,
    pub(crate) chance: Chance,
    hand: HandNo,
    chips: ChipCount,
    /// Number of the last event that was decoded.
    last: Option<u64>,
    kept: VecDeque<Kept>,
    /// Number of the last event that each player has seen; `None` before its first snapshot.
    seen: Vec<Option<u64>>,
    sent: Option<Sent>,
}

/// Events as the first player got them.
struct Kept {
    /// The frame; `None` when the events were replayed with a snapshot, which is a frame of another
    /// kind.
    bytes: Option<Bytes>,
    first: u64,
    last: u64,
    starts: bool,
    ends: bool,
    turn: Option<Turn>,
    /// When the action that the frame tells of was sent.
    sent: Option<Instant>,
}

/// An action that was sent and not seen by all yet.
struct Sent {
    seat: SeatNo,
    at: Instant,
}

/// The turn of a seat.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) hand: HandNo,
    pub(crate) seat: SeatNo,
    pub(crate) turn: u32,
    pub(crate) legal: Legal,
}

/// The content of a frame of events, for the player that got it.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The turn after the frame, if it tells of one.
    pub(crate) turn: Option<Turn>,
    /// Whether a hand starts in it.
    pub(crate) starts: bool,
    /// Whether a hand ends in it.
    pub(crate) ends: bool,
    /// The time from sending the frame's action until every player has seen it.
    pub(crate) took: Option<Duration>,
}

impl Table {
    pub(crate) fn new(id: TableId, players: usize, chance: Chance) -> Self {
        Self {
            id,
            chance,
            hand: HandNo(0),
            chips: ChipCount::default(),
            last: None,
            kept: VecDeque::new(),
            seen: vec![None; players],
            sent: None,
        }
    }

    /// Returns the number of the last event that a player has seen.
    pub(crate) fn seen(&self, player: usize) -> Option<u64> {
        self.seen[player]
    }

    /// Returns how many chips a seat lacks to have so many, by the last event that was understood.
    pub(crate) fn missing(&self, seat: SeatNo, full: Chips) -> Chips {
        self.chips.missing(seat, full)
    }

    /// Notes that a player sends an action.
    pub(crate) fn sends(&mut self, seat: SeatNo, at: Instant) {
        self.sent = Some(Sent { seat, at });
    }

    /// Notes that a player got exactly the frame that comes next for it, which need not be decoded;
    /// `None` when it is another frame.
    pub(crate) fn same(&mut self, player: usize, bytes: &Bytes, now: Instant) -> Option<News> {
        let next = self.seen[player]? + 1;
        let kept = self.kept.iter().find(|kept| kept.first == next && kept.bytes.as_ref() == Some(bytes))?;
        let (last, starts, ends, turn) = (kept.last, kept.starts, kept.ends, kept.turn.clone());
        self.seen[player] = Some(last);
        Some(News { turn, starts, ends, took: self.forget_seen(now) })
    }

    /// Handles a frame of events that a player got.
    pub(crate) fn hear(
        &mut self,
        player: usize,
        bytes: &Bytes,
        events: &TableEvents,
        now: Instant,
        tally: &Tally,
    ) -> News {
        let Some(seen) = self.seen[player] else {
            return News::default(); // before its snapshot: that tells more
        };
        if events.first != seen + 1 {
            tally.violation(format!(
                "table {}: a player who has seen event {seen} is sent events {} to {}",
                self.id,
                events.first,
                events.last()
            ));
            return News::default();
        }
        let other = self.kept.iter().find(|kept| kept.first == events.first && kept.last == events.last());
        if other.and_then(|kept| kept.bytes.as_ref()).is_some_and(|kept| kept != bytes) {
            tally.violation(format!("table {}: two players see different events {}", self.id, events.first));
        }
        let turn = self.understand(Some(bytes), events, tally);
        self.seen[player] = Some(events.last());
        News { turn, starts: starts(events), ends: ends(events), took: self.forget_seen(now) }
    }

    /// Handles a snapshot that a player got, perhaps with the events that led to it.
    pub(crate) fn look(
        &mut self,
        player: usize,
        view: &TableView,
        events: Option<&TableEvents>,
        now: Instant,
        tally: &Tally,
    ) -> News {
        if let (Some(seen), Some(events)) = (self.seen[player], events) {
            if events.first != seen + 1 || events.last() != view.event_no {
                tally.violation(format!(
                    "table {}: asked for the events after {seen}, got events {} to {} and a view of {}",
                    self.id,
                    events.first,
                    events.last(),
                    view.event_no
                ));
            }
            self.understand(None, events, tally);
        }
        if self.last.is_none_or(|last| last < view.event_no) {
            self.start_from(view);
        } else if self.last == Some(view.event_no) {
            self.chips.compare(view, tally);
        }
        self.seen[player] = Some(view.event_no);
        let hand = view.hand.as_ref();
        let turn = hand.and_then(|hand| {
            let turn = hand.turn.as_ref()?;
            Some(Turn { hand: hand.hand, seat: turn.seat, turn: turn.turn, legal: turn.legal.clone() })
        });
        News { turn, starts: false, ends: false, took: self.forget_seen(now) }
    }

    fn start_from(&mut self, view: &TableView) {
        self.last = Some(view.event_no);
        self.hand = view.hand.as_ref().map_or(self.hand, |hand| hand.hand);
        self.chips = ChipCount::of(view);
        self.kept.clear();
        self.sent = None;
    }

    /// Applies those of the events that are new to the table, and returns the turn after them.
    fn understand(&mut self, bytes: Option<&Bytes>, events: &TableEvents, tally: &Tally) -> Option<Turn> {
        let known = self.last.unwrap_or_default();
        let mut turn = None;
        let mut sent = None;
        for (number, event) in (events.first..).zip(&events.events) {
            let new = number > known;
            if new {
                self.chips.apply(self.id, event, tally);
            }
            if let Event::HandStarted(start) = event {
                self.hand = start.hand;
            } else if let Event::Turn { seat, turn: number, legal, .. } = event {
                turn = Some(Turn { hand: self.hand, seat: *seat, turn: *number, legal: legal.clone() });
            } else if new && matches!(event, Event::HandEnded { .. }) {
                tally.hand();
            } else if new && let Event::Acted { seat, .. } | Event::Drew { seat, .. } = event {
                tally.action();
                sent = self.sent.take_if(|sent| sent.seat == *seat).map(|sent| sent.at).or(sent);
            }
        }
        if events.last() > known {
            self.last = Some(events.last());
            self.keep(Kept {
                bytes: bytes.cloned(),
                first: events.first,
                last: events.last(),
                starts: starts(events),
                ends: ends(events),
                turn: turn.clone(),
                sent,
            });
        }
        turn
    }

    fn keep(&mut self, kept: Kept) {
        if self.kept.len() == MOST_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(kept);
    }

    /// Forgets frames that all players have seen. Returns the time of the action in the last of
    /// them.
    fn forget_seen(&mut self, now: Instant) -> Option<Duration> {
        let all_have = self.seen.iter().flatten().copied().min()?;
        let mut took = None;
        while let Some(kept) = self.kept.front().filter(|kept| kept.last <= all_have) {
            took = kept.sent.map(|sent| now - sent).or(took);
            self.kept.pop_front();
        }
        took
    }
}

fn ends(events: &TableEvents) -> bool {
    events.events.iter().any(|event| matches!(event, Event::HandEnded { .. }))
}

fn starts(events: &TableEvents) -> bool {
    events.events.iter().any(|event| matches!(event, Event::HandStarted(_)))
}

#[cfg(test)]
mod tests;
