//! Infers the start of streets in games without a board. No event marks it, but cards and draws do:
//! a player is dealt cards once per street and draws once per street, and draws come before bets.

use wire::{SeatNo, view::TableView};

/// The events of the current street.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Streets {
    /// Seats that were dealt cards, except drawn ones.
    dealt: Vec<SeatNo>,
    /// Seats that have drawn.
    drew: Vec<SeatNo>,
    /// The seat that discarded and is about to be dealt as many cards.
    waits: Option<SeatNo>,
    /// Whether a player has bet, checked or folded.
    acted: bool,
}

impl Streets {
    /// Returns the events that must have happened on the street of a snapshot.
    pub(super) fn of(view: &TableView) -> Self {
        let Some(hand) = &view.hand else {
            return Self::default();
        };
        let left_in = view.seats.iter().filter(|seat| seat.in_hand.as_ref().is_some_and(|own| !own.folded));
        let dealt: Vec<SeatNo> = left_in.map(|seat| seat.seat).collect();
        let order = |seat: SeatNo| (seat <= hand.button, seat);
        let drawing = hand.turn.as_ref().filter(|turn| turn.legal.discard.is_some());
        let drew = dealt.iter().copied();
        Self {
            drew: drawing
                .map_or(Vec::new(), |turn| drew.filter(|&seat| order(seat) < order(turn.seat)).collect()),
            waits: None,
            acted: drawing.is_none(),
            dealt,
        }
    }

    /// Notes cards dealt to a player. Returns whether they begin a street.
    pub(super) fn dealt(&mut self, seat: SeatNo) -> bool {
        if self.waits == Some(seat) {
            self.waits = None;
            return false;
        }
        let begins = self.dealt.contains(&seat);
        if begins {
            *self = Self::default();
        }
        self.dealt.push(seat);
        begins
    }

    /// Notes that a player is to draw. Returns whether this begins a street: always if the known
    /// street is the first one, which has no draw.
    pub(super) fn is_to_draw(&mut self, seat: SeatNo, on_first: bool) -> bool {
        let begins = on_first || self.acted || self.drew.contains(&seat);
        if begins {
            let dealt = std::mem::take(&mut self.dealt);
            *self = Self { dealt, ..Self::default() };
        }
        begins
    }

    /// Notes a player's draw.
    pub(super) fn drew(&mut self, seat: SeatNo, count: u8) {
        self.drew.push(seat);
        self.waits = (count > 0).then_some(seat);
    }

    /// Notes another action.
    pub(super) fn acted(&mut self) {
        self.acted = true;
    }

    /// Notes board cards, whose event names the street itself.
    pub(super) fn board(&mut self) {
        (self.acted, self.waits) = (false, None);
    }
}
