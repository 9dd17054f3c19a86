//! How far one viewer has seen one table: each event once, in order, without gaps. Pure.

use crate::{chunk::Chunk, limits::HELD};
use std::sync::Arc;

/// A viewer's position in a table's events.
#[derive(Debug)]
pub(crate) enum ViewerPosition {
    /// The viewer waits for its snapshot; live events are held meanwhile.
    Joining {
        /// The number of the last event seen before, if the viewer was watching already.
        before: Option<u64>,
        /// Live events since then.
        held: Held,
    },
    /// The viewer has seen all events up to this number.
    Live {
        /// The number.
        last: u64,
    },
    /// The viewer has seen all events up to this number, and misses some after it.
    Gapped {
        /// The number.
        last: u64,
        /// Live events since then.
        held: Held,
    },
}

/// Live events that are held for a viewer.
#[derive(Debug, Default)]
pub(crate) struct Held {
    chunks: Vec<Arc<Chunk>>,
    /// Whether some may be missing unnoticed.
    doubt: bool,
}

/// Events to be sent: those of a chunk from a number on.
pub(crate) type Portion = (Arc<Chunk>, u64);

/// The effect of live events on a viewer.
#[derive(Debug)]
pub(crate) enum Step {
    /// No frame is sent: the events are held, or not new.
    Nothing,
    /// The events from this number on are to be sent.
    Send(u64),
    /// Events are missing: the table is to be asked for a resync.
    Gap,
}

impl ViewerPosition {
    /// Returns the position of a new viewer.
    pub(crate) fn join() -> Self {
        Self::Joining { before: None, held: Held::default() }
    }

    /// Lets a viewer join again. Held events and doubt are kept, because the snapshot may not come.
    pub(crate) fn join_again(self) -> Self {
        match self {
            Self::Joining { .. } => self,
            Self::Live { last } => Self::Joining { before: Some(last), held: Held::default() },
            Self::Gapped { last, held } => {
                Self::Joining { before: Some(last), held: Held { doubt: true, ..held } }
            }
        }
    }

    /// Returns the number of the last event seen.
    pub(crate) const fn last(&self) -> Option<u64> {
        match self {
            Self::Joining { before, .. } => *before,
            Self::Live { last } | Self::Gapped { last, .. } => Some(*last),
        }
    }

    /// Takes live events in.
    pub(crate) fn hear(&mut self, chunk: &Arc<Chunk>) -> Step {
        match self {
            Self::Joining { held, .. } | Self::Gapped { held, .. } => {
                held.keep(chunk);
                Step::Nothing
            }
            Self::Live { last } if chunk.last() <= *last => Step::Nothing,
            Self::Live { last } if chunk.first() <= *last + 1 => {
                let from = *last + 1;
                *last = chunk.last();
                Step::Send(from)
            }
            Self::Live { last } => {
                let mut held = Held::default();
                held.keep(chunk);
                *self = Self::Gapped { last: *last, held };
                Step::Gap
            }
        }
    }

    /// Notes that events may have been lost unnoticed. Returns whether the table is to be asked for
    /// a resync.
    pub(crate) fn doubt(&mut self) -> bool {
        match self {
            Self::Joining { held, .. } => {
                held.doubt = true;
                false
            }
            Self::Gapped { .. } => true,
            Self::Live { last } => {
                *self = Self::Gapped { last: *last, held: Held::default() };
                true
            }
        }
    }

    /// Takes note that the viewer was sent all events up to `seen`, and returns the held events
    /// that follow. If some are still missing, the viewer is gapped afterwards.
    pub(crate) fn caught_up(&mut self, seen: u64) -> Vec<Portion> {
        let (seen, Held { chunks, doubt }) = match self {
            Self::Joining { held, .. } => (seen, std::mem::take(held)),
            Self::Gapped { last, held } => (seen.max(*last), std::mem::take(held)),
            Self::Live { .. } => return Vec::new(),
        };
        *self = Self::Live { last: seen };
        let mut portions = Vec::new();
        for chunk in chunks {
            if let Step::Send(from) = self.hear(&chunk) {
                portions.push((chunk, from));
            }
        }
        if doubt {
            self.doubt();
        }
        portions
    }

    /// Lets a viewer whose snapshot did not come go on where it was, and returns the held events
    /// that follow; `None` when it was not watching before.
    pub(crate) fn give_up(&mut self) -> Option<Vec<Portion>> {
        let before = self.last()?;
        Some(self.caught_up(before))
    }

