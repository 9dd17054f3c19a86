//! Journals of a partition that are not in memory: those still to be read after a takeover,
//! requested ones first and the others a few at a time; and those of unknown ids, which are looked
//! up.

use super::queued::QueuedCommand;
use crate::{Aggregate, Output};
use std::collections::{HashMap, HashSet, VecDeque};

/// Journals that are read at the same time without a request for them. Each takes a round trip for
/// every record.
const READ_AHEAD: usize = 2;
/// Commands that wait for one journal; more come only when they are repeated.
pub const MAX_UNREAD_QUEUED: usize = 64;
/// Unknown ids that are looked up at the same time; requests for further ones are to be repeated.
pub const MAX_LOOKUPS: usize = 16;
/// Time limit of a look-up, in milliseconds.
pub const LOOKUP_MS: u64 = 500;
/// How long it is remembered that an id is unknown, in milliseconds.
pub const MISSING_MS: u64 = 60_000;
/// Unknown ids that are remembered; a further one drives the oldest out.
pub const MAX_MISSING: usize = 1_024;
/// Time limit for reading an existing journal, in milliseconds.
pub(super) const READ_MS: u64 = 10_000;
/// Pause after a journal could not be read, in milliseconds.
const PAUSE_MS: u64 = 300;

/// The unread journals of a partition, with the commands that wait for them.
pub(super) struct Unread<A: Aggregate, R> {
    journals: HashMap<A::Id, Journal<A, R>>,
    /// The order in which journals without a request are read.
    order: VecDeque<A::Id>,
    reading_ahead: usize,
    lookups: usize,
    /// Reading ahead pauses until this time, by the monotonic clock.
    not_before_ms: u64,
    missing: Missing<A::Id>,
}

/// Ids that were looked up and have no journal.
struct Missing<I> {
    ids: HashSet<I>,
    /// The same ids with the time until which each is remembered, by the monotonic clock; the
    /// oldest first.
    until_ms: VecDeque<(I, u64)>,
}

struct Journal<A: Aggregate, R> {
    reading: Reading,
    queue: VecDeque<QueuedCommand<A::Command, R>>,
    /// How many of the queued commands had come when the reading began.
    asked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    NotYet,
    Ahead,
    AskedFor,
    Lookup,
}

type Queue<A, R> = VecDeque<QueuedCommand<<A as Aggregate>::Command, R>>;

impl<A: Aggregate, R> Unread<A, R> {
    pub(super) fn of(journals: impl IntoIterator<Item = A::Id>) -> Self {
        let order: VecDeque<A::Id> = journals.into_iter().collect();
        let unread = |&id| (id, Journal { reading: Reading::NotYet, queue: VecDeque::new(), asked: 0 });
        let journals = order.iter().map(unread).collect();
        let missing = Missing { ids: HashSet::new(), until_ms: VecDeque::new() };
        Self { journals, order, reading_ahead: 0, lookups: 0, not_before_ms: 0, missing }
    }

    /// Queues a command to a journal that is still to be read, and has that journal read now.
    /// Returns the command when there is no such journal.
    pub(super) fn ask(
        &mut self,
        id: A::Id,
        queued: QueuedCommand<A::Command, R>,
        outputs: &mut Vec<Output<A, R>>,
    ) -> Option<QueuedCommand<A::Command, R>> {
        let Some(journal) = self.journals.get_mut(&id) else {
            return Some(queued);
        };
        if journal.queue.len() >= MAX_UNREAD_QUEUED {
            let reply = A::refused(wire::Refusal::unavailable(A::NAME));
            outputs.extend(queued.token.map(|token| Output::Reply { token, reply }));
            return None;
        }
        journal.queue.push_back(queued);
        if journal.reading == Reading::NotYet {
            journal.reading = Reading::AskedFor;
            journal.asked = journal.queue.len();
            outputs.push(Output::Read { id, within_ms: READ_MS });
        }
        None
    }

