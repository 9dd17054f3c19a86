//! Rules of one hand, each with its number in the TDA's rules, on hands written out.

use super::*;
use crate::variant::NT;
use wire::{
    Card,
    event::{Post, Share},
};

/// Returns a deck that begins with these cards; the others follow in order.
fn deck(top: &str) -> [Card; 52] {
    let mut cards: Vec<Card> = (0..top.len()).step_by(2).map(|at| top[at..at + 2].parse().unwrap()).collect();
    let rest: Vec<Card> = Card::all().filter(|card| !cards.contains(card)).collect();
    cards.extend(rest);
    cards.try_into().unwrap()
}

/// Returns a hand with players at seats 0, 1, 2, ...; the button is at the last one, except
/// heads-up, where it is at seat 0. `stacks[0]` is the small blind of 50 and `stacks[1]` the big
/// blind of 100.
fn blinds(stacks: &[u64], top: &str) -> Hand {
    let blind = |seat| match seat {
        0 => Some((Post::SmallBlind, Chips(50))),
        1 => Some((Post::BigBlind, Chips(100))),
        _ => None,
    };
    let players = (0..)
        .zip(stacks)
        .map(|(seat, &stack)| PlayerSetup {
            seat,
            stack: Chips(stack),
            ante: Chips::ZERO,
            blind: blind(seat),
            dead: Chips::ZERO,
        })
        .collect();
    let button = if stacks.len() == 2 { 0 } else { stacks.len() as u8 - 1 };
    let mut hand = Hand::new(&HandSetup::new(&NT, button, Chips(100), players, deck(top))).unwrap();
    let mut events = Vec::new();
    hand.follow(&mut events);
    hand
}

fn act(hand: &mut Hand, action: Action) -> Vec<HandEvent> {
    let seat = hand.actor().expect("a seat has the action");
    let events = hand.decide(seat, &action).unwrap();
    let total = hand.total();
    for event in &events {
        hand.evolve(event);
        assert_eq!(hand.total(), total, "after {event:?}");
    }
    events
}

fn stacks(hand: &Hand) -> Vec<u64> {
    hand.seats().map(|(_, seat)| seat.stack.0).collect()
}

fn awards(events: &[HandEvent]) -> Vec<(u8, SeatNo, u64)> {
    events
        .iter()
        .filter_map(|event| match event {
            HandEvent::Awarded { pot, seat, amount, .. } => Some((*pot, *seat, amount.0)),
            _ => None,
        })
        .collect()
}

use Action::{Bet, Call, Check, Fold, RaiseTo};

#[test]
fn heads_up_the_button_posts_the_small_blind_and_acts_first_before_the_flop() {
    // TDA 34-B.
    let mut hand = blinds(&[1_000, 1_000], "");
    assert_eq!(hand.actor(), Some(0));
    act(&mut hand, Call);
    assert_eq!(hand.actor(), Some(1), "the big blind has the option");
    assert!(hand.legal().check && hand.legal().raise.is_some());
    act(&mut hand, Check);
    assert_eq!((hand.street(), hand.actor()), (1, Some(1)), "then the big blind acts first");
}

#[test]
fn the_last_player_left_wins_without_showing_cards() {
    let mut hand = blinds(&[1_000, 1_000, 1_000], "");
    assert_eq!(hand.actor(), Some(2));
    act(&mut hand, RaiseTo(Chips(300)));
    act(&mut hand, Fold);
    let events = act(&mut hand, Fold);
    assert!(matches!(events[1], HandEvent::Returned { seat: 2, amount: Chips(200) }));
    assert_eq!(awards(&events), [(0, 2, 250)]);
    assert!(!events.iter().any(|event| matches!(event, HandEvent::Shown { .. } | HandEvent::Mucked { .. })));
    assert!(hand.is_over() && hand.actor().is_none());
    assert_eq!(stacks(&hand), [950, 900, 1_150]);
}

