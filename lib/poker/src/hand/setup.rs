//! The input of a hand, and its checks.

use super::{
    Hand, HandPhase, Round,
    seats::{HandSeat, MAX_PLAYERS, Owed, Seats},
};
use crate::{deck::Deck, variant::Variant};
use serde::{Deserialize, Serialize};
use wire::{BoardCards, Card, Chips, SeatNo, event::Post};

/// The complete input of a hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandSetup {
    /// The variant to play.
    pub variant: &'static Variant,
    /// The seat that has the button; possibly one that is not dealt in (TDA 32).
    pub button: SeatNo,
    /// The smallest bet: the big blind; in fixed limit the small bet. At least 1.
    pub min_bet: Chips,
    /// Fixed limit: the bet of the later streets.
    pub big_bet: Chips,
    /// A small blind in full: pot-limit counts it even when it is dead (TDA 54-B).
    pub small_blind: Chips,
    /// Stud: the forced opening bet.
    pub bring_in: Chips,
    /// The payer of the antes.
    pub antes: Antes,
    /// Fixed limit: the most bets and raises on a street.
    pub cap: RaiseCap,
    /// Players dealt in.
    pub players: Vec<PlayerSetup>,
    /// The shuffled deck, top card first.
    pub deck: [Card; 52],
}

/// One player dealt in, and the forced bets that the player is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayerSetup {
    /// The seat's number.
    pub seat: SeatNo,
    /// Chips before any forced bet, 1 to [`Chips::MAX`].
    pub stack: Chips,
    /// The ante asked for; zero for none.
    pub ante: Chips,
    /// The live blind asked for.
    pub blind: Option<(Post, Chips)>,
    /// Missed blinds to be posted dead; zero for none.
    pub dead: Chips,
}

/// The payer of the antes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Antes {
    /// Each player pays an own ante, before the blinds. A short ante wins only its own amount from
    /// each other player.
    #[default]
    Each,
    /// One player pays for the whole table: dead money in the main pot, posted after that player's
    /// blind and from the chips left then (TDA RP-11).
    BigBlind,
}

/// The most full bets and raises on a street of fixed limit (TDA 48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaiseCap {
    /// The bet and its raises together. A big blind is a bet.
    pub bets: u8,
    /// Whether it holds when only two players were dealt in.
    pub heads_up: bool,
}

impl Default for RaiseCap {
    /// Returns the usual cap online: a bet and three raises; none heads-up.
    fn default() -> Self {
        Self { bets: 4, heads_up: false }
    }
}

/// The reason why a setup makes no hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Fewer than two players.
    #[error("a hand takes at least 2 players, not {0}")]
    TooFewPlayers(usize),
    /// More players than the variant has cards for.
    #[error("{variant} is for at most {most} players, not {players}")]
    TooManyPlayers {
        /// The variant's code.
        variant: &'static str,
        /// Most players.
        most: u8,
        /// Players in the setup.
        players: usize,
    },
    /// Two players at one seat.
    #[error("seat {0} is given to two players")]
    SeatTwice(SeatNo),
    /// A stack out of range.
    #[error("seat {seat} has {stack} chips: a stack is 1 to {}", Chips::MAX)]
    BadStack {
        /// The seat.
        seat: SeatNo,
        /// The stack.
        stack: Chips,
    },
    /// An amount of the setup is out of range.
    #[error("{what} is {amount}: it must be {least} to {}", Chips::MAX)]
    BadAmount {
        /// The name of the amount.
        what: &'static str,
        /// The amount.
        amount: Chips,
        /// The least it may be.
        least: Chips,
    },
    /// Blinds are asked for in a variant whose betting a bring-in opens.
    #[error("{0} opens with a bring-in: leave out the blinds")]
    BlindsAndBringIn(&'static str),
    /// The deck is not the 52 cards.
    #[error("the deck does not hold every card once")]
    BadDeck,
}

impl HandSetup {
    /// Returns a setup with the usual limits: big bet twice the small one, small blind and bring-in
    /// half of it, an own ante for each player, a bet and three raises.
    #[must_use]
    pub fn new(
        variant: &'static Variant,
        button: SeatNo,
        min_bet: Chips,
        players: Vec<PlayerSetup>,
        deck: [Card; 52],
    ) -> Self {
        Self {
            variant,
            button,
            min_bet,
            big_bet: min_bet.times(2),
            small_blind: Chips(min_bet.0 / 2),
            bring_in: Chips((min_bet.0 / 2).max(1)),
            antes: Antes::Each,
            cap: RaiseCap::default(),
            players,
            deck,
        }
    }

