//! The TDA's own betting examples, as the price and the least raise that must result.
//!
//! A script is a list of actions in turn: `c` checks or calls, `f` folds, a number bets or raises
//! to that total.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::{Hand, HandSetup, PlayerSetup},
    shuffle, variant,
};
use wire::{
    Action, Chips, Legal,
    event::{Post, Seed},
};

const DEEP: u64 = 1_000_000;

struct Example {
    rule: &'static str,
    variant: &'static str,
    /// Small blind (0: dead) and big blind. Seat 0 posts the first, seat 1 the second.
    blinds: (u64, u64),
    /// Stacks by seat; the last one has the button.
    stacks: &'static [u64],
    script: &'static str,
    /// The price of a call after the script.
    call: u64,
    raise: Raise,
}

/// The expected raise.
enum Raise {
    /// The player may not raise.
    Closed,
    /// The player may raise to this total or more.
    AtLeast(u64),
    /// The player may raise to the first total at least and the second at most.
    Within(u64, u64),
}

use Raise::{AtLeast, Closed, Within};

fn hand(example: &Example) -> Hand {
    // Heads-up the button, at seat 1, posts the small blind (TDA 34-B).
    let (small, big) = if example.stacks.len() == 2 { (1, 0) } else { (0, 1) };
    let blind = |seat| match seat {
        seat if seat == small && example.blinds.0 > 0 => Some((Post::SmallBlind, Chips(example.blinds.0))),
        seat if seat == big => Some((Post::BigBlind, Chips(example.blinds.1))),
        _ => None,
    };
    let players = (0..)
        .zip(example.stacks)
        .map(|(seat, &stack)| PlayerSetup {
            seat,
            stack: Chips(stack),
            ante: Chips::ZERO,
            blind: blind(seat),
            dead: Chips::ZERO,
        })
        .collect();
    let mut hand = Hand::new(&HandSetup::new(
        variant::by_code(example.variant).unwrap(),
        example.stacks.len() as u8 - 1,
        Chips(example.blinds.1),
        players,
        shuffle::deck(&Seed([1; 32])),
    ))
    .unwrap();
    hand.open().iter().for_each(|event| hand.evolve(event));
    hand
}

fn action(word: &str, legal: &Legal) -> Action {
    match word {
        "f" => Action::Fold,
        "c" if legal.check => Action::Check,
        "c" => Action::Call,
        total if legal.bet.is_some() => Action::Bet(Chips(total.parse().unwrap())),
        total => Action::RaiseTo(Chips(total.parse().unwrap())),
    }
}

fn check(example: &Example) {
    let mut hand = hand(example);
    for word in example.script.split_whitespace() {
        let (actor, legal) = (hand.actor().unwrap(), hand.legal());
        let action = action(word, &legal);
        let events = hand.decide(actor, &action).unwrap_or_else(|refusal| {
            panic!("{}: {word} of seat {actor} is refused: {refusal}", example.rule)
        });
        events.iter().for_each(|event| hand.evolve(event));
    }
    let legal = hand.legal();
    assert_eq!(legal.call, Some(Chips(example.call)), "{}: call", example.rule);
    match example.raise {
        Closed => assert_eq!(legal.raise, None, "{}: raise", example.rule),
        AtLeast(min) => {
            assert_eq!(legal.raise.unwrap().min, Chips(min), "{}: least raise", example.rule);
        }
        Within(min, max) => {
            let bounds = legal.raise.unwrap();
            assert_eq!((bounds.min, bounds.max), (Chips(min), Chips(max)), "{}", example.rule);
        }
    }
}

#[test]
fn raises_are_at_least_as_large_as_the_largest_before() {
    let deep = &[DEEP; 6];
    let examples = [
        ("43 example 1: 600, 1,600, 3,600", (100, 200), &deep[..4], "c c c c 600 1600 3600", 3_600, 5_600),
        ("43 example 3: 300, then 1,000", (100, 200), &deep[..3], "c c c c c c 300 1000", 1_000, 1_700),
        ("43 example 4-A: 125, 200, 500", (25, 50), &deep[..6], "125 200 500", 500, 800),
        ("43 example 4-B: 500 and two calls", (25, 50), &deep[..6], "500 c c", 500, 950),
        ("43 example 2: a short all-in raise", (50, 100), &[DEEP, DEEP, 150, DEEP], "150", 150, 250),
        ("a short big blind", (50, 100), &[DEEP, 30, DEEP, DEEP], "", 100, 200),
    ];
    for (rule, blinds, stacks, script, call, min) in examples {
        let raise = AtLeast(min);
        check(&Example { rule, variant: "NT", blinds, stacks, script, call, raise });
    }
}