#[test]
fn all_in_players_table_their_hands_before_the_board_runs_out() {
    // TDA 16. The side pot of the larger stacks is divided separately (TDA 21).
    let mut hand = blinds(&[600, 300, 600], "AcAdKcKdQcQd2c3h8s9h4cTs5c2d");
    act(&mut hand, RaiseTo(Chips(600)));
    act(&mut hand, Call);
    let events = act(&mut hand, Call);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            HandEvent::Acted { .. } => "acted",
            HandEvent::Shown { .. } => "shown",
            HandEvent::Board { .. } => "board",
            HandEvent::Awarded { .. } => "awarded",
            other => panic!("{other:?} is not expected"),
        })
        .collect();
    let expected = ["acted", "shown", "shown", "shown", "board", "board", "board", "awarded", "awarded"];
    assert_eq!(kinds, expected);
    assert_eq!(awards(&events), [(0, 0, 900), (1, 0, 600)]);
    assert_eq!(hand.board().len(), 5);
    assert_eq!(stacks(&hand), [1_500, 0, 0]);
}

#[test]
fn the_short_all_in_wins_the_main_pot_alone() {
    let mut hand = blinds(&[1_000, 200, 500], "KcKdAcAdQcQd2c3h8s9h4cTs5c2d");
    act(&mut hand, RaiseTo(Chips(500)));
    act(&mut hand, Call);
    let events = act(&mut hand, Call);
    assert_eq!(awards(&events), [(0, 1, 600), (1, 0, 600)]);
    assert_eq!(stacks(&hand), [1_100, 600, 0]);
}

#[test]
fn the_last_aggressor_shows_first_and_a_beaten_hand_is_mucked() {
    // TDA 17.
    let mut hand = blinds(&[1_000, 1_000, 1_000], "AcAdKcKdQcQd2c3h8s9h4cTs5c2d");
    act(&mut hand, Call);
    act(&mut hand, Call);
    act(&mut hand, Check);
    for _ in 0..2 {
        for _ in 0..3 {
            act(&mut hand, Check);
        }
    }
    act(&mut hand, Check);
    act(&mut hand, Bet(Chips(100)));
    act(&mut hand, Call);
    let events = act(&mut hand, Call);
    let order: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            HandEvent::Shown { seat, .. } => Some((*seat, true)),
            HandEvent::Mucked { seat } => Some((*seat, false)),
            _ => None,
        })
        .collect();
    assert_eq!(order, [(1, true), (2, false), (0, true)]);
    assert_eq!(stacks(&hand), [1_400, 800, 800]);
}

#[test]
fn the_odd_chip_goes_to_the_first_winner_left_of_the_button() {
    // TDA 20. Seats 0 and 2 tie for 1,027 chips.
    let mut hand = blinds(&[1_000, 1_000, 1_000, 1_000], "AcKd2d7hAdKc2h7sQhTs9s8h5c4hQd3s");
    act(&mut hand, RaiseTo(Chips(225)));
    act(&mut hand, Call);
    act(&mut hand, RaiseTo(Chips(351)));
    act(&mut hand, Fold);
    act(&mut hand, Call);
    act(&mut hand, Fold);
    let mut events = Vec::new();
    while hand.actor().is_some() {
        events = act(&mut hand, Check);
    }
    assert_eq!(awards(&events), [(0, 0, 514), (0, 2, 513)]);
}

#[test]
fn a_short_big_blind_leaves_the_price_as_it_is() {
    let mut hand = blinds(&[1_000, 30, 1_000, 1_000], "");
    let legal = hand.legal();
    assert_eq!(legal.call, Some(Chips(100)));
    assert_eq!(legal.raise.map(|bounds| bounds.min), Some(Chips(200)));
    act(&mut hand, Fold);
    act(&mut hand, Fold);
    // The small blind of 50 is larger than the all-in big blind of 30: the rest of it goes back.
    assert!(hand.is_over());
    assert_eq!(hand.total(), Chips(3_030));
    let lone = hand.seat(0).unwrap();
    assert_eq!(lone.total, Chips(30));
}

