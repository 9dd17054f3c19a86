//! A table's chips, seats and cards, kept from its events alone: a second opinion beside the engine's replay.
//!
//! What always holds: every chip is counted where the events put it, and nothing is taken from the engine.

use crate::report::Rule;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use wire::{
    Action, Card, Chips, HandNo, PlayerId, PostingId, SeatNo,
    event::{HandEvent, HandStart, Seed, Stack, TableEvent},
    table::Purpose,
};

/// A fault that an event shows.
pub type Fault = (Rule, String);

/// One table's books.
#[derive(Default)]
pub struct Books {
    cash: bool,
    /// Whether nothing is shuffled here.
    scripted: bool,
    seats: BTreeMap<SeatNo, Seat>,
    hand: Option<Hand>,
    /// Number of the last hand that began, 0 before the first.
    last_hand: u64,
    instruction: u64,
    postings: HashSet<PostingId>,
    cash_outs: BTreeMap<PostingId, Chips>,
    came: Chips,
    gone: Chips,
    closed: bool,
    faults: Vec<Fault>,
}

struct Seat {
    player: PlayerId,
    stack: Chips,
    reserved: bool,
    awaited: Option<(PostingId, Chips)>,
}

struct Hand {
    no: HandNo,
    seed: Seed,
    pot: Chips,
    dealt: BTreeMap<SeatNo, Vec<Card>>,
    cards: BTreeSet<Card>,
}

impl Books {
    /// Enters the events of one record; what is wrong with them.
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

    /// All chips at the table.
    pub fn total(&self) -> Chips {
        let stacks: Chips = self.seats.values().map(|seat| seat.stack).sum();
        stacks.plus(self.hand.as_ref().map_or(Chips::ZERO, |hand| hand.pot))
    }

    /// Chips that the cashier has been asked to pay back and has not confirmed.
    pub fn leaving(&self) -> Chips {
        self.cash_outs.values().copied().sum()
    }

    /// Chips that the cashier has been asked for and that have not arrived.
    pub fn coming(&self) -> Chips {
        self.seats.values().filter_map(|seat| seat.awaited.as_ref()).map(|(_, amount)| *amount).sum()
    }

    /// Whether money is played for.
    pub fn is_cash(&self) -> bool {
        self.cash
    }

