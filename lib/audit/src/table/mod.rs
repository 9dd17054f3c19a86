//! Checks one table's journal, record by record.

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

/// Follows one table through its journal.
pub struct TableCheck {
    id: TableId,
    stamps: Stamps,
    beginning: Beginning,
    /// Whether the journal has to begin with the table's creation.
    whole: bool,
    /// None until the check begins, and after a record that could not be read until the next snapshot.
    following: Option<Box<Following>>,
    played: Played,
}

/// What a table's journal came to, for comparing it with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOutcome {
    /// Which table.
    pub table: TableId,
    /// Where the check began.
    pub beginning: Beginning,
    /// The tournament that it belongs to.
    pub tournament: Option<TournamentId>,
    /// Chips, when money is played for.
    pub money: Option<Money>,
    /// The first instruction that the check was there for and that has not been taken out.
    pub first_instruction: u64,
    /// Instructions that it carried out, by number.
    pub instructions: BTreeMap<u64, Tally>,
    /// The first hand that the check was there for and that has not been taken out.
    pub first_hand: HandNo,
    /// What it reports of each finished hand.
    pub hands: BTreeMap<HandNo, Tally>,
}

/// Money at a cash table by its journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Chips at the table.
    pub here: Chips,
    /// Asked for and not known to have arrived.
    pub coming: Chips,
    /// Paid back and not known to have been.
    pub leaving: Chips,
}

impl TableCheck {
    /// Begins a check of a whole journal: its first record must create the table.
    #[must_use]
    pub fn new(id: TableId) -> Self {
        Self { whole: true, ..Self::from_first_snapshot(id) }
    }

    /// Begins a check of a journal that may have lost its beginning: what comes before the first snapshot (or the
    /// table's creation) is skipped and counted in [`Report::skipped`].
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

    /// Begins a check with the state that the record of this sequence carries; the next record is the one after it.
    #[must_use]
    pub fn from_snapshot(id: TableId, sequence: u64, snapshot: Table) -> Self {
        let mut check = Self::from_first_snapshot(id);
        check.begin(sequence, snapshot, &[]);
        check
    }

    /// Looks at the next record.
    pub fn bytes(&mut self, sequence: u64, bytes: &[u8], report: &mut Report) {
        match codec::decode::<TableRecord>(bytes) {
            Ok(record) => self.record(sequence, &record, report),
            Err(error) => self.unreadable(sequence, &error.to_string(), report),
        }
    }

    /// Notes that a record cannot be read. What it said is not known, so the check goes on at the next snapshot.
    pub fn unreadable(&mut self, sequence: u64, why: &str, report: &mut Report) {
        let what = format!("the record cannot be read: {why}");
        report.violation(Location::Table(self.id), Some(sequence), Rule::Journal, what);
        self.following = None;
    }

    /// The table after the records so far; none before the check begins and after a record that cannot be read.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.following.as_deref().map(Following::table)
    }

    /// Looks at the next record.
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

    /// Begins with this record, if that is possible.
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

    /// Begins with a snapshot; `events` are those of its record.
    fn begin(&mut self, sequence: u64, snapshot: Table, events: &[TableEvent]) {
        if self.beginning == Beginning::Awaited {
            self.beginning = Beginning::Snapshot { sequence };
        }
        self.played = Played::since(snapshot.config(), &snapshot.inventory());
        self.following = Some(Box::new(Following::of(snapshot, events)));
    }

    /// Where the check began.
    #[must_use]
    pub const fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// The tournament that the table belongs to, once that is known.
    #[must_use]
    pub const fn tournament(&self) -> Option<TournamentId> {
        self.played.tournament
    }

    /// Takes out what the table of a tournament reports of the hands that have ended since they were last taken out, so
    /// that memory does not grow with the tournament's length. They are to be compared with those that the tournament
    /// took in: [`TournamentCheck::take_reported_hands`](crate::TournamentCheck::take_reported_hands).
    pub fn take_finished_hands(&mut self) -> BTreeMap<HandNo, Tally> {
        self.played.take_hands()
    }

    /// Takes out the instructions that the table of a tournament has carried out since they were last taken out, by
    /// number. They are to be compared with those that the tournament told:
    /// [`TournamentCheck::take_told_instructions`](crate::TournamentCheck::take_told_instructions).
    pub fn take_instructions(&mut self) -> BTreeMap<u64, Tally> {
        self.played.take_instructions()
    }

    /// What the journal came to.
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
