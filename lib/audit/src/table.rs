//! Checks one table's journal, record by record.

use crate::{
    blinds::Blinds,
    books::Books,
    redecide,
    report::{Location, Report, Rule},
    stamps::Stamps,
    tally::{self, Tally},
};
use poker::{
    table::{Table, TableRecord, public},
    variant::{self, Variant},
};
use std::collections::BTreeMap;
use wire::{
    Chips, HandNo, TableId, TournamentId, codec,
    event::{Event, HandEvent, HandStart, TableEvent},
    table::Purpose,
};

/// Follows one table through its journal.
pub struct TableCheck {
    id: TableId,
    /// The replay; none before the first record, and after one that it cannot go on from.
    table: Option<Table>,
    stamps: Stamps,
    books: Books,
    blinds: Blinds,
    tournament: Option<TournamentId>,
    instructions: Vec<Tally>,
    hands: BTreeMap<HandNo, Tally>,
    playing: Option<(HandStart, u32)>,
    /// What everybody was told since the last hand began.
    told: Vec<Event>,
    started: bool,
    has_blinds: bool,
}

/// What a table's journal came to, for comparing it with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOutcome {
    /// Which table.
    pub table: TableId,
    /// The tournament that it belongs to.
    pub tournament: Option<TournamentId>,
    /// Chips, when money is played for.
    pub money: Option<Money>,
    /// Instructions that it carried out, number 1 first.
    pub instructions: Vec<Tally>,
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
    /// Before the first record.
    pub fn new(id: TableId) -> Self {
        Self {
            id,
            table: None,
            stamps: Stamps::new(Location::Table(id)),
            books: Books::default(),
            blinds: Blinds::default(),
            tournament: None,
            instructions: Vec::new(),
            hands: BTreeMap::new(),
            playing: None,
            told: Vec::new(),
            started: false,
            has_blinds: true,
        }
    }

    /// The table after the records so far; none before the first.
    #[must_use]
    pub const fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }

    /// Notes that a record cannot be read.
    pub fn unreadable(&mut self, sequence: u64, why: &str, report: &mut Report) {
        let what = format!("the record cannot be read: {why}");
        report.violation(Location::Table(self.id), Some(sequence), Rule::Journal, what);
    }

    /// Looks at the next record.
    pub fn bytes(&mut self, sequence: u64, bytes: &[u8], report: &mut Report) {
        match codec::decode::<TableRecord>(bytes) {
            Ok(record) => self.record(sequence, &record, report),
            Err(error) => self.unreadable(sequence, &error.to_string(), report),
        }
    }

    /// Looks at the next record.
    pub fn record(&mut self, sequence: u64, record: &TableRecord, report: &mut Report) {
        self.stamps.record(sequence, record, false, report);
        let id = self.id;
        let mut wrong = |rule, what| report.violation(Location::Table(id), Some(sequence), rule, what);
        let differs = match &self.table {
            Some(before) => redecide::differs(before, &self.books, record),
            None if self.started => None,
            None => redecide::creation_differs(self.id, record),
        };
        if let Some(difference) = differs {
            wrong(Rule::Legal, difference);
        }
        for (rule, what) in self.books.enter(&record.events) {
            wrong(rule, what);
        }
        self.apply(record);
        if let Some(table) = &self.table {
            let (engine, books) = (table.chips(), self.books.total());
            if engine != books {
                wrong(Rule::Chips, format!("the engine counts {engine} chips, the events {books}"));
            }
        }
        if let Some(mut snapshot) = record.state.clone() {
            let told = snapshot.take_told();
            if !told.is_empty() && told != self.told {
                wrong(Rule::Replay, "the snapshot tells another hand than was told".to_owned());
            }
            if let Some(difference) = self.table.as_ref().and_then(|table| unequal(table, &snapshot)) {
                wrong(Rule::Replay, difference);
            }
            // Go on as an owner would that recovers from here, so that one fault is not found again and again.
            self.table = Some(snapshot);
        }
        self.tell(&record.events);
        let seats = self.table.as_ref().map_or(10, |table| table.config().seats);
        for event in &record.events {
            self.follow(event, seats, report, sequence);
        }
    }

    fn tell(&mut self, events: &[TableEvent]) {
        for event in events.iter().filter_map(public) {
            if matches!(event, Event::HandStarted(_)) {
                self.told.clear();
            }
            self.told.push(event);
        }
    }

    fn apply(&mut self, record: &TableRecord) {
        match &mut self.table {
            Some(table) => table.apply(record),
            None if self.started => {}
            None => {
                if let Some(TableEvent::Created { config }) = record.events.first() {
                    let mut table = Table::new(self.id, config.clone());
                    table.apply(record);
                    self.table = Some(table);
                }
                self.started = true;
            }
        }
    }

    /// Takes down what other journals are compared with, and checks the blinds.
    fn follow(&mut self, event: &TableEvent, seats: u8, report: &mut Report, sequence: u64) {
        match event {
            TableEvent::Created { config } => {
                let brings_in = variant::by_code(&config.variant).is_some_and(Variant::has_bring_in);
                // Scripts put button and blinds where they were played, not where they are due.
                self.has_blinds = !brings_in && !config.scripted;
                if let Purpose::Tournament { tournament } = config.purpose {
                    self.tournament = Some(tournament);
                }
            }
            TableEvent::Instructed { instruction, .. } => {
                self.instructions.push(tally::instruction(instruction));
            }
            TableEvent::HandStarted { start, script, .. } => {
                report.scripted_hands += u64::from(script.is_some());
                let faults = if self.has_blinds { self.blinds.hand(start, seats) } else { Vec::new() };
                for what in faults {
                    report.violation(Location::Table(self.id), Some(sequence), Rule::Blinds, what);
                }
                self.playing = Some((start.clone(), 0));
            }
            TableEvent::Hand(HandEvent::Acted { .. }) => {
                report.actions += 1;
                if let Some((_, actions)) = &mut self.playing {
                    *actions += 1;
                }
            }
            TableEvent::HandEnded { hand, stacks, .. } => {
                report.hands += 1;
                if let Some((start, actions)) = self.playing.take()
                    && self.tournament.is_some()
                {
                    self.hands.insert(*hand, tally::finished_hand(&start, stacks, actions));
                }
            }
            _ => {}
        }
    }

    /// What the journal came to.
    pub fn outcome(self) -> TableOutcome {
        let money =
            Money { here: self.books.total(), coming: self.books.coming(), leaving: self.books.leaving() };
        TableOutcome {
            table: self.id,
            tournament: self.tournament,
            money: self.books.is_cash().then_some(money),
            instructions: self.instructions,
            hands: self.hands,
        }
    }
}

/// How a replayed state differs from a stored one, as values or as bytes.
pub fn unequal<S: PartialEq + serde::Serialize>(replayed: &S, stored: &S) -> Option<String> {
    if replayed != stored {
        return Some("the replay gives another state than the snapshot".to_owned());
    }
    match (codec::encode(replayed), codec::encode(stored)) {
        (Ok(a), Ok(b)) if a == b => None,
        _ => Some("the replay gives other bytes than the snapshot".to_owned()),
    }
}
