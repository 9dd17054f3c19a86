//! Decides every record of a table again: what the rules make of the state before it must be what the record says.

use crate::books::Books;
use poker::table::{self, Table, TableRecord};
use wire::{
    HandNo, PlayerCommand, Refusal, SeatNo,
    event::{HandEvent, TableEvent},
    journal::Cause,
    script::Script,
    table::{HouseBot, TableCommand},
};

/// How far a time that was taken apart from the record's may be from it, in milliseconds.
const TIME_TOLERANCE_MS: u64 = 2_000;

/// Why a record is not what the rules make of the state.
pub fn differs(before: &Table, books: &Books, record: &TableRecord) -> Option<String> {
    let events = &record.events;
    match decide(before, books, record) {
        Ok(expected) if same(&expected, events) => None,
        Ok(expected) => Some(difference(&expected, events)),
        Err(why) => Some(format!("{}: {why}", events.first().map_or("", name))),
    }
}

/// The same of the record that creates a table.
pub fn creation_differs(id: wire::TableId, record: &TableRecord) -> Option<String> {
    let Some(TableEvent::Created { config }) = record.events.first() else {
        return Some("the journal does not begin with the table's creation".to_owned());
    };
    let bots: Vec<HouseBot> = record
        .events
        .iter()
        .filter_map(|event| match event {
            TableEvent::SeatReserved { player, name, buy_in, .. } => {
                Some(HouseBot { player: *player, name: name.clone(), buy_in: *buy_in })
            }
            _ => None,
        })
        .collect();
    match table::creation(id, config, &bots) {
        Ok(expected) if expected == record.events => None,
        Ok(expected) => Some(difference(&expected, &record.events)),
        Err(refusal) => Some(format!("the table may not be created: {refusal}")),
    }
}

fn decide(before: &Table, books: &Books, record: &TableRecord) -> Result<Vec<TableEvent>, String> {
    let now_ms = record.at_ms;
    let Some(first) = record.events.first() else {
        return Ok(Vec::new());
    };
    if let Some(cause) = record.cause {
        let command = command(before, first, cause).ok_or("no command does that")?;
        return before.decide(cause, &command, now_ms).map_err(|refusal| refusal.to_string());
    }
    let posting = |seat: &SeatNo| books.awaited(*seat).ok_or_else(|| format!("seat {seat} awaits no chips"));
    // The refusal of a top-up is not on record.
    let unknown = Refusal::Banned;
    match first {
        TableEvent::HandStarted { seed, .. } => Ok(before.tick(now_ms, || *seed)),
        TableEvent::ClockExtended { .. } | TableEvent::AbsenceExtended { .. } => Ok(before.resume(now_ms)),
        TableEvent::Seated { seat, .. } | TableEvent::ToppedUp { seat, .. } => {
            Ok(before.money_arrived(posting(seat)?, None))
        }
        TableEvent::BuyInRefused { seat, refusal } => Ok(before.money_arrived(posting(seat)?, Some(refusal))),
        TableEvent::TopUpRefused { seat } => Ok(before.money_arrived(posting(seat)?, Some(&unknown))),
        TableEvent::CashedOut { posting } => Ok(before.paid_back(posting)),
        TableEvent::Instructed { instruction, .. } => {
            before.instruct(instruction, now_ms).map_err(|refusal| refusal.to_string())
        }
        TableEvent::TimedOut { .. }
        | TableEvent::GoneTooLong { .. }
        | TableEvent::Unseated { .. }
        | TableEvent::TopUpAsked { .. }
        | TableEvent::Closed => Ok(before.tick(now_ms, || wire::event::Seed([0; 32]))),
        TableEvent::SnapshotRenewed => Ok(vec![TableEvent::SnapshotRenewed]),
        _ => Err("nobody asked for it".to_owned()),
    }
}

