//! The checkers: of each record as it is stored, of each answer and message as it is sent, and of
//! the whole run at its end.

use crate::{cashier::Cashier, levels::Levels};
use audit::{Report, TableCheck, TournamentCheck, compare_tables_with_tournaments};
use host::RecordOf;
use poker::table::TableRecord;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use testkit::check::{ClientLog, Finding, Story, money, testimony};
use tournament::TournamentHost;
use wire::{
    Chips, PlayerId, TableId, TournamentId, codec,
    journal::Cause,
    table::TableReply,
    tournament::{TournamentEvent, TournamentReply},
};

/// Most violations of one run that are reported.
const MOST: usize = 20;

/// A violated invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The checker's name.
    pub checker: String,
    /// A description for people.
    pub what: String,
}

/// The checkers of one run and the violations that they found.
pub(crate) struct Checks {
    pub(crate) stories: HashMap<TableId, Story>,
    tables: BTreeMap<TableId, TableCheck>,
    tournaments: BTreeMap<TournamentId, TournamentCheck>,
    levels: BTreeMap<TournamentId, Levels>,
    /// Number of the last stored instruction to each table of a tournament.
    told: BTreeMap<TableId, u64>,
    /// How often each command of a tournament was carried out.
    pub(crate) causes: BTreeMap<(TournamentId, Option<PlayerId>, u64), u32>,
    /// Tournaments that are settled or cancelled.
    pub(crate) over: BTreeSet<TournamentId>,
    report: Report,
    pub(crate) found: Vec<Violation>,
}

/// Returns the name of a kind of fault in JSON.
fn name(of: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(of).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or("unknown").to_owned()
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self {
            stories: HashMap::new(),
            tables: BTreeMap::new(),
            tournaments: BTreeMap::new(),
            levels: BTreeMap::new(),
            told: BTreeMap::new(),
            causes: BTreeMap::new(),
            over: BTreeSet::new(),
            report: Report::default(),
            found: Vec::new(),
        }
    }

    pub(crate) fn wrong(&mut self, checker: &str, what: impl Into<String>) {
        if self.found.len() < MOST {
            self.found.push(Violation { checker: checker.to_owned(), what: what.into() });
        }
    }

    pub(crate) const fn records(&self) -> u64 {
        self.report.records
    }

    pub(crate) const fn hands(&self) -> u64 {
        self.report.hands
    }

    /// Takes the audit's new violations over.
    fn audited(&mut self) {
        for violation in std::mem::take(&mut self.report.found) {
            self.wrong(&name(&violation.rule), violation.to_string());
        }
    }

    pub(crate) fn table_stored(&mut self, id: TableId, sequence: u64, now_ms: u64, payload: &[u8]) {
        let record: TableRecord = match codec::decode(payload) {
            Ok(record) => record,
            Err(error) => return self.wrong("journal", format!("table {id}, record {sequence}: {error}")),
        };
        let check = self.tables.entry(id).or_insert_with(|| TableCheck::new(id));
        check.record(sequence, &record, &mut self.report);
        let story = self.stories.entry(id).or_insert_with(|| Story::new(id));
        let before = story.findings().len();
        story.record(sequence, now_ms, &record);
        let found: Vec<Finding> = story.findings().iter().skip(before).cloned().collect();
        self.findings(found);
        self.audited();
    }

    pub(crate) fn tournament_stored(&mut self, id: TournamentId, sequence: u64, now_ms: u64, payload: &[u8]) {
        let record: RecordOf<TournamentHost> = match codec::decode(payload) {
            Ok(record) => record,
            Err(error) => {
                return self.wrong("journal", format!("tournament {id}, record {sequence}: {error}"));
            }
        };
        if let Some(Cause { player, id: command }) = record.cause {
            *self.causes.entry((id, player, command.0)).or_default() += 1;
        }
        for event in &record.events {
            match event {
                TournamentEvent::Instructed { table, instruction } => {
                    self.told.insert(*table, instruction.number);
                }
                TournamentEvent::Settled | TournamentEvent::Cancelled => {
                    self.over.insert(id);
                }
                _ => {}
            }
        }
        let levels = self.levels.entry(id).or_default();
        let found: Vec<String> =
            record.events.iter().filter_map(|event| levels.event(event, now_ms)).collect();
        found.into_iter().for_each(|what| self.wrong("level", format!("tournament {id}: {what}")));
        let check = self.tournaments.entry(id).or_insert_with(|| TournamentCheck::new(id));
        check.record(sequence, &record, &mut self.report);
        self.audited();
    }

    fn findings(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.wrong(&name(&finding.fault), finding.to_string());
        }
    }

    fn last_event(&self, table: TableId) -> u64 {
        self.stories.get(&table).map_or(0, Story::last_event)
    }

    /// Checks that news are sent only after their record is stored.
    pub(crate) fn table_told(&mut self, table: TableId, last: u64) {
        let stored = self.last_event(table);
        if last > stored {
            self.wrong(
                "early",
                format!("table {table} sends event {last}, but the last stored event is {stored}"),
            );
        }
    }

    /// Checks that an answer is sent only after its record is stored.
    pub(crate) fn table_replied(&mut self, table: TableId, reply: &TableReply) {
        let last = match reply {
            TableReply::Done { event_no } | TableReply::Seat { event_no, .. } => *event_no,
            TableReply::Resync(resync) => resync.view.event_no,
            TableReply::Refused(_) => return,
        };
        self.table_told(table, last);
    }

    /// Checks that an instruction is sent only after its record is stored.
    pub(crate) fn tournament_replied(&mut self, table: Option<TableId>, reply: &TournamentReply) {
        let (Some(table), TournamentReply::Instruction(instruction)) = (table, reply) else { return };
        let (number, stored) = (instruction.number, self.told.get(&table).copied().unwrap_or(0));
        if number > stored {
            self.wrong(
                "early",
                format!(
                    "table {table} gets instruction {number}, but the last stored instruction is {stored}"
                ),
            );
        }
    }

    /// Runs the checks that need a complete run.
    pub(crate) fn end(&mut self, logs: &[ClientLog], cashier: &Cashier, credits: &BTreeMap<PlayerId, i64>) {
        let found: Vec<Finding> = logs.iter().flat_map(|log| testimony(log, &self.stories)).collect();
        self.findings(found);
        let ledger = cashier.audit();
        for (player, credited) in credits {
            let balances = HashMap::from([(*player, (cashier.balance(*player), Chips::ZERO))]);
            let one = wire::cashier::Audit {
                sum: 0,
                unbalanced: Vec::new(),
                tables: Vec::new(),
                tournaments: Vec::new(),
            };
            let found = money(self.stories.values(), &one, &balances, *credited);
            self.findings(found);
        }
        let found = money(self.stories.values(), &ledger, &HashMap::new(), 0);
        self.findings(found);
        for pool in ledger.tournaments.iter().filter(|pool| pool.amount != 0) {
            self.wrong(
                "chips",
                format!("{} is left in the pool of tournament {}", pool.amount, pool.tournament),
            );
        }
        let tables: Vec<_> =
            std::mem::take(&mut self.tables).into_values().map(TableCheck::outcome).collect();
        let tournaments: Vec<_> =
            std::mem::take(&mut self.tournaments).into_values().map(TournamentCheck::outcome).collect();
        compare_tables_with_tournaments(&tables, &tournaments, &HashSet::new(), &mut self.report);
        self.audited();
    }
}
