//! The public events that a table remembers for viewers with a gap.

use std::collections::VecDeque;
use wire::event::Event;

/// The public events that a table remembers for viewers with a gap: those of the current hand and
/// the one before.
#[derive(Default)]
pub struct History {
    events: VecDeque<Event>,
    /// Number of the newest event.
    last: u64,
    hand_began: Option<u64>,
}

/// The most events remembered. A hand has a few hundred events at most; the limit matters at tables
/// with much chat, where all remembered events still have to fit into one frame.
const MAX_REMEMBERED: usize = 2_048;

impl History {
    /// Remembers durable events; `last` is the number of the last of them. A gap before them
    /// empties the history.
    pub fn remember(&mut self, events: &[Event], last: u64) {
        let first = last + 1 - events.len() as u64;
        if first != self.last + 1 {
            self.events.clear();
            self.hand_began = None;
        }
        for (number, event) in (first..).zip(events) {
            if matches!(event, Event::HandStarted(_)) {
                self.forget_before(self.hand_began.unwrap_or(first));
                self.hand_began = Some(number);
            }
            self.events.push_back(event.clone());
            self.last = number;
        }
        if self.events.len() > MAX_REMEMBERED {
            self.events.drain(..self.events.len() - MAX_REMEMBERED);
        }
    }

    /// Returns the events after number `since` with the first one's number; `None` when some of
    /// them are not remembered.
    pub fn after(&self, since: u64) -> Option<(u64, Vec<Event>)> {
        let missing = usize::try_from(self.last.checked_sub(since)?).ok()?;
        let skip = self.events.len().checked_sub(missing)?;
        Some((since + 1, self.events.iter().skip(skip).cloned().collect()))
    }

    /// Returns the number of events that [`History::hand`] returns.
    pub fn hand_len(&self) -> usize {
        let began = self.hand_began.unwrap_or(self.last + 1);
        let events = usize::try_from(self.last + 1 - began).unwrap_or(usize::MAX);
        // A hand that is partly forgotten is not returned at all.
        if events > self.events.len() { 0 } else { events }
    }

    /// Returns the events of the last hand that began; `None` when some of them are not remembered.
    pub fn hand(&self) -> Option<(u64, Vec<Event>)> {
        self.after(self.hand_began?.checked_sub(1)?)
    }

    fn forget_before(&mut self, number: u64) {
        let first = self.last + 1 - self.events.len() as u64;
        let gone = usize::try_from(number.saturating_sub(first)).unwrap_or(0);
        self.events.drain(..gone.min(self.events.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sat_out(seat: u8) -> Event {
        Event::SatOut { seat }
    }

    #[test]
    fn history_returns_all_missed_events_or_none() {
        let mut history = History::default();
        history.remember(&[sat_out(1), sat_out(2)], 2);
        history.remember(&[sat_out(3)], 3);
        assert_eq!(history.after(1), Some((2, vec![sat_out(2), sat_out(3)])));
        assert_eq!(history.after(3), Some((4, vec![])));
        assert_eq!(history.after(0).map(|(first, events)| (first, events.len())), Some((1, 3)));
        assert_eq!(history.after(4), None, "a number from the future");
        history.remember(&[sat_out(9)], 10);
        assert_eq!(history.after(8), None, "a gap in the remembered events");
        assert_eq!(history.after(9), Some((10, vec![sat_out(9)])));
    }

    fn hand_started() -> Event {
        Event::HandStarted(wire::event::HandStart {
            hand: wire::HandNo(1),
            button: 0,
            small_blind: None,
            big_blind: 1,
            level: wire::table::Level::default(),
            stacks: Vec::new(),
            commitment: wire::event::Seed([0; 32]),
            deal: None,
        })
    }

    #[test]
    fn a_resync_is_bounded_by_two_hands_and_by_a_number_of_events() {
        let mut history = History::default();
        let mut last = 0;
        for _ in 0..100 {
            let hand = [hand_started(), sat_out(1), sat_out(2), sat_out(3)];
            last += 4;
            history.remember(&hand, last);
            assert!(history.events.len() <= 8);
        }
        assert_eq!(history.hand().map(|(first, events)| (first, events.len())), Some((last - 3, 4)));
        assert_eq!(history.hand_len(), 4);
        assert_eq!(history.after(last - 9), None, "two hands ago");
        for _ in 0..2 * MAX_REMEMBERED {
            last += 1;
            history.remember(&[sat_out(4)], last);
        }
        assert_eq!(history.events.len(), MAX_REMEMBERED);
        assert_eq!(history.hand(), None, "much was said since");
        assert_eq!(history.hand_len(), 0);
        assert_eq!(history.after(last - 1), Some((last, vec![sat_out(4)])));
    }
}