    /// The posting that a seat waits for.
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
        self.check(!after_close, Rule::Journal, || format!("after it was closed: {event:?}"));
        match event {
            TableEvent::Created { config } => {
                self.cash = matches!(config.purpose, Purpose::Cash { .. });
                self.scripted = config.scripted;
            }
            TableEvent::SeatReserved { seat, player, buy_in, posting, .. } => {
                self.new_posting(posting);
                let awaited = Some((posting.clone(), *buy_in));
                self.take_seat(*seat, Seat { player: *player, stack: Chips::ZERO, reserved: true, awaited });
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
            TableEvent::HandStarted { start, seed, script } => {
                self.hand_started(start, *seed, script.is_some());
            }
            TableEvent::Hand(event) => self.in_hand(event),
            TableEvent::HandEnded { hand, stacks, seed, .. } => self.hand_ended(*hand, stacks, *seed),
            TableEvent::Instructed { instruction, .. } => {
                let (last, next) = (self.instruction, instruction.number);
                self.check(next == last + 1, Rule::Once, || {
                    format!("instruction {next} was carried out after {last}")
                });
                self.instruction = next;
            }
            TableEvent::Closed => {
                let empty = self.seats.is_empty();
                self.check(empty, Rule::Seats, || "closed with players".to_owned());
                self.closed = true;
            }
            TableEvent::TopUpAsked { .. }
            | TableEvent::ToppedUp { .. }
            | TableEvent::TopUpRefused { .. }
            | TableEvent::CashedOut { .. } => self.money(event),
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

    /// Money that is asked for, arrives, does not, or is paid back.
    fn money(&mut self, event: &TableEvent) {
        match event {
            TableEvent::TopUpAsked { seat, amount, posting } => {
                self.new_posting(posting);
                self.at(*seat, |books, seat| {
                    let idle = seat.awaited.replace((posting.clone(), *amount)).is_none();
                    books.check(idle, Rule::Chips, || "chips are awaited already".to_owned());
                });
            }
            TableEvent::ToppedUp { seat, amount } => {
                self.came = self.came.plus(*amount);
                self.at(*seat, |books, seat| {
                    seat.stack = seat.stack.plus(*amount);
                    let fits = seat.awaited.take().is_some_and(|(_, awaited)| awaited == *amount);
                    books.check(fits, Rule::Chips, || format!("{amount} chips arrived unasked"));
                });
            }
            TableEvent::TopUpRefused { seat } => self.at(*seat, |_, seat| seat.awaited = None),
            TableEvent::CashedOut { posting } => {
                let pending = self.cash_outs.remove(posting).is_some();
                self.check(pending, Rule::Chips, || format!("posting {posting} was not pending"));
            }
            _ => {}
        }
    }

    fn at(&mut self, no: SeatNo, change: impl FnOnce(&mut Self, &mut Seat)) {
        // Taken out so that both can be changed.
        match self.seats.remove(&no) {
            Some(mut seat) => {
                change(self, &mut seat);
                self.seats.insert(no, seat);
            }
            None => self.wrong(Rule::Seats, format!("nobody sits in seat {no}")),
        }
    }

    fn new_posting(&mut self, posting: &PostingId) {
        let new = self.postings.insert(posting.clone());
        self.check(new, Rule::Once, || format!("posting {posting} is used twice"));
    }

    fn take_seat(&mut self, no: SeatNo, seat: Seat) {
        let player = seat.player;
        let elsewhere = self.seats.iter().find(|(_, other)| other.player == player).map(|(no, _)| *no);
        // Whoever has lost everything may still be there when an arrival gets the seat.
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
        let seat = Seat { player, stack, reserved: false, awaited: None };
        if !self.cash {
            return self.take_seat(no, seat);
        }
        let reserved = self.seats.insert(no, seat);
        let fits = reserved.is_some_and(|before| {
            let awaited = before.awaited.map(|(_, amount)| amount);
            before.reserved && before.player == player && awaited == Some(stack)
        });
        self.check(fits, Rule::Seats, || {
            format!("player {player} sits down in seat {no} with {stack} without having reserved it so")
        });
    }

    fn unseated(&mut self, no: SeatNo, player: PlayerId, cash_out: Chips, posting: Option<&PostingId>) {
        let in_hand = self.hand.as_ref().is_some_and(|hand| hand.dealt.contains_key(&no));
        self.check(!in_hand, Rule::Seats, || format!("seat {no} is given up in the middle of a hand"));
        let Some(seat) = self.seats.remove(&no) else {
            return self.wrong(Rule::Seats, format!("nobody sits in seat {no}"));
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

    fn hand_started(&mut self, start: &HandStart, seed: Seed, scripted: bool) {
        let (no, last) = (start.hand.0, self.last_hand);
        self.check(no == last + 1, Rule::Deal, || format!("hand {no} after hand {last}"));
        self.check(self.hand.is_none(), Rule::Deal, || format!("hand {no} begins before {last} has ended"));
        let (here, said) =
            if scripted { ("is scripted", "shuffles") } else { ("is shuffled", "only deals scripts") };
        self.check(scripted == self.scripted, Rule::Deal, || {
            format!("hand {no} {here} at a table that {said}")
        });
        let kept = scripted || poker::shuffle::commitment(&seed) == start.commitment;
        self.check(kept, Rule::Deal, || format!("hand {no}: the commitment is not the seed's"));
        self.check(start.stacks.len() >= 2, Rule::Deal, || format!("hand {no} has no two players"));
        for stack in &start.stacks {
            self.check_stack(stack);
            let playing = !stack.chips.is_zero();
            self.check(playing, Rule::Deal, || format!("seat {} is dealt in without chips", stack.seat));
        }
        self.last_hand = no;
        self.hand = Some(Hand {
            no: start.hand,
            seed,
            pot: Chips::ZERO,
            dealt: start.stacks.iter().map(|stack| (stack.seat, Vec::new())).collect(),
            cards: BTreeSet::new(),
        });
    }

    fn check_stack(&mut self, stack: &Stack) {
        let known = self.seats.get(&stack.seat).map(|seat| (seat.player, seat.stack));
        let no = stack.seat;
        match known {
            Some((player, chips)) => {
                self.check(player == stack.player, Rule::Seats, || {
                    format!("seat {no} is player {player}'s, not player {}'s", stack.player)
                });
                self.check(chips == stack.chips, Rule::Chips, || {
                    format!("seat {no} has {chips} chips, not {}", stack.chips)
                });
            }
            None => self.wrong(Rule::Seats, format!("nobody sits in seat {no}")),
        }
    }

    fn in_hand(&mut self, event: &HandEvent) {
        let Some(mut hand) = self.hand.take() else {
            return self.wrong(Rule::Deal, format!("no hand is played: {event:?}"));
        };
        match event {
            HandEvent::Posted { seat, amount, .. } => self.put_in(&mut hand, *seat, *amount),
            HandEvent::Acted { seat, action, added, stack } => {
                self.put_in(&mut hand, *seat, *added);
                let left = self.seats.get(seat).map(|seat| seat.stack);
                self.check(left == Some(*stack), Rule::Chips, || {
                    format!("seat {seat} is said to have {stack} left, not {left:?}")
                });
                if *action == Action::Fold {
                    // In draw games they may be dealt again, as what is thrown away.
                    let folded = hand.dealt.get(seat);
                    hand.cards.retain(|card| folded.is_none_or(|folded| !folded.contains(card)));
                }
                if let Action::Discard(cards) = action {
                    // They may come back when the deck runs out and is made anew of what was thrown away.
                    hand.cards.retain(|card| !cards.contains(card));
                    let held = hand.dealt.get_mut(seat);
                    let all = held.is_some_and(|held| {
                        let before = held.len();
                        held.retain(|card| !cards.contains(card));
                        before - held.len() == cards.len()
                    });
                    self.check(all, Rule::Deal, || format!("seat {seat} throws cards away it has not"));
                }
            }
            HandEvent::Returned { seat, amount } | HandEvent::Awarded { seat, amount, .. } => {
                match hand.pot.checked_minus(*amount) {
                    Some(rest) => hand.pot = rest,
                    None => self.wrong(Rule::Chips, format!("{amount} from a pot of {}", hand.pot)),
                }
                self.at(*seat, |_, seat| seat.stack = seat.stack.plus(*amount));
            }
            HandEvent::Dealt { seat, down, up } => {
                self.deal(&mut hand, down.iter().chain(up));
                match hand.dealt.get_mut(seat) {
                    Some(held) => held.extend(down.iter().chain(up)),
                    None => self.wrong(Rule::Deal, format!("seat {seat} gets cards and is not in the hand")),
                }
            }
            HandEvent::Board { cards, .. } => self.deal(&mut hand, cards.iter()),
            HandEvent::Shown { seat, cards, .. } => {
                let held = hand.dealt.get(seat);
                let own = held.is_some_and(|held| cards.iter().all(|card| held.contains(card)));
                self.check(own, Rule::Deal, || format!("seat {seat} shows cards that it was not dealt"));
            }
            HandEvent::Mucked { .. } => {}
        }
        self.hand = Some(hand);
    }

    fn put_in(&mut self, hand: &mut Hand, no: SeatNo, amount: Chips) {
        hand.pot = hand.pot.plus(amount);
        let dealt_in = hand.dealt.contains_key(&no);
        self.check(dealt_in, Rule::Deal, || format!("seat {no} is not in the hand"));
        self.at(no, |books, seat| match seat.stack.checked_minus(amount) {
            Some(rest) => seat.stack = rest,
            None => books.wrong(Rule::Chips, format!("seat {no} has {} and puts in {amount}", seat.stack)),
        });
    }

    fn deal<'a>(&mut self, hand: &mut Hand, cards: impl Iterator<Item = &'a Card>) {
        for card in cards {
            let new = hand.cards.insert(*card);
            self.check(new, Rule::Deal, || format!("{card} is dealt twice in hand {}", hand.no));
        }
    }

    fn hand_ended(&mut self, no: HandNo, stacks: &[Stack], seed: Seed) {
        let Some(hand) = self.hand.take() else {
            return self.wrong(Rule::Deal, format!("hand {no} ends and has not begun"));
        };
        self.check(hand.no == no, Rule::Deal, || format!("hand {no} ends, hand {} was played", hand.no));
        self.check(hand.seed == seed, Rule::Deal, || format!("hand {no}: another seed is revealed"));
        self.check(hand.pot.is_zero(), Rule::Chips, || {
            format!("hand {no} ends with {} chips in the pot", hand.pot)
        });
        let dealt: Vec<SeatNo> = hand.dealt.keys().copied().collect();
        let ended: Vec<SeatNo> = stacks.iter().map(|stack| stack.seat).collect();
        self.check(dealt == ended, Rule::Seats, || {
            format!("hand {no}: seats {dealt:?} were dealt in, {ended:?} are listed at the end")
        });
        stacks.iter().for_each(|stack| self.check_stack(stack));
    }
}

#[cfg(test)]
mod tests;
