//! Checks one tournament's journal, record by record.

use crate::{
    field::Field,
    places,
    report::{Location, Report, Rule},
    stamps::Stamps,
    table::unequal,
    tally::{self, Tally},
};
use std::collections::{BTreeMap, HashMap};
use tournament::{Command, Payment, Saved, Tournament};
use wire::{
    Chips, HandNo, PlayerId, TableId, TournamentId,
    cashier::Account,
    codec,
    event::Seed,
    journal::Record,
    tournament::{Phase, Place, TournamentEvent},
};

/// A record of a tournament's journal.
pub type TournamentRecord = Record<TournamentEvent, Saved>;

/// Follows one tournament through its journal.
pub struct TournamentCheck {
    id: TournamentId,
    saved: Saved,
    stamps: Stamps,
    field: Field,
    told: HashMap<TableId, Vec<Tally>>,
    hands: HashMap<TableId, BTreeMap<HandNo, Tally>>,
    places: Option<Vec<Place>>,
}

/// What a tournament's journal came to, for comparing it with others.
#[derive(Clone, Debug, PartialEq)]
pub struct TournamentOutcome {
    /// Which tournament.
    pub tournament: TournamentId,
    /// Whether the cashier has settled it.
    pub settled: bool,
    /// Final places and prizes, if it has finished.
    pub places: Option<Vec<Place>>,
    /// Least and most that may be in the prize pool by now.
    pub pool: (Chips, Chips),
    /// Instructions told to each table, number 1 first.
    pub told: HashMap<TableId, Vec<Tally>>,
    /// Hands that each table has reported.
    pub hands: HashMap<TableId, BTreeMap<HandNo, Tally>>,
}

impl TournamentCheck {
    /// Before the first record.
    pub fn new(id: TournamentId) -> Self {
        Self {
            id,
            saved: Saved::new(id),
            stamps: Stamps::new(Location::Tournament(id)),
            field: Field::default(),
            told: HashMap::new(),
            hands: HashMap::new(),
            places: None,
        }
    }

    /// The tournament after the records so far.
    #[must_use]
    pub const fn tournament(&self) -> &Tournament {
        self.saved.tournament()
    }

    /// Players when the tournament started; 0 before.
    #[must_use]
    pub fn started_with(&self) -> usize {
        self.field.started_with()
    }

    /// Notes that a record cannot be read.
    pub fn unreadable(&mut self, sequence: u64, why: &str, report: &mut Report) {
        let what = format!("the record cannot be read: {why}");
        report.violation(Location::Tournament(self.id), Some(sequence), Rule::Journal, what);
    }

    /// Looks at the next record.
    pub fn bytes(&mut self, sequence: u64, bytes: &[u8], report: &mut Report) {
        match codec::decode::<TournamentRecord>(bytes) {
            Ok(record) => self.record(sequence, &record, report),
            Err(error) => {
                let what = format!("the record cannot be read: {error}");
                report.violation(Location::Tournament(self.id), Some(sequence), Rule::Journal, what);
            }
        }
    }

    /// Looks at the next record.
    pub fn record(&mut self, sequence: u64, record: &TournamentRecord, report: &mut Report) {
        self.stamps.record(sequence, record, record.events.iter().any(is_numbered), report);
        let id = self.id;
        let mut wrong = |rule, what| report.violation(Location::Tournament(id), Some(sequence), rule, what);
        if let Some(difference) = differs(self.saved.tournament(), &self.field, record) {
            wrong(Rule::Legal, difference);
        }
        for event in &record.events {
            for (rule, what) in self.field.enter(event) {
                wrong(rule, what);
            }
            self.follow(event, &mut wrong);
        }
        self.saved.evolve(record.cause, record.at_ms, &record.events);
        let here = self.saved.tournament();
        if matches!(here.phase(), Phase::Running | Phase::Finished) {
            let stack = here.config().map_or(Chips::ZERO, |config| config.starting_stack);
            let expected = stack.times(self.field.started_with() as u64);
            if here.chips_in_play() != expected {
                wrong(Rule::Chips, format!("{} chips in play, not {expected}", here.chips_in_play()));
            }
        }
        if let Some(snapshot) = &record.state {
            if let Some(difference) = unequal(&self.saved, snapshot) {
                wrong(Rule::Replay, difference);
            }
            self.saved = snapshot.clone();
        }
    }

