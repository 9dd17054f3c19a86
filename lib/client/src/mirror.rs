//! Follows a table's state by its events. Without the rules of poker.

mod paid;
mod streets;

use paid::Paid;
use streets::Streets;
use wire::{
    Action, Chips, SeatNo, TableId,
    event::{Event, HandStart, Post},
    view::{HandView, SeatInHand, SeatView, TableView, TurnView},
};

/// A [`TableView`] to which events are applied.
///
/// Side pots are exact if the hand was seen from its start. Otherwise, chips that go in after the
/// snapshot are added to the snapshot's last pot. The sum of the pots is exact in any case.
///
/// In games without a board, the start of a street is inferred from cards and draws, see `streets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMirror {
    view: TableView,
    /// The chips that were put in during this hand; none if its start was not seen.
    paid: Option<Paid>,
    streets: Streets,
}

impl TableMirror {
    /// Starts from a snapshot.
    #[must_use]
    pub fn new(view: TableView) -> Self {
        Self { streets: Streets::of(&view), view, paid: None }
    }

    /// Returns the table's id.
    #[must_use]
    pub const fn table(&self) -> TableId {
        self.view.table
    }

    /// Returns the table's current state.
    #[must_use]
    pub const fn view(&self) -> &TableView {
        &self.view
    }

    /// Continues from another snapshot.
    pub fn restart(&mut self, view: TableView) {
        *self = Self::new(view);
    }

    /// Returns a player's seat at this table.
    #[must_use]
    pub fn seat_of(&self, player: wire::PlayerId) -> Option<&SeatView> {
        self.view.seats.iter().find(|seat| seat.player == player)
    }

    /// Applies the event with this number. Returns whether it was the next one; any other is
    /// ignored. Of an event that this version does not know only the number counts: the client
    /// follows it with [`ClientEvent::Restarted`](crate::ClientEvent::Restarted).
    pub fn apply(&mut self, number: u64, event: &Event) -> bool {
        if number != self.view.event_no + 1 {
            return false;
        }
        self.view.event_no = number;
        match event {
            Event::Seated { seat, player, name, bot, stack } => self.sit(SeatView {
                seat: *seat,
                player: *player,
                name: name.clone(),
                bot: *bot,
                stack: *stack,
                waiting: Chips::ZERO,
                sitting_out: false,
                disconnected: false,
                in_hand: None,
            }),
            Event::Unseated { seat, .. } => self.view.seats.retain(|s| s.seat != *seat),
            Event::ToppedUp { seat, amount } => self.with(*seat, |s| match s.in_hand {
                Some(_) => s.waiting = s.waiting.plus(*amount),
                None => s.stack = s.stack.plus(*amount),
            }),
            Event::SatOut { seat } => self.with(*seat, |s| s.sitting_out = true),
            Event::SatIn { seat } => self.with(*seat, |s| s.sitting_out = false),
            Event::Disconnected { seat, deadline_ms } => {
                self.with(*seat, |s| s.disconnected = true);
                self.clock(*deadline_ms);
            }
            Event::Reconnected { seat, deadline_ms } => {
                self.with(*seat, |s| s.disconnected = false);
                self.clock(*deadline_ms);
            }
            Event::GoneTooLong { seat } => self.with(*seat, |s| s.disconnected = true),
            Event::Instructed { level, .. } => self.view.level = *level,
            Event::Closed => self.view.closed = true,
            Event::Said { .. } | Event::Unknown(_) => {}
            Event::HandStarted(_)
            | Event::HandEnded { .. }
            | Event::Posted { .. }
            | Event::Dealt { .. }
            | Event::Board { .. }
            | Event::Turn { .. }
            | Event::TimedOut { .. }
            | Event::ClockExtended { .. }
            | Event::Acted { .. }
            | Event::Drew { .. }
            | Event::Returned { .. }
            | Event::Shown { .. }
            | Event::Mucked { .. }
            | Event::Awarded { .. } => self.apply_to_hand(event),
        }
        true
    }