#[test]
fn a_big_blind_ante_is_dead_and_comes_after_the_blind() {
    // TDA RP-11: 130 chips pay the blind of 100 and 30 of the ante of 100.
    let players = [
        (0, 1_000, 0, Some((Post::SmallBlind, Chips(50)))),
        (1, 130, 100, Some((Post::BigBlind, Chips(100)))),
        (2, 1_000, 0, None),
    ];
    let players = players
        .map(|(seat, stack, ante, blind)| PlayerSetup {
            seat,
            stack: Chips(stack),
            ante: Chips(ante),
            blind,
            dead: Chips::ZERO,
        })
        .to_vec();
    let mut setup = HandSetup::new(&NT, 2, Chips(100), players, deck("KcKdAcAdQcQd2c3h8s9h4cTs5c2d"));
    setup.antes = Antes::BigBlind;
    let mut hand = Hand::new(&setup).unwrap();
    let opening = hand.open();
    let posts: Vec<_> = opening
        .iter()
        .filter_map(|event| match event {
            HandEvent::Posted { seat, post, amount } => Some((*seat, *post, amount.0)),
            _ => None,
        })
        .collect();
    assert_eq!(posts, [(0, Post::SmallBlind, 50), (1, Post::BigBlind, 100), (1, Post::BigBlindAnte, 30)]);
    opening.iter().for_each(|event| hand.evolve(event));
    act(&mut hand, Call);
    act(&mut hand, Call);
    // Both other players have chips: all check to the end.
    while hand.actor().is_some() {
        act(&mut hand, Check);
    }
    assert_eq!(stacks(&hand), [900, 330, 900]);
}

#[test]
fn a_dead_blind_is_in_the_pot_but_no_bet() {
    let mut setup = HandSetup::new(
        &NT,
        2,
        Chips(100),
        (0..4)
            .map(|seat| PlayerSetup {
                seat,
                stack: Chips(1_000),
                ante: Chips::ZERO,
                blind: match seat {
                    3 => Some((Post::SmallBlind, Chips(50))),
                    0 | 1 => Some((Post::BigBlind, Chips(100))),
                    _ => None,
                },
                dead: if seat == 1 { Chips(50) } else { Chips::ZERO },
            })
            .collect(),
        deck(""),
    );
    setup.button = 2;
    let mut hand = Hand::new(&setup).unwrap();
    hand.open().iter().for_each(|event| hand.evolve(event));
    assert_eq!(hand.middle(), Chips(300));
    let (poster, price) = (hand.seat(1).unwrap(), Chips(100));
    assert_eq!((poster.bet, poster.dead), (price, Chips(50)));
    assert_eq!(hand.actor(), Some(1), "left of the real big blind at seat 0");
    assert!(hand.legal().check, "the posted blind is live");
}

#[test]
fn illegal_actions_are_refused_with_the_reason() {
    let mut hand = blinds(&[1_000, 1_000, 1_000], "");
    let refused = |hand: &Hand, seat, action| hand.decide(seat, &action).unwrap_err();
    assert_eq!(refused(&hand, 0, Call), Refusal::NotYourTurn);
    assert_eq!(refused(&hand, 2, Check), Refusal::CannotCheck { to_call: Chips(100) });
    assert_eq!(refused(&hand, 2, Bet(Chips(300))), Refusal::AlreadyBet);
    assert_eq!(refused(&hand, 2, RaiseTo(Chips(199))), Refusal::BelowMinimum { min: Chips(200) });
    assert_eq!(refused(&hand, 2, RaiseTo(Chips(1_001))), Refusal::AboveMaximum { max: Chips(1_000) });
    assert_eq!(refused(&hand, 2, Action::BringIn), Refusal::NotAtThisStage);
    assert_eq!(refused(&hand, 2, Action::Discard(vec![])), Refusal::NotAtThisStage);
    act(&mut hand, Call);
    act(&mut hand, Call);
    act(&mut hand, Check);
    assert_eq!(refused(&hand, 0, Call), Refusal::NothingToCall);
    assert_eq!(refused(&hand, 0, RaiseTo(Chips(300))), Refusal::NoBetToRaise);
    act(&mut hand, Fold);
    act(&mut hand, Fold);
    assert_eq!(refused(&hand, 2, Check), Refusal::NoHand);
}

