//! Random legal hands, the same for the same seed, for tests of this engine and others.
//!
//! Setups have short and uneven stacks, antes of both kinds and dead small blinds; players choose
//! among the legal actions, some of them with more raises than others.

use crate::{
    hand::{Antes, Hand, HandSetup, PlayerSetup},
    shuffle,
    variant::Variant,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wire::{
    Action, Card, Chips, Legal, RaiseBounds, SeatNo,
    event::{HandEvent, Post, Seed},
};

/// A source of random choices, the same for the same seed.
pub struct Dice(ChaCha20Rng);

impl Dice {
    /// Returns the source of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha20Rng::from_seed(bytes))
    }

    /// Returns a number below `n`; 0 when `n` is 0. The small bias of the remainder is good enough
    /// for tests, not for cards.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64().checked_rem(n).unwrap_or(0)
    }

    /// Returns a number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// Returns true in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Returns a random setup. `most` limits the number of players further than the variant does.
#[must_use]
pub fn setup(variant: &'static Variant, most: u8, dice: &mut Dice) -> HandSetup {
    let most = variant.max_players.min(most).max(2);
    let count = dice.between(2, most.into()) as usize;
    let min_bet = [2, 10, 20, 100, 200, 600][dice.below(6) as usize];
    let deep = dice.chance(30);
    let dead_small_blind = count > 2 && dice.chance(6);
    let antes = if dice.chance(60) { 0 } else { (min_bet / 4).max(1) };
    let big_blind_ante = !variant.has_bring_in() && antes > 0 && dice.chance(50);
    let big = if count == 2 { 0 } else { 1 };
    let small = if count == 2 { 1 } else { 0 };
    let players = (0..count).map(|nth| {
        let blind = match nth {
            _ if variant.has_bring_in() => None,
            nth if nth == big => Some((Post::BigBlind, Chips(min_bet))),
            nth if nth == small && !dead_small_blind => Some((Post::SmallBlind, Chips(min_bet / 2))),
            _ => None,
        };
        let ante = match nth {
            _ if variant.has_bring_in() => (min_bet / 5).max(1),
            nth if big_blind_ante && nth == big => min_bet,
            _ if big_blind_ante => 0,
            _ => antes,
        };
        PlayerSetup {
            seat: nth as SeatNo,
            stack: Chips(stack(min_bet, deep, dice)),
            ante: Chips(ante),
            blind,
            dead: Chips::ZERO,
        }
    });
    let players: Vec<PlayerSetup> = players.collect();
    let mut seed = [0; 32];
    dice.0.fill_bytes(&mut seed);
    let deck = shuffle::deck(&Seed(seed));
    let mut setup = HandSetup::new(variant, count as SeatNo - 1, Chips(min_bet), players, deck);
    if big_blind_ante {
        setup.antes = Antes::BigBlind;
    }
    setup
}

fn stack(min_bet: u64, deep: bool, dice: &mut Dice) -> u64 {
    match dice.below(4) {
        _ if deep => dice.between(40 * min_bet, 250 * min_bet),
        0 => dice.between(1, 3 * min_bet),
        1 => dice.between(40 * min_bet, 250 * min_bet),
        _ => dice.between(min_bet, 15 * min_bet),
    }
}

/// Plays a hand from its setup to its end; `watch` gets the hand before each action. Returns all
/// events and the hand after them; `None` when the setup makes no hand.
pub fn play(
    setup: &HandSetup,
    dice: &mut Dice,
    mut watch: impl FnMut(&Hand, &Action),
) -> Option<(Vec<HandEvent>, Hand)> {
    let mut hand = Hand::new(setup).ok()?;
    let mut events = Vec::new();
    hand.begin(&mut events);
    let temper = dice.below(4);
    while let Some(actor) = hand.actor() {
        let held = hand.seat(actor).map(|seat| seat.down).unwrap_or_default();
        let action = action(&hand.legal(), &held, temper, dice);
        watch(&hand, &action);
        // The rules refuse no legal action; the loop must end all the same.
        hand.play(actor, &action, &mut events).ok()?;
    }
    Some((events, hand))
}

/// Returns one of the legal actions. `temper`, 0 to 3, raises the share of raises by 15 percent
/// each.
#[must_use]
pub fn action(legal: &Legal, held: &[Card], temper: u64, dice: &mut Dice) -> Action {
    if let Some(most) = legal.discard {
        let thrown = held.iter().filter(|_| dice.chance(40)).copied();
        return Action::Discard(thrown.take(most.into()).collect());
    }
    let raise = [
        legal.bet.map(|bounds| Action::Bet(total(bounds, dice))),
        legal.raise.map(|bounds| Action::RaiseTo(total(bounds, dice))),
    ];
    let raise = raise.into_iter().flatten().next();
    match (raise, dice.below(100)) {
        (Some(raise), roll) if roll < 10 + 15 * temper => raise,
        (Some(raise), _) if !legal.check && legal.call.is_none() && legal.bring_in.is_none() => raise,
        _ if legal.bring_in.is_some() => Action::BringIn,
        _ if legal.check => Action::Check,
        (_, roll) if legal.call.is_some() && roll < 85 => Action::Call,
        _ => Action::Fold,
    }
}

/// Returns a total within the bounds: often the least, sometimes the largest.
fn total(bounds: RaiseBounds, dice: &mut Dice) -> Chips {
    let (min, max) = (bounds.min.0, bounds.max.0);
    Chips(match dice.below(10) {
        0..4 => min,
        4 => max,
        _ => dice.between(min, max.min(min.saturating_mul(3))),
    })
}