    fn apply_to_hand(&mut self, event: &Event) {
        match event {
            Event::HandStarted(start) => self.start(start),
            Event::HandEnded { stacks, .. } => {
                for stack in stacks {
                    self.with(stack.seat, |s| s.stack = stack.chips.plus(std::mem::take(&mut s.waiting)));
                }
                self.end();
            }
            Event::Posted { seat, post, amount } => self.post(*seat, *post, *amount),
            Event::Dealt { seat, down, up } => {
                if self.streets.dealt(*seat) {
                    self.next_street();
                }
                self.in_hand(*seat, |h| {
                    h.down = h.down.saturating_add(*down);
                    h.up.extend(up);
                });
            }
            Event::Board { street, cards } => self.street(*street, cards),
            Event::Turn { seat, turn, legal, deadline_ms } => {
                let first = self.view.hand.as_ref().is_some_and(|hand| hand.street == 0);
                if legal.discard.is_some() && self.streets.is_to_draw(*seat, first) {
                    self.next_street();
                }
                let (seat, turn, deadline_ms) = (*seat, *turn, *deadline_ms);
                self.turn(Some(TurnView { seat, turn, legal: legal.clone(), deadline_ms }));
            }
            Event::ClockExtended { deadline_ms } => self.clock(Some(*deadline_ms)),
            Event::Acted { seat, action, added, stack } => self.act(*seat, action, *added, *stack),
            Event::Drew { seat, count } => {
                self.turn(None);
                self.streets.drew(*seat, *count);
                self.in_hand(*seat, |h| h.down = h.down.saturating_sub(*count));
            }
            Event::Returned { seat, amount } => self.give_back(*seat, *amount),
            Event::Shown { seat, cards, .. } => self.in_hand(*seat, |h| {
                h.down = 0;
                h.up = cards.to_vec();
            }),
            Event::Awarded { pot, seat, amount, .. } => {
                if let Some(hand) = &mut self.view.hand
                    && let Some(pot) = hand.pots.get_mut(usize::from(*pot))
                {
                    *pot = pot.minus_or_zero(*amount);
                }
                self.with(*seat, |s| s.stack = s.stack.plus(*amount));
            }
            // The action that the clock takes is an event of its own.
            Event::TimedOut { .. } | Event::Mucked { .. } => {}
            // Events that change no hand: see `apply`.
            Event::Seated { .. }
            | Event::Unseated { .. }
            | Event::ToppedUp { .. }
            | Event::SatOut { .. }
            | Event::SatIn { .. }
            | Event::Disconnected { .. }
            | Event::Reconnected { .. }
            | Event::GoneTooLong { .. }
            | Event::Said { .. }
            | Event::Instructed { .. }
            | Event::Closed
            | Event::Unknown(_) => {}
        }
    }

    fn clock(&mut self, deadline_ms: Option<u64>) {
        let turn = self.view.hand.as_mut().and_then(|h| h.turn.as_mut());
        if let (Some(turn), Some(deadline_ms)) = (turn, deadline_ms) {
            turn.deadline_ms = deadline_ms;
        }
    }

    fn sit(&mut self, seat: SeatView) {
        self.view.seats.retain(|s| s.seat != seat.seat);
        self.view.seats.push(seat);
        self.view.seats.sort_by_key(|s| s.seat);
    }

    fn start(&mut self, start: &HandStart) {
        self.view.level = start.level;
        self.view.hand = Some(HandView {
            hand: start.hand,
            button: start.button,
            street: 0,
            board: Vec::new(),
            pots: Vec::new(),
            turn: None,
        });
        for seat in &mut self.view.seats {
            let dealt_in = start.stacks.iter().find(|stack| stack.seat == seat.seat);
            if let Some(stack) = dealt_in {
                seat.stack = stack.chips;
            }
            seat.in_hand = dealt_in.map(|_| SeatInHand::default());
        }
        self.paid = Some(Paid::default());
        self.streets = Streets::default();
    }

