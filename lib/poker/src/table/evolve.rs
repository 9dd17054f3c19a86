//! The application of events. It cannot fail and makes no decisions.

use super::{
    Answer, Awaited, Blinds, CashOut, Committed, FinishedHand, Playing, Seat, Stamp, Table, TableRecord,
    start::new_hand, view,
};
use wire::{
    Chips, PlayerId, Refusal, SeatNo,
    deal::Octets,
    event::{HandEvent, HandStart, Seed, Stack, TableEvent},
    journal::Cause,
    script::Script,
    tournament::{HandResult, Instruction, Then},
};

/// Of records that do not say why the cashier refused chips: only bots were refused then.
const UNSAID: Refusal = Refusal::Banned;

/// Returns whether an event takes the next number of a posting.
pub(super) const fn has_posting(event: &TableEvent) -> bool {
    matches!(
        event,
        TableEvent::SeatReserved { .. }
            | TableEvent::TopUpAsked { .. }
            | TableEvent::Unseated { posting: Some(_), .. }
    )
}

impl Table {
    /// Applies a record: its events, and the memory of the command that caused it.
    pub fn apply(&mut self, record: &TableRecord) {
        let TableRecord { epoch, at_ms, resumed, .. } = *record;
        let known = self.stamp.filter(|stamp| stamp.epoch == epoch && !resumed);
        self.memory.pass(known.map_or(0, |stamp| at_ms.saturating_sub(stamp.at_ms)));
        self.apply_events(record.cause, &record.events, at_ms);
        self.stamp = self.memory.counts_time().then_some(Stamp { epoch, at_ms });
    }

    /// Applies the events of one record, written at `at_ms`.
    pub fn apply_events(&mut self, cause: Option<Cause>, events: &[TableEvent], at_ms: u64) {
        for event in events {
            self.evolve(event, at_ms);
        }
        // Gateways may send these commands any number of times: no answer needs to be remembered.
        let told = |event: &TableEvent| {
            matches!(event, TableEvent::Heard { connection: Some(_), .. } | TableEvent::Disconnected { .. })
        };
        if let Some(cause) = cause.filter(|_| !events.first().is_some_and(told)) {
            let event_no = self.event_no;
            let answer = match events.first() {
                Some(TableEvent::SeatReserved { seat, .. }) if cause.player.is_some() => {
                    Answer::Seat { seat: *seat, event_no, paid: false }
                }
                Some(TableEvent::TopUpAsked { .. }) => Answer::AwaitsChips,
                Some(_) | None => Answer::Done(event_no),
            };
            let guest = cause.player.is_some_and(|player| self.seat_of(player).is_none());
            self.memory.remember(cause, answer, at_ms, guest);
        }
    }

