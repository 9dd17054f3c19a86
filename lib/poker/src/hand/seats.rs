//! The players of a hand, in a fixed array so that a copy of the hand allocates no memory.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use wire::{Chips, HoleCards, SeatNo, event::Post};

/// Most players in a hand.
pub(super) const MAX_PLAYERS: usize = 10;

/// One player in a hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandSeat {
    /// The seat's number.
    pub seat: SeatNo,
    /// Chips behind.
    pub stack: Chips,
    /// Chips put in on this street.
    #[serde(default, skip_serializing_if = "is_none")]
    pub bet: Chips,
    /// Chips put in during the whole hand, bets of this street included, returned ones not.
    #[serde(default, skip_serializing_if = "is_none")]
    pub total: Chips,
    /// The part of `total` that is dead money for the main pot: other players need not match it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dead: Chips,
    /// Whether the player has folded.
    #[serde(default, skip_serializing_if = "is_false")]
    pub folded: bool,
    /// Hidden cards.
    pub down: HoleCards,
    /// Cards face up.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub up: HoleCards,
    /// Whether all cards have been tabled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shown: bool,
    /// Whether the cards were mucked at showdown.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mucked: bool,
    /// The round's mark when the player last acted on this street; `None` before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acted: Option<Chips>,
    /// Whether the player has drawn on this street.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) drawn: bool,
    /// Forced bets still to be posted.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(super) owed: Owed,
}

/// Forced bets that a player is asked for and has not posted yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    pub(super) ante: Chips,
    pub(super) blind: Option<(Post, Chips)>,
    pub(super) dead: Chips,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_none(chips: &Chips) -> bool {
    chips.is_zero()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_empty(cards: &HoleCards) -> bool {
    cards.is_empty()
}

fn is_nothing(owed: &Owed) -> bool {
    *owed == Owed::default()
}

impl HandSeat {
    /// Returns all cards of the player, hidden ones first.
    #[must_use]
    pub fn cards(&self) -> HoleCards {
        self.down.iter().chain(self.up.iter()).copied().collect()
    }

    /// Returns whether the player still has a claim on the pot.
    #[must_use]
    pub const fn is_in(&self) -> bool {
        !self.folded
    }

    /// Returns whether the player is in and has chips left to bet.
    #[must_use]
    pub const fn can_bet(&self) -> bool {
        !self.folded && !self.stack.is_zero()
    }

    /// Returns the chips put in that the others have to match: all but dead money.
    #[must_use]
    pub const fn matched(&self) -> Chips {
        self.total.minus_or_zero(self.dead)
    }

    /// Moves up to `amount` from the stack to the middle and returns the amount moved.
    pub(super) fn pay(&mut self, amount: Chips) -> Chips {
        let paid = amount.min(self.stack);
        self.stack = self.stack.minus_or_zero(paid);
        self.total = self.total.plus(paid);
        paid
    }
}

/// The seats of a hand in order.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    len: u8,
    seats: [HandSeat; MAX_PLAYERS],
}

impl Seats {
    /// Puts the seats in order; seats beyond [`MAX_PLAYERS`] are left out.
    pub(super) fn new(taken: impl IntoIterator<Item = HandSeat>) -> Self {
        let mut seats = Self { len: 0, seats: [HandSeat::default(); MAX_PLAYERS] };
        for (place, seat) in seats.seats.iter_mut().zip(taken) {
            *place = seat;
            seats.len += 1;
        }
        seats.seats[..usize::from(seats.len)].sort_unstable_by_key(|seat| seat.seat);
        seats
    }

    fn taken(&self) -> &[HandSeat] {
        &self.seats[..usize::from(self.len).min(MAX_PLAYERS)]
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, HandSeat> {
        self.taken().iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, HandSeat> {
        self.seats[..usize::from(self.len).min(MAX_PLAYERS)].iter_mut()
    }

    pub(super) fn at(&self, seat: SeatNo) -> Option<&HandSeat> {
        self.iter().find(|taken| taken.seat == seat)
    }

    pub(super) fn at_mut(&mut self, seat: SeatNo) -> Option<&mut HandSeat> {
        self.iter_mut().find(|taken| taken.seat == seat)
    }

    /// Returns the seats clockwise, from the one after `seat` to `seat` itself when it is taken.
    pub(super) fn after(&self, seat: SeatNo) -> impl Iterator<Item = &HandSeat> + Clone {
        let taken = self.taken();
        let first = taken.partition_point(|taken| taken.seat <= seat);
        taken[first..].iter().chain(&taken[..first])
    }

    /// Returns the players who have not folded.
    pub(super) fn in_play(&self) -> impl Iterator<Item = &HandSeat> + Clone {
        self.taken().iter().filter(|seat| seat.is_in())
    }
}

impl PartialEq for Seats {
    fn eq(&self, other: &Self) -> bool {
        self.taken() == other.taken()
    }
}

impl Eq for Seats {}

impl Serialize for Seats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.taken())
    }
}

impl<'de> Deserialize<'de> for Seats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seats = Vec::<HandSeat>::deserialize(deserializer)?;
        let in_order = seats.is_sorted_by(|a, b| a.seat < b.seat);
        if seats.len() > MAX_PLAYERS || !in_order {
            return Err(de::Error::custom("a hand has at most 10 seats, in order"));
        }
        Ok(Self::new(seats))
    }
}
