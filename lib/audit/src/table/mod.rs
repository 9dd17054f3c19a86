//! The check of one table's journal, record by record.

mod following;
mod played;

use crate::{
    beginning::Beginning,
    redecide,
    report::{Fault, Location, Report, Rule},
    stamps::Stamps,
    tally::Tally,
};
use following::Following;
use played::Played;
use poker::table::{Table, TableRecord};
use std::collections::BTreeMap;
use wire::{Chips, HandNo, TableId, TournamentId, codec, event::TableEvent};

/// The check of one table's journal.
pub struct TableCheck {
    id: TableId,
    stamps: Stamps,
    beginning: Beginning,
    /// Whether the journal has to begin with the table's creation.
    whole: bool,
    /// The replay; `None` until the check begins, and from an unreadable record to the next
    /// snapshot.
    following: Option<Box<Following>>,
    played: Played,
}

/// The result of a table's journal, for comparisons with other journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOutcome {
    /// The table's id.
    pub table: TableId,
    /// The beginning of the check.
    pub beginning: Beginning,
    /// The tournament that the table belongs to.
    pub tournament: Option<TournamentId>,
    /// The money at the table; `None` for a tournament's table.
    pub money: Option<Money>,
    /// The first instruction that the check has seen and that has not been taken out.
    pub first_instruction: u64,
    /// The instructions that the table carried out, by number.
    pub instructions: BTreeMap<u64, Tally>,
    /// The first hand that the check has seen and that has not been taken out.
    pub first_hand: HandNo,
    /// The table's report of each finished hand.
    pub hands: BTreeMap<HandNo, Tally>,
}

/// The money at a cash table, from its journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Chips at the table.
    pub here: Chips,
    /// Chips that the cashier has been asked for and that have not arrived.
    pub coming: Chips,
    /// Chips that the cashier has been asked to pay back and has not confirmed.
    pub leaving: Chips,
}

impl TableCheck {
    /// Begins a check of a whole journal: its first record must create the table.
    #[must_use]
    pub fn new(id: TableId) -> Self {
        Self { whole: true, ..Self::from_first_snapshot(id) }
    }

    /// Begins a check of a journal that may have lost its beginning: records before the first
    /// snapshot (or the table's creation) are skipped and counted in [`Report::skipped`].
    #[must_use]
    pub fn from_first_snapshot(id: TableId) -> Self {
        Self {
            id,
            stamps: Stamps::new(Location::Table(id)),
            beginning: Beginning::Awaited,
            whole: false,
            following: None,
            played: Played::default(),
        }
    }

    /// Begins a check with the snapshot from the record of this sequence; the next record is the
    /// one after it.
    #[must_use]
    pub fn from_snapshot(id: TableId, sequence: u64, snapshot: Table) -> Self {
        let mut check = Self::from_first_snapshot(id);
        check.begin(sequence, snapshot, &[]);
        check
    }

    /// Decodes and checks the next record.
    pub fn bytes(&mut self, sequence: u64, bytes: &[u8], report: &mut Report) {
        match codec::decode::<TableRecord>(bytes) {
            Ok(record) => self.record(sequence, &record, report),
            Err(error) => self.unreadable(sequence, &error.to_string(), report),
        }
    }

    /// Adds a violation for an unreadable record. Its events are not known, so the check continues
    /// at the next snapshot.
    pub fn unreadable(&mut self, sequence: u64, why: &str, report: &mut Report) {
        let what = format!("the record cannot be read: {why}");
        report.violation(Location::Table(self.id), Some(sequence), Rule::Journal, what);
        self.following = None;
    }

    /// Returns the table after the records so far; `None` before the check begins and after an
    /// unreadable record.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.following.as_deref().map(Following::table)
    }

    /// Checks the next record.
    pub fn record(&mut self, sequence: u64, record: &TableRecord, report: &mut Report) {
        self.stamps.record(sequence, record, false, report);
        match &mut self.following {
            Some(following) => {
                let faults = following.record(record, &mut self.played, report);
                self.report(sequence, faults, report);
            }
            None => self.first_record(sequence, record, report),
        }
    }

    fn report(&self, sequence: u64, faults: Vec<Fault>, report: &mut Report) {
        for (rule, what) in faults {
            report.violation(Location::Table(self.id), Some(sequence), rule, what);
        }
    }

    /// Begins the check with this record, if it creates the table or has a snapshot.
    fn first_record(&mut self, sequence: u64, record: &TableRecord, report: &mut Report) {
        let created = match record.events.first() {
            Some(TableEvent::Created { config }) if self.beginning == Beginning::Awaited => Some(config),
            _ => None,
        };
        if std::mem::take(&mut self.whole) || created.is_some() {
            let illegal = redecide::creation_differs(self.id, record).map(|what| (Rule::Legal, what));
            self.report(sequence, illegal.into_iter().collect(), report);
        }
        if let Some(config) = created {
            self.beginning = Beginning::Creation;
            self.played = Played::of(config);
            let mut following = Box::new(Following::new(self.id, config));
            let faults = following.enter(record, &mut self.played, report);
            self.report(sequence, faults, report);
            self.following = Some(following);
        } else if let Some(snapshot) = &record.state {
            self.begin(sequence, snapshot.clone(), &record.events);
        } else {
            report.skipped += 1;
        }
    }

    /// Begins the check with a snapshot; `events` are those of its record.
    fn begin(&mut self, sequence: u64, snapshot: Table, events: &[TableEvent]) {
        if self.beginning == Beginning::Awaited {
            self.beginning = Beginning::Snapshot { sequence };
        }
        self.played = Played::since(snapshot.config(), &snapshot.inventory());
        self.following = Some(Box::new(Following::of(snapshot, events)));
    }

    /// Returns the beginning of the check.
    #[must_use]
    pub const fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// Returns the tournament that the table belongs to, once it is known.
    #[must_use]
    pub const fn tournament(&self) -> Option<TournamentId> {
        self.played.tournament
    }

    /// Returns the reports of the hands that have ended since the last call and forgets them, so
    /// that memory does not grow with the tournament's length. Empty for cash tables. The reports
    /// are compared with those that the tournament received:
    /// [`TournamentCheck::take_reported_hands`](crate::TournamentCheck::take_reported_hands).
    pub fn take_finished_hands(&mut self) -> BTreeMap<HandNo, Tally> {
        self.played.take_hands()
    }

    /// Returns the instructions that the table has carried out since the last call, by number, and
    /// forgets them. They are compared with those in the tournament's journal:
    /// [`TournamentCheck::take_told_instructions`](crate::TournamentCheck::take_told_instructions).
    pub fn take_instructions(&mut self) -> BTreeMap<u64, Tally> {
        self.played.take_instructions()
    }

    /// Returns the result of the journal.
    #[must_use]
    pub fn outcome(self) -> TableOutcome {
        let (first_instruction, first_hand) = self.played.from;
        TableOutcome {
            table: self.id,
            beginning: self.beginning,
            tournament: self.played.tournament,
            money: self.following.and_then(|following| following.money()),
            first_instruction,
            instructions: self.played.instructions,
            first_hand,
            hands: self.played.hands,
        }
    }
}
