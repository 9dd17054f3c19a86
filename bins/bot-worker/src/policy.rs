//! The choice of a bot's action, from the view of its seat and the equity of its hand.
//!
//! Invariants: the action is one of those offered, within the bounds offered, and a bot never folds
//! when it may check. The choice is a pure function: randomness is an input, so a test can repeat
//! any choice. This module does not know clocks, the table's rules beyond [`Legal`], or other
//! players' cards.
//!
//! Strength is measured as *edge*: 0 for a hand that wins its fair share among the players left, 1
//! for one that cannot lose, below 0 for one that wins less than its share. Unlike the bare equity
//! it means much the same against one opponent and eight.

use rand_core::Rng;
use wire::{Action, Chips, Legal, RaiseBounds, bots::BotAsk};

/// Stacks below this many big blinds go all-in or fold before the flop: after any smaller raise so
/// few chips would be left that a later fold would not pay; and tournaments come to an end.
const PUSH_OR_FOLD_BIG_BLINDS: u64 = 10;

/// A bot's intention, before the offered bounds are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Puts no more chips in.
    GiveUp,
    /// Stays in as cheaply as possible.
    Stay,
    /// Bets, or raises by, this percentage of the pot (after calling).
    Raise(u64),
    /// Puts all chips in.
    AllIn,
}

/// Chooses one of the actions that `ask` offers; `None` only when it offers none. `equity` is the
/// hand's expected share of the pot, 0 to 1; `None` where no estimate is possible.
pub fn choose(ask: &BotAsk, equity: Option<f64>, rng: &mut impl Rng) -> Option<Action> {
    let wish = match equity {
        Some(share) if ask.legal.discard.is_none() && ask.legal.bring_in.is_none() => {
            let spot = Spot::new(ask, share);
            match ask.street {
                0 if spot.depth < PUSH_OR_FOLD_BIG_BLINDS => spot.push_or_fold(rng),
                0 => spot.before_the_flop(rng),
                _ => spot.after_the_flop(rng),
            }
        }
        _ => by_habit(ask, rng),
    };
    carry_out(wish, ask)
}

/// The figures that decisions depend on.
struct Spot<'a> {
    ask: &'a BotAsk,
    /// Expected share of the pot.
    share: f64,
    /// The share above the fair one: `(share - fair) / (1 - fair)`.
    edge: f64,
    /// Opponents who have not folded; at least 1.
    opponents: usize,
    /// Chips that a call adds; zero when checking is free.
    to_call: u64,
    /// The share of the pot at which a call neither wins nor loses: the pot odds.
    price: f64,
    /// The seat's chips, its bet included, in big blinds.
    depth: u64,
}

impl<'a> Spot<'a> {
    fn new(ask: &'a BotAsk, share: f64) -> Self {
        let opponents = ask.opponents.len().max(1);
        let fair = 1.0 / (opponents as f64 + 1.0);
        let to_call = to_call(&ask.legal);
        Self {
            ask,
            share,
            edge: (share - fair) / (1.0 - fair),
            opponents,
            to_call,
            price: price(to_call, ask.pot.0),
            depth: ask.stack.plus(ask.bet).0 / ask.big_blind.0.max(1),
        }
    }

    /// Returns whether a player has raised before the flop.
    fn raised(&self) -> bool {
        self.to_call > self.ask.big_blind.0 || (self.to_call > 0 && self.ask.bet >= self.ask.big_blind)
    }

    /// Returns whether all opponents have matched the highest bet or are all-in, so that a call
    /// ends the betting.
    fn call_ends_betting(&self) -> bool {
        let high = self.ask.bet.0 + self.to_call;
        let in_for_all = |bet: Chips, stack: Chips| bet.0 >= high || stack.is_zero();
        self.ask.opponents.iter().all(|opponent| in_for_all(opponent.bet, opponent.stack))
    }

    /// Plays a short stack before the flop. The fewer players and chips there are, the weaker are
    /// the hands that go all-in.
    fn push_or_fold(&self, rng: &mut impl Rng) -> Wish {
        let edge = self.edge + jitter(rng);
        let strong_enough = if self.raised() {
            // A player who raised holds better than a random hand.
            if self.call_ends_betting() { self.share >= self.price + 0.03 } else { edge >= 0.10 }
        } else {
            let full = if self.opponents == 1 { -0.06 } else { 0.05 };
            let shortness = 1.0 - self.depth as f64 / PUSH_OR_FOLD_BIG_BLINDS as f64;
            edge >= full - 0.12 * shortness
        };
        if strong_enough {
            Wish::AllIn
        } else if self.to_call > 0 && self.share >= self.price {
            Wish::Stay
        } else {
            Wish::GiveUp
        }
    }

    fn before_the_flop(&self, rng: &mut impl Rng) -> Wish {
        let edge = self.edge + jitter(rng);
        let big_blind = self.ask.big_blind.0.max(1);
        let cost = self.to_call as f64 / big_blind as f64;
        // Against a single opponent the edges of good hands lie further apart.
        let spread = if self.opponents == 1 { 1.25 } else { 1.0 };
        let raise_from = spread
            * match cost {
                _ if !self.raised() => 0.10,
                cost if cost <= 4.0 => 0.22,
                _ => 0.32,
            };
        // Every doubling of the price of a call asks for a better hand.
        let call_from = 0.06 + 0.03 * cost.max(1.0).log2();

        if edge >= raise_from && !chance(rng, 0.08) {
            return if self.to_call * 3 >= self.ask.stack.0 {
                Wish::AllIn
            } else {
                Wish::Raise(pick(rng, [50, 60, 75, 100]))
            };
        }
        if self.to_call == 0 {
            return Wish::Stay;
        }
        let steal = !self.raised() && chance(rng, 0.10 / self.opponents as f64);
        if steal {
            Wish::Raise(60)
        } else if edge >= call_from
            || (self.call_ends_betting() && self.share >= self.price + 0.05)
            || self.share >= self.price + 0.10
        {
            Wish::Stay
        } else {
            Wish::GiveUp
        }
    }