    /// Takes down what other journals are compared with, and checks the end.
    fn follow(&mut self, event: &TournamentEvent, wrong: &mut impl FnMut(Rule, String)) {
        match event {
            TournamentEvent::Instructed { table, instruction } => {
                let told = self.told.entry(*table).or_default();
                told.push(tally::instruction(instruction));
                if told.len() as u64 != instruction.number {
                    let number = instruction.number;
                    wrong(Rule::Tournament, format!("table {table}: instruction {number} is out of order"));
                }
            }
            TournamentEvent::HandReported { report, .. } => {
                let hands = self.hands.entry(report.table).or_default();
                if hands.insert(report.hand, tally::reported_hand(report)).is_some() {
                    let what = format!("table {}: hand {} is taken in twice", report.table, report.hand);
                    wrong(Rule::Once, what);
                }
                let sum = |chips: fn(&wire::tournament::HandResult) -> Chips| -> Chips {
                    report.results.iter().map(chips).sum()
                };
                let (before, after) = (sum(|result| result.before), sum(|result| result.after));
                if before != after {
                    let what = format!(
                        "table {}, hand {}: {before} chips before, {after} after",
                        report.table, report.hand
                    );
                    wrong(Rule::Chips, what);
                }
            }
            TournamentEvent::Finished { places, .. } => {
                if let Some(config) = self.saved.tournament().config() {
                    let players = self.field.players_at_start();
                    for what in places::check(places, &players, self.field.busts(), config) {
                        wrong(Rule::Places, what);
                    }
                }
                self.places = Some(places.clone());
            }
            _ => {}
        }
    }

    /// What the journal came to.
    pub fn outcome(self) -> TournamentOutcome {
        let here = self.saved.tournament();
        let buy_in = here.config().map_or(Chips::ZERO, |config| config.buy_in);
        let (sure, open) = self.field.entries_paid();
        let most = buy_in.times(sure + open);
        let settled = self.field.is_settled();
        let pool = match here.phase() {
            Phase::Finished if settled => (Chips::ZERO, Chips::ZERO),
            Phase::Finished => (Chips::ZERO, most),
            _ => (buy_in.times(sure), most),
        };
        TournamentOutcome {
            tournament: self.id,
            settled,
            places: self.places,
            pool,
            told: self.told,
            hands: self.hands,
        }
    }
}

/// Reports and confirmations are known by table and number.
const fn is_numbered(event: &TournamentEvent) -> bool {
    matches!(event, TournamentEvent::HandReported { .. } | TournamentEvent::InstructionApplied { .. })
}

/// Why a record is not what the rules make of the state.
fn differs(before: &Tournament, field: &Field, record: &TournamentRecord) -> Option<String> {
    let Some(command) = command(field, record) else {
        return Some(format!("no command does that: {:?}", record.events.first()));
    };
    match before.decide(command, record.at_ms) {
        Ok(expected) if expected == record.events => None,
        Ok(expected) => {
            let found = &record.events;
            let at = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
            let show = |events: &[TournamentEvent]| {
                events.get(at).map_or("nothing".to_owned(), |event| format!("{event:?}"))
            };
            Some(format!("event {at} should be {}, is {}", show(&expected), show(found)))
        }
        Err(refusal) => Some(format!("{:?}: {refusal}", record.events.first())),
    }
}

/// The command that causes such events.
fn command(field: &Field, record: &TournamentRecord) -> Option<Command> {
    use TournamentEvent as E;
    let events = &record.events;
    let reported = events.iter().find_map(|event| match event {
        E::HandReported { report, .. } => Some(Command::Report(report.clone())),
        _ => None,
    });
    if reported.is_some() {
        return reported;
    }
    Some(match events.first()? {
        E::Created { config, .. } => Command::Create { config: config.clone() },
        E::EntryReserved { player, name, bot: false } => {
            Command::Register { player: *player, name: name.clone() }
        }
        E::EntryReserved { .. } => Command::EnterBots { bots: bots(events) },
        E::EntryConfirmed { .. } | E::EntryRefused { .. } => Command::Paid(payments(field, events)),
        E::EntryWithdrawn { player } => Command::Unregister { player: *player },
        E::EntryRefunded { .. } => Command::Refunded(refunded(events)),
        E::Started { seed, .. } => Command::Start { seed: *seed },
        E::Cancelled if record.cause.is_some() => Command::Cancel,
        // Too few came; what the draw would have been made from is not on record.
        E::Cancelled => Command::Start { seed: Seed([0; 32]) },
        E::TableOpened { .. } => Command::OpenTables { tables: opened(events) },
        E::InstructionApplied { table, number } => Command::Applied { table: *table, instruction: *number },
        E::Settled => Command::Settled,
        _ => return None,
    })
}

fn bots(events: &[TournamentEvent]) -> Vec<Account> {
    let account = |event: &TournamentEvent| match event {
        TournamentEvent::EntryReserved { player, name, .. } => {
            Some(Account { player: *player, name: name.clone() })
        }
        _ => None,
    };
    events.iter().filter_map(account).collect()
}

fn payments(field: &Field, events: &[TournamentEvent]) -> Vec<Payment> {
    let payment = |player: PlayerId, refused| {
        let entry = field.entry_number(player).unwrap_or(u32::MAX);
        Some(Payment { player, entry, refused })
    };
    let of = |event: &TournamentEvent| match event {
        TournamentEvent::EntryConfirmed { player } => payment(*player, None),
        TournamentEvent::EntryRefused { player, refusal } => payment(*player, refusal.clone()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn refunded(events: &[TournamentEvent]) -> Vec<PlayerId> {
    let of = |event: &TournamentEvent| match event {
        TournamentEvent::EntryRefunded { player } => Some(*player),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn opened(events: &[TournamentEvent]) -> Vec<TableId> {
    let of = |event: &TournamentEvent| match event {
        TournamentEvent::TableOpened { table, .. } => Some(*table),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}