    fn end(&mut self) {
        self.view.hand = None;
        self.view.hands += 1;
        self.paid = None;
        for seat in &mut self.view.seats {
            seat.in_hand = None;
        }
    }

    fn post(&mut self, seat: SeatNo, post: Post, amount: Chips) {
        let dead = matches!(post, Post::Ante | Post::BigBlindAnte | Post::DeadBlind);
        self.with(seat, |s| s.stack = s.stack.minus_or_zero(amount));
        if !dead {
            self.in_hand(seat, |h| h.bet = h.bet.plus(amount));
        }
        match &mut self.paid {
            // A player's own ante counts towards the pots that the player can win; one for all
            // players does not.
            Some(paid) if matches!(post, Post::BigBlindAnte | Post::DeadBlind) => paid.add_dead(amount),
            Some(paid) => paid.add(seat, amount),
            None => {}
        }
        self.count_pots(amount);
    }

    fn act(&mut self, seat: SeatNo, action: &Action, added: Chips, stack: Chips) {
        self.turn(None);
        self.streets.acted();
        self.with(seat, |s| s.stack = stack);
        self.in_hand(seat, |h| {
            h.bet = h.bet.plus(added);
            h.folded |= *action == Action::Fold;
        });
        if let Some(paid) = &mut self.paid {
            paid.add(seat, added);
            if *action == Action::Fold {
                paid.fold(seat);
            }
        }
        self.count_pots(added);
    }

    fn give_back(&mut self, seat: SeatNo, amount: Chips) {
        self.with(seat, |s| s.stack = s.stack.plus(amount));
        self.in_hand(seat, |h| h.bet = h.bet.minus_or_zero(amount));
        if let Some(paid) = &mut self.paid {
            paid.take_back(seat, amount);
            self.count_pots(Chips::ZERO);
        } else if let Some(pot) = self.view.hand.as_mut().and_then(|h| h.pots.last_mut()) {
            *pot = pot.minus_or_zero(amount);
        }
    }

    fn street(&mut self, street: u8, cards: &[wire::Card]) {
        let Some(hand) = &mut self.view.hand else {
            return;
        };
        let next = street > hand.street;
        hand.street = street;
        hand.board.extend(cards);
        self.streets.board();
        if next {
            self.clear_bets();
        }
    }

    fn next_street(&mut self) {
        if let Some(hand) = &mut self.view.hand {
            hand.street += 1;
        }
        self.clear_bets();
    }

    fn clear_bets(&mut self) {
        for in_hand in self.view.seats.iter_mut().filter_map(|s| s.in_hand.as_mut()) {
            in_hand.bet = Chips::ZERO;
        }
    }

    fn turn(&mut self, turn: Option<TurnView>) {
        if let Some(hand) = &mut self.view.hand {
            hand.turn = turn;
        }
    }

    /// Updates the pots after `added` chips were put in.
    fn count_pots(&mut self, added: Chips) {
        let Some(hand) = &mut self.view.hand else {
            return;
        };
        match &self.paid {
            Some(paid) => {
                let all_in = |seat: SeatNo| {
                    let seat = self.view.seats.iter().find(|s| s.seat == seat);
                    seat.is_some_and(|s| s.stack.is_zero())
                };
                hand.pots = paid.pots(all_in);
            }
            None => match hand.pots.last_mut() {
                Some(pot) => *pot = pot.plus(added),
                None => hand.pots.push(added),
            },
        }
    }

    fn with(&mut self, seat: SeatNo, change: impl FnOnce(&mut SeatView)) {
        if let Some(seat) = self.view.seats.iter_mut().find(|s| s.seat == seat) {
            change(seat);
        }
    }

    fn in_hand(&mut self, seat: SeatNo, change: impl FnOnce(&mut SeatInHand)) {
        self.with(seat, |s| change(s.in_hand.get_or_insert_default()));
    }
}

#[cfg(test)]
mod tests;
