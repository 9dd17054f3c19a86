//! A table's chips, seats and cards, kept from its events alone: a second check beside the engine's
//! replay.
//!
//! Invariant: every chip is counted where the events put it. The engine's state is used only for a
//! beginning at a snapshot ([`Books::of`]).

mod begin;
mod deck;
mod hand;
#[cfg(test)]
mod tests;

use crate::{
    report::{Fault, Rule},
    words,
};
use hand::Hand;
use poker::{
    table::Committed,
    variant::{self, Stock},
};
use std::collections::BTreeMap;
use wire::{
    Chips, PlayerId, PostingId, SeatNo, TableId,
    event::TableEvent,
    table::{Purpose, TableConfig},
};

/// The books of one table.
pub struct Books {
    table: TableId,
    cash: bool,
    /// Whether the table only deals scripted decks.
    scripted: bool,
    /// Whether the table opens whole decks.
    open_decks: bool,
    /// The cards that the variant plays with.
    stock: Stock,
    seats: BTreeMap<SeatNo, Seat>,
    hand: Option<Hand>,
    /// The deck of the next hand, if it is committed to.
    committed: Option<Committed>,
    /// The number of the last hand that began, 0 before the first.
    last_hand: u64,
    instruction: u64,
    /// The number of the last posting, 0 before the first.
    posting: u64,
    cash_outs: BTreeMap<PostingId, Chips>,
    came: Chips,
    gone: Chips,
    closed: bool,
    faults: Vec<Fault>,
}

struct Seat {
    player: PlayerId,
    /// Chips in front of the player; during a hand those not put in.
    stack: Chips,
    /// Chips that arrived during a hand and join the stack after it.
    aside: Chips,
    reserved: bool,
    awaited: Option<(PostingId, Chips)>,
}

impl Books {
    /// Applies the events of one record and returns their faults.
    pub fn enter(&mut self, events: &[TableEvent]) -> Vec<Fault> {
        for event in events {
            self.event(event);
        }
        let here = self.total();
        if self.came != here.plus(self.gone) {
            let (came, gone) = (self.came, self.gone);
            self.wrong(Rule::Chips, format!("{came} chips came and {gone} went, but {here} are here"));
        }
        std::mem::take(&mut self.faults)
    }

    /// Returns all chips at the table.
    pub fn total(&self) -> Chips {
        let stacks: Chips = self.seats.values().map(|seat| seat.stack.plus(seat.aside)).sum();
        stacks.plus(self.hand.as_ref().map_or(Chips::ZERO, |hand| hand.pot))
    }

    /// Returns the chips that the cashier has been asked to pay back and has not confirmed.
    pub fn leaving(&self) -> Chips {
        self.cash_outs.values().copied().sum()
    }

    /// Returns the chips that the cashier has been asked for and that have not arrived.
    pub fn coming(&self) -> Chips {
        self.seats.values().filter_map(|seat| seat.awaited.as_ref()).map(|(_, amount)| *amount).sum()
    }

    /// Returns whether this is a cash table.
    pub fn is_cash(&self) -> bool {
        self.cash
    }

    /// Returns the posting that a seat waits for.
    pub fn awaited(&self, seat: SeatNo) -> Option<&PostingId> {
        self.seats.get(&seat)?.awaited.as_ref().map(|(posting, _)| posting)
    }

    fn wrong(&mut self, rule: Rule, what: impl Into<String>) {
        self.faults.push((rule, what.into()));
    }

