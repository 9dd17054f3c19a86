//! A table's journal, reduced to the parts that the checks need.

use super::{Fault, Finding, log::sum, seating::Seating};
use poker::{
    hosted::MAX_BETWEEN,
    table::{self, TableRecord},
};
use std::collections::{BTreeMap, HashMap};
use wire::{
    Card, Epoch, HandNo, PlayerId, SeatNo, TableId,
    event::{HandEvent, TableEvent},
    journal::Cause,
};

/// A table by its journal; its records are added in order.
#[derive(Debug)]
pub struct Story {
    /// The table.
    pub table: TableId,
    /// Public events, number 1 first.
    pub(super) events: Vec<StoredEvent>,
    /// Commands that were carried out, with the number of times.
    pub(super) causes: HashMap<Cause, u32>,
    /// Hidden and open cards that each player was dealt.
    pub(super) dealt: HashMap<(HandNo, PlayerId), Vec<Card>>,
    /// The hands.
    pub(super) hands: BTreeMap<HandNo, HandSpan>,
    /// Turns that the clock ended.
    pub(super) timeouts: Vec<TimedOut>,
    /// Change of the players' balances by this table.
    pub(super) flows: HashMap<PlayerId, i64>,
    /// For each record, the time when it was stored, and its epoch.
    records: Vec<(u64, Epoch)>,
    /// Whether the table is closed.
    pub closed: bool,
    seating: Seating,
    turn: Option<Turn>,
    hand: Option<HandNo>,
    shown: bool,
    cash: bool,
    /// Each player's last numbered chat line.
    said: HashMap<PlayerId, u64>,
    /// Number of numbered chat lines.
    lines: u64,
    findings: Vec<Finding>,
}

/// A public event as it was stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredEvent {
    pub(super) sum: u64,
    pub(super) stored_ms: u64,
    pub(super) sequence: u64,
    /// The table's records up to the one with the event.
    pub(super) records: usize,
}

/// Where a hand lies in the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct HandSpan {
    /// The number of its first event.
    pub(super) began: u64,
    /// When that was stored, in milliseconds since 1970.
    pub(super) stored_ms: u64,
    /// The table's records up to its end.
    pub(super) ended: Option<usize>,
}

/// A turn that the clock ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedOut {
    pub(super) began_ms: u64,
    /// The time that the player was given, in milliseconds.
    pub(super) given_ms: u64,
    pub(super) deadline_ms: u64,
    pub(super) at_ms: u64,
    pub(super) seat: SeatNo,
    pub(super) sequence: u64,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    seat: SeatNo,
    began_ms: u64,
    given_ms: u64,
    deadline_ms: u64,
}

impl Story {
    /// Makes the empty story of a table.
    #[must_use]
    pub fn new(table: TableId) -> Self {
        Self {
            table,
            events: Vec::new(),
            causes: HashMap::new(),
            dealt: HashMap::new(),
            hands: BTreeMap::new(),
            timeouts: Vec::new(),
            flows: HashMap::new(),
            records: Vec::new(),
            closed: false,
            seating: Seating::default(),
            turn: None,
            hand: None,
            shown: false,
            cash: false,
            said: HashMap::new(),
            lines: 0,
            findings: Vec::new(),
        }
    }

    /// Adds the next record. `stored_ms` is the time when the server stored it, in milliseconds
    /// since 1970.
    pub fn record(&mut self, sequence: u64, stored_ms: u64, record: &TableRecord) {
        if let Some(&(_, before)) = self.records.last()
            && record.epoch < before
        {
            let what =
                format!("written by an owner that had been replaced: epoch {} after {before}", record.epoch);
            self.found(Fault::Journal, sequence, what);
        }
        self.records.push((stored_ms, record.epoch));
        if let Some(cause) = record.cause {
            *self.causes.entry(cause).or_default() += 1;
        }
        for event in &record.events {
            if let Some(public) = table::public(event) {
                let records = self.records.len();
                self.events.push(StoredEvent { sum: sum(&public), stored_ms, sequence, records });
            }
            for (fault, what) in self.seating.enter(event) {
                self.found(fault, sequence, what);
            }
            self.event(event, sequence, stored_ms, record.at_ms);
        }
    }

