use super::*;
use crate::following::tests::view;
use wire::{
    HandNo, PlayerId,
    event::{Seed, Share, Stack},
    table::Level,
};

fn started() -> TableMirror {
    let mut mirror = TableMirror::new(view(0));
    let stacks = [(0, 500), (1, 100), (2, 1_000)].map(|(seat, chips)| Stack {
        seat,
        player: PlayerId(u64::from(seat) + 1),
        chips: Chips(chips),
    });
    let mut number = 0;
    for stack in &stacks {
        number += 1;
        let event = Event::Seated {
            seat: stack.seat,
            player: stack.player,
            name: String::new(),
            bot: false,
            stack: stack.chips,
        };
        assert!(mirror.apply(number, &event));
    }
    let start = HandStart {
        hand: HandNo(1),
        button: 0,
        small_blind: Some(1),
        big_blind: 2,
        level: Level::default(),
        stacks: stacks.to_vec(),
        commitment: Seed([0; 32]),
        deal: None,
    };
    assert!(mirror.apply(number + 1, &Event::HandStarted(start)));
    mirror
}

fn apply(mirror: &mut TableMirror, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let number = mirror.view().event_no + 1;
        assert!(mirror.apply(number, &event));
    }
}

fn acted(seat: SeatNo, action: Action, added: u64, stack: u64) -> Event {
    Event::Acted { seat, action, added: Chips(added), stack: Chips(stack) }
}

fn total(mirror: &TableMirror) -> Chips {
    let view = mirror.view();
    let pots = view.hand.as_ref().map_or(Chips::ZERO, |h| h.pots.iter().copied().sum());
    pots.plus(view.seats.iter().map(|s| s.stack).sum())
}

fn blinds() -> [Event; 2] {
    [(1, Post::SmallBlind, 5), (2, Post::BigBlind, 10)].map(|(seat, post, amount)| Event::Posted {
        seat,
        post,
        amount: Chips(amount),
    })
}

#[test]
fn side_pots_appear_when_a_player_is_all_in_for_less() {
    let mut mirror = started();
    apply(&mut mirror, blinds());
    apply(
        &mut mirror,
        [
            acted(0, Action::RaiseTo(Chips(300)), 300, 200),
            acted(1, Action::Call, 95, 0),
            acted(2, Action::Call, 290, 700),
        ],
    );
    let hand = mirror.view().hand.as_ref().unwrap();
    assert_eq!(hand.pots, [Chips(300), Chips(400)]);
    assert_eq!(total(&mirror), Chips(1_600));
    apply(
        &mut mirror,
        [
            Event::Board { street: 1, cards: wire::BoardCards::new() },
            acted(2, Action::Bet(Chips(700)), 700, 0),
            acted(0, Action::Fold, 0, 200),
            Event::Returned { seat: 2, amount: Chips(700) },
        ],
    );
    let view = mirror.view();
    assert_eq!(view.hand.as_ref().unwrap().pots, [Chips(300), Chips(400)]);
    assert!(view.seats[0].in_hand.as_ref().unwrap().folded);
    assert_eq!(total(&mirror), Chips(1_600));
}

#[test]
fn a_hand_from_start_to_end_conserves_chips() {
    let mut mirror = started();
    apply(&mut mirror, blinds());
    apply(
        &mut mirror,
        [
            acted(0, Action::Fold, 0, 500),
            acted(1, Action::Fold, 0, 95),
            Event::Returned { seat: 2, amount: Chips(5) },
            Event::Awarded { pot: 0, seat: 2, amount: Chips(10), share: Share::Whole },
        ],
    );
    assert_eq!(total(&mirror), Chips(1_600));
    assert_eq!(mirror.view().seats[2].stack, Chips(1_005));
    apply(&mut mirror, [Event::HandEnded { hand: HandNo(1), stacks: vec![], seed: None, opening: None }]);
    assert_eq!(mirror.view().hands, 1);
    assert!(mirror.view().hand.is_none());
    assert!(mirror.view().seats.iter().all(|s| s.in_hand.is_none()));
}

#[test]
fn only_the_next_event_is_applied() {
    let mut mirror = started();
    let number = mirror.view().event_no;
    assert!(!mirror.apply(number, &Event::Closed));
    assert!(!mirror.apply(number + 2, &Event::Closed));
    assert!(!mirror.view().closed);
    assert!(mirror.apply(number + 1, &Event::Closed));
}
