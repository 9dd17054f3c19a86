//! How far one viewer has seen one table: each event once, in order, none missing. Pure.

use crate::{chunk::Chunk, limits::HELD};
use std::sync::Arc;

/// How far a viewer has seen.
#[derive(Debug)]
pub(crate) enum ViewerPosition {
    /// Waits for a snapshot of its own; live events are held meanwhile.
    Joining {
        /// What it had seen before, when it was watching already.
        before: Option<u64>,
        /// Live events since.
        held: Held,
    },
    /// Has seen everything up to this number.
    Live {
        /// The number.
        last: u64,
    },
    /// Has seen everything up to this number and waits for what is missing.
    Gapped {
        /// The number.
        last: u64,
        /// Live events since.
        held: Held,
    },
}

/// Live events that are held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    chunks: Vec<Arc<Chunk>>,
    /// Whether some may be missing though nothing shows it.
    doubt: bool,
}

/// What is to be sent: the events of a chunk from a number on.
pub(crate) type Portion = (Arc<Chunk>, u64);

/// What to do about live events.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: they are held, or not new.
    Nothing,
    /// Send the events from this number on.
    Send(u64),
    /// Some are missing: ask the table.
    Gap,
}

impl ViewerPosition {
    /// Starts to watch.
    pub(crate) fn join() -> Self {
        Self::Joining { before: None, held: Held::default() }
    }

    /// Starts to watch anew. What was held, and doubted, still is: nobody knows yet whether a snapshot comes.
    pub(crate) fn join_again(self) -> Self {
        match self {
            Self::Joining { .. } => self,
            Self::Live { last } => Self::Joining { before: Some(last), held: Held::default() },
            Self::Gapped { last, held } => {
                Self::Joining { before: Some(last), held: Held { doubt: true, ..held } }
            }
        }
    }

    /// Number of the last event seen.
    pub(crate) const fn last(&self) -> Option<u64> {
        match self {
            Self::Joining { before, .. } => *before,
            Self::Live { last } | Self::Gapped { last, .. } => Some(*last),
        }
    }

    /// Takes live events.
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

    /// Events may have been lost without a sign. Whether the table is to be asked.
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

    /// The viewer has been given everything up to `seen`: what follows of the held events. When something is missing
    /// still, the viewer is gapped afterwards.
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

    /// The snapshot did not come: goes on where it was. What follows of the held events; nothing when it was not
    /// watching before.
    pub(crate) fn give_up(&mut self) -> Option<Vec<Portion>> {
        let before = self.last()?;
        Some(self.caught_up(before))
    }

    /// Whether it waits for what is missing.
    pub(crate) const fn is_gapped(&self) -> bool {
        matches!(self, Self::Gapped { .. })
    }
}

impl Held {
    fn keep(&mut self, chunk: &Arc<Chunk>) {
        if self.chunks.len() >= HELD {
            // The gap will be seen when the rest comes, and asked for.
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
    fn a_gap_is_closed_by_what_the_table_gives_again() {
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
    fn doubt_outlasts_the_snapshot() {
        let mut position = ViewerPosition::join();
        assert!(!position.doubt());
        assert!(position.caught_up(3).is_empty());
        assert!(position.is_gapped());
        position.caught_up(3);
        assert!(!position.is_gapped());
        assert!(position.doubt());
    }

    #[test]
    fn without_a_snapshot_it_goes_on_where_it_was() {
        let mut position = ViewerPosition::Live { last: 3 }.join_again();
        hear(&mut position, 4..=4);
        assert_eq!(numbers(&position.give_up().unwrap()), [4]);
        assert!(ViewerPosition::join().give_up().is_none());
    }

    #[test]
    fn what_is_missing_still_is_when_no_snapshot_comes() {
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
    fn what_is_held_is_bounded() {
        let mut position = ViewerPosition::join();
        for number in 1..=2 * HELD as u64 + 10 {
            hear(&mut position, number..=number);
        }
        let portions = position.caught_up(1);
        assert!(portions.len() <= HELD);
        assert!(position.is_gapped(), "what was let go is missed");
    }
}
