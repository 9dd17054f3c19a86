//! Application of events. It cannot fail: an event that does not fit leaves chips conserved.

use super::{Hand, HandPhase, Round};
use crate::variant::Betting;
use wire::{
    Action, Card, Chips, SeatNo,
    event::{HandEvent, Post},
};

impl Hand {
    /// Applies an event and advances the stage.
    pub fn evolve(&mut self, event: &HandEvent) {
        self.apply(event);
        self.settle();
    }

    /// Applies an event without advancing the stage.
    pub(super) fn apply(&mut self, event: &HandEvent) {
        match event {
            HandEvent::Posted { seat, post, amount } => self.posted(*seat, *post, *amount),
            HandEvent::Dealt { seat, down, up } => self.dealt(*seat, down, up),
            HandEvent::Board { cards, .. } => {
                for &card in cards {
                    self.deck.take(card);
                    self.board.push(card);
                }
            }
            HandEvent::Acted { seat, action, added, .. } => self.has_acted(*seat, action, *added),
            HandEvent::Returned { seat, amount } => {
                if let Some(player) = self.seats.at_mut(*seat) {
                    let amount = (*amount).min(player.total);
                    player.bet = player.bet.minus_or_zero(amount);
                    player.total = player.total.minus_or_zero(amount);
                    player.stack = player.stack.plus(amount);
                }
            }
            HandEvent::Shown { seat, .. } => {
                if let Some(player) = self.seats.at_mut(*seat) {
                    player.shown = true;
                }
            }
            HandEvent::Mucked { seat } => {
                if let Some(player) = self.seats.at_mut(*seat) {
                    player.mucked = true;
                }
            }
            HandEvent::Awarded { seat, amount, .. } => {
                let amount = (*amount).min(self.middle());
                if let Some(player) = self.seats.at_mut(*seat) {
                    player.stack = player.stack.plus(amount);
                    self.awarded = self.awarded.plus(amount);
                }
            }
        }
    }

    fn posted(&mut self, seat: SeatNo, post: Post, amount: Chips) {
        let Some(player) = self.seats.at_mut(seat) else {
            return;
        };
        let paid = player.pay(amount);
        match post {
            Post::Ante => player.owed.ante = Chips::ZERO,
            Post::BigBlindAnte => {
                player.owed.ante = Chips::ZERO;
                player.dead = player.dead.plus(paid);
            }
            Post::DeadBlind => {
                player.owed.dead = Chips::ZERO;
                player.dead = player.dead.plus(paid);
            }
            Post::SmallBlind | Post::BigBlind | Post::Straddle | Post::BringIn => {
                player.owed.blind = None;
                player.bet = player.bet.plus(paid);
            }
        }
    }

    fn dealt(&mut self, seat: SeatNo, down: &[Card], up: &[Card]) {
        for &card in down.iter().chain(up) {
            self.deck.take(card);
        }
        self.deck.release();
        if let Some(player) = self.seats.at_mut(seat) {
            down.iter().for_each(|&card| player.down.push(card));
            up.iter().for_each(|&card| player.up.push(card));
        }
    }

    fn has_acted(&mut self, seat: SeatNo, action: &Action, added: Chips) {
        let Some(player) = self.seats.at_mut(seat) else {
            return;
        };
        let paid = player.pay(added);
        player.bet = player.bet.plus(paid);
        let bet = player.bet;
        match action {
            Action::Fold => {
                player.folded = true;
                let cards = player.cards();
                self.deck.discard(&cards);
            }
            Action::Check | Action::Call => {}
            Action::Bet(_) | Action::RaiseTo(_) => {
                let fixed = self.variant.betting == Betting::FixedLimit;
                self.round.raised(seat, bet, fixed);
            }
            Action::BringIn => {
                // An all-in for less does not lower the price for the others.
                self.round.level = self.round.level.max(self.bring_in);
            }
            Action::Discard(cards) => {
                player.drawn = true;
                cards.iter().for_each(|&card| {
                    player.down.remove(card);
                });
                self.deck.hold_back(cards);
            }
        }
        self.round.from = seat;
        if self.stage == HandPhase::Betting {
            self.round.bring_in = false;
            let mark = self.round.mark;
            if let Some(player) = self.seats.at_mut(seat) {
                player.acted = Some(mark);
            }
        }
        self.actor = None;
    }
}

impl Round {
    /// Records a bet or raise of `seat` to `to`.
    fn raised(&mut self, seat: SeatNo, to: Chips, fixed: bool) {
        self.aggressor = Some(seat);
        if fixed {
            self.count_full_bets(to);
            self.level = self.level.max(to);
            return;
        }
        let by = to.minus_or_zero(self.level);
        // An all-in for less does not change the size of a full raise (TDA 43).
        self.step = self.step.max(by);
        self.level = self.level.max(to);
        self.mark = self.level;
        self.bets = self.bets.saturating_add(1);
    }

    /// Counts full bets in fixed limit: half a bet or more counts as a full one (TDA 47-B).
    fn count_full_bets(&mut self, to: Chips) {
        let step = self.step.0.max(1);
        let more = to.minus_or_zero(self.mark).0;
        let full = more / step + u64::from((more % step).saturating_mul(2) >= step);
        self.mark = self.mark.plus(Chips(step).times(full));
        let full = u8::try_from(full).unwrap_or(u8::MAX);
        self.bets = self.bets.saturating_add(full);
    }
}
