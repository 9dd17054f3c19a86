//! The order of one table's events: each once, by number, without gaps. Pure.

use poker::verifying::Witness;
use wire::{
    client::{PrivateCards, TableEvents},
    event::Event,
    view::TableView,
};

/// A followed table.
#[derive(Debug, Default)]
pub(crate) struct Following {
    /// Number of the last delivered event; none before the first snapshot.
    last: Option<u64>,
    /// Whether a request is under way whose answer says from which event to continue. Events that
    /// come before the answer are part of it.
    asking: bool,
    /// Whether the program's queue had no room: events are not delivered until the table is asked
    /// again.
    lagging: bool,
    /// Number of the event that began the hand being played; none between hands, or when it was not
    /// delivered.
    hand: Option<u64>,
    /// Whether an event was delivered that this version does not know: only the table's state shows
    /// its changes.
    unsure: bool,
    /// The hidden cards that were delivered last.
    cards: Option<PrivateCards>,
    /// The verification of the table's deals; none before the first snapshot, and if it is turned
    /// off.
    pub(crate) witness: Option<Box<Witness>>,
}

/// The next step with incoming events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Deliver these (possibly none).
    Deliver(Numbered),
    /// Events are missing: ask the table.
    Gap,
}

/// The next step with an incoming snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SnapshotStep {
    /// The first snapshot: continue from it. Has the events of the current hand so far, which the
    /// snapshot includes.
    Start(Numbered),
    /// Deliver these events (possibly none), which lead to the snapshot.
    Deliver(Numbered),
    /// Events are lost: continue from the snapshot. Has the events of the current hand so far.
    Restart(Numbered),
    /// Deliver the missed events (possibly none), then go on from the snapshot: not all events are
    /// known to this version. With the events of the hand being played so far.
    Renew {
        /// The events that lead to the snapshot.
        missed: Numbered,
        /// Those of the hand being played so far.
        so_far: Numbered,
    },
}

/// Events with their numbers.
pub(crate) type Numbered = Vec<(u64, Event)>;

impl Following {
    /// Follows a table from an event on that the program has seen before.
    pub(crate) fn after(since: Option<u64>) -> Self {
        Self { last: since, ..Self::default() }
    }

    /// Returns the number of the event to ask the table from: the last one, or the one before the
    /// hand being played when that has to be told again.
    pub(crate) fn since(&self) -> Option<u64> {
        self.hand.filter(|_| self.unsure).map(|began| began - 1).or(self.last)
    }

    /// Returns whether an event was delivered that this version does not know, and the table has
    /// not been seen since.
    pub(crate) const fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// Notes that the table is asked.
    pub(crate) fn asked(&mut self) {
        self.asking = true;
        self.lagging = false;
    }

    /// Notes that no request is under way: the connection is lost, or the request was refused.
    pub(crate) fn unasked(&mut self) {
        self.asking = false;
    }

    /// Returns whether a request is under way.
    pub(crate) const fn is_asking(&self) -> bool {
        self.asking
    }

    /// Notes that the program's queue has no room: events are dropped and asked for later.
    pub(crate) fn lag(&mut self) {
        self.lagging = true;
    }

    /// Returns whether the program's queue had no room.
    pub(crate) const fn is_lagging(&self) -> bool {
        self.lagging
    }

    /// Handles live events.
    pub(crate) fn hear(&mut self, chunk: TableEvents) -> Heard {
        let (Some(last), false, false) = (self.last, self.asking, self.lagging) else {
            return Heard::Deliver(Vec::new());
        };
        if chunk.first > last + 1 {
            return Heard::Gap;
        }
        Heard::Deliver(self.take_new(last, chunk))
    }

    /// Handles a snapshot, with the events that lead to it if the table remembers them.
    pub(crate) fn see(&mut self, view: &TableView, events: Option<TableEvents>) -> SnapshotStep {
        self.asking = false;
        let Some(last) = self.last else {
            self.last = Some(view.event_no);
            return SnapshotStep::Start(so_far(view, events));
        };
        if view.event_no < last || (view.event_no == last && !self.unsure) {
            return SnapshotStep::Deliver(Vec::new());
        }
        match events {
            Some(chunk) if chunk.first <= last + 1 && chunk.last() == view.event_no => {
                let so_far = hand_so_far(view, &chunk);
                let missed = self.take_new(last, chunk);
                // The snapshot is later than all of them, those included that are not known.
                match std::mem::take(&mut self.unsure) {
                    true => SnapshotStep::Renew { missed, so_far },
                    false => SnapshotStep::Deliver(missed),
                }
            }
            events => {
                (self.last, self.hand, self.unsure) = (Some(view.event_no), None, false);
                SnapshotStep::Restart(so_far(view, events))
            }
        }
    }

