//! The state that the parts of the model share while one event is handled.

use crate::{
    chance::Chance,
    faults::{Fault, Faults},
    message::{Input, Kind, Outside, PoolEvent, Request, Token},
    mistake::Mistake,
    server::Member,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wire::journal::Cause;

/// Most events before a violation that are reported.
const TOLD: usize = 60;

/// The latest events, when a trace is wanted.
#[derive(Default)]
pub(crate) struct Trace {
    lines: Option<VecDeque<String>>,
    at_ms: u64,
}

impl Trace {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { lines: wanted.then(VecDeque::new), at_ms: 0 }
    }

    pub(crate) fn at(&mut self, now_ms: u64) {
        self.at_ms = now_ms;
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let Some(lines) = &mut self.lines else { return };
        if lines.len() == TOLD {
            lines.pop_front();
        }
        lines.push_back(format!("{:>9} ms  {}", self.at_ms, line()));
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        self.lines.take().map(Vec::from).unwrap_or_default()
    }
}

/// The state of the planted mistakes.
pub(crate) struct Planted<A: Kind> {
    pub(crate) mistake: Option<Mistake>,
    /// How often each command has come.
    pub(crate) heard: BTreeMap<(Option<u64>, u64), u64>,
    /// Commands whose records are under way.
    pub(crate) asked: Vec<(Cause, A::Id, Token)>,
    /// Commands that are never answered.
    pub(crate) dropped: BTreeSet<(Option<u64>, u64)>,
}

/// The shared state, borrowed while one event is handled.
pub(crate) struct Context<'a, A: Kind> {
    pub(crate) now_ms: u64,
    pub(crate) chance: &'a mut Chance,
    pub(crate) faults: &'a mut Faults,
    pub(crate) trace: &'a mut Trace,
    pub(crate) planned: &'a mut Vec<(u64, PoolEvent<A>)>,
    pub(crate) outside: &'a mut Vec<Outside<A>>,
    pub(crate) planted: &'a mut Planted<A>,
    /// The last number given; each number is given once.
    pub(crate) serial: &'a mut u64,
    /// The newest sequence of the journals' stream.
    pub(crate) newest: u64,
    pub(crate) server_is_up: bool,
}

impl<A: Kind> Context<'_, A> {
    pub(crate) fn next(&mut self) -> u64 {
        *self.serial += 1;
        *self.serial
    }

    /// Returns how long a message takes, in milliseconds; `None` when it is lost.
    pub(crate) fn travel_ms(&mut self) -> Option<u64> {
        if !self.server_is_up || self.faults.strike(Fault::MessageLost, self.chance) {
            return None;
        }
        let late = self.faults.strike(Fault::MessageLate, self.chance);
        Some(if late { self.chance.between(20, 1_500) } else { self.chance.between(1, 3) })
    }

    /// Sends a request to the server; the connection is known to be up.
    pub(crate) fn request(&mut self, request: Request<A>) {
        let Some(mut travel_ms) = self.travel_ms() else { return };
        if matches!(request, Request::Append { .. }) {
            if self.faults.strike(Fault::AppendLost, self.chance) {
                return;
            }
            if self.faults.strike(Fault::AppendLate, self.chance) {
                travel_ms = self.chance.between(1_000, 8_000);
            }
        }
        self.planned.push((self.now_ms + travel_ms, PoolEvent::Server(request)));
    }

    /// Sends an input over the network to a process.
    pub(crate) fn send(&mut self, to: Member, input: Input<A>) {
        if let Some(travel_ms) = self.travel_ms() {
            self.deliver(to, travel_ms, input);
        }
    }

    /// Gives an input to a process after a time, in milliseconds.
    pub(crate) fn deliver(&mut self, to: Member, after_ms: u64, input: Input<A>) {
        let Member { process, incarnation } = to;
        let event = PoolEvent::Process { process, incarnation, input };
        self.planned.push((self.now_ms + after_ms, event));
    }
}
