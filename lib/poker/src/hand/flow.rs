//! Steps that need no decision: [`Hand::settle`] advances the stage until an event or a player's
//! action is due, [`Hand::pending`] returns the events that are due.

use super::{Hand, HandPhase, HandSeat, Round, showdown::Strengths};
use crate::variant::{Betting, Opener};
use std::{cell::OnceCell, cmp::Ordering};
use wire::{
    Card, Chips, HoleCards, SeatNo,
    event::{HandEvent, Post},
};

impl Hand {
    /// Appends and applies events until a player has to act or the hand is over.
    pub(super) fn follow(&mut self, events: &mut Vec<HandEvent>) {
        let strengths = OnceCell::new();
        loop {
            let known = events.len();
            self.next_events(&strengths, events);
            if events.len() == known {
                return;
            }
            // All events that are due belong to one stage: only the last of them can complete it.
            for event in &events[known..] {
                self.apply(event);
            }
            self.settle();
        }
    }

    /// Appends the events that are due without a player's decision.
    pub(crate) fn pending(&self, events: &mut Vec<HandEvent>) {
        self.next_events(&OnceCell::new(), events);
    }

    /// Does the same as [`Hand::pending`]. `strengths` keeps the strengths of the hands, which are
    /// computed once for showing and for awarding.
    fn next_events(&self, strengths: &OnceCell<Strengths>, events: &mut Vec<HandEvent>) {
        match self.stage {
            HandPhase::Posting => events.extend(self.posts()),
            HandPhase::Dealing | HandPhase::Drawing => self.cards_due(events),
            HandPhase::Returning => events.extend(self.uncalled()),
            HandPhase::Tabling => self.table_hands(events),
            HandPhase::Showing => self.show_down(strengths, events),
            HandPhase::Awarding => self.award(strengths, events),
            HandPhase::Betting | HandPhase::Over => {}
        }
    }

    /// Advances the stage until an event or a player's action is due.
    pub(super) fn settle(&mut self) {
        while self.advance() {}
    }

    /// Advances the stage by one step; returns false when an event or a player's action is due.
    fn advance(&mut self) -> bool {
        match self.stage {
            HandPhase::Posting if self.posts().next().is_none() => self.start_street(0),
            HandPhase::Dealing if !self.are_cards_due() => {
                if self.street_rules().is_some_and(|street| street.draw > 0) {
                    self.stage = HandPhase::Drawing;
                } else {
                    self.start_betting();
                }
            }
            HandPhase::Drawing if !self.are_cards_due() => {
                self.actor = self.next_to_draw();
                if self.actor.is_some() {
                    return false;
                }
                self.start_betting();
            }
            HandPhase::Betting => {
                self.actor = self.next_to_bet();
                if self.actor.is_some() {
                    return false;
                }
                self.stage = HandPhase::Returning;
            }
            HandPhase::Returning if self.uncalled().is_none() => self.end_street(),
            HandPhase::Tabling if self.seats.in_play().all(|seat| seat.shown) => {
                self.start_street(self.street + 1);
            }
            HandPhase::Showing if self.seats.in_play().all(|seat| seat.shown || seat.mucked) => {
                self.stage = HandPhase::Awarding;
            }
            HandPhase::Awarding if self.middle().is_zero() => self.stage = HandPhase::Over,
            _ => return false,
        }
        true
    }

    /// Returns the next forced bets, all of one kind. Antes of every player come before the blinds;
    /// a big blind ante comes after the blind, so that a short stack pays the blind first (TDA
    /// RP-11).
    fn posts(&self) -> impl Iterator<Item = HandEvent> {
        use super::Antes;
        type Owing = fn(&HandSeat) -> Option<(Post, Chips)>;
        let ante: Owing = |seat| Some((Post::Ante, seat.owed.ante));
        let table_ante: Owing = |seat| Some((Post::BigBlindAnte, seat.owed.ante));
        let blind: Owing = |seat| seat.owed.blind;
        let dead: Owing = |seat| Some((Post::DeadBlind, seat.owed.dead));
        let order = match self.antes {
            Antes::Each => [ante, blind, dead],
            Antes::BigBlind => [blind, dead, table_ante],
        };
        let post = |owing: Owing, seat: &HandSeat| {
            let (post, asked) = owing(seat)?;
            let amount = asked.min(seat.stack);
            (!amount.is_zero()).then_some(HandEvent::Posted { seat: seat.seat, post, amount })
        };
        let is_owed = |owing: &Owing| self.seats.iter().any(|seat| post(*owing, seat).is_some());
        let next = order.into_iter().find(is_owed).into_iter();
        next.flat_map(move |owing| self.seats.after(self.button).filter_map(move |seat| post(owing, seat)))
    }