    fn check(&mut self, holds: bool, rule: Rule, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong(rule, what());
        }
    }

    fn event(&mut self, event: &TableEvent) {
        let after_close = self.closed && !matches!(event, TableEvent::CashedOut { .. });
        self.check(!after_close, Rule::Journal, || {
            format!("event after the table was closed: {}", words::table_event(event))
        });
        match event {
            TableEvent::Created { config } => {
                self.cash = matches!(config.purpose, Purpose::Cash { .. });
                self.scripted = config.scripted;
                self.open_decks = config.open_decks;
                self.stock = stock(config);
            }
            TableEvent::SeatReserved { seat, player, buy_in, posting, .. } => {
                self.new_posting(posting);
                let awaited = Some((posting.clone(), *buy_in));
                self.take_seat(*seat, Seat { reserved: true, awaited, ..Seat::new(*player, Chips::ZERO) });
            }
            TableEvent::BuyInRefused { seat, .. } => {
                let given_up = self.seats.remove(seat);
                let reserved = given_up.is_some_and(|seat| seat.reserved);
                self.check(reserved, Rule::Seats, || format!("seat {seat} was not reserved"));
            }
            TableEvent::Seated { seat, player, stack, .. } => self.seated(*seat, *player, *stack),
            TableEvent::Unseated { seat, player, cash_out, posting, .. } => {
                self.unseated(*seat, *player, *cash_out, posting.as_ref());
            }
            TableEvent::HandStarted { start, seed, script, next_seed } => {
                self.hand_started(start, *seed, script.is_some());
                self.deck_committed(start, *seed, *next_seed);
            }
            TableEvent::Contributed { seat, mix } => self.contributed(*seat, mix),
            TableEvent::Hand(event) => self.in_hand(event),
            TableEvent::HandEnded { hand, stacks, seed, dealt, .. } => {
                self.deck_opened(*dealt);
                self.hand_ended(*hand, stacks, *seed);
            }
            TableEvent::Instructed { instruction, .. } => {
                let (last, next) = (self.instruction, instruction.number);
                self.check(next == last + 1, Rule::Once, || {
                    format!("instruction {next} was carried out after {last}")
                });
                self.instruction = next;
            }
            TableEvent::Closed => {
                let empty = self.seats.is_empty();
                self.check(empty, Rule::Seats, || "the table is closed with players in seats".to_owned());
                self.closed = true;
            }
            TableEvent::TopUpAsked { seat, amount, posting } => self.asked(*seat, *amount, posting),
            TableEvent::ToppedUp { seat, amount } => self.arrived(*seat, *amount),
            TableEvent::TopUpRefused { seat, .. } => self.at(*seat, |_, seat| seat.awaited = None),
            TableEvent::CashedOut { posting } => {
                let pending = self.cash_outs.remove(posting).is_some();
                self.check(pending, Rule::Chips, || format!("posting {posting} was not pending"));
            }
            TableEvent::SatOut { .. }
            | TableEvent::SatIn { .. }
            | TableEvent::LeaveAsked { .. }
            | TableEvent::Said { .. }
            | TableEvent::Heard { .. }
            | TableEvent::Disconnected { .. }
            | TableEvent::Reconnected { .. }
            | TableEvent::GoneTooLong { .. }
            | TableEvent::AbsenceExtended { .. }
            | TableEvent::Turn { .. }
            | TableEvent::TimedOut { .. }
            | TableEvent::ClockExtended { .. }
            | TableEvent::CloseAsked
            | TableEvent::SnapshotRenewed => {}
        }
    }

    fn asked(&mut self, no: SeatNo, amount: Chips, posting: &PostingId) {
        self.new_posting(posting);
        self.at(no, |books, seat| {
            let idle = seat.awaited.replace((posting.clone(), amount)).is_none();
            books.check(idle, Rule::Chips, || format!("chips for seat {no} are awaited already"));
        });
    }

    fn arrived(&mut self, no: SeatNo, amount: Chips) {
        self.came = self.came.plus(amount);
        let in_hand = self.is_dealt_in(no);
        self.at(no, |books, seat| {
            let pile = if in_hand { &mut seat.aside } else { &mut seat.stack };
            *pile = pile.plus(amount);
            let fits = seat.awaited.take().is_some_and(|(_, awaited)| awaited == amount);
            books.check(fits, Rule::Chips, || {
                format!("{amount} chips for seat {no} arrived and were not asked for")
            });
        });
    }

    fn is_dealt_in(&self, no: SeatNo) -> bool {
        self.hand.as_ref().is_some_and(|hand| hand.dealt.contains_key(&no))
    }

    fn at(&mut self, no: SeatNo, change: impl FnOnce(&mut Self, &mut Seat)) {
        // The seat is taken out of the map, so that `change` may change the books too.
        match self.seats.remove(&no) {
            Some(mut seat) => {
                change(self, &mut seat);
                self.seats.insert(no, seat);
            }
            None => self.wrong(Rule::Seats, format!("seat {no} is empty")),
        }
    }

    /// Notes the number of a posting. A table numbers its postings upwards, so that comparing with
    /// the last number finds a posting that is used twice.
    fn new_posting(&mut self, posting: &PostingId) {
        let number = number_of(posting, self.table);
        match number {
            None => self.wrong(Rule::Once, format!("posting {posting} is not one of this table's")),
            Some(number) => {
                let last = self.posting;
                self.check(number > last, Rule::Once, || format!("posting {posting} after number {last}"));
                self.posting = last.max(number);
            }
        }
    }

    fn take_seat(&mut self, no: SeatNo, seat: Seat) {
        let player = seat.player;
        let elsewhere = self.seats.iter().find(|(_, other)| other.player == player).map(|(no, _)| *no);
        // A bust player may still be in the seat when an arrival gets it.
        let taken = self.seats.insert(no, seat).filter(|before| !before.stack.is_zero() || before.reserved);
        if let Some(before) = taken {
            self.wrong(Rule::Seats, format!("seat {no} of player {} is given to {player}", before.player));
        }
        if let Some(other) = elsewhere.filter(|other| *other != no) {
            self.wrong(Rule::Seats, format!("player {player} has seat {other} and gets seat {no}"));
        }
    }

    fn seated(&mut self, no: SeatNo, player: PlayerId, stack: Chips) {
        self.came = self.came.plus(stack);
        let seat = Seat::new(player, stack);
        if !self.cash {
            return self.take_seat(no, seat);
        }
        let reserved = self.seats.insert(no, seat);
        let fits = reserved.is_some_and(|before| {
            let awaited = before.awaited.map(|(_, amount)| amount);
            before.reserved && before.player == player && awaited == Some(stack)
        });
        self.check(fits, Rule::Seats, || {
            format!("player {player} sits down in seat {no} with {stack} chips and has no such reservation")
        });
    }

    fn unseated(&mut self, no: SeatNo, player: PlayerId, cash_out: Chips, posting: Option<&PostingId>) {
        self.check(!self.is_dealt_in(no), Rule::Seats, || {
            format!("seat {no} is given up in the middle of a hand")
        });
        let Some(seat) = self.seats.remove(&no) else {
            return self.wrong(Rule::Seats, format!("seat {no} is empty"));
        };
        self.check(seat.player == player, Rule::Seats, || {
            format!("seat {no} is player {}'s, not player {player}'s", seat.player)
        });
        self.gone = self.gone.plus(seat.stack);
        if !self.cash {
            return;
        }
        self.check(cash_out == seat.stack, Rule::Chips, || {
            format!("seat {no} has {} chips and is paid {cash_out}", seat.stack)
        });
        match posting {
            Some(posting) => {
                self.new_posting(posting);
                self.cash_outs.insert(posting.clone(), cash_out);
            }
            None => self.check(cash_out.is_zero(), Rule::Chips, || {
                format!("{cash_out} chips of seat {no} are not paid back")
            }),
        }
    }
}

impl Seat {
    fn new(player: PlayerId, stack: Chips) -> Self {
        Self { player, stack, aside: Chips::ZERO, reserved: false, awaited: None }
    }
}

/// Returns the number of a table's posting; `None` for another id.
fn number_of(posting: &PostingId, table: TableId) -> Option<u64> {
    let (of, number) = posting.0.strip_prefix("table.")?.split_once('.')?;
    number.parse().ok().filter(|_| of.parse() == Ok(table))
}

/// Returns the cards of a table's variant.
fn stock(config: &TableConfig) -> Stock {
    variant::by_code(&config.variant).map_or(Stock::Full, |variant| variant.stock)
}
