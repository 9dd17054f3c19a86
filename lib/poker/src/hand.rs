//! One hand, from the forced bets to the last chip awarded, of any variant.
//!
//! [`Hand::open`] and [`Hand::decide`] return events, [`Hand::evolve`] applies them. Steps that
//! need no decision (cards, returned bets, run-outs, showdown, awards) follow in the same list as
//! the action that led to them. Invariants: the chips of all stacks and of the middle add up to
//! [`Hand::total`] after every event; [`Hand::decide`] checks against the same bounds that
//! [`Hand::legal`] offers; and the same events give the same state.
//!
//! This module does not know the reasons for seats and stacks, clocks, or the name of the variant.

mod evolve;
mod flow;
mod legal;
mod pots;
mod script;
mod seats;
mod setup;
mod showdown;

use crate::{deck::Deck, rank, variant::Variant};
use seats::Seats;
use serde::{Deserialize, Serialize};
use wire::{Action, BoardCards, Card, Chips, Refusal, SeatNo, deal::Dealt, event::HandEvent};

pub use pots::Pot;
pub use seats::HandSeat;
pub use setup::{Antes, HandSetup, PlayerSetup, RaiseCap, SetupError};

/// The state of a hand in play, hidden cards included.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hand {
    #[serde(with = "by_code")]
    variant: &'static Variant,
    button: SeatNo,
    /// Fixed limit: the small bet. Otherwise the smallest bet, which is the big blind.
    min_bet: Chips,
    /// Fixed limit: the bet of the later streets.
    big_bet: Chips,
    /// Stud: the forced opening bet.
    bring_in: Chips,
    antes: Antes,
    cap: RaiseCap,
    /// The sum by which the blinds fall short of blinds posted in full (TDA 54-B).
    blinds_short: Chips,
    /// The seat that posts the highest blind: the seat left of it opens.
    blind: Option<SeatNo>,
    seats: Seats,
    deck: Deck,
    board: BoardCards,
    stage: HandPhase,
    street: u8,
    /// Whether the street's cards go to the board because the deck has too few for all players.
    shared: bool,
    round: Round,
    actor: Option<SeatNo>,
    /// Chips awarded so far.
    awarded: Chips,
}

/// The next step of the hand. Events advance it; only `Drawing` and `Betting` wait for a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum HandPhase {
    /// Forced bets.
    Posting,
    /// Cards for the street.
    Dealing,
    /// Players exchange cards.
    Drawing,
    /// Players bet.
    Betting,
    /// An uncalled bet goes back.
    Returning,
    /// All hands are tabled because the betting is over for good (TDA 16).
    Tabling,
    /// Hands are shown or mucked in order (TDA 17).
    Showing,
    /// Pots go to their winners.
    Awarding,
    /// All chips are in stacks.
    Over,
}

/// The betting of one street.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// The bet that a player must have put in on this street to stay in. A short blind does not
    /// lower it.
    level: Chips,
    /// The part of the bets that reopens the betting: a player who has acted may raise again only
    /// when it has risen since. It is the level in no-limit and pot-limit, and the sum of full bets
    /// in fixed limit.
    mark: Chips,
    /// The size of the largest full bet or raise on this street: the least that the next one adds.
    step: Chips,
    /// Full bets and raises so far; a big blind counts as one.
    bets: u8,
    /// The seat that bet or raised last.
    aggressor: Option<SeatNo>,
    /// Whether the bring-in is still to be paid.
    bring_in: bool,
    /// The seat after which the next actor is looked for, clockwise.
    from: SeatNo,
}

impl Hand {
    /// Returns the hand of a setup, before its first event.
    ///
    /// # Errors
    /// [`SetupError`] when the setup makes no hand.
    pub fn new(setup: &HandSetup) -> Result<Self, SetupError> {
        setup::hand(setup)
    }

    /// Returns the forced bets, the first cards and all that follows without a decision (the whole
    /// hand when all players are all-in). Call it once, before any event.
    #[must_use]
    pub fn open(&self) -> Vec<HandEvent> {
        let mut events = Vec::new();
        self.clone().begin(&mut events);
        events
    }

    /// Does the same as [`Hand::open`] and [`Hand::evolve`] together, without a copy: appends the
    /// events to `events`, already applied to this hand.
    pub fn begin(&mut self, events: &mut Vec<HandEvent>) {
        self.follow(events);
    }

    /// Returns the events of an action of the player at `seat`: the action itself and all that
    /// follows without a decision.
    ///
    /// # Errors
    /// A refusal that names the reason, when [`Hand::legal`] does not offer the action or it is not
    /// this seat's turn.
    pub fn decide(&self, seat: SeatNo, action: &Action) -> Result<Vec<HandEvent>, Refusal> {
        let mut events = Vec::with_capacity(4);
        self.clone().play(seat, action, &mut events)?;
        Ok(events)
    }

    /// Does the same as [`Hand::decide`] and [`Hand::evolve`] together, without a copy: appends the
    /// events to `events`, already applied to this hand. A refusal leaves the hand unchanged.
    ///
    /// # Errors
    /// As [`Hand::decide`].
    pub fn play(
        &mut self,
        seat: SeatNo,
        action: &Action,
        events: &mut Vec<HandEvent>,
    ) -> Result<(), Refusal> {
        let event = self.acted(seat, action)?;
        self.evolve(&event);
        events.push(event);
        self.follow(events);
        Ok(())
    }