    fn start_street(&mut self, street: u8) {
        self.street = street;
        self.stage = HandPhase::Dealing;
        let level = if street == 0 { self.round.level } else { Chips::ZERO };
        self.round = Round {
            level,
            mark: level,
            bets: u8::from(!level.is_zero()),
            from: self.button,
            ..Round::default()
        };
        for seat in self.seats.iter_mut() {
            (seat.acted, seat.drawn) = (None, false);
        }
        let Some(rules) = self.street_rules() else {
            return;
        };
        let each = usize::from(rules.down + rules.up);
        let wanted = each * self.seats.in_play().count();
        // With too few cards for all players, they share one on the board (stud with eight
        // players); before that, the burn is left out.
        self.shared = each > 0 && street > 0 && self.deck.left() < wanted;
        let spare = self.deck.left() > if self.shared { each } else { wanted };
        if rules.burn && spare {
            self.deck.burn();
        }
    }

    fn start_betting(&mut self) {
        self.stage = HandPhase::Betting;
        let size = self.bet_size();
        self.round.step = match self.variant.betting {
            Betting::FixedLimit => size,
            Betting::NoLimit | Betting::PotLimit => size.max(self.round.level),
        };
        self.round.from = self.opens_after();
        let brings_in = self.street_rules().is_some_and(|street| street.brings_in());
        self.round.bring_in = brings_in && !self.bring_in.is_zero();
    }

    /// Ends the street: bets are in the pots.
    fn end_street(&mut self) {
        for seat in self.seats.iter_mut() {
            seat.bet = Chips::ZERO;
        }
        self.stage = if self.seats.in_play().count() <= 1 {
            HandPhase::Awarding
        } else if usize::from(self.street) + 1 >= self.variant.streets.len() {
            HandPhase::Showing
        } else if self.is_betting_over() && !self.is_draw_ahead() {
            HandPhase::Tabling
        } else {
            return self.start_street(self.street + 1);
        };
    }

    /// Returns whether at most one player can still bet in this hand.
    fn is_betting_over(&self) -> bool {
        self.seats.in_play().filter(|seat| seat.can_bet()).count() <= 1
    }

    fn is_draw_ahead(&self) -> bool {
        let ahead = self.variant.streets.iter().skip(usize::from(self.street) + 1);
        ahead.into_iter().any(|street| street.draw > 0)
    }

    /// Returns the number of cards that each player holds once the street is dealt, and the number
    /// on the board then.
    fn cards_by_now(&self) -> (usize, usize) {
        let mut cards = (0, 0);
        let streets = self.variant.streets.iter().zip(0..=self.street);
        for (street, nth) in streets {
            let each = usize::from(street.down + street.up);
            if nth == self.street && self.shared {
                cards.1 += each;
            } else {
                cards.0 += each;
            }
            cards.1 += usize::from(street.board);
        }
        cards
    }

    fn are_cards_due(&self) -> bool {
        if !self.deck.can_deal() {
            return false;
        }
        let (hole, board) = self.cards_by_now();
        let short = |seat: &HandSeat| seat.down.len() + seat.up.len() < hole;
        match self.stage {
            // A player's discards are replaced before the next player draws.
            HandPhase::Drawing => self.seats.in_play().any(short),
            _ => self.seats.in_play().any(short) || self.board.len() < board,
        }
    }