#[test]
fn the_default_action_is_to_check_or_else_to_fold() {
    // TDA 29.
    let mut hand = blinds(&[1_000, 1_000, 1_000], "");
    assert_eq!(hand.default_action(), Fold);
    act(&mut hand, Call);
    act(&mut hand, Call);
    assert_eq!(hand.default_action(), Check);
}

#[test]
fn posts_that_take_the_whole_stack_lead_straight_to_showdown() {
    let hand = Hand::new(&HandSetup::new(
        &NT,
        0,
        Chips(100),
        vec![
            PlayerSetup {
                seat: 0,
                stack: Chips(20),
                ante: Chips::ZERO,
                blind: Some((Post::SmallBlind, Chips(50))),
                dead: Chips::ZERO,
            },
            PlayerSetup {
                seat: 1,
                stack: Chips(70),
                ante: Chips::ZERO,
                blind: Some((Post::BigBlind, Chips(100))),
                dead: Chips::ZERO,
            },
        ],
        deck("AcAdKcKd"),
    ))
    .unwrap();
    let events = hand.open();
    let returned =
        events.iter().any(|event| matches!(event, HandEvent::Returned { seat: 1, amount: Chips(50) }));
    assert!(returned);
    // The first cards go left of the button: to seat 1.
    assert!(matches!(
        events.last(),
        Some(HandEvent::Awarded { seat: 1, amount: Chips(40), share: Share::Whole, .. })
    ));
}

#[test]
fn setups_that_make_no_hand_are_refused() {
    let players = |count: u8| -> Vec<PlayerSetup> {
        (0..count)
            .map(|seat| PlayerSetup {
                seat,
                stack: Chips(100),
                ante: Chips::ZERO,
                blind: None,
                dead: Chips::ZERO,
            })
            .collect()
    };
    let error = |setup: &HandSetup| Hand::new(setup).unwrap_err();
    let mut setup = HandSetup::new(&NT, 0, Chips(2), players(1), deck(""));
    assert_eq!(error(&setup), SetupError::TooFewPlayers(1));
    setup.players = players(11);
    assert!(matches!(error(&setup), SetupError::TooManyPlayers { most: 10, .. }));
    setup.players = players(2);
    setup.players[1].seat = 0;
    assert_eq!(error(&setup), SetupError::SeatTwice(0));
    setup.players = players(2);
    setup.players[1].stack = Chips(1 << 53);
    assert!(matches!(error(&setup), SetupError::BadStack { seat: 1, .. }));
    setup.players = players(2);
    setup.deck[0] = setup.deck[1];
    assert_eq!(error(&setup), SetupError::BadDeck);
    setup.deck = deck("");
    setup.min_bet = Chips::ZERO;
    assert!(matches!(error(&setup), SetupError::BadAmount { .. }));
    // A blind would leave its player to act without end: the bring-in opens the betting, not the
    // blinds.
    let razz = crate::variant::by_code("FR").unwrap();
    let mut setup = HandSetup::new(razz, 0, Chips(2), players(2), deck(""));
    setup.players[0].blind = Some((Post::BigBlind, Chips(2)));
    assert_eq!(error(&setup), SetupError::BlindsAndBringIn("FR"));
}

#[test]
fn a_hand_survives_a_snapshot() {
    let mut hand = blinds(&[1_000, 40, 1_000], "");
    act(&mut hand, RaiseTo(Chips(250)));
    let bytes = rmp_serde::to_vec_named(&hand).unwrap();
    assert_eq!(rmp_serde::from_slice::<Hand>(&bytes).unwrap(), hand);
    assert!(bytes.len() < 700, "{} bytes", bytes.len());
    let json = serde_json::to_string(&hand).unwrap();
    assert_eq!(serde_json::from_str::<Hand>(&json).unwrap(), hand);
}