    /// Returns the seat that has the action; `None` when the hand is over.
    #[must_use]
    pub const fn actor(&self) -> Option<SeatNo> {
        self.actor
    }

    /// Returns the action that is taken for the actor when the time to act is over: check, or else
    /// fold (TDA 29); stand pat; pay the bring-in.
    #[must_use]
    pub fn default_action(&self) -> Action {
        let legal = self.legal();
        if legal.discard.is_some() {
            Action::Discard(Vec::new())
        } else if legal.bring_in.is_some() {
            Action::BringIn
        } else if legal.check {
            Action::Check
        } else {
            Action::Fold
        }
    }

    /// Returns whether all chips are in stacks again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == HandPhase::Over
    }

    /// Returns the index of the street, 0 for the first.
    #[must_use]
    pub const fn street(&self) -> u8 {
        self.street
    }

    /// Returns the board.
    #[must_use]
    pub fn board(&self) -> &[Card] {
        &self.board
    }

    /// Returns the variant being played.
    #[must_use]
    pub const fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// Returns the seat that has the button.
    #[must_use]
    pub const fn button(&self) -> SeatNo {
        self.button
    }

    /// Returns a player of the hand; `None` when the seat was not dealt in.
    #[must_use]
    pub fn seat(&self, seat: SeatNo) -> Option<&HandSeat> {
        self.seats.at(seat)
    }

    /// Returns all players dealt in, in the order of their seats.
    pub fn seats(&self) -> impl Iterator<Item = (SeatNo, &HandSeat)> {
        self.seats.iter().map(|seat| (seat.seat, seat))
    }

    /// Returns the amounts of the pots, main pot first, bets of the street included.
    pub fn pots(&self) -> impl Iterator<Item = Chips> {
        self.live_pots().map(|pot| pot.amount)
    }

    /// Returns each pot as it is awarded, main pot first, with the seats that have a claim on it.
    #[must_use]
    pub fn claims(&self) -> Vec<(Chips, Vec<SeatNo>)> {
        let claim = |pot: Pot| {
            let seats = self.seats.iter().filter(|seat| pot.is_open_to(seat));
            (pot.amount, seats.map(|seat| seat.seat).collect())
        };
        self.final_pots().map(claim).collect()
    }

    /// Returns a deck that deals the cards of this hand again, burned cards at the places where
    /// they were burned; `None` when discards have been shuffled in.
    pub(crate) fn deck_as_dealt(&self) -> Option<[Card; 52]> {
        self.deck.as_dealt()
    }

    /// Returns the places of the deck that were dealt from, and those of them that all viewers have
    /// seen the card of.
    pub(crate) fn places(&self) -> Dealt {
        self.deck.places(&self.seen(), self.variant.stock)
    }

    /// Returns the cards that all viewers have seen.
    pub(crate) fn seen(&self) -> Vec<Card> {
        let mut seen = self.board.to_vec();
        for seat in self.seats.iter() {
            seen.extend(&seat.up);
            seen.extend(seat.down.iter().filter(|_| seat.shown));
        }
        seen
    }

    /// Returns the place of the deck that a card was dealt from; `None` for one from reshuffled
    /// discards.
    pub(crate) fn place_of(&self, card: Card) -> Option<u8> {
        self.deck.place_of(card)
    }

    /// Returns whether discards were shuffled into a new pile.
    pub(crate) const fn is_reshuffled(&self) -> bool {
        self.deck.is_reshuffled()
    }

    /// Returns whether hands are being shown.
    pub(crate) const fn is_showing(&self) -> bool {
        matches!(self.stage, HandPhase::Tabling | HandPhase::Showing)
    }

    /// Returns whether a player is all-in on this street with a bet that is no whole number of
    /// fixed bets.
    pub(crate) fn has_short_all_in(&self) -> bool {
        let size = self.bet_size().0.max(1);
        let mut all_in = self.seats.in_play().filter(|seat| seat.stack.is_zero());
        all_in.any(|seat| seat.bet.0 % size != 0)
    }

    /// Returns all chips in the middle, bets of the street included.
    #[must_use]
    pub fn middle(&self) -> Chips {
        let paid_in: Chips = self.seats.iter().map(|seat| seat.total).sum();
        paid_in.minus_or_zero(self.awarded)
    }

    /// Returns all chips of the hand: stacks and the middle. The sum is the same from the first
    /// event to the last.
    #[must_use]
    pub fn total(&self) -> Chips {
        let stacks: Chips = self.seats.iter().map(|seat| seat.stack).sum();
        stacks.plus(self.middle())
    }

    /// Returns the name of the hand that a player's cards make at the moment; `None` when the seat
    /// was not dealt in.
    #[must_use]
    pub fn describe(&self, seat: SeatNo) -> Option<String> {
        let hole = self.seats.at(seat)?.cards();
        Some(rank::describe(self.variant, &hole, &self.board))
    }
}

mod by_code {
    use crate::variant::{self, Variant};
    use serde::{Deserialize, Deserializer, Serializer, de};
    use std::borrow::Cow;

    pub(super) fn serialize<S: Serializer>(
        variant: &&'static Variant,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(variant.code)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static Variant, D::Error> {
        let code = Cow::<'de, str>::deserialize(deserializer)?;
        variant::by_code(&code)
            .ok_or_else(|| de::Error::custom(format!("no variant {}", wire::text::Quoted(&code))))
    }
}

#[cfg(test)]
mod tests;