    /// Appends the cards due to players, first left of the button, all cards of a player together,
    /// and those due to the board.
    fn cards_due(&self, events: &mut Vec<HandEvent>) {
        let (hole, board) = self.cards_by_now();
        let mut deck = self.deck.clone();
        let mut deal = |count: usize| (0..count).map_while(|_| deck.deal()).collect::<HoleCards>();
        let up = self.street_rules().map_or(0, |street| usize::from(street.up));
        for seat in self.seats.after(self.button).filter(|seat| seat.is_in()) {
            let due = hole.saturating_sub(seat.down.len() + seat.up.len());
            if due == 0 {
                continue;
            }
            // A tabled hand gets all its cards face up.
            let up = if seat.shown { due } else { up.min(due) };
            events.push(HandEvent::Dealt { seat: seat.seat, down: deal(due - up), up: deal(up) });
        }
        let due = board.saturating_sub(self.board.len());
        if due > 0 && self.stage == HandPhase::Dealing {
            events.push(HandEvent::Board { street: self.street, cards: deal(due).into_iter().collect() });
        }
    }

    fn next_to_draw(&self) -> Option<SeatNo> {
        let mut waiting = self.seats.after(self.button).filter(|seat| seat.is_in() && !seat.drawn);
        waiting.next().map(|seat| seat.seat)
    }

    fn next_to_bet(&self) -> Option<SeatNo> {
        let (mut left, mut able, mut highest) = (0, 0, Chips::ZERO);
        for seat in self.seats.in_play() {
            left += 1;
            able += usize::from(seat.can_bet());
            highest = highest.max(seat.bet);
        }
        let must_act = |seat: &&HandSeat| match able {
            // With all others all-in the player decides only about a bet larger than their own.
            0 | 1 => seat.bet < highest,
            _ => seat.acted.is_none() || seat.bet < self.round.level,
        };
        // A lone player has no opponent to bet against.
        let contested = left > 1;
        let mut next = self.seats.after(self.round.from).filter(|seat| contested && seat.can_bet());
        next.find(must_act).map(|seat| seat.seat)
    }

    /// Returns the seat whose left neighbour opens the street.
    fn opens_after(&self) -> SeatNo {
        let opener = self.street_rules().map_or(Opener::LeftOfButton, |street| street.opener);
        if opener == Opener::LeftOfBlinds {
            return self.blind.unwrap_or(self.button);
        }
        let Some(first) = self.first_by_cards(opener) else {
            return self.button;
        };
        let others = self.seats.after(first).filter(|seat| seat.seat != first);
        others.last().map_or(first, |seat| seat.seat)
    }

    /// Returns the seat that opens by the cards face up; of equal hands the first left of the
    /// button.
    fn first_by_cards(&self, opener: Opener) -> Option<SeatNo> {
        let prefers: fn(&[Card], &[Card]) -> bool = match opener {
            Opener::LeftOfBlinds | Opener::LeftOfButton => return None,
            Opener::LowCardBringsIn => |a, b| a.first() < b.first(),
            Opener::HighCardBringsIn => |a, b| ace_low(a) > ace_low(b),
            Opener::HighHand => |a, b| crate::rank::showing_high(a, b) == Ordering::Greater,
            Opener::LowHand => |a, b| crate::rank::showing_low(a, b) == Ordering::Less,
        };
        let showing = self.seats.after(self.button).filter(|seat| seat.is_in());
        let best = showing.reduce(|best, seat| if prefers(&seat.up, &best.up) { seat } else { best });
        best.map(|seat| seat.seat)
    }

    /// Returns the seat that shows first after a last street without bets: the one that would have
    /// opened it (TDA 17).
    pub(super) fn first_to_show(&self) -> SeatNo {
        let from = self.opens_after();
        let mut left = self.seats.after(from).filter(|seat| seat.is_in());
        left.next().map_or(from, |seat| seat.seat)
    }

    /// Returns the uncalled part of the highest bet or ante: the part that no other player has
    /// matched, folded players included.
    fn uncalled(&self) -> Option<HandEvent> {
        let highest = self.seats.iter().max_by_key(|seat| seat.matched())?;
        let others = self.seats.iter().filter(|seat| seat.seat != highest.seat);
        let called = others.map(HandSeat::matched).max().unwrap_or_default();
        let amount = highest.matched().minus_or_zero(called);
        (highest.is_in() && !amount.is_zero()).then_some(HandEvent::Returned { seat: highest.seat, amount })
    }
}

/// Orders a card with the ace below the deuce.
fn ace_low(up: &[Card]) -> Option<(u8, u8)> {
    up.first().map(|card| ((card.rank().0 + 1) % 13, card.suit().0))
}
