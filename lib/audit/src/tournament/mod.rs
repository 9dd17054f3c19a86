//! The check of one tournament's journal, record by record.

mod redecide;
mod tables;

pub use tables::ToldTable;

use crate::{
    beginning::Beginning,
    field::Field,
    places,
    report::{Fault, Location, Report, Rule},
    snapshot::unequal,
    stamps::Stamps,
    tally::Tally,
};
use std::collections::BTreeMap;
use tables::Tables;
use tournament::{Saved, Tournament};
use wire::{
    Chips, HandNo, TableId, TournamentId, codec,
    journal::Record,
    tournament::{Phase, Place, TournamentEvent},
};

/// A record of a tournament's journal.
pub type TournamentRecord = Record<TournamentEvent, Saved>;

/// The check of one tournament's journal.
pub struct TournamentCheck {
    id: TournamentId,
    stamps: Stamps,
    beginning: Beginning,
    /// Whether the journal has to begin with the tournament's creation.
    whole: bool,
    /// The replay; `None` until the check begins, and from an unreadable record to the next
    /// snapshot.
    following: Option<Box<Following>>,
    tables: Tables,
    places: Option<Vec<Place>>,
}

/// The replayed tournament.
struct Following {
    /// The replay.
    saved: Saved,
    field: Field,
    /// Whether a fault was found since the last snapshot.
    doubtful: bool,
}

/// The result of a tournament's journal, for comparisons with other journals.
#[derive(Clone, Debug, PartialEq)]
pub struct TournamentOutcome {
    /// The tournament's id.
    pub tournament: TournamentId,
    /// The beginning of the check.
    pub beginning: Beginning,
    /// Whether the cashier has settled the tournament.
    pub settled: bool,
    /// Final places and prizes, if it has finished.
    pub places: Option<Vec<Place>>,
    /// Smallest and largest possible amount of the prize pool now; `None` if it is not known.
    pub pool: Option<(Chips, Chips)>,
    /// The instructions to its tables, and their reports.
    pub tables: BTreeMap<TableId, ToldTable>,
}

impl TournamentCheck {
    /// Begins a check of a whole journal: its first record must create the tournament.
    #[must_use]
    pub fn new(id: TournamentId) -> Self {
        Self { whole: true, ..Self::from_first_snapshot(id) }
    }

    /// Begins a check of a journal that may have lost its beginning: records before the first
    /// snapshot (or the tournament's creation) are skipped and counted in [`Report::skipped`].
    #[must_use]
    pub fn from_first_snapshot(id: TournamentId) -> Self {
        Self {
            id,
            stamps: Stamps::new(Location::Tournament(id)),
            beginning: Beginning::Awaited,
            whole: false,
            following: None,
            tables: Tables::default(),
            places: None,
        }
    }

    /// Decodes and checks the next record.
    pub fn bytes(&mut self, sequence: u64, bytes: &[u8], report: &mut Report) {
        match codec::decode::<TournamentRecord>(bytes) {
            Ok(record) => self.record(sequence, &record, report),
            Err(error) => self.unreadable(sequence, &error.to_string(), report),
        }
    }

    /// Adds a violation for an unreadable record. Its events are not known, so the check continues
    /// at the next snapshot.
    pub fn unreadable(&mut self, sequence: u64, why: &str, report: &mut Report) {
        let what = format!("the record cannot be read: {why}");
        report.violation(Location::Tournament(self.id), Some(sequence), Rule::Journal, what);
        self.following = None;
    }

    /// Returns the tournament after the records so far; `None` before the check begins and after an
    /// unreadable record.
    #[must_use]
    pub fn tournament(&self) -> Option<&Tournament> {
        self.following.as_ref().map(|following| following.saved.tournament())
    }

    /// Returns the number of players at the start; 0 before it.
    #[must_use]
    pub fn started_with(&self) -> usize {
        self.following.as_ref().map_or(0, |following| following.field.started_with())
    }