    fn after_the_flop(&self, rng: &mut impl Rng) -> Wish {
        let committed = self.ask.pot >= self.ask.stack;
        let edge = self.edge + jitter(rng);
        if self.to_call == 0 {
            return match edge {
                edge if edge >= 0.30 && committed => Wish::AllIn,
                edge if edge >= 0.30 && chance(rng, 0.8) => Wish::Raise(pick(rng, [50, 66, 75, 100])),
                edge if edge >= 0.12 && chance(rng, 0.35) => Wish::Raise(pick(rng, [33, 33, 50, 50])),
                _ if !committed && chance(rng, 0.12 / self.opponents as f64) => Wish::Raise(50),
                _ => Wish::Stay,
            };
        }
        // A player who bets holds better than a random hand, the more so the larger the bet.
        let before_the_bet = self.ask.pot.minus_or_zero(Chips(self.to_call)).0.max(1);
        let size = (self.to_call as f64 / before_the_bet as f64).min(1.0);
        let worth_calling = self.share >= self.price + 0.03 + 0.07 * size;
        let bluff = !committed && self.opponents == 1 && chance(rng, 0.03);
        match edge {
            edge if edge >= 0.45 && committed => Wish::AllIn,
            edge if edge >= 0.55 && chance(rng, 0.7) => Wish::Raise(pick(rng, [60, 75, 100, 100])),
            _ if worth_calling => Wish::Stay,
            _ if bluff => Wish::Raise(75),
            _ => Wish::GiveUp,
        }
    }
}

/// Decides stages without an estimate, from the offered actions and the pot odds alone.
fn by_habit(ask: &BotAsk, rng: &mut impl Rng) -> Wish {
    let to_call = to_call(&ask.legal);
    let short = ask.stack.0 < ask.big_blind.0.saturating_mul(PUSH_OR_FOLD_BIG_BLINDS);
    let price = price(to_call, ask.pot.0);
    if short && chance(rng, 0.3) {
        Wish::AllIn
    } else if to_call == 0 {
        if chance(rng, 0.15) { Wish::Raise(50) } else { Wish::Stay }
    } else if price <= 0.25 || chance(rng, 0.45 - price / 2.0) {
        Wish::Stay
    } else {
        Wish::GiveUp
    }
}

/// Returns the offered action that comes closest to a wish.
fn carry_out(wish: Wish, ask: &BotAsk) -> Option<Action> {
    let legal = &ask.legal;
    if legal.discard.is_some() {
        // Drawing has no estimate; standing pat is always possible.
        return Some(Action::Discard(Vec::new()));
    }
    let raised = match wish {
        Wish::Raise(percent) => raise(legal, |bounds| total(ask, percent, bounds)),
        Wish::AllIn => raise(legal, |bounds| bounds.max),
        Wish::GiveUp | Wish::Stay => None,
    };
    let stay = || legal.call.map(|_| Action::Call);
    let give_up = || legal.fold.then_some(Action::Fold);
    raised
        .or_else(|| legal.check.then_some(Action::Check))
        .or_else(|| legal.bring_in.map(|_| Action::BringIn))
        .or_else(|| match wish {
            Wish::GiveUp => give_up().or_else(stay),
            Wish::Stay | Wish::Raise(_) | Wish::AllIn => stay().or_else(give_up),
        })
        .or_else(|| raise(legal, |bounds| bounds.min))
}

fn raise(legal: &Legal, total: impl Fn(RaiseBounds) -> Chips) -> Option<Action> {
    legal
        .bet
        .map(|bounds| Action::Bet(total(bounds)))
        .or_else(|| legal.raise.map(|bounds| Action::RaiseTo(total(bounds))))
}

/// Returns the total of a raise by `percent` of the pot, within the bounds. It is all-in when the
/// raise would take three fifths of the player's chips or more.
fn total(ask: &BotAsk, percent: u64, bounds: RaiseBounds) -> Chips {
    let to_call = to_call(&ask.legal);
    let by = Chips(ask.pot.0.saturating_add(to_call)).times(percent).0 / 100;
    let wanted = ask.bet.plus(Chips(to_call)).plus(Chips(by));
    let all_in = bounds.max == ask.stack.plus(ask.bet);
    if all_in && wanted.times(5) >= bounds.max.times(3) {
        bounds.max
    } else {
        wanted.max(bounds.min).min(bounds.max)
    }
}

fn to_call(legal: &Legal) -> u64 {
    match legal.call {
        Some(amount) if !legal.check => amount.0,
        _ => 0,
    }
}

/// Returns the pot odds: the price of a call over the pot after it.
fn price(to_call: u64, pot: u64) -> f64 {
    to_call as f64 / pot.saturating_add(to_call).max(1) as f64
}

/// Returns a small random addend, so that hands at a threshold are not played the same way each
/// time.
fn jitter(rng: &mut impl Rng) -> f64 {
    (unit(rng) - 0.5) * 0.04
}

fn chance(rng: &mut impl Rng, probability: f64) -> bool {
    unit(rng) < probability
}

fn pick<const N: usize>(rng: &mut impl Rng, options: [u64; N]) -> u64 {
    options[(unit(rng) * N as f64) as usize % N]
}

/// Returns a number from 0 up to, not including, 1.
fn unit(rng: &mut impl Rng) -> f64 {
    f64::from(rng.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
