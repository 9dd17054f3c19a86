//! One hand, from the forced bets to the last chip awarded, of any variant.
//!
//! [`Hand::open`] and [`Hand::decide`] give events, [`Hand::evolve`] applies them; everything that needs no
//! decision (cards, returned bets, run-outs, showdown, awards) follows the action that led to it in the same
//! list. What always holds: the chips of all stacks and of the middle add up to [`Hand::total`] after every
//! event; the bounds that [`Hand::legal`] offers are the ones [`Hand::decide`] checks against; and the same
//! events give the same state.
//!
//! What this module does not know: who sits where and why, clocks, and which variant it plays.

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
use wire::{Action, BoardCards, Card, Chips, Refusal, SeatNo, event::HandEvent};

pub use pots::Pot;
pub use seats::HandSeat;
pub use setup::{Antes, HandSetup, PlayerSetup, RaiseCap, SetupError};

/// A hand in play, hidden cards included.
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
    /// What the blinds fall short of being posted in full (TDA 54-B).
    blinds_short: Chips,
    /// Who posts the highest blind: the seat left of it opens.
    blind: Option<SeatNo>,
    seats: Seats,
    deck: Deck,
    board: BoardCards,
    stage: HandPhase,
    street: u8,
    /// Whether the street's cards go to the board because the deck has too few for everybody.
    shared: bool,
    round: Round,
    actor: Option<SeatNo>,
    /// Chips awarded so far.
    awarded: Chips,
}

/// What the hand waits for. Events move it on; only `Drawing` and `Betting` wait for a player.
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
    /// A bet that nobody called goes back.
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
    /// What a player must have in front of them to stay in. A short blind does not lower it.
    level: Chips,
    /// What has to be exceeded for a player who has acted to act as if for the first time: the level in no-limit
    /// and pot-limit; the sum of full bets in fixed limit.
    mark: Chips,
    /// The size of the last full bet or raise: the least that the next one adds.
    step: Chips,
    /// Full bets and raises so far; a big blind counts as one.
    bets: u8,
    /// Who bet or raised last.
    aggressor: Option<SeatNo>,
    /// Whether the bring-in is still to be paid.
    bring_in: bool,
    /// The seat whose left neighbour is next.
    from: SeatNo,
}

impl Hand {
    /// A hand that nothing has happened in yet.
    ///
    /// # Errors
    /// When the setup makes no hand: see [`SetupError`].
    pub fn new(setup: &HandSetup) -> Result<Self, SetupError> {
        setup::hand(setup)
    }

    /// The forced bets, the first cards and whatever follows by itself (all of the hand when everybody is
    /// all-in). Call it once, before any event.
    #[must_use]
    pub fn open(&self) -> Vec<HandEvent> {
        let mut events = Vec::new();
        self.clone().begin(&mut events);
        events
    }

    /// [`Hand::open`] and [`Hand::evolve`] in one, without a copy: appends the events to `events`, already applied to
    /// this hand.
    pub fn begin(&mut self, events: &mut Vec<HandEvent>) {
        self.follow(events);
    }

    /// What an action of the player at `seat` leads to: the action itself and everything that follows without
    /// a decision.
    ///
    /// # Errors
    /// A refusal that names what is wrong, when the action is not among those that [`Hand::legal`] offers or it
    /// is not this seat's turn.
    pub fn decide(&self, seat: SeatNo, action: &Action) -> Result<Vec<HandEvent>, Refusal> {
        let mut events = Vec::with_capacity(4);
        self.clone().play(seat, action, &mut events)?;
        Ok(events)
    }

    /// [`Hand::decide`] and [`Hand::evolve`] in one, without a copy: appends the events to `events`, already
    /// applied to this hand. After a refusal nothing has changed.
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

    /// Who has the action; nobody when the hand is over.
    #[must_use]
    pub const fn actor(&self) -> Option<SeatNo> {
        self.actor
    }

    /// What happens when the actor's time is up: check, or else fold (TDA 29); stand pat; pay the bring-in.
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

    /// Whether all chips are in stacks again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == HandPhase::Over
    }

    /// Index of the street, 0 for the first.
    #[must_use]
    pub const fn street(&self) -> u8 {
        self.street
    }

    /// The cards that all share.
    #[must_use]
    pub fn board(&self) -> &[Card] {
        &self.board
    }

    /// The variant being played.
    #[must_use]
    pub const fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// Where the button is.
    #[must_use]
    pub const fn button(&self) -> SeatNo {
        self.button
    }

    /// A player's seat; none when not dealt in.
    #[must_use]
    pub fn seat(&self, seat: SeatNo) -> Option<&HandSeat> {
        self.seats.at(seat)
    }

    /// Everybody dealt in, by seat.
    pub fn seats(&self) -> impl Iterator<Item = (SeatNo, &HandSeat)> {
        self.seats.iter().map(|seat| (seat.seat, seat))
    }

    /// Amounts of the pots, main pot first, bets of the street included.
    pub fn pots(&self) -> impl Iterator<Item = Chips> {
        self.live_pots().map(|pot| pot.amount)
    }

    /// Each pot as it is awarded, main pot first, and who has a claim on it.
    #[must_use]
    pub fn claims(&self) -> Vec<(Chips, Vec<SeatNo>)> {
        let claim = |pot: Pot| {
            let seats = self.seats.iter().filter(|seat| pot.is_open_to(seat));
            (pot.amount, seats.map(|seat| seat.seat).collect())
        };
        self.final_pots().map(claim).collect()
    }

    /// A deck that deals what was dealt, burned cards at the places where they were burned; none when discards have been
    /// shuffled in.
    pub(crate) fn deck_as_dealt(&self) -> Option<[Card; 52]> {
        self.deck.as_dealt()
    }

    /// Whether hands are being shown.
    pub(crate) const fn is_showing(&self) -> bool {
        matches!(self.stage, HandPhase::Tabling | HandPhase::Showing)
    }

    /// Whether somebody is all-in on this street for no whole number of fixed bets.
    pub(crate) fn has_short_all_in(&self) -> bool {
        let size = self.bet_size().0.max(1);
        let mut all_in = self.seats.in_play().filter(|seat| seat.stack.is_zero());
        all_in.any(|seat| seat.bet.0 % size != 0)
    }

    /// All chips in the middle, bets of the street included.
    #[must_use]
    pub fn middle(&self) -> Chips {
        let paid_in: Chips = self.seats.iter().map(|seat| seat.total).sum();
        paid_in.minus_or_zero(self.awarded)
    }

    /// All chips of the hand: stacks and the middle. The same from the first event to the last.
    #[must_use]
    pub fn total(&self) -> Chips {
        let stacks: Chips = self.seats.iter().map(|seat| seat.stack).sum();
        stacks.plus(self.middle())
    }

    /// What a player's cards make at the moment, in words; none when not dealt in.
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