    /// Checks the next record.
    pub fn record(&mut self, sequence: u64, record: &TournamentRecord, report: &mut Report) {
        self.stamps.record(sequence, record, record.events.iter().any(is_numbered), report);
        let mut faults = Vec::new();
        match &mut self.following {
            Some(following) => {
                faults = following.record(record, &mut self.tables);
                self.ended(&record.events, &mut faults);
            }
            None => self.first_record(sequence, record, report, &mut faults),
        }
        for (rule, what) in faults {
            report.violation(Location::Tournament(self.id), Some(sequence), rule, what);
        }
    }

    /// Begins the check with this record, if it creates the tournament or has a snapshot.
    fn first_record(
        &mut self,
        sequence: u64,
        record: &TournamentRecord,
        report: &mut Report,
        faults: &mut Vec<Fault>,
    ) {
        let is_new = self.beginning == Beginning::Awaited;
        let created = is_new && matches!(record.events.first(), Some(TournamentEvent::Created { .. }));
        if std::mem::take(&mut self.whole) && !created {
            let what = "the journal does not begin with the tournament's creation".to_owned();
            faults.push((Rule::Legal, what));
        }
        if created {
            self.beginning = Beginning::Creation;
            let mut following = Box::new(Following::of(Saved::new(self.id)));
            faults.extend(following.record(record, &mut self.tables));
            self.following = Some(following);
        } else if let Some(snapshot) = &record.state {
            if is_new {
                self.beginning = Beginning::Snapshot { sequence };
            }
            let counted = snapshot.tournament().inventory();
            self.tables = Tables::of(&counted.tables);
            self.following = Some(Box::new(Following::of(snapshot.clone())));
        } else {
            report.skipped += 1;
        }
    }

    /// Checks the places when the tournament has finished.
    fn ended(&mut self, events: &[TournamentEvent], faults: &mut Vec<Fault>) {
        let finished = events.iter().find_map(|event| {
            let TournamentEvent::Finished { places, .. } = event else { return None };
            Some(places)
        });
        let (Some(places), Some(following)) = (finished, &self.following) else { return };
        if let Some(config) = following.saved.tournament().config() {
            let (players, busts) = (following.field.players_at_start(), following.field.busts());
            let wrong = places::check(places, &players, busts, config);
            faults.extend(wrong.into_iter().map(|what| (Rule::Places, what)));
        }
        self.places = Some(places.clone());
    }

    /// Returns the beginning of the check.
    #[must_use]
    pub const fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// Returns the reports of hands since the last call and forgets them. They are compared with
    /// the hands that the tables played:
    /// [`TableCheck::take_finished_hands`](crate::TableCheck::take_finished_hands).
    pub fn take_reported_hands(&mut self) -> Vec<(TableId, HandNo, Tally)> {
        self.tables.take_hands()
    }

    /// Returns the instructions since the last call (table, number and instruction) and forgets
    /// them. They are compared with the instructions that the tables carried out:
    /// [`TableCheck::take_instructions`](crate::TableCheck::take_instructions).
    pub fn take_told_instructions(&mut self) -> Vec<(TableId, u64, Tally)> {
        self.tables.take_instructions()
    }

    /// Returns the result of the journal.
    #[must_use]
    pub fn outcome(self) -> TournamentOutcome {
        TournamentOutcome {
            tournament: self.id,
            beginning: self.beginning,
            settled: self.following.as_ref().is_some_and(|following| following.field.is_settled()),
            places: self.places,
            pool: self.following.map(|following| following.pool()),
            tables: self.tables.0,
        }
    }
}

impl Following {
    /// Returns the replay after a snapshot, or before the first record.
    fn of(saved: Saved) -> Self {
        Self { field: Field::of(saved.tournament()), saved, doubtful: false }
    }

