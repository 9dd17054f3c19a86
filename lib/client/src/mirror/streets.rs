//! Where a street ends in games without a board. No event says so, but cards and draws do: a player is dealt to once a
//! street, draws once a street, and draws come before the bets.

use wire::{SeatNo, view::TableView};

/// What has happened on the street being played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Streets {
    /// Who was dealt cards, drawn ones aside.
    dealt: Vec<SeatNo>,
    /// Who has drawn.
    drew: Vec<SeatNo>,
    /// Who threw cards away and waits for as many.
    waits: Option<SeatNo>,
    /// Whether somebody has bet, checked or folded.
    acted: bool,
}

impl Streets {
    /// What must have happened on the street that a snapshot shows.
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

    /// A player was dealt cards. Whether a street began with them.
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

    /// A player is to draw. Whether a street begins with it: always when the last one known is the first, because nobody
    /// draws there.
    pub(super) fn is_to_draw(&mut self, seat: SeatNo, on_first: bool) -> bool {
        let begins = on_first || self.acted || self.drew.contains(&seat);
        if begins {
            let dealt = std::mem::take(&mut self.dealt);
            *self = Self { dealt, ..Self::default() };
        }
        begins
    }

    /// A player has thrown cards away.
    pub(super) fn drew(&mut self, seat: SeatNo, count: u8) {
        self.drew.push(seat);
        self.waits = (count > 0).then_some(seat);
    }

    /// A player has acted otherwise.
    pub(super) fn acted(&mut self) {
        self.acted = true;
    }

    /// Cards came to the board: they say themselves which street it is.
    pub(super) fn board(&mut self) {
        (self.acted, self.waits) = (false, None);
    }
}
