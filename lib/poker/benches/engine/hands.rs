//! The bare hand: shuffle, decide, evolve and, after each action, the view of each seat.

use crate::{Rate, policy, rate};
use poker::{
    hand::{Hand, HandSetup, PlayerSetup},
    random::Dice,
    shuffle, variant,
};
use std::hint::black_box;
use wire::{
    BoardCards, Chips, HoleCards, SeatNo,
    event::{Post, Seed},
};

const PLAYERS: usize = 6;

/// The public view of one seat.
#[derive(Clone, Copy, Default)]
#[expect(dead_code, reason = "only built, for the time it takes")]
struct SeatView {
    stack: Chips,
    bet: Chips,
    folded: bool,
    down: u8,
    up: HoleCards,
}

/// The public view of the hand.
#[expect(dead_code, reason = "only built, for the time it takes")]
struct Public {
    street: u8,
    board: BoardCards,
    pots: [Chips; PLAYERS],
    actor: Option<SeatNo>,
    seats: [SeatView; PLAYERS],
}

/// The view of one seat: the public view, made once for all as a table's feed is, and the seat's
/// own cards.
#[expect(dead_code, reason = "only built, for the time it takes")]
struct View<'a> {
    public: &'a Public,
    own: HoleCards,
}

fn public_view(hand: &Hand) -> Public {
    let mut view = Public {
        street: hand.street(),
        board: hand.board().iter().copied().collect(),
        pots: [Chips::ZERO; PLAYERS],
        actor: hand.actor(),
        seats: [SeatView::default(); PLAYERS],
    };
    view.pots.iter_mut().zip(hand.pots()).for_each(|(place, pot)| *place = pot);
    for (place, (_, seat)) in view.seats.iter_mut().zip(hand.seats()) {
        let down = seat.down.len() as u8;
        *place = SeatView { stack: seat.stack, bet: seat.bet, folded: seat.folded, down, up: seat.up };
    }
    view
}

/// Makes the view of each seat.
fn views(hand: &Hand) {
    let public = public_view(hand);
    black_box(&public);
    for (_, seat) in hand.seats() {
        black_box(View { public: &public, own: seat.down });
    }
}

fn setup() -> HandSetup {
    let player = |seat: SeatNo| PlayerSetup {
        seat,
        stack: Chips(10_000),
        ante: Chips::ZERO,
        blind: match seat {
            0 => Some((Post::SmallBlind, Chips(50))),
            1 => Some((Post::BigBlind, Chips(100))),
            _ => None,
        },
        dead: Chips::ZERO,
    };
    let players = (0..PLAYERS as SeatNo).map(player).collect();
    HandSetup::new(&variant::NT, PLAYERS as SeatNo - 1, Chips(100), players, shuffle::deck(&Seed([0; 32])))
}

/// Measures whole hands per second.
pub fn measure() -> Rate {
    let (mut dice, mut setup, mut number) = (Dice::new(1), setup(), 0_u64);
    let mut events = Vec::with_capacity(64);
    rate(|| {
        let mut actions = 0;
        for _ in 0..100 {
            number += 1;
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            setup.deck = shuffle::deck(&Seed(seed));
            let mut hand = Hand::new(&setup).unwrap();
            events.clear();
            hand.begin(&mut events);
            views(&hand);
            while let Some(actor) = hand.actor() {
                let action = policy::action(&hand.legal(), &mut dice);
                events.clear();
                hand.play(actor, &action, &mut events).unwrap();
                views(&hand);
                actions += 1;
            }
        }
        (100, actions)
    })
}