    /// Checks the next record and returns its faults.
    fn record(&mut self, record: &TournamentRecord, tables: &mut Tables) -> Vec<Fault> {
        let illegal = redecide::differs(self.saved.tournament(), &self.field, record);
        let mut faults: Vec<Fault> = illegal.map(|what| (Rule::Legal, what)).into_iter().collect();
        for event in &record.events {
            faults.extend(self.field.enter(event));
            follow(event, tables, &mut faults);
        }
        self.saved.evolve(record);
        faults.extend(self.chips());
        if let Some(snapshot) = &record.state {
            // A coordinator of an earlier version has taken the tournament over.
            if !snapshot.tournament().counts_time() {
                self.saved.stop_counting_time();
            }
            faults.extend(unequal(&self.saved, snapshot).map(|what| (Rule::Replay, what)));
            if !faults.is_empty() || std::mem::take(&mut self.doubtful) {
                self.field = Field::of(snapshot.tournament());
            }
            self.saved = snapshot.clone();
        } else {
            self.doubtful |= !faults.is_empty();
        }
        faults
    }

    fn chips(&self) -> Option<Fault> {
        let here = self.saved.tournament();
        match here.phase() {
            Phase::Registering | Phase::Cancelled => None,
            Phase::Running | Phase::Finished => {
                let stack = here.config().map_or(Chips::ZERO, |config| config.starting_stack);
                let (due, found) = (stack.times(self.field.started_with() as u64), here.chips_in_play());
                let what = || format!("{found} chips in play, not {due}");
                (found != due).then(|| (Rule::Chips, what()))
            }
        }
    }

    /// Returns the least and most that may be in the prize pool by now.
    fn pool(&self) -> (Chips, Chips) {
        let here = self.saved.tournament();
        let buy_in = here.config().map_or(Chips::ZERO, |config| config.buy_in);
        let (sure, open) = self.field.entries_paid();
        let most = buy_in.times(sure + open);
        match here.phase() {
            Phase::Finished if self.field.is_settled() => (Chips::ZERO, Chips::ZERO),
            Phase::Finished => (Chips::ZERO, most),
            Phase::Registering | Phase::Running | Phase::Cancelled => (buy_in.times(sure), most),
        }
    }
}

/// Notes the facts that tables' journals are compared with.
fn follow(event: &TournamentEvent, tables: &mut Tables, faults: &mut Vec<Fault>) {
    match event {
        TournamentEvent::Instructed { table, instruction } => faults.extend(tables.told(*table, instruction)),
        TournamentEvent::HandReported { report, .. } => faults.extend(tables.reported(report)),
        TournamentEvent::Created { .. }
        | TournamentEvent::EntryReserved { .. }
        | TournamentEvent::EntryConfirmed { .. }
        | TournamentEvent::EntryRefused { .. }
        | TournamentEvent::EntryWithdrawn { .. }
        | TournamentEvent::EntryRefunded { .. }
        | TournamentEvent::Started { .. }
        | TournamentEvent::TableOpened { .. }
        | TournamentEvent::Busted { .. }
        | TournamentEvent::InstructionApplied { .. }
        | TournamentEvent::MoveOrdered { .. }
        | TournamentEvent::Finished { .. }
        | TournamentEvent::Settled
        | TournamentEvent::Cancelled => {}
    }
}

/// Returns whether the event is identified by table and number, as reports and confirmations are.
const fn is_numbered(event: &TournamentEvent) -> bool {
    match event {
        TournamentEvent::HandReported { .. } | TournamentEvent::InstructionApplied { .. } => true,
        TournamentEvent::Created { .. }
        | TournamentEvent::EntryReserved { .. }
        | TournamentEvent::EntryConfirmed { .. }
        | TournamentEvent::EntryRefused { .. }
        | TournamentEvent::EntryWithdrawn { .. }
        | TournamentEvent::EntryRefunded { .. }
        | TournamentEvent::Started { .. }
        | TournamentEvent::TableOpened { .. }
        | TournamentEvent::Busted { .. }
        | TournamentEvent::Instructed { .. }
        | TournamentEvent::MoveOrdered { .. }
        | TournamentEvent::Finished { .. }
        | TournamentEvent::Settled
        | TournamentEvent::Cancelled => false,
    }
}