    /// Returns whether the viewer waits for missing events.
    pub(crate) const fn is_gapped(&self) -> bool {
        matches!(self, Self::Gapped { .. })
    }
}

impl Held {
    fn keep(&mut self, chunk: &Arc<Chunk>) {
        if self.chunks.len() >= HELD {
            // The gap is noticed when the next events come, and closed by a resync.
            self.chunks.clear();
            self.doubt = true;
        }
        self.chunks.push(Arc::clone(chunk));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::tests::chunk;

    fn numbers(portions: &[Portion]) -> Vec<u64> {
        portions.iter().flat_map(|(chunk, from)| (*from).max(chunk.first())..=chunk.last()).collect()
    }

    fn hear(position: &mut ViewerPosition, range: std::ops::RangeInclusive<u64>) -> Step {
        position.hear(&Arc::new(chunk(range)))
    }

    #[test]
    fn live_events_follow_the_snapshot() {
        let mut position = ViewerPosition::join();
        assert!(matches!(hear(&mut position, 4..=5), Step::Nothing));
        assert!(matches!(hear(&mut position, 6..=8), Step::Nothing));
        assert_eq!(numbers(&position.caught_up(6)), [7, 8]);
        assert!(matches!(hear(&mut position, 9..=9), Step::Send(9)));
        assert!(matches!(hear(&mut position, 8..=9), Step::Nothing));
        assert!(matches!(hear(&mut position, 9..=11), Step::Send(10)));
        assert_eq!(position.last(), Some(11));
    }

    #[test]
    fn a_gap_is_closed_by_a_resync() {
        let mut position = ViewerPosition::Live { last: 3 };
        assert!(matches!(hear(&mut position, 6..=6), Step::Gap));
        assert!(matches!(hear(&mut position, 7..=7), Step::Nothing));
        assert!(position.is_gapped());
        assert_eq!(position.last(), Some(3));
        assert_eq!(numbers(&position.caught_up(6)), [7]);
        assert_eq!(position.last(), Some(7));
        assert!(!position.is_gapped());
    }

    #[test]
    fn a_second_gap_behind_the_first_is_seen() {
        let mut position = ViewerPosition::join();
        hear(&mut position, 4..=5);
        hear(&mut position, 8..=8);
        assert_eq!(numbers(&position.caught_up(4)), [5]);
        assert!(position.is_gapped());
        assert_eq!(position.last(), Some(5));
        assert_eq!(numbers(&position.caught_up(7)), [8]);
    }

    #[test]
    fn an_outdated_snapshot_is_a_gap() {
        let mut position = ViewerPosition::join();
        hear(&mut position, 8..=8);
        assert!(position.caught_up(3).is_empty());
        assert!(position.is_gapped());
    }

    #[test]
    fn a_doubt_outlasts_the_snapshot() {
        let mut position = ViewerPosition::join();
        assert!(!position.doubt());
        assert!(position.caught_up(3).is_empty());
        assert!(position.is_gapped());
        position.caught_up(3);
        assert!(!position.is_gapped());
        assert!(position.doubt());
    }

    #[test]
    fn without_a_snapshot_a_viewer_goes_on_where_it_was() {
        let mut position = ViewerPosition::Live { last: 3 }.join_again();
        hear(&mut position, 4..=4);
        assert_eq!(numbers(&position.give_up().unwrap()), [4]);
        assert!(ViewerPosition::join().give_up().is_none());
    }

    #[test]
    fn a_gap_remains_when_no_snapshot_comes() {
        let mut position = ViewerPosition::Live { last: 3 };
        assert!(matches!(hear(&mut position, 6..=6), Step::Gap));
        let mut position = position.join_again();
        hear(&mut position, 7..=7);
        assert!(position.give_up().unwrap().is_empty());
        assert!(position.is_gapped());
        assert_eq!(numbers(&position.caught_up(5)), [6, 7]);

        let mut doubted = ViewerPosition::Live { last: 3 };
        assert!(doubted.doubt());
        let mut doubted = doubted.join_again();
        assert!(doubted.give_up().unwrap().is_empty());
        assert!(doubted.is_gapped());
    }

    #[test]
    fn held_events_are_bounded() {
        let mut position = ViewerPosition::join();
        for number in 1..=2 * HELD as u64 + 10 {
            hear(&mut position, number..=number);
        }
        let portions = position.caught_up(1);
        assert!(portions.len() <= HELD);
        assert!(position.is_gapped(), "dropped events leave a gap");
    }
}