    fn evolve(&mut self, event: &TableEvent, at_ms: u64) {
        self.event_no += u64::from(view::is_public(event));
        self.postings += u64::from(has_posting(event));
        let full_ms = u64::from(self.config.action_ms);
        match event {
            TableEvent::Created { .. } | TableEvent::Said { .. } | TableEvent::SnapshotRenewed => {}
            TableEvent::Heard { seat, connection } => self.heard(*seat, connection.as_ref()),
            TableEvent::Disconnected { seat, deadline_ms, .. } => {
                self.disconnected(*seat, *deadline_ms, at_ms);
            }
            TableEvent::Reconnected { deadline_ms, .. } => self.move_deadline(*deadline_ms),
            TableEvent::GoneTooLong { seat } => self.is_over(*seat),
            TableEvent::AbsenceExtended { seat, until_ms } => self.absence_extended(*seat, *until_ms),
            TableEvent::SeatReserved { seat, player, name, bot, buy_in, posting } => {
                let awaited = Some(Awaited { posting: posting.clone(), amount: *buy_in });
                self.put(
                    *seat,
                    Seat { awaited, reserved: true, buy_in: *buy_in, ..Seat::new(*player, name, *bot) },
                );
            }
            TableEvent::BuyInRefused { seat, refusal } => {
                if let Some(seat) = self.remove(*seat) {
                    self.memory.settle(seat.player, self.event_no, Some(refusal));
                    self.memory.left(seat.player, seat.bot, at_ms);
                }
            }
            TableEvent::Seated { seat, player, name, bot, stack } => {
                let held = self.seat(*seat).filter(|seat| seat.player == *player);
                let leaving = held.is_some_and(|seat| seat.leaving);
                let connection = held.and_then(|seat| seat.connection.clone());
                let (stack, buy_in, new) = (*stack, *stack, Seat::new(*player, name, *bot));
                self.put(*seat, Seat { stack, buy_in, leaving, connection, ..new });
                self.memory.settle(*player, self.event_no, None);
            }
            TableEvent::TopUpAsked { seat, amount, posting } => self.change(*seat, |seat| {
                seat.awaited = Some(Awaited { posting: posting.clone(), amount: *amount });
            }),
            TableEvent::ToppedUp { seat, amount } => {
                self.change(*seat, |seat| seat.stack = seat.stack.plus(*amount));
                self.chips_answered(*seat, None);
            }
            TableEvent::TopUpRefused { seat, refusal } => {
                // Without chips a bot would ask again and again: it leaves instead.
                self.change(*seat, |seat| seat.leaving |= seat.bot);
                self.chips_answered(*seat, Some(refusal.as_ref().unwrap_or(&UNSAID)));
            }
            TableEvent::SatOut { seat } => self.change(*seat, |seat| {
                seat.out_by_clock = seat.away;
                seat.sitting_out = true;
            }),
            TableEvent::SatIn { seat } => self.change(*seat, |seat| {
                seat.sitting_out = false;
                seat.away = false;
                seat.out_by_clock = false;
            }),
            TableEvent::LeaveAsked { seat } => self.leave_asked(*seat),
            TableEvent::Unseated { seat, player, cash_out, posting, .. } => {
                let bot = self.remove(*seat).is_some_and(|seat| seat.bot);
                self.memory.left(*player, bot, at_ms);
                if let Some(posting) = posting {
                    let posting = posting.clone();
                    self.cash_outs.push(CashOut { posting, player: *player, amount: *cash_out });
                }
            }
            TableEvent::CashedOut { posting } => self.cash_outs.retain(|c| c.posting != *posting),
            TableEvent::HandStarted { start, seed, script, next_seed } => {
                self.hand_started(start, *seed, script.as_deref());
                self.committed = committed(start, *next_seed);
                self.seats.iter_mut().flatten().for_each(|seat| seat.mix = None);
            }
            TableEvent::Contributed { seat, mix } => self.change(*seat, |seat| seat.mix = Some(*mix)),
            TableEvent::Hand(event) => self.hand_event(event),
            TableEvent::Turn { turn, deadline_ms, .. } => {
                if let Some(playing) = &mut self.playing {
                    (playing.turn, playing.deadline_ms) = (*turn, *deadline_ms);
                    playing.turn_began_ms = at_ms;
                    playing.full_deadline_ms = at_ms + full_ms;
                }
            }
            TableEvent::TimedOut { seat } => self.timed_out(*seat, at_ms),
            TableEvent::ClockExtended { deadline_ms } => {
                if let Some(playing) = &mut self.playing {
                    playing.deadline_ms = *deadline_ms;
                    // A turn that has not begun yet was started by a clock that was ahead.
                    playing.turn_began_ms = playing.turn_began_ms.min(at_ms);
                    playing.full_deadline_ms = (*deadline_ms).max(at_ms + full_ms);
                }
            }
            TableEvent::HandEnded { stacks, next_hand_ms, .. } => self.hand_ended(stacks, *next_hand_ms),
            TableEvent::Instructed { instruction, next_hand_ms } => {
                self.instructed(instruction, *next_hand_ms);
            }
            TableEvent::CloseAsked => self.closing = true,
            TableEvent::Closed => self.closed = true,
        }
    }

    /// Applies the cashier's answer to a top-up.
    fn chips_answered(&mut self, no: SeatNo, refusal: Option<&Refusal>) {
        let event_no = self.event_no;
        if let Some(seat) = self.seats.get_mut(usize::from(no)).and_then(Option::as_mut) {
            seat.awaited = None;
            self.memory.settle(seat.player, event_no, refusal);
        }
    }

