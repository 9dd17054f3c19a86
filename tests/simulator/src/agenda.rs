//! The events to come, in order of time; events of the same time in the order in which they were
//! planned.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

struct Entry<E> {
    at_ms: u64,
    number: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}

/// The planned events.
pub(crate) struct Agenda<E> {
    entries: BinaryHeap<Reverse<Entry<E>>>,
    number: u64,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self { entries: BinaryHeap::new(), number: 0 }
    }
}

impl<E> Agenda<E> {
    pub(crate) fn plan(&mut self, at_ms: u64, event: E) {
        self.number += 1;
        self.entries.push(Reverse(Entry { at_ms, number: self.number, event }));
    }

    /// Takes the next event out, with its time.
    pub(crate) fn next(&mut self) -> Option<(u64, E)> {
        self.entries.pop().map(|Reverse(entry)| (entry.at_ms, entry.event))
    }
}