    /// Handles hidden cards. Returns whether they are new.
    pub(crate) fn learn(&mut self, cards: &PrivateCards) -> bool {
        if self.cards.as_ref() == Some(cards) {
            return false;
        }
        self.cards = Some(cards.clone());
        true
    }

    fn take_new(&mut self, last: u64, chunk: TableEvents) -> Numbered {
        let new: Numbered = (chunk.first..).zip(chunk.events).filter(|&(number, _)| number > last).collect();
        for (number, event) in &new {
            self.last = Some(*number);
            if matches!(event, Event::HandStarted(_)) {
                self.hand = Some(*number);
            }
            self.hand.take_if(|_| matches!(event, Event::HandEnded { .. }));
            self.unsure |= matches!(event, Event::Unknown(_));
        }
        new
    }
}

/// Returns, of the events that lead to a view, those of the hand that it shows; none between hands.
fn hand_so_far(view: &TableView, chunk: &TableEvents) -> Numbered {
    if view.hand.is_none() {
        return Vec::new();
    }
    let began = chunk.events.iter().rposition(|event| matches!(event, Event::HandStarted(_)));
    let numbered = (chunk.first..).zip(chunk.events.iter().cloned());
    numbered.skip(began.unwrap_or_default()).collect()
}

/// Returns the events that lead to a view, with their numbers.
fn so_far(view: &TableView, events: Option<TableEvents>) -> Numbered {
    let chunk = events.filter(|chunk| chunk.last() == view.event_no);
    chunk.map_or_else(Vec::new, |chunk| (chunk.first..).zip(chunk.events).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wire::{
        Chips, TableId,
        table::{Level, TableConfig},
        unknown::UnknownVariant,
    };

    pub(crate) fn view(event_no: u64) -> TableView {
        let config = TableConfig {
            name: "one".into(),
            action_ms: 1_000,
            ..TableConfig::cash(Level::default(), Chips(1)..=Chips(2)).without_pauses()
        };
        TableView { event_no, ..TableView::new(TableId(1), config) }
    }

    fn chunk(numbers: std::ops::RangeInclusive<u64>) -> TableEvents {
        TableEvents {
            table: TableId(1),
            first: *numbers.start(),
            events: numbers.map(|n| Event::SatOut { seat: (n % 10) as u8 }).collect(),
        }
    }

    fn numbered(range: std::ops::RangeInclusive<u64>) -> Numbered {
        range.clone().zip(chunk(range).events).collect()
    }

    fn numbers(events: &Numbered) -> Vec<u64> {
        events.iter().map(|&(number, _)| number).collect()
    }

    #[test]
    fn live_events_come_once_and_in_order() {
        let mut table = Following::default();
        assert_eq!(table.hear(chunk(1..=3)), Heard::Deliver(vec![]));
        assert_eq!(table.see(&view(3), None), SnapshotStep::Start(vec![]));
        let Heard::Deliver(events) = table.hear(chunk(2..=5)) else {
            panic!("a gap is reported although no event is missing");
        };
        assert_eq!(numbers(&events), [4, 5]);
        assert_eq!(table.hear(chunk(4..=5)), Heard::Deliver(vec![]));
        assert_eq!(table.hear(chunk(7..=7)), Heard::Gap);
        assert_eq!(table.since(), Some(5));
    }

    #[test]
    fn a_gap_is_closed_by_the_answer() {
        let mut table = Following::after(Some(5));
        table.asked();
        assert_eq!(table.hear(chunk(8..=9)), Heard::Deliver(vec![]));
        let SnapshotStep::Deliver(events) = table.see(&view(9), Some(chunk(6..=9))) else {
            panic!("the events lead to the view");
        };
        assert_eq!(numbers(&events), [6, 7, 8, 9]);
        let Heard::Deliver(events) = table.hear(chunk(10..=10)) else {
            panic!("a gap is reported although no event is missing");
        };
        assert_eq!(numbers(&events), [10]);
    }

    #[test]
    fn forgotten_events_restart() {
        let mut table = Following::after(Some(5));
        assert_eq!(table.see(&view(9), None), SnapshotStep::Restart(vec![]));
        assert_eq!(table.see(&view(12), Some(chunk(12..=12))), SnapshotStep::Restart(numbered(12..=12)));
        assert_eq!(table.since(), Some(12));
    }

    #[test]
    fn an_outdated_snapshot_is_ignored() {
        let mut table = Following::after(Some(5));
        assert_eq!(table.see(&view(4), None), SnapshotStep::Deliver(vec![]));
        assert_eq!(table.see(&view(5), None), SnapshotStep::Deliver(vec![]));
        assert_eq!(table.since(), Some(5));
    }

    #[test]
    fn without_room_events_are_dropped_until_the_table_is_asked_again() {
        let mut table = Following::after(Some(5));
        table.lag();
        assert_eq!(table.hear(chunk(6..=6)), Heard::Deliver(vec![]));
        assert_eq!(table.since(), Some(5));
        table.asked();
        assert!(!table.is_lagging());
        assert_eq!(
            table.see(&view(7), Some(chunk(6..=7))),
            SnapshotStep::Deliver(vec![(6, Event::SatOut { seat: 6 }), (7, Event::SatOut { seat: 7 })])
        );
    }

    fn unknown() -> Event {
        Event::Unknown(UnknownVariant { name: "LightsOut".into(), content: None })
    }

    fn started() -> Event {
        Event::HandStarted(wire::event::HandStart {
            hand: wire::HandNo(1),
            button: 0,
            small_blind: None,
            big_blind: 1,
            level: Level::default(),
            stacks: Vec::new(),
            commitment: wire::event::Seed([0; 32]),
            deal: None,
        })
    }

    fn in_a_hand(event_no: u64) -> TableView {
        let (hand, button, street) = (wire::HandNo(1), 0, 0);
        let (board, pots) = (Vec::new(), Vec::new());
        let hand = Some(wire::view::HandView { hand, button, street, board, pots, turn: None });
        TableView { hand, ..view(event_no) }
    }

    #[test]
    fn after_an_unknown_event_the_table_is_seen_once_more_and_no_event_is_skipped() {
        let mut table = Following::after(Some(5));
        let mut heard = chunk(6..=8);
        heard.events[1] = unknown();
        let Heard::Deliver(events) = table.hear(heard.clone()) else {
            panic!("a gap is reported although no event is missing");
        };
        assert_eq!(numbers(&events), [6, 7, 8], "it has its number");
        assert!(table.is_unsure());
        assert_eq!(table.since(), Some(8));
        assert_eq!(
            table.see(&view(7), None),
            SnapshotStep::Deliver(vec![]),
            "an outdated view is not delivered"
        );
        let nothing = TableEvents { table: TableId(1), first: 9, events: Vec::new() };
        let renewed = table.see(&view(8), Some(nothing));
        assert_eq!(renewed, SnapshotStep::Renew { missed: vec![], so_far: vec![] });
        assert!(!table.is_unsure());
        assert_eq!(table.see(&view(8), None), SnapshotStep::Deliver(vec![]), "once");
        heard.first = 9;
        let renewed = table.see(&view(11), Some(heard));
        let SnapshotStep::Renew { missed, .. } = renewed else { panic!("{renewed:?}") };
        assert_eq!(numbers(&missed), [9, 10, 11]);
        assert!(!table.is_unsure(), "the snapshot that came with it shows its changes");
    }

    #[test]
    fn after_an_unknown_event_in_a_hand_the_whole_hand_is_told_again() {
        let mut table = Following::after(Some(5));
        let mut heard = chunk(6..=8);
        (heard.events[0], heard.events[2]) = (started(), unknown());
        table.hear(heard.clone());
        assert_eq!(table.since(), Some(5));
        table.asked();
        heard.events.push(Event::SatIn { seat: 1 });
        let renewed = table.see(&in_a_hand(9), Some(heard));
        let SnapshotStep::Renew { missed, so_far } = renewed else { panic!("{renewed:?}") };
        assert_eq!((numbers(&missed), numbers(&so_far)), (vec![9], vec![6, 7, 8, 9]));
    }

    #[test]
    fn the_same_cards_are_delivered_once() {
        let mut table = Following::default();
        let cards = |hand| PrivateCards {
            table: TableId(1),
            hand: wire::HandNo(hand),
            cards: vec![],
            openings: vec![],
        };
        assert!(table.learn(&cards(1)));
        assert!(!table.learn(&cards(1)));
        assert!(table.learn(&cards(2)));
    }
}