    fn put(&mut self, no: SeatNo, seat: Seat) {
        if let Some(place) = self.seats.get_mut(usize::from(no)) {
            *place = Some(seat);
        }
    }

    fn remove(&mut self, no: SeatNo) -> Option<Seat> {
        self.seats.get_mut(usize::from(no)).and_then(Option::take)
    }

    fn change(&mut self, no: SeatNo, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seat_mut(no) {
            change(seat);
        }
    }

    fn leave_asked(&mut self, no: SeatNo) {
        self.change(no, |seat| seat.leaving = true);
        if let Some(playing) = &mut self.playing
            && playing.hand.actor() == Some(no)
        {
            // The table does not wait for a player who has left.
            playing.deadline_ms = playing.turn_began_ms;
        }
    }

    fn hand_started(&mut self, start: &HandStart, seed: Seed, script: Option<&Script>) {
        // A dead small blind was due at the seat of the last big blind (TDA 32).
        let was = self.blinds.map_or(start.button, |last| last.big_blind);
        self.blinds = Some(Blinds {
            button: start.button,
            small_blind: start.small_blind.unwrap_or(was),
            small_blind_dead: start.small_blind.is_none(),
            big_blind: start.big_blind,
        });
        self.hand_no = start.hand;
        self.playing = new_hand(&self.config, start, &seed, script).ok().map(|hand| Playing {
            start: start.clone(),
            seed,
            hand,
            turn: 0,
            turn_began_ms: 0,
            deadline_ms: 0,
            full_deadline_ms: 0,
            actions: 0,
        });
    }

    fn hand_event(&mut self, event: &HandEvent) {
        if let Some(playing) = &mut self.playing {
            playing.hand.evolve(event);
            playing.actions += u32::from(matches!(event, HandEvent::Acted { .. }));
        }
    }

    fn hand_ended(&mut self, stacks: &[Stack], next_hand_ms: u64) {
        self.hands += 1;
        self.next_hand_ms = next_hand_ms;
        for stack in stacks {
            let waiting = self.seat(stack.seat).map_or(Chips::ZERO, |seat| self.waiting(stack.seat, seat));
            self.change(stack.seat, |seat| seat.stack = stack.chips.plus(waiting));
        }
        let ended = self.playing.take();
        if let (Some(side), Some(playing)) = (&mut self.tournament, ended) {
            let before = playing.start.stacks.iter();
            let results = before.zip(stacks).map(|(before, after)| HandResult {
                seat: before.seat,
                player: before.player,
                before: before.chips,
                after: after.chips,
            });
            side.unreported = Some(FinishedHand {
                hand: playing.start.hand,
                button: playing.start.button,
                big_blind: playing.start.big_blind,
                results: results.collect(),
                actions: playing.actions,
            });
        }
    }

    fn instructed(&mut self, instruction: &Instruction, next_hand_ms: u64) {
        self.level = instruction.level;
        self.next_hand_ms = next_hand_ms;
        if let Some(side) = &mut self.tournament {
            side.instruction = instruction.number;
            side.then = Some(instruction.then);
            side.confirm = !instruction.remove.is_empty() || instruction.then != Then::Play;
            side.unreported = None;
        }
    }
}

/// Returns the next hand's deck as a hand's start commits to it.
fn committed(start: &HandStart, next_seed: Option<Seed>) -> Option<Committed> {
    let (deal, seed) = (start.deal.as_ref()?, next_seed?);
    Some(Committed { seed, commitment: deal.next, previous: Octets(start.commitment.0) })
}

impl Seat {
    fn new(player: PlayerId, name: &str, bot: bool) -> Self {
        Self {
            player,
            name: name.to_owned(),
            bot,
            stack: Chips::ZERO,
            buy_in: Chips::ZERO,
            awaited: None,
            reserved: false,
            sitting_out: false,
            away: false,
            leaving: false,
            out_by_clock: false,
            connection: None,
            absent: None,
            mix: None,
        }
    }
}