    fn check(&self) -> Result<(), SetupError> {
        let players = self.players.len();
        if players < 2 {
            return Err(SetupError::TooFewPlayers(players));
        }
        if players > usize::from(self.variant.max_players).min(MAX_PLAYERS) {
            return Err(SetupError::TooManyPlayers {
                variant: self.variant.code,
                most: self.variant.max_players,
                players,
            });
        }
        let amount = |what, amount: Chips, least: Chips| {
            if (least..=Chips::MAX).contains(&amount) {
                Ok(())
            } else {
                Err(SetupError::BadAmount { what, amount, least })
            }
        };
        amount("the minimum bet", self.min_bet, Chips(1))?;
        amount("the big bet", self.big_bet, Chips(1))?;
        amount("the small blind", self.small_blind, Chips::ZERO)?;
        amount("the bring-in", self.bring_in, Chips::ZERO)?;
        for player in &self.players {
            let (seat, stack) = (player.seat, player.stack);
            if stack.is_zero() || stack > Chips::MAX {
                return Err(SetupError::BadStack { seat, stack });
            }
            amount("an ante", player.ante, Chips::ZERO)?;
            amount("a dead blind", player.dead, Chips::ZERO)?;
            amount("a blind", player.blind.map_or(Chips::ZERO, |(_, blind)| blind), Chips::ZERO)?;
        }
        if self.variant.has_bring_in() && self.players.iter().any(|player| player.blind.is_some()) {
            return Err(SetupError::BlindsAndBringIn(self.variant.code));
        }
        let seen = self.deck.iter().fold(0u64, |seen, card| seen | 1 << card.index());
        if seen != (1 << 52) - 1 {
            return Err(SetupError::BadDeck);
        }
        Ok(())
    }
}

/// Returns the hand of a setup, before its first event.
pub(super) fn hand(setup: &HandSetup) -> Result<Hand, SetupError> {
    setup.check()?;
    let seats = Seats::new(setup.players.iter().map(seat));
    if let Some(twice) = seats.iter().zip(seats.iter().skip(1)).find(|(one, next)| one.seat == next.seat) {
        return Err(SetupError::SeatTwice(twice.0.seat));
    }
    let mut hand = Hand {
        variant: setup.variant,
        button: setup.button,
        min_bet: setup.min_bet,
        big_bet: setup.big_bet,
        bring_in: setup.bring_in,
        antes: setup.antes,
        cap: setup.cap,
        blinds_short: blinds_short(setup),
        blind: highest_blind(&seats, setup.button),
        seats,
        deck: Deck::new(setup.deck, setup.variant.stock),
        board: BoardCards::new(),
        stage: HandPhase::Posting,
        street: 0,
        shared: false,
        round: Round { level: highest_asked(setup), ..Round::default() },
        actor: None,
        awarded: Chips::ZERO,
    };
    hand.settle();
    Ok(hand)
}

fn seat(player: &PlayerSetup) -> HandSeat {
    HandSeat {
        seat: player.seat,
        stack: player.stack,
        owed: Owed {
            ante: player.ante,
            blind: player.blind.filter(|(_, amount)| !amount.is_zero()),
            dead: player.dead,
        },
        ..HandSeat::default()
    }
}

/// Returns the seat of the highest blind, left of which the action starts: a straddle before a big
/// blind before a small blind. Of equal blinds it is the first left of the button, because the
/// others only buy their way in.
fn highest_blind(seats: &Seats, button: SeatNo) -> Option<SeatNo> {
    let weight = |post: Post| match post {
        Post::Straddle => 3,
        Post::BigBlind => 2,
        Post::SmallBlind => 1,
        _ => 0,
    };
    let blinds = seats.after(button).filter_map(|seat| {
        let (post, amount) = seat.owed.blind?;
        Some((weight(post), amount, seat.seat))
    });
    blinds
        .reduce(|best, blind| if (blind.0, blind.1) > (best.0, best.1) { blind } else { best })
        .map(|(_, _, seat)| seat)
}

/// Returns the price to stay in: the highest blind asked for, also when a short stack cannot post
/// it in full.
fn highest_asked(setup: &HandSetup) -> Chips {
    let blinds = setup.players.iter().filter_map(|player| player.blind);
    blinds.map(|(_, amount)| amount).max().unwrap_or_default()
}

/// Returns the sum by which the blinds fall short of blinds in full: short stacks, and a small
/// blind that no player posts.
fn blinds_short(setup: &HandSetup) -> Chips {
    let mut short = Chips::ZERO;
    let mut small_blind_posted = false;
    let mut any = false;
    for player in &setup.players {
        let Some((post, amount)) = player.blind else {
            continue;
        };
        any = true;
        small_blind_posted |= post == Post::SmallBlind && !amount.is_zero();
        let ante = match setup.antes {
            Antes::Each => player.ante,
            Antes::BigBlind => Chips::ZERO,
        };
        short = short.plus(amount.minus_or_zero(player.stack.minus_or_zero(ante)));
    }
    if any && !small_blind_posted {
        short = short.plus(setup.small_blind);
    }
    short
}
