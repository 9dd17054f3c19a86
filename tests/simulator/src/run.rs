//! One run: a storm of faults, then a calm in which all play and all commands have to end.

use crate::{
    checks::Violation, faults::Fault, fleet::Fleet, mistake::Mistake, ops::Target, setting::Setting,
};
use poker::hosted::{OwnerOptions, TableOrder};
use std::{collections::BTreeMap, hash::Hasher};
use testkit::check::{Answer, ClientLog, Kind, Story};
use wire::{sender::Sender, table::TableCommand};

/// Shortest and longest storm, in milliseconds.
const STORM_MS: (u64, u64) = (30_000, 150_000);
/// Time from the storm's end until cash tables are closed, in milliseconds.
const CLOSING_MS: u64 = 15_000;
/// Time from the storm's end until all tables and tournaments must have ended, in milliseconds.
const PATIENCE_MS: u64 = 600_000;
/// Most steps of a run: far more than a run takes that ends.
const MOST_STEPS: u64 = 20_000_000;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Events handled.
    pub steps: u64,
    /// A hash of all events, records and answers: equal for equal runs.
    pub hash: u64,
    /// Records stored.
    pub records: u64,
    /// Hands played to their end.
    pub hands: u64,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<Fault, u64>,
    /// The violations found.
    pub violations: Vec<Violation>,
    /// The latest events, when a trace was wanted and a violation was found.
    pub trace: Vec<String>,
}

/// Simulates one run. `mistake` is planted; `traced` says whether a trace is wanted.
#[must_use]
pub fn run(seed: u64, mistake: Option<Mistake>, traced: bool) -> Outcome {
    let mut fleet = Fleet::new(seed, mistake, traced);
    let setting = fleet.set();
    let storm_ms = fleet.shared.chance.between(STORM_MS.0, STORM_MS.1);
    let mut closing = false;
    let mut looked_ms = 0;
    while fleet.checks.found.is_empty() && fleet.steps < MOST_STEPS {
        fleet.step();
        let now_ms = fleet.shared.now_ms;
        fleet.shared.faults.calm = now_ms >= storm_ms;
        if now_ms >= storm_ms + CLOSING_MS && !closing {
            closing = true;
            close(&mut fleet, &setting);
        }
        if closing && now_ms >= looked_ms + 1_000 {
            looked_ms = now_ms;
            let left = left(&fleet, &setting);
            if left.is_empty() {
                end(&mut fleet, &setting);
                break;
            }
            if now_ms >= storm_ms + PATIENCE_MS {
                left.into_iter().for_each(|what| fleet.checks.wrong("stuck", what));
            }
        }
    }
    fleet.outcome(seed)
}

/// Stops the clients and closes the cash tables.
fn close(fleet: &mut Fleet, setting: &Setting) {
    fleet.clients.iter_mut().for_each(|client| client.quiet = true);
    fleet.rude.clear();
    let now_ms = fleet.shared.now_ms;
    for table in &setting.tables {
        let (command, options) = (TableCommand::Close, OwnerOptions::default());
        let order = TableOrder::Asked { command, sender: Sender::Admin, options };
        fleet.ops.plan(now_ms, None, Kind::Wish, Target::Table(*table, order));
    }
}

/// Returns descriptions of all that has not ended yet.
fn left(fleet: &Fleet, setting: &Setting) -> Vec<String> {
    let mut left = Vec::new();
    let waiting = fleet.clients.iter().filter(|client| client.waits_since_ms().is_some());
    left.extend(waiting.map(|client| {
        let since_ms = client.waits_since_ms().unwrap_or(0);
        format!("a command of player {} has had no answer since {since_ms} ms", client.player)
    }));
    let unanswered = fleet.ops.unanswered();
    if unanswered > 0 {
        left.push(format!("{unanswered} commands of the administrator and of entrants have no answer"));
    }
    let open =
        |table: &&wire::TableId| !fleet.checks.stories.get(table).is_some_and(|story: &Story| story.closed);
    left.extend(setting.tables.iter().filter(open).map(|table| format!("table {table} does not close")));
    let over = &fleet.checks.over;
    let going = setting.tournaments.iter().filter(|id| !over.contains(id));
    left.extend(going.map(|id| format!("tournament {id} does not end")));
    let ledger = fleet.cashier.audit();
    let money = ledger.tables.iter().filter(|table| table.amount != 0);
    let pools = ledger.tournaments.iter().filter(|pool| pool.amount != 0);
    // If all tables and tournaments have ended, the rest of the money may be on its way or lost:
    // the checkers of money find out.
    if !left.is_empty() || (fleet.are_effects_due() && money.count() + pools.count() > 0) {
        left.push("money is on its way".to_owned());
    }
    left
}

fn end(fleet: &mut Fleet, setting: &Setting) {
    let mut logs: Vec<ClientLog> = std::mem::take(&mut fleet.ended);
    logs.extend(fleet.clients.iter().map(crate::client::Client::log));
    fleet.checks.end(&logs, &fleet.cashier, &setting.credits);
    for op in &fleet.ops.all {
        let Target::Tournament(id, _) = op.target else { continue };
        let known = fleet.checks.causes.get(&(id, op.cause.player, op.cause.id.0)).copied().unwrap_or(0);
        let command = format!("tournament {id}: command {} of {:?}", op.cause.id, op.kind);
        match (op.answer, op.kind, known) {
            (_, _, 2..) => fleet.checks.wrong("doubled", format!("{command} was carried out {known} times")),
            (Answer::Done, Kind::Change | Kind::Paid, 0) => {
                fleet.checks.wrong("lost", format!("{command} was acknowledged and is in no journal"));
            }
            (Answer::Refused, Kind::Change | Kind::Wish, 1) => {
                fleet.checks.wrong("undenied", format!("{command} was refused and carried out"));
            }
            _ => {}
        }
    }
}

impl Fleet {
    /// Returns whether an effect is due, by the state in the owners' memory.
    fn are_effects_due(&self) -> bool {
        let tables = self.tables.processes.iter().flat_map(|process| process.held());
        let mut tables = tables.flat_map(|(_, core)| core.ids().filter_map(|id| core.get(id)));
        let tournaments = self.tournaments.processes.iter().flat_map(|process| process.held());
        let mut tournaments = tournaments.flat_map(|(_, core)| core.ids().filter_map(|id| core.get(id)));
        tables.any(|table| !table.table().effects().is_empty())
            || tournaments.any(|tournament| tournament.tournament().effects().next().is_some())
    }

    fn outcome(mut self, seed: u64) -> Outcome {
        let failed = !self.checks.found.is_empty();
        Outcome {
            seed,
            steps: self.steps,
            hash: self.hash.finish(),
            records: self.checks.records(),
            hands: self.checks.hands(),
            faults: std::mem::take(&mut self.shared.faults.counts),
            trace: if failed { self.shared.trace.take() } else { Vec::new() },
            violations: self.checks.found,
        }
    }
}