/// The command that causes such an event.
fn command(before: &Table, event: &TableEvent, cause: Cause) -> Option<TableCommand> {
    Some(match (event, cause.player) {
        (TableEvent::SeatReserved { seat, name, buy_in, .. }, Some(_)) => {
            PlayerCommand::Sit { seat: Some(*seat), buy_in: *buy_in }.by(name)
        }
        (TableEvent::Hand(HandEvent::Acted { action, .. }), Some(_)) => {
            let (hand, turn) = turn(before)?;
            PlayerCommand::Act { hand, turn, action: action.clone() }.by("")
        }
        (TableEvent::SatOut { .. }, Some(_)) => PlayerCommand::SitOut.by(""),
        (TableEvent::SatIn { .. }, Some(_)) => PlayerCommand::SitIn.by(""),
        (TableEvent::LeaveAsked { .. }, Some(_)) => PlayerCommand::Leave.by(""),
        (TableEvent::Heard { connection: Some(connection), .. }, Some(_)) => {
            TableCommand::Online { connection: connection.clone() }
        }
        // Whoever was out of time asked for something that was so already: to sit out.
        (TableEvent::Heard { connection: None, .. }, Some(_)) => PlayerCommand::SitOut.by(""),
        (TableEvent::Disconnected { connection, .. }, Some(_)) => {
            TableCommand::Gone { connection: connection.clone() }
        }
        (TableEvent::Said { name, text, .. }, Some(_)) => PlayerCommand::Say { text: text.clone() }.by(name),
        (TableEvent::Instructed { instruction, .. }, None) => TableCommand::Instruct(instruction.clone()),
        (TableEvent::CloseAsked, None) => TableCommand::Close,
        (TableEvent::HandStarted { script: Some(script), .. }, None) => {
            TableCommand::Script(Script::clone(script))
        }
        _ => return None,
    })
}

/// The turn that is being waited for.
fn turn(table: &Table) -> Option<(HandNo, u32)> {
    let hand = table.view().hand?;
    Some((hand.hand, hand.turn?.turn))
}

/// Whether the events are the same, but for times that are taken apart from the record's.
fn same(expected: &[TableEvent], found: &[TableEvent]) -> bool {
    expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(expected, found)| expected == found || same_but_for_time(expected, found))
}

fn same_but_for_time(expected: &TableEvent, found: &TableEvent) -> bool {
    let near = |a: &u64, b: &u64| a.abs_diff(*b) <= TIME_TOLERANCE_MS;
    match (expected, found) {
        (TableEvent::ClockExtended { deadline_ms: a }, TableEvent::ClockExtended { deadline_ms: b }) => {
            near(a, b)
        }
        (
            TableEvent::AbsenceExtended { seat: told, until_ms: a },
            TableEvent::AbsenceExtended { seat: done, until_ms: b },
        ) => told == done && near(a, b),
        (
            TableEvent::Instructed { instruction: told, next_hand_ms: a },
            TableEvent::Instructed { instruction: done, next_hand_ms: b },
        ) => told == done && near(a, b),
        _ => false,
    }
}

/// The first event that differs, in words.
fn difference(expected: &[TableEvent], found: &[TableEvent]) -> String {
    let at = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
    let show =
        |events: &[TableEvent]| events.get(at).map_or("nothing".to_owned(), |event| format!("{event:?}"));
    format!("event {at} should be {}, is {}", show(expected), show(found))
}

/// The name of an event's variant.
fn name(event: &TableEvent) -> &'static str {
    match event {
        TableEvent::Created { .. } => "created",
        TableEvent::SeatReserved { .. } => "seat reserved",
        TableEvent::BuyInRefused { .. } => "buy-in refused",
        TableEvent::Seated { .. } => "seated",
        TableEvent::TopUpAsked { .. } => "top-up asked",
        TableEvent::ToppedUp { .. } => "topped up",
        TableEvent::TopUpRefused { .. } => "top-up refused",
        TableEvent::SatOut { .. } => "sat out",
        TableEvent::SatIn { .. } => "sat in",
        TableEvent::LeaveAsked { .. } => "leave asked",
        TableEvent::Said { .. } => "said",
        TableEvent::Heard { .. } => "heard",
        TableEvent::Disconnected { .. } => "disconnected",
        TableEvent::Reconnected { .. } => "reconnected",
        TableEvent::GoneTooLong { .. } => "gone too long",
        TableEvent::AbsenceExtended { .. } => "absence extended",
        TableEvent::Unseated { .. } => "unseated",
        TableEvent::CashedOut { .. } => "cashed out",
        TableEvent::HandStarted { .. } => "hand started",
        TableEvent::Hand(_) => "action",
        TableEvent::Turn { .. } => "turn",
        TableEvent::TimedOut { .. } => "timed out",
        TableEvent::ClockExtended { .. } => "clock extended",
        TableEvent::HandEnded { .. } => "hand ended",
        TableEvent::Instructed { .. } => "instructed",
        TableEvent::CloseAsked => "close asked",
        TableEvent::SnapshotRenewed => "snapshot renewed",
        TableEvent::Closed => "closed",
    }
}