    /// Queues a command to an unknown id, and has its journal looked up. Returns the command when
    /// too many look-ups are under way.
    pub(super) fn look_up(
        &mut self,
        id: A::Id,
        queued: QueuedCommand<A::Command, R>,
        outputs: &mut Vec<Output<A, R>>,
    ) -> Option<QueuedCommand<A::Command, R>> {
        if self.lookups >= MAX_LOOKUPS {
            return Some(queued);
        }
        self.lookups += 1;
        let journal = Journal { reading: Reading::Lookup, queue: VecDeque::from([queued]), asked: 1 };
        self.journals.insert(id, journal);
        outputs.push(Output::Read { id, within_ms: LOOKUP_MS });
        None
    }

    /// Remembers that an id has no journal. To be called only when no other process can give it
    /// one.
    pub(super) fn remember_missing(&mut self, id: A::Id, mono_ms: u64) {
        self.missing.forget(mono_ms);
        if self.missing.ids.len() >= MAX_MISSING {
            self.missing.forget_oldest();
        }
        if self.missing.ids.insert(id) {
            self.missing.until_ms.push_back((id, mono_ms.saturating_add(MISSING_MS)));
        }
    }

    /// Returns whether an id was looked up not long ago and has no journal.
    pub(super) fn is_missing(&mut self, id: A::Id, mono_ms: u64) -> bool {
        self.missing.forget(mono_ms);
        self.missing.ids.contains(&id)
    }

    /// Takes note that an id gets a journal.
    pub(super) fn made(&mut self, id: A::Id) {
        if self.missing.ids.remove(&id) {
            self.missing.until_ms.retain(|(missing, _)| *missing != id);
        }
    }

    /// Starts to read the next journals for which no request has come.
    pub(super) fn read_ahead(&mut self, mono_ms: u64, outputs: &mut Vec<Output<A, R>>) {
        while self.reading_ahead < READ_AHEAD
            && mono_ms >= self.not_before_ms
            && let Some(id) = self.order.pop_front()
        {
            if let Some(journal) = self.journals.get_mut(&id)
                && journal.reading == Reading::NotYet
            {
                journal.reading = Reading::Ahead;
                self.reading_ahead += 1;
                outputs.push(Output::Read { id, within_ms: READ_MS });
            }
        }
    }

    /// Returns when reading ahead may go on, if journals are left to read ahead; by the monotonic
    /// clock.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let pauses = self.reading_ahead < READ_AHEAD && !self.order.is_empty();
        pauses.then_some(self.not_before_ms)
    }

    /// Ends a reading: returns how many commands waited when it began, and all that wait now. A
    /// failed reading is repeated later, a failed look-up is not.
    pub(super) fn ended(&mut self, id: A::Id, failed: bool, mono_ms: u64) -> Option<(usize, Queue<A, R>)> {
        let Journal { reading, queue, asked } = self.journals.remove(&id)?;
        self.reading_ahead -= usize::from(reading == Reading::Ahead);
        self.lookups -= usize::from(reading == Reading::Lookup);
        if failed && reading != Reading::Lookup {
            self.not_before_ms = mono_ms + PAUSE_MS;
            let again = Journal { reading: Reading::NotYet, queue: VecDeque::new(), asked: 0 };
            self.journals.insert(id, again);
            self.order.push_back(id);
        }
        Some((asked, queue))
    }

    /// Stops all reading and returns the commands that wait.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = QueuedCommand<A::Command, R>> + use<A, R> {
        self.order.clear();
        std::mem::take(&mut self.journals).into_values().flat_map(|journal| journal.queue)
    }
}

impl<I: Copy + Eq + std::hash::Hash> Missing<I> {
    /// Forgets the ids whose time is over.
    fn forget(&mut self, mono_ms: u64) {
        while self.until_ms.front().is_some_and(|(_, until_ms)| *until_ms <= mono_ms) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((id, _)) = self.until_ms.pop_front() {
            self.ids.remove(&id);
        }
    }
}
