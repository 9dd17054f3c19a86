//! The replay of one table by its engine, with a second count from the events.

use super::{Money, played::Played};
use crate::{
    blinds::Blinds,
    books::Books,
    redecide,
    report::{Fault, Report, Rule},
    snapshot::unequal,
    tally::EventSum,
};
use poker::{
    table::{Table, TableRecord, public},
    variant::{self, Variant},
};
use wire::{
    TableId,
    event::{HandEvent, HandStart, TableEvent},
    table::TableConfig,
};

/// The state of a table's check between two records.
pub struct Following {
    /// The replay.
    table: Table,
    books: Books,
    blinds: Blinds,
    has_blinds: bool,
    /// The checksum of the public events since the last hand began; `None` while it is not known.
    told: Option<EventSum>,
    /// The hand being played, and its actions so far.
    playing: Option<(HandStart, u32)>,
    /// Whether a fault was found since the last snapshot.
    doubtful: bool,
}

impl Following {
    /// Returns the state before the record that creates the table.
    pub fn new(id: TableId, config: &TableConfig) -> Self {
        Self {
            table: Table::new(id, config.clone()),
            books: Books::new(id),
            blinds: Blinds::default(),
            has_blinds: has_blinds(config),
            told: Some(EventSum::nothing()),
            playing: None,
            doubtful: false,
        }
    }

    /// Returns the state after a record with these events and this snapshot.
    pub fn of(mut snapshot: Table, events: &[TableEvent]) -> Self {
        let told = snapshot.take_told();
        let counted = snapshot.inventory();
        let mut following = Self {
            books: Books::of(&snapshot),
            blinds: Blinds::of(&counted),
            has_blinds: has_blinds(snapshot.config()),
            // A snapshot contains either the hand's events before its record, or none.
            told: (!told.is_empty()).then(|| EventSum::all(&told)),
            playing: counted.hand.map(|hand| (hand.start, hand.actions)),
            doubtful: false,
            table: snapshot,
        };
        events.iter().for_each(|event| following.tell(event));
        following
    }

    /// Checks the next record and returns its faults.
    pub fn record(&mut self, record: &TableRecord, played: &mut Played, report: &mut Report) -> Vec<Fault> {
        let illegal = redecide::differs(&self.table, &self.books, record);
        let mut faults: Vec<Fault> = illegal.map(|what| (Rule::Legal, what)).into_iter().collect();
        self.doubtful |= !faults.is_empty();
        faults.extend(self.enter(record, played, report));
        faults
    }

    /// Applies a record, also one that the rules do not give, and returns its faults.
    pub fn enter(&mut self, record: &TableRecord, played: &mut Played, report: &mut Report) -> Vec<Fault> {
        let mut faults = self.books.enter(&record.events);
        self.table.apply(record);
        let (engine, books) = (self.table.chips(), self.books.total());
        if engine != books {
            let what = format!("the engine counts {engine} chips, the events {books}");
            faults.push((Rule::Chips, what));
        }
        match &record.state {
            Some(snapshot) => self.compare(snapshot.clone(), &mut faults),
            None => self.doubtful |= !faults.is_empty(),
        }
        for event in &record.events {
            self.tell(event);
            self.follow(event, played, report, &mut faults);
        }
        faults
    }

    /// Compares the replay with a snapshot and continues from the snapshot, as an owner that
    /// recovers does, so that one fault is not found in every later record.
    fn compare(&mut self, mut snapshot: Table, faults: &mut Vec<Fault>) {
        let told = snapshot.take_told();
        if !told.is_empty() {
            let told = EventSum::all(&told);
            if self.told.replace(told).is_some_and(|known| known != told) {
                faults.push((
                    Rule::Replay,
                    "the snapshot contains other events of the hand than the journal".to_owned(),
                ));
            }
        }
        faults.extend(unequal(&self.table, &snapshot).map(|what| (Rule::Replay, what)));
        if !faults.is_empty() || std::mem::take(&mut self.doubtful) {
            self.books = Books::of(&snapshot);
            self.playing = snapshot.inventory().hand.map(|hand| (hand.start, hand.actions));
        }
        self.table = snapshot;
    }

    fn tell(&mut self, event: &TableEvent) {
        if matches!(event, TableEvent::HandStarted { .. }) {
            self.told = Some(EventSum::nothing());
        }
        if let (Some(told), Some(event)) = (&mut self.told, public(event)) {
            told.add(&event);
        }
    }

    /// Notes the facts that other journals are compared with, and checks the blinds.
    fn follow(
        &mut self,
        event: &TableEvent,
        played: &mut Played,
        report: &mut Report,
        faults: &mut Vec<Fault>,
    ) {
        match event {
            TableEvent::Instructed { instruction, .. } => played.instructed(instruction),
            TableEvent::HandStarted { start, script, .. } => {
                report.scripted_hands += u64::from(script.is_some());
                if self.has_blinds {
                    let wrong = self.blinds.hand(start, self.table.config().seats);
                    faults.extend(wrong.into_iter().map(|what| (Rule::Blinds, what)));
                }
                self.playing = Some((start.clone(), 0));
            }
            TableEvent::Hand(event) => self.acted(event, report),
            TableEvent::HandEnded { stacks, .. } => {
                report.hands += 1;
                if let Some((start, actions)) = self.playing.take() {
                    played.ended(&start, stacks, actions);
                }
            }
            TableEvent::Created { .. }
            | TableEvent::SeatReserved { .. }
            | TableEvent::BuyInRefused { .. }
            | TableEvent::Seated { .. }
            | TableEvent::TopUpAsked { .. }
            | TableEvent::ToppedUp { .. }
            | TableEvent::TopUpRefused { .. }
            | TableEvent::SatOut { .. }
            | TableEvent::SatIn { .. }
            | TableEvent::LeaveAsked { .. }
            | TableEvent::Heard { .. }
            | TableEvent::Disconnected { .. }
            | TableEvent::Reconnected { .. }
            | TableEvent::GoneTooLong { .. }
            | TableEvent::AbsenceExtended { .. }
            | TableEvent::Said { .. }
            | TableEvent::Unseated { .. }
            | TableEvent::Contributed { .. }
            | TableEvent::CashedOut { .. }
            | TableEvent::Turn { .. }
            | TableEvent::TimedOut { .. }
            | TableEvent::ClockExtended { .. }
            | TableEvent::CloseAsked
            | TableEvent::SnapshotRenewed
            | TableEvent::Closed => {}
        }
    }

    fn acted(&mut self, event: &HandEvent, report: &mut Report) {
        if matches!(event, HandEvent::Acted { .. }) {
            report.actions += 1;
            if let Some((_, actions)) = &mut self.playing {
                *actions += 1;
            }
        }
    }

    /// Returns the replay.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the money at a cash table; `None` for a tournament's table.
    pub fn money(&self) -> Option<Money> {
        let books = &self.books;
        let money = Money { here: books.total(), coming: books.coming(), leaving: books.leaving() };
        books.is_cash().then_some(money)
    }
}

/// Returns whether the rules fix the places of the blinds: scripts set them freely, and variants
/// with a bring-in have none.
fn has_blinds(config: &TableConfig) -> bool {
    let brings_in = variant::by_code(&config.variant).is_some_and(Variant::has_bring_in);
    !brings_in && !config.scripted
}
