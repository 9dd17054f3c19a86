use super::Books;
use crate::report::Rule;
use poker::table::Table;
use wire::{
    Action, Card, Chips, HandNo, HoleCards, PlayerId, PostingId, SeatNo, TableId,
    event::{HandEvent, HandStart, Post, Seed, Share, Stack, TableEvent},
    table::{Level, TableConfig},
};

const TABLE: TableId = TableId(7);

fn created() -> TableEvent {
    TableEvent::Created {
        config: TableConfig {
            name: "test".to_owned(),
            action_ms: 5_000,
            ..TableConfig::cash(Level::default(), Chips(1)..=Chips(1_000)).without_pauses()
        },
    }
}

fn posting(number: u64) -> PostingId {
    PostingId(format!("table.7.{number}"))
}

fn reserved(seat: SeatNo, number: u64) -> TableEvent {
    TableEvent::SeatReserved {
        seat,
        player: PlayerId(u64::from(seat)),
        name: String::new(),
        bot: false,
        buy_in: Chips(100),
        posting: posting(number),
    }
}

fn seated(seat: SeatNo) -> TableEvent {
    let (player, name, stack) = (PlayerId(u64::from(seat)), String::new(), Chips(100));
    TableEvent::Seated { seat, player, name, bot: false, stack }
}

fn stack(seat: SeatNo, chips: u64) -> Stack {
    Stack { seat, player: PlayerId(u64::from(seat)), chips: Chips(chips) }
}

fn hand_started(number: u64, stacks: &[Stack]) -> TableEvent {
    let start = HandStart {
        hand: HandNo(number),
        button: 1,
        small_blind: Some(1),
        big_blind: 2,
        level: Level::default(),
        stacks: stacks.to_vec(),
        commitment: poker::shuffle::commitment(&Seed([1; 32])),
        deal: None,
    };
    TableEvent::HandStarted { start, seed: Seed([1; 32]), script: None, next_seed: None }
}

fn hand_ended(number: u64, stacks: &[Stack]) -> TableEvent {
    TableEvent::HandEnded {
        hand: HandNo(number),
        stacks: stacks.to_vec(),
        seed: Seed([1; 32]),
        dealt: None,
        next_hand_ms: 0,
    }
}

/// Returns the rules that these events break after two players have sat down with 100 chips each.
fn broken(events: &[TableEvent]) -> Vec<Rule> {
    let mut books = Books::new(TABLE);
    let before = [created(), reserved(1, 1), reserved(2, 2), seated(1), seated(2)];
    assert_eq!(books.enter(&before), []);
    books.enter(events).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn chips_that_arrive_during_a_hand_join_the_stack_after_it() {
    let asked = TableEvent::TopUpAsked { seat: 1, amount: Chips(40), posting: posting(3) };
    let arrived = TableEvent::ToppedUp { seat: 1, amount: Chips(40) };
    let blind = |amount| HandEvent::Posted { seat: 2, post: Post::BigBlind, amount: Chips(amount) };
    let won = |amount| HandEvent::Awarded { pot: 0, seat: 1, amount: Chips(amount), share: Share::Whole };
    let first = [stack(1, 100), stack(2, 100)];
    let begun = [
        asked,
        hand_started(1, &first),
        TableEvent::Hand(blind(10)),
        arrived,
        TableEvent::Hand(won(10)),
        hand_ended(1, &[stack(1, 110), stack(2, 90)]),
    ];
    let and = |stacks: &[Stack]| [&begun[..], &[hand_started(2, stacks)]].concat();
    assert_eq!(broken(&and(&[stack(1, 150), stack(2, 90)])), []);
    assert_eq!(broken(&and(&[stack(1, 110), stack(2, 90)])), [Rule::Chips], "the new chips are lost");
}

/// Returns a table where three players with 100 chips each play a hand.
fn in_a_hand() -> Table {
    let TableEvent::Created { mut config } = created() else { panic!("the event that creates a table") };
    config.level = Level { small_blind: Chips(1), big_blind: Chips(2), ..Level::default() };
    let mut table = Table::new(TABLE, config);
    let events = [created(), reserved(1, 1), reserved(2, 2), reserved(3, 3), seated(1), seated(2), seated(3)];
    table.apply_events(None, &events, 1);
    let begun = table.tick(10, || Seed([1; 32]));
    assert!(matches!(begun[..], [TableEvent::HandStarted { .. }, ..]));
    table.apply_events(None, &begun, 10);
    table
}

#[test]
fn books_that_begin_in_a_hand_know_the_chips_added_in_it() {
    let mut table = in_a_hand();
    let asked = TableEvent::TopUpAsked { seat: 1, amount: Chips(40), posting: posting(4) };
    table.apply_events(None, &[asked, TableEvent::ToppedUp { seat: 1, amount: Chips(40) }], 11);
    let mut books = Books::of(&table);
    assert_eq!((books.total(), table.chips()), (Chips(340), Chips(340)));
    let mut at_ms = 11;
    while table.hands() < 1 {
        at_ms += 60_000;
        let events = table.tick(at_ms, || Seed([2; 32]));
        assert_eq!(books.enter(&events), []);
        table.apply_events(None, &events, at_ms);
        assert_eq!((books.total(), table.chips()), (Chips(340), Chips(340)));
    }
}

#[test]
fn postings_are_numbered_upwards_and_are_the_tables_own() {
    assert_eq!(broken(&[reserved(3, 3)]), []);
    assert_eq!(broken(&[reserved(3, 2)]), [Rule::Once]);
    for other in ["table.8.3", "table.7.x", "buy-in.7.3", "table.7"] {
        let asked =
            TableEvent::TopUpAsked { seat: 1, amount: Chips(5), posting: PostingId(other.to_owned()) };
        assert_eq!(broken(&[asked]), [Rule::Once], "{other}");
    }
}

fn deal(seat: SeatNo, card: usize) -> TableEvent {
    let down = Card::all().skip(card).take(1).collect();
    TableEvent::Hand(HandEvent::Dealt { seat, down, up: HoleCards::new() })
}

#[test]
fn only_cards_of_folded_hands_may_be_dealt_again() {
    let stacks = [stack(1, 100), stack(2, 100)];
    let (action, added) = (Action::Fold, Chips::ZERO);
    let fold = TableEvent::Hand(HandEvent::Acted { seat: 1, action, added, stack: Chips(100) });
    let with = |more: &[TableEvent]| [&[hand_started(1, &stacks), deal(1, 3), deal(2, 4)], more].concat();
    assert_eq!(broken(&with(&[fold.clone(), deal(2, 3)])), []);
    assert_eq!(broken(&with(&[deal(2, 3)])), [Rule::Deal]);
    assert_eq!(broken(&with(&[fold, deal(2, 4)])), [Rule::Deal]);
}
