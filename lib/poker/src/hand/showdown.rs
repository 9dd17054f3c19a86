//! The showdown and the awards: the order of showing, mucks, and the winners of each pot.

use super::{Hand, HandSeat, pots::Pot, seats::MAX_PLAYERS};
use crate::{
    rank::{self, Strength},
    variant::OddChip,
};
use std::cell::OnceCell;
use wire::{
    Chips, SeatNo,
    event::{HandEvent, Share},
};

/// The strengths of the players' hands under each of the variant's rankings.
pub(super) type Strengths = [(SeatNo, [Option<Strength>; 2]); MAX_PLAYERS];

impl Hand {
    /// Tables the cards of all players left (TDA 16).
    pub(super) fn table_hands(&self, events: &mut Vec<HandEvent>) {
        for seat in self.show_order().filter(|seat| !seat.shown) {
            events.push(self.shown(seat));
        }
    }

    /// Shows hands in order (TDA 17). Once a player is all-in all hands are shown (TDA 16);
    /// otherwise a player mucks when shown hands beat theirs in every pot and under every ranking.
    pub(super) fn show_down(&self, strengths: &OnceCell<Strengths>, events: &mut Vec<HandEvent>) {
        if self.seats.in_play().any(|seat| seat.stack.is_zero()) {
            return self.table_hands(events);
        }
        let strengths = strengths.get_or_init(|| self.strengths());
        let mut shown = [false; MAX_PLAYERS];
        for seat in self.show_order().filter(|seat| !seat.shown) {
            let seen = |other: &HandSeat| other.shown || shown[self.place(other.seat)];
            if self.could_win(seat, strengths, seen) {
                shown[self.place(seat.seat)] = true;
                events.push(self.shown(seat));
            } else {
                events.push(HandEvent::Mucked { seat: seat.seat });
            }
        }
    }

    /// Awards all pots to their winners.
    pub(super) fn award(&self, strengths: &OnceCell<Strengths>, events: &mut Vec<HandEvent>) {
        let strengths = strengths.get_or_init(|| self.strengths());
        for (nth, pot) in (0u8..).zip(self.final_pots()) {
            self.award_pot(nth, pot, strengths, events);
        }
    }

    fn shown(&self, seat: &HandSeat) -> HandEvent {
        let cards = seat.cards();
        let hand = rank::describe(self.variant, &cards, &self.board);
        HandEvent::Shown { seat: seat.seat, cards, hand }
    }

    /// Returns the players left, first the last street's aggressor, or else the seat that opened
    /// the street.
    fn show_order(&self) -> impl Iterator<Item = &HandSeat> {
        let first = self.round.aggressor.unwrap_or_else(|| self.first_to_show());
        let leading = self.seats.at(first).into_iter();
        let others = self.seats.after(first).filter(move |seat| seat.seat != first);
        leading.chain(others).filter(|seat| seat.is_in())
    }

    fn place(&self, seat: SeatNo) -> usize {
        self.seats.iter().take_while(|taken| taken.seat < seat).count()
    }

    fn strengths(&self) -> Strengths {
        let mut strengths = Strengths::default();
        if self.seats.in_play().nth(1).is_none() {
            return strengths;
        }
        for (place, seat) in strengths.iter_mut().zip(self.seats.iter()) {
            if seat.is_in() {
                *place = (seat.seat, rank::strengths(self.variant, &seat.cards(), &self.board));
            }
        }
        strengths
    }

    /// Returns whether no shown hand beats this one in some pot under some ranking.
    fn could_win(&self, seat: &HandSeat, strengths: &Strengths, seen: impl Fn(&HandSeat) -> bool) -> bool {
        let own = strengths[self.place(seat.seat)].1;
        self.final_pots().filter(|pot| pot.is_open_to(seat)).any(|pot| {
            let beaten = |ranking: usize| {
                let mut rivals = self
                    .seats
                    .in_play()
                    .filter(|other| other.seat != seat.seat && pot.is_open_to(other) && seen(other));
                rivals.any(|other| strengths[self.place(other.seat)].1[ranking] > own[ranking])
            };
            (0..2).any(|ranking| own[ranking].is_some() && !beaten(ranking))
        })
    }

    fn award_pot(&self, nth: u8, pot: Pot, strengths: &Strengths, events: &mut Vec<HandEvent>) {
        let claims = |seat: &&HandSeat| pot.is_open_to(seat) && !seat.mucked;
        let best = |ranking: usize| {
            let rivals = self.seats.in_play().filter(claims);
            rivals.filter_map(|seat| strengths[self.place(seat.seat)].1[ranking]).max()
        };
        let winners = |ranking: usize, strength: Strength| {
            let rivals = self.seats.after(self.button).filter(claims);
            rivals.filter(move |seat| strengths[self.place(seat.seat)].1[ranking] == Some(strength))
        };
        // The odd chip goes to the first ranking: the high half (TDA 20).
        let low_half = Chips(pot.amount.0 / 2);
        match (best(0), best(1)) {
            (Some(high), Some(low)) => {
                let high_half = pot.amount.minus_or_zero(low_half);
                self.divide(nth, high_half, Share::High, winners(0, high), events);
                self.divide(nth, low_half, Share::Low, winners(1, low), events);
            }
            (Some(high), None) => {
                self.divide(nth, pot.amount, Share::Whole, winners(0, high), events);
            }
            (None, Some(low)) => {
                self.divide(nth, pot.amount, Share::Whole, winners(1, low), events);
            }
            (None, None) => {
                let last = self.seats.after(self.button).filter(claims);
                self.divide(nth, pot.amount, Share::Whole, last, events);
            }
        }
    }

    /// Divides an amount equally among the winners. Odd chips go one each to the first of them:
    /// left of the button, or in stud by the highest card (TDA 20).
    fn divide<'a>(
        &'a self,
        pot: u8,
        amount: Chips,
        share: Share,
        winners: impl Iterator<Item = &'a HandSeat>,
        events: &mut Vec<HandEvent>,
    ) {
        let mut seats: [Option<&HandSeat>; MAX_PLAYERS] = [None; MAX_PLAYERS];
        let mut count = 0u64;
        for (place, winner) in seats.iter_mut().zip(winners) {
            *place = Some(winner);
            count += 1;
        }
        if count > 1 && self.variant.odd_chip == OddChip::HighCard {
            seats[..count as usize].sort_by_key(|seat| {
                let cards = seat.map(HandSeat::cards).unwrap_or_default();
                std::cmp::Reverse(cards.iter().copied().max())
            });
        }
        let Some(each) = amount.0.checked_div(count) else {
            return;
        };
        let odd = amount.0 % count;
        for (nth, seat) in (0u64..).zip(seats.iter().flatten()) {
            let amount = Chips(each + u64::from(nth < odd));
            if !amount.is_zero() {
                events.push(HandEvent::Awarded { pot, seat: seat.seat, amount, share });
            }
        }
    }
}