    /// Returns the faults that the journal shows by itself.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the number of public events.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.events.len() as u64
    }

    /// Returns the number of hands that began.
    #[must_use]
    pub fn hands(&self) -> usize {
        self.hands.len()
    }

    /// Returns the number of numbered chat lines.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the number of the first event of the hand that was running when a viewer saw event
    /// `number` as the last one, or had ended so recently that the table still remembered it.
    pub(super) fn remembered_hand(&self, number: u64) -> Option<u64> {
        let hand = self.hands.values().take_while(|hand| hand.began <= number).last()?;
        // Records without public events may have followed before the viewer looked.
        let next = usize::try_from(number).ok().and_then(|at| self.events.get(at));
        let records = next.map_or(self.records.len() + 1, |next| next.records);
        let is_forgotten = hand.ended.is_some_and(|ended| records > ended + MAX_BETWEEN as usize);
        (!is_forgotten).then_some(hand.began)
    }

    /// Returns when the first record of another owner was stored after `since_ms`, in milliseconds
    /// since 1970.
    #[must_use]
    pub fn taken_over_ms(&self, since_ms: u64) -> Option<u64> {
        let next = self.records.partition_point(|&(at_ms, _)| at_ms < since_ms);
        let before = self.records.get(next.checked_sub(1)?)?.1;
        let after = self.records.get(next..)?;
        after.iter().find(|&&(_, epoch)| epoch > before).map(|&(at_ms, _)| at_ms)
    }

    /// Returns when the last record was stored, in milliseconds since 1970.
    #[must_use]
    pub fn last_ms(&self) -> u64 {
        self.records.last().map_or(0, |&(at_ms, _)| at_ms)
    }

    /// Returns how often a command was carried out.
    #[must_use]
    pub fn carried_out(&self, cause: Cause) -> u32 {
        self.causes.get(&cause).copied().unwrap_or(0)
    }

    fn found(&mut self, fault: Fault, sequence: u64, what: String) {
        let (table, sequence) = (Some(self.table), Some(sequence));
        self.findings.push(Finding { fault, table, sequence, player: None, what });
    }

    fn event(&mut self, event: &TableEvent, sequence: u64, stored_ms: u64, at_ms: u64) {
        match event {
            TableEvent::Created { config } => {
                self.cash = matches!(config.purpose, wire::table::Purpose::Cash { .. });
            }
            TableEvent::Seated { player, stack, .. } => self.flow(*player, stack.0, -1),
            TableEvent::ToppedUp { seat, amount } => {
                if let Some(player) = self.seating.player(*seat) {
                    self.flow(player, amount.0, -1);
                }
            }
            TableEvent::Unseated { player, cash_out, .. } => self.flow(*player, cash_out.0, 1),
            TableEvent::Said { player, text, .. } => self.said(*player, text, sequence),
            TableEvent::HandStarted { start, .. } => {
                let span = HandSpan { began: self.last_event(), stored_ms, ended: None };
                self.hands.insert(start.hand, span);
                self.hand = Some(start.hand);
                self.shown = false;
            }
            TableEvent::Hand(event) => self.in_hand(event, sequence),
            TableEvent::Turn { seat, deadline_ms, .. } => {
                let given_ms = deadline_ms.saturating_sub(at_ms);
                self.turn = Some(Turn { seat: *seat, began_ms: at_ms, given_ms, deadline_ms: *deadline_ms });
            }
            TableEvent::ClockExtended { deadline_ms } => {
                if let Some(turn) = &mut self.turn {
                    turn.deadline_ms = *deadline_ms;
                }
            }
            // The actor's time is shorter after a lost connection, and full again after a
            // reconnect.
            TableEvent::Disconnected { seat, deadline_ms: Some(deadline_ms), .. }
            | TableEvent::Reconnected { seat, deadline_ms: Some(deadline_ms) } => {
                if let Some(turn) = self.turn.as_mut().filter(|turn| turn.seat == *seat) {
                    turn.deadline_ms = *deadline_ms;
                    turn.given_ms = deadline_ms.saturating_sub(turn.began_ms);
                }
            }
            TableEvent::LeaveAsked { seat } | TableEvent::GoneTooLong { seat } => {
                // The clock of a player who has left does not matter.
                self.turn = self.turn.filter(|turn| turn.seat != *seat);
            }
            TableEvent::TimedOut { seat } => {
                if let Some(Turn { seat: turn, began_ms, given_ms, deadline_ms }) = self.turn.take()
                    && turn == *seat
                    && given_ms > 0
                {
                    let seat = *seat;
                    let timed_out = TimedOut { began_ms, given_ms, deadline_ms, at_ms, seat, sequence };
                    self.timeouts.push(timed_out);
                }
            }
            TableEvent::HandEnded { .. } => {
                if let Some(span) = self.hand.and_then(|hand| self.hands.get_mut(&hand)) {
                    span.ended = Some(self.records.len());
                }
                (self.hand, self.turn) = (None, None);
            }
            TableEvent::Closed => self.closed = true,
            _ => {}
        }
    }

    /// Checks that a player's numbered chat lines rise.
    fn said(&mut self, player: PlayerId, text: &str, sequence: u64) {
        let Ok(number) = text.parse() else {
            return;
        };
        self.lines += 1;
        if let Some(last) = self.said.insert(player, number).filter(|last| *last >= number) {
            let what = format!("player {player} said {number} after {last}");
            self.found(Fault::Order, sequence, what);
        }
    }

    fn in_hand(&mut self, event: &HandEvent, sequence: u64) {
        match event {
            HandEvent::Dealt { seat, down, up } => {
                if let (Some(hand), Some(player)) = (self.hand, self.seating.player(*seat)) {
                    self.dealt.entry((hand, player)).or_default().extend(down.iter().chain(up));
                }
            }
            HandEvent::Acted { seat, .. } => {
                if self.shown {
                    let what = format!("seat {seat} acts after cards were tabled");
                    self.found(Fault::Leak, sequence, what);
                }
                self.turn = None;
            }
            HandEvent::Shown { .. } => self.shown = true,
            _ => {}
        }
    }

    fn flow(&mut self, player: PlayerId, amount: u64, sign: i64) {
        if self.cash {
            *self.flows.entry(player).or_default() += sign * i64::try_from(amount).unwrap_or(i64::MAX);
        }
    }
}
