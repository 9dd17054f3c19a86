//! Arbitrary bytes as a setup and a row of actions: no panic, chips are conserved at every event,
//! refused actions leave the hand unchanged, the events give the same hand again, and the hand
//! ends.

use poker::{
    hand::{Antes, Hand, HandSetup, PlayerSetup},
    shuffle,
    variant::{self, Variant},
};
use wire::{
    Action, Card, Chips, RaiseBounds, SeatNo,
    event::{Post, Seed},
};

/// The input, read byte by byte; zeros after its end.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Reads an amount: mostly small, sometimes the largest possible, sometimes beyond.
    fn chips(&mut self) -> Chips {
        let kind = self.byte();
        let small = u64::from(self.byte());
        Chips(match kind {
            0..160 => small,
            160..220 => small * 1_000 + u64::from(self.byte()),
            220..245 => Chips::MAX.0 - small,
            _ => self.number(),
        })
    }
}

fn setup(source: &mut Source<'_>) -> HandSetup {
    let variant: &'static Variant = variant::ALL[usize::from(source.byte()) % variant::ALL.len()];
    let count = 2 + source.byte() % 9;
    let bits = source.byte();
    let min_bet = if bits & 1 == 0 { Chips(10) } else { source.chips() };
    let players = (0..count).map(|nth| {
        let post = match source.byte() {
            0..128 if nth == 0 => Some(Post::SmallBlind),
            0..200 if nth == 1 => Some(Post::BigBlind),
            200..210 => Some(Post::BigBlind),
            210..215 => Some(Post::Straddle),
            _ => None,
        };
        PlayerSetup {
            seat: (nth * 2) as SeatNo,
            stack: source.chips(),
            ante: if bits & 2 == 0 { Chips::ZERO } else { source.chips() },
            blind: post.map(|post| (post, if bits & 4 == 0 { min_bet } else { source.chips() })),
            dead: if bits & 8 == 0 { Chips::ZERO } else { source.chips() },
        }
    });
    let players: Vec<PlayerSetup> = players.collect();
    let button = if bits & 16 == 0 { (count - 1) * 2 } else { source.byte() };
    let deck = shuffle::deck(&Seed([source.byte(); 32]));
    let mut setup = HandSetup::new(variant, button as SeatNo, min_bet, players, deck);
    if bits & 32 != 0 {
        setup.antes = Antes::BigBlind;
    }
    if bits & 64 != 0 {
        (setup.small_blind, setup.big_bet, setup.bring_in) = (source.chips(), source.chips(), source.chips());
    }
    if bits & 128 != 0 {
        (setup.cap.bets, setup.cap.heads_up) = (source.byte(), source.byte() & 1 == 1);
    }
    setup
}

fn amount(bounds: Option<RaiseBounds>, source: &mut Source<'_>) -> Chips {
    match (bounds, source.byte() % 4) {
        (Some(bounds), 0) => bounds.min,
        (Some(bounds), 1) => bounds.max,
        _ => source.chips(),
    }
}

fn action(hand: &Hand, seat: SeatNo, source: &mut Source<'_>) -> Action {
    let legal = hand.legal();
    match source.byte() % 8 {
        0 => Action::Fold,
        1 => Action::Check,
        2 => Action::Call,
        3 => Action::Bet(amount(legal.bet, source)),
        4 => Action::RaiseTo(amount(legal.raise, source)),
        5 => Action::BringIn,
        6 => {
            let held = hand.seat(seat).map(|seat| seat.down.to_vec()).unwrap_or_default();
            let bits = source.byte();
            Action::Discard(
                (0u8..).zip(held).filter(|(at, _)| bits >> (at % 8) & 1 == 1).map(|(_, card)| card).collect(),
            )
        }
        _ => Action::Discard(
            Card::all().skip(usize::from(source.byte())).take(usize::from(source.byte() % 8)).collect(),
        ),
    }
}

/// Plays a hand as the bytes say.
pub fn run(bytes: &[u8]) {
    let mut source = Source(bytes);
    let Ok(start) = Hand::new(&setup(&mut source)) else { return };
    let total = start.total();
    let mut hand = start.clone();
    let mut events = hand.open();
    events.iter().for_each(|event| hand.evolve(event));
    let mut refused = 0;
    while let Some(actor) = hand.actor() {
        // Actions that the input does not decide, or decides wrongly too often, are the default
        // ones of a time-out.
        let over = source.0.is_empty() || refused > 8;
        let seat = if !over && source.byte() >= 240 { source.byte() as SeatNo } else { actor };
        let action = if over { hand.default_action() } else { action(&hand, seat, &mut source) };
        let before = hand.clone();
        match hand.play(seat, &action, &mut events) {
            Ok(()) => {
                assert_eq!(seat, actor, "an action out of turn was accepted");
                refused = 0;
            }
            Err(refusal) => {
                assert!(!over, "the default action was refused: {refusal:?}");
                assert_eq!(hand, before, "a refused action changed the hand");
                refused += 1;
            }
        }
        assert_eq!(hand.total(), total, "chips after {action:?}");
        // Raises are limited by the stacks, but stacks go up to 2^53; so the input's length gives
        // the limit.
        let last = &events[events.len().saturating_sub(4)..];
        assert!(events.len() < 1_000 + 20 * bytes.len(), "the hand does not end: {last:?}");
    }
    assert!(hand.is_over(), "no seat is to act, but the hand is not over");
    let mut again = start;
    for event in &events {
        again.evolve(event);
        assert_eq!(again.total(), total, "chips after {event:?}");
    }
    assert_eq!(again, hand, "the events give another hand");
    assert_eq!(hand.seats().map(|(_, seat)| seat.stack).sum::<Chips>(), total);
}
