//! The counters of one process' players.

use crate::latency::Latency;
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// Violations that are described; further ones are only counted.
const MOST_TOLD: usize = 20;

/// Counters of one process. One thread plays, so there are no locks.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Cell<Counts>,
    seen: RefCell<Latency>,
    answered: RefCell<Latency>,
    told: RefCell<Vec<String>>,
}

/// Counts, since measuring began unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Players whose session is open, in all.
    pub connected: u64,
    /// Players that have a seat and see their table, in all.
    pub seated: u64,
    /// Connections that were lost, in all.
    pub dropped: u64,
    /// Connections, of those, that the gateway closed because the client read too slowly, in all.
    pub slow: u64,
    /// Connections that a full gateway refused, naming others, in all.
    pub turned_away: u64,
    /// Violations, in all: gaps, repeats, different views of the same table, chips that do not add
    /// up.
    pub violations: u64,
    /// Requests that were refused for good, in all.
    pub refused: u64,
    /// Actions that were seen.
    pub actions: u64,
    /// Hands that ended.
    pub hands: u64,
    /// Frames with events that start no hand, over all players.
    pub event_frames: u64,
    /// Bytes of these frames.
    pub event_bytes: u64,
    /// Frames with the start of a hand.
    pub start_frames: u64,
    /// Bytes of these frames.
    pub start_bytes: u64,
    /// Frames with own cards.
    pub card_frames: u64,
    /// Bytes of these frames.
    pub card_bytes: u64,
    /// Actions that were sent.
    pub sent: u64,
    /// Bytes of these actions.
    pub sent_bytes: u64,
    /// Answers to these actions.
    pub answers: u64,
    /// Bytes of these answers.
    pub answer_bytes: u64,
}

macro_rules! sum {
    ($a:expr, $b:expr, $($field:ident),*) => {
        Counts { $($field: $a.$field + $b.$field),* }
    };
}

impl Counts {
    /// Returns the sum with another process' counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        sum!(
            self,
            other,
            connected,
            seated,
            dropped,
            slow,
            turned_away,
            violations,
            refused,
            actions,
            hands,
            event_frames,
            event_bytes,
            start_frames,
            start_bytes,
            card_frames,
            card_bytes,
            sent,
            sent_bytes,
            answers,
            answer_bytes
        )
    }

    /// Returns the sum with the counts of a later measurement of the same processes.
    fn later(self, later: Self) -> Self {
        let Self { connected, seated, dropped, slow, turned_away, violations, refused, .. } = later;
        Self { connected, seated, dropped, slow, turned_away, violations, refused, ..self.plus(later) }
    }

    /// Returns the counts with all that are reset by a new measurement at zero.
    fn measuring(self) -> Self {
        let Self { connected, seated, dropped, slow, turned_away, violations, refused, .. } = self;
        Self { connected, seated, dropped, slow, turned_away, violations, refused, ..Self::default() }
    }
}

/// The counters of one process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    /// The counts.
    pub counts: Counts,
    /// From sending an action until every player at the table has seen it.
    pub seen: Latency,
    /// From sending an action until its answer.
    pub answered: Latency,
    /// Descriptions of the first violations.
    pub told: Vec<String>,
}

impl Counted {
    /// Adds the counters of another process.
    pub fn add(&mut self, other: Self) {
        self.counts = self.counts.plus(other.counts);
        self.seen.add(&other.seen);
        self.answered.add(&other.answered);
        self.told.extend(other.told);
        self.told.truncate(MOST_TOLD);
    }

    /// Adds the counters of a later measurement of the same processes.
    pub fn later(&mut self, later: Self) {
        self.counts = self.counts.later(later.counts);
        self.seen.add(&later.seen);
        self.answered.add(&later.answered);
        self.told = later.told;
    }
}

impl Tally {
    /// Changes the counts.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    pub(crate) fn action(&self) {
        self.count(|counts| counts.actions += 1);
    }

    pub(crate) fn hand(&self) {
        self.count(|counts| counts.hands += 1);
    }

    /// Counts a violation and keeps its description.
    pub(crate) fn violation(&self, what: String) {
        self.count(|counts| counts.violations += 1);
        self.tell(what);
    }

    /// Keeps a text that is printed for people.
    pub(crate) fn tell(&self, what: String) {
        let mut told = self.told.borrow_mut();
        if told.len() < MOST_TOLD {
            told.push(what);
        }
    }

    pub(crate) fn seen_by_all(&self, took: Duration) {
        self.seen.borrow_mut().record(took);
    }

    pub(crate) fn answered(&self, took: Duration) {
        self.answered.borrow_mut().record(took);
    }

    /// Resets the counters for a measurement.
    pub(crate) fn restart(&self) {
        self.counts.set(self.counts.get().measuring());
        self.seen.borrow_mut().clear();
        self.answered.borrow_mut().clear();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Returns all counters.
    pub(crate) fn counted(&self) -> Counted {
        Counted {
            counts: self.counts.get(),
            seen: self.seen.borrow().clone(),
            answered: self.answered.borrow().clone(),
            told: self.told.borrow().clone(),
        }
    }
}
