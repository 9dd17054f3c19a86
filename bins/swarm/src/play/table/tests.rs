use super::*;
use wire::{
    Action, Chips, PlayerId,
    client::{ServerFrame, ServerMessage},
    codec,
    event::{HandStart, Post, Seed, Share, Stack},
    table::{Level, TableConfig},
    view::SeatView,
};

const TABLE: TableId = TableId(7);

fn view() -> TableView {
    let seat = |seat| SeatView {
        seat,
        player: PlayerId(u64::from(seat) + 1),
        name: String::new(),
        bot: false,
        stack: Chips(100),
        waiting: Chips::ZERO,
        sitting_out: false,
        disconnected: false,
        in_hand: None,
    };
    let config = TableConfig {
        seats: 2,
        action_ms: 100,
        ..TableConfig::cash(Level::default(), Chips(1)..=Chips(100)).without_pauses()
    };
    TableView { event_no: 4, seats: vec![seat(0), seat(1)], ..TableView::new(TABLE, config) }
}

fn stacks(chips: [u64; 2]) -> Vec<Stack> {
    let stack = |(seat, chips): (SeatNo, u64)| Stack {
        seat,
        player: PlayerId(u64::from(seat) + 1),
        chips: Chips(chips),
    };
    (0..).zip(chips).map(stack).collect()
}

fn start() -> Vec<Event> {
    let start = HandStart {
        hand: HandNo(1),
        button: 0,
        small_blind: Some(0),
        big_blind: 1,
        level: Level::default(),
        stacks: stacks([100, 100]),
        commitment: Seed([0; 32]),
        deal: None,
    };
    let post = |seat, post, amount| Event::Posted { seat, post, amount: Chips(amount) };
    let legal = Legal { fold: true, ..Legal::default() };
    vec![
        Event::HandStarted(start),
        post(0, Post::SmallBlind, 1),
        post(1, Post::BigBlind, 2),
        Event::Turn { seat: 0, turn: 1, legal, deadline_ms: 0 },
    ]
}

fn fold(chips: [u64; 2]) -> Vec<Event> {
    vec![
        Event::Acted { seat: 0, action: Action::Fold, added: Chips(0), stack: Chips(99) },
        Event::Returned { seat: 1, amount: Chips(1) },
        Event::Awarded { pot: 0, seat: 1, amount: Chips(2), share: Share::Whole },
        Event::HandEnded { hand: HandNo(1), stacks: stacks(chips), seed: None, opening: None },
    ]
}

struct Room {
    table: Table,
    tally: Tally,
    began: Instant,
}

impl Room {
    fn open() -> Self {
        let mut room = Self {
            table: Table::new(TABLE, 2, Chance::new(1, 1)),
            tally: Tally::default(),
            began: Instant::now(),
        };
        for player in 0..2 {
            room.table.look(player, &view(), None, room.began, &room.tally);
        }
        room
    }

    /// Gives a player a frame after this many milliseconds. Returns whether it had to be decoded.
    fn get(&mut self, player: usize, first: u64, events: Vec<Event>, ms: u64) -> (News, bool) {
        let events = TableEvents { table: TABLE, first, events };
        let m = ServerMessage::Events(events.clone());
        let bytes = Bytes::from(codec::encode(&ServerFrame { v: 1, re: None, m }).unwrap());
        let now = self.began + Duration::from_millis(ms);
        match self.table.same(player, &bytes, now) {
            Some(news) => (news, false),
            None => (self.table.hear(player, &bytes, &events, now, &self.tally), true),
        }
    }

    fn violations(&self) -> Vec<String> {
        self.tally.counted().told
    }
}

#[test]
fn a_hand_is_decoded_once_and_timed_until_all_players_have_seen_it() {
    let mut room = Room::open();
    let (news, decoded) = room.get(1, 5, start(), 0);
    assert!(decoded && news.starts);
    let turn = news.turn.unwrap();
    assert_eq!((turn.hand, turn.seat, turn.turn), (HandNo(1), 0, 1));
    let (news, decoded) = room.get(0, 5, start(), 1);
    assert!(!decoded && news.starts && news.turn.unwrap().seat == 0);
    room.table.sends(0, room.began + Duration::from_millis(2));
    assert_eq!(room.get(0, 9, fold([99, 101]), 5).0.took, None);
    assert_eq!(room.get(1, 9, fold([99, 101]), 9).0.took, Some(Duration::from_millis(7)));
    assert_eq!(room.violations(), Vec::<String>::new());
    let counts = room.tally.counts();
    assert_eq!((counts.actions, counts.hands), (1, 1));
}

#[test]
fn a_replay_to_one_player_equals_the_events_that_another_heard() {
    let mut room = Room::open();
    let mut later = view();
    later.event_no = 5;
    let events = vec![Event::SatOut { seat: 1 }];
    let replay = TableEvents { table: TABLE, first: 5, events: events.clone() };
    room.table.look(0, &later, Some(&replay), room.began, &room.tally);
    room.get(1, 5, events, 0);
    assert_eq!(room.violations(), Vec::<String>::new());
    assert_eq!(room.table.seen(1), Some(5));
}

#[test]
fn gaps_repeats_and_differences_are_violations() {
    let mut room = Room::open();
    room.get(0, 6, start(), 0);
    assert!(room.violations()[0].contains("has seen event 4"), "{:?}", room.violations());

    let mut room = Room::open();
    room.get(0, 5, start(), 0);
    room.get(0, 5, start(), 0);
    assert_eq!(room.violations().len(), 1, "{:?}", room.violations());

    let mut room = Room::open();
    let mut other = start();
    room.get(0, 5, other.clone(), 0);
    other[3] = Event::Turn { seat: 1, turn: 1, legal: Legal::default(), deadline_ms: 0 };
    room.get(1, 5, other, 0);
    assert!(room.violations()[0].contains("different"), "{:?}", room.violations());
}

#[test]
fn chips_that_appear_or_disappear_are_violations() {
    for (wrong, chips) in [(0, [99, 101]), (1, [100, 101]), (1, [99, 100])] {
        let mut room = Room::open();
        room.get(0, 5, start(), 0);
        room.get(0, 9, fold(chips), 0);
        assert_eq!(room.violations().len(), wrong, "{:?}", room.violations());
    }
    let mut room = Room::open();
    room.get(0, 5, start(), 0);
    let acted = Event::Acted { seat: 0, action: Action::Call, added: Chips(1), stack: Chips(99) };
    room.get(0, 9, vec![acted], 0);
    assert!(room.violations()[0].contains("does not add up"), "{:?}", room.violations());
}

#[test]
fn a_player_who_comes_back_goes_on_where_it_was() {
    let mut room = Room::open();
    room.get(0, 5, start(), 0);
    room.get(0, 9, fold([99, 101]), 0);
    let mut later = view();
    later.event_no = 12;
    (later.seats[0].stack, later.seats[1].stack) = (Chips(99), Chips(101));
    let events = TableEvents { table: TABLE, first: 5, events: [start(), fold([99, 101])].concat() };
    room.table.look(1, &later, Some(&events), room.began, &room.tally);
    assert_eq!(room.table.seen(1), Some(12));
    assert_eq!(room.violations(), Vec::<String>::new());

    later.seats[0].stack = Chips(98);
    room.table.look(1, &later, None, room.began, &room.tally);
    assert!(room.violations()[0].contains("a view says"), "{:?}", room.violations());
}
