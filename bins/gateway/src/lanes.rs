//! The order of one connection's requests: those to one table go out one after the other, others at
//! the same time. Pure.

use std::collections::{BTreeMap, VecDeque};
use wire::{TableId, TournamentId};

/// The lane of a request: requests of one lane keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// The request keeps no order.
    Alone,
    /// Opens or ends the session: later requests wait for it.
    Session,
    /// Requests with long answers, one at a time.
    Long,
    /// Requests to the same table.
    Table(TableId),
    /// Requests to the same tournament.
    Tournament(TournamentId),
}

/// Requests that are under way or wait.
#[derive(Debug)]
pub(crate) struct Lanes<W> {
    /// The waiting requests of each busy lane.
    busy: BTreeMap<Lane, VecDeque<W>>,
    /// Requests that wait for the session.
    waiting: VecDeque<(Lane, W)>,
    len: usize,
}

impl<W> Default for Lanes<W> {
    fn default() -> Self {
        Self { busy: BTreeMap::new(), waiting: VecDeque::new(), len: 0 }
    }
}

impl<W> Lanes<W> {
    /// Returns how many requests are under way or wait.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a request; returns it when it may go out at once.
    pub(crate) fn add(&mut self, lane: Lane, work: W) -> Option<W> {
        self.len += 1;
        self.admit(lane, work)
    }

    /// Adds a request ahead of those that wait in its lane.
    pub(crate) fn add_first(&mut self, lane: Lane, work: W) -> Option<W> {
        self.len += 1;
        if let Some(queue) = self.busy.get_mut(&lane) {
            queue.push_front(work);
            return None;
        }
        self.admit(lane, work)
    }

    fn admit(&mut self, lane: Lane, work: W) -> Option<W> {
        if self.busy.contains_key(&Lane::Session) {
            self.waiting.push_back((lane, work));
            return None;
        }
        if lane == Lane::Alone {
            return Some(work);
        }
        match self.busy.get_mut(&lane) {
            Some(queue) => {
                queue.push_back(work);
                None
            }
            None => {
                self.busy.insert(lane, VecDeque::new());
                Some(work)
            }
        }
    }

    /// Takes note that a request is finished; returns the requests that may go out now.
    pub(crate) fn finished(&mut self, lane: Lane) -> Vec<W> {
        self.len -= 1;
        let mut turn = Vec::new();
        match lane {
            Lane::Alone => {}
            Lane::Session => {
                self.busy.remove(&lane);
                for (lane, work) in std::mem::take(&mut self.waiting) {
                    turn.extend(self.admit(lane, work));
                }
            }
            Lane::Long | Lane::Table(_) | Lane::Tournament(_) => {
                match self.busy.get_mut(&lane).and_then(VecDeque::pop_front) {
                    Some(work) => turn.push(work),
                    None => {
                        self.busy.remove(&lane);
                    }
                }
            }
        }
        if self.busy.is_empty() {
            // Frees the map's memory, because most connections are at rest.
            self.busy = BTreeMap::new();
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Lane = Lane::Table(TableId(1));
    const B: Lane = Lane::Table(TableId(2));

    #[test]
    fn requests_of_one_table_keep_their_order_and_others_do_not_wait() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.add(A, 1), Some(1));
        assert_eq!(lanes.add(A, 2), None);
        assert_eq!(lanes.add(B, 3), Some(3));
        assert_eq!(lanes.add(A, 4), None);
        assert_eq!(lanes.add(Lane::Alone, 5), Some(5));
        assert_eq!(lanes.add(Lane::Alone, 6), Some(6));
        assert_eq!(lanes.finished(A), [2]);
        assert_eq!(lanes.add_first(A, 7), None);
        assert_eq!(lanes.finished(A), [7]);
        assert_eq!(lanes.finished(A), [4]);
        assert!(lanes.finished(A).is_empty());
        assert_eq!(lanes.add(A, 8), Some(8));
        assert_eq!(lanes.len(), 4, "3, 5, 6 and 8");
    }

    #[test]
    fn all_requests_wait_for_the_session() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.add(A, 1), Some(1));
        assert_eq!(lanes.add(Lane::Session, 2), Some(2));
        assert_eq!(lanes.add(B, 3), None);
        assert_eq!(lanes.add(Lane::Session, 4), None);
        assert_eq!(lanes.add(B, 5), None);
        assert!(lanes.finished(A).is_empty());
        assert_eq!(lanes.finished(Lane::Session), [3, 4]);
        assert!(lanes.finished(B).is_empty(), "requests after the second log-in wait for it");
        assert_eq!(lanes.finished(Lane::Session), [5]);
        assert!(lanes.finished(B).is_empty());
        assert_eq!(lanes.len(), 0);
    }
}