#[test]
fn all_ins_that_do_not_add_up_to_a_full_raise_do_not_reopen() {
    let five = &[DEEP, 225, DEEP, 300, DEEP];
    let six = &[DEEP, 600, 750, 900, DEEP, DEEP];
    let blind = &[DEEP, DEEP, DEEP, DEEP, 7_500];
    let wsop = &[DEEP, DEEP, DEEP, 1_302, 1_702];
    let examples: [(_, (u64, u64), &'static [u64], _, _, _); 9] = [
        ("47 example 1", (50, 100), five, "c c c c c 100 125 c 200 c", 100, AtLeast(300)),
        ("47 example 1-A", (50, 100), five, "c c c c c 100 125 c 200 c c", 75, Closed),
        ("47 example 1-B", (50, 100), five, "c c c c c 100 125 c 200 c 300", 175, AtLeast(400)),
        ("47 example 2", (50, 100), six, "c c c c c c 300 500 650 800 c", 800, AtLeast(1_100)),
        ("47 example 3-A, the big blind", (2_000, 4_000), blind, "c f 7500 f", 3_500, AtLeast(11_500)),
        ("47 example 3-A, the limper", (2_000, 4_000), blind, "c f 7500 f c", 3_500, Closed),
        ("47 example 3-B", (2_000, 4_000), blind, "c f 7500 f 11500", 7_500, AtLeast(15_500)),
        (
            "47: a short first bet against a player who has checked",
            (50, 100),
            &[DEEP, DEEP, 140],
            "c c c c c 40",
            40,
            Closed,
        ),
        ("WSOP 96-a", (1, 2), wsop, "c c c c c 500 1000 c 1300 1700 c", 700, AtLeast(2_200)),
    ];
    for (rule, blinds, stacks, script, call, raise) in examples {
        check(&Example { rule, variant: "NT", blinds, stacks, script, call, raise });
    }
}

#[test]
fn half_a_bet_reopens_fixed_limit() {
    let examples: [(_, &'static [u64], _, _, _); 4] = [
        ("47-B: an all-in of half a bet or more", &[DEEP, DEEP, 55], "c c c 20 c 35", 15, AtLeast(60)),
        ("47-B: an all-in of less", &[DEEP, DEEP, 45], "c c c 20 c 25", 5, Closed),
        // An opening bet of 8 is completed to 20, one of 15 is raised to 40.
        (
            "47-B: a first all-in of less than half is completed",
            &[28, DEEP, DEEP],
            "c c c 8",
            8,
            Within(20, 20),
        ),
        (
            "47-B: a first all-in of more than half is raised",
            &[35, DEEP, DEEP],
            "c c c 15",
            15,
            Within(40, 40),
        ),
    ];
    for (rule, stacks, script, call, raise) in examples {
        check(&Example { rule, variant: "FT", blinds: (10, 20), stacks, script, call, raise });
    }
}

#[test]
fn fixed_limit_caps_the_raises() {
    // TDA 48, with the default cap: a bet and three raises; the big blind is a bet. No cap
    // heads-up.
    let examples: [(_, &'static [u64], _, _, _); 4] = [
        ("48: before the flop", &[DEEP; 3], "40 60", 40, Within(80, 80)),
        ("48: capped before the flop", &[DEEP; 3], "40 60 80", 40, Closed),
        ("48: capped on the flop", &[DEEP; 3], "c c c 20 40 60 80", 40, Closed),
        ("48: heads-up", &[DEEP; 2], "c c 20 40 60 80 100", 20, Within(120, 120)),
    ];
    for (rule, stacks, script, call, raise) in examples {
        check(&Example { rule, variant: "FT", blinds: (10, 20), stacks, script, call, raise });
    }
}

#[test]
fn pot_limit_counts_the_blinds_in_full() {
    let examples: [(_, (u64, u64), &'static [u64], _, _, _); 5] = [
        ("54: three and a half big blinds", (100, 200), &[DEEP; 4], "", 200, Within(400, 700)),
        ("54-B example 1: a dead small blind", (0, 200), &[DEEP; 4], "", 200, Within(400, 700)),
        (
            "54-B example 2: a short big blind",
            (100, 200),
            &[DEEP, 100, DEEP, DEEP],
            "",
            200,
            Within(400, 700),
        ),
        ("54: after a raise", (100, 200), &[DEEP; 4], "700", 700, Within(1_200, 2_400)),
        ("54: on the flop", (100, 200), &[DEEP; 4], "c c c c 800", 800, Within(1_600, 3_200)),
    ];
    for (rule, blinds, stacks, script, call, raise) in examples {
        check(&Example { rule, variant: "PO", blinds, stacks, script, call, raise });
    }
}
