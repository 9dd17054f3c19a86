//! Decides every record of a table again: its events must be those that the rules give for the
//! state before it.

use crate::{
    books::Books,
    words::{difference, or_none, table_event},
};
use poker::table::{self, Table, TableRecord};
use wire::{
    PlayerCommand, SeatNo,
    deal::Contribution,
    event::{HandEvent, TableEvent},
    journal::Cause,
    script::Script,
    table::{HouseBot, TableCommand},
};

/// The tolerance for times that are read from the clock separately from the record's, in
/// milliseconds.
const TIME_TOLERANCE_MS: u64 = 2_000;

/// Returns the difference of a record from the events that the rules give for the state, in words.
pub fn differs(before: &Table, books: &Books, record: &TableRecord) -> Option<String> {
    let events = &record.events;
    match decide(before, books, record) {
        Ok(expected) if same(&expected, events) => None,
        Ok(expected) => Some(difference(&expected, events, table_event)),
        Err(why) => Some(format!("{}: {why}", or_none(events.first().map(table_event)))),
    }
}

/// Does the same as [`differs`] for the record that creates a table.
pub fn creation_differs(id: wire::TableId, record: &TableRecord) -> Option<String> {
    let Some(TableEvent::Created { config }) = record.events.first() else {
        return Some("the journal does not begin with the table's creation".to_owned());
    };
    let bots: Vec<HouseBot> = record.events.iter().filter_map(house_bot).collect();
    match table::creation(id, config, &bots) {
        Ok(expected) if expected == record.events => None,
        Ok(expected) => Some(difference(&expected, &record.events, table_event)),
        Err(refusal) => Some(format!("the table may not be created: {refusal}")),
    }
}

fn house_bot(event: &TableEvent) -> Option<HouseBot> {
    let TableEvent::SeatReserved { player, name, buy_in, .. } = event else { return None };
    Some(HouseBot { player: *player, name: name.clone(), buy_in: *buy_in })
}

fn decide(before: &Table, books: &Books, record: &TableRecord) -> Result<Vec<TableEvent>, String> {
    let Some(first) = record.events.first() else {
        return Ok(Vec::new());
    };
    let now_ms = record.at_ms;
    match record.cause {
        Some(cause) => {
            let command = command(before, &record.events, cause).ok_or("no command causes this event")?;
            before.decide(cause, &command, now_ms).map_err(|refusal| refusal.to_string())
        }
        None => decide_unasked(before, books, first, now_ms),
    }
}

/// Returns the events that the clock, the cashier, the coordinator or a new owner cause in this
/// state when a record begins with `first`.
fn decide_unasked(
    before: &Table,
    books: &Books,
    first: &TableEvent,
    now_ms: u64,
) -> Result<Vec<TableEvent>, String> {
    let posting = |seat: &SeatNo| books.awaited(*seat).ok_or_else(|| format!("seat {seat} awaits no chips"));
    match first {
        TableEvent::HandStarted { seed, next_seed, .. } => Ok(match next_seed {
            Some(next_seed) => before.tick(now_ms, || *next_seed),
            // Of before decks were committed to card by card.
            None if !before.commits() => before.tick_revealing(now_ms, *seed),
            None => return Err("the deck is not the one that was committed to".to_owned()),
        }),
        TableEvent::ClockExtended { .. } | TableEvent::AbsenceExtended { .. } => Ok(before.resume(now_ms)),
        TableEvent::Seated { seat, .. } | TableEvent::ToppedUp { seat, .. } => {
            Ok(before.money_arrived(posting(seat)?, None))
        }
        TableEvent::BuyInRefused { seat, refusal } => Ok(before.money_arrived(posting(seat)?, Some(refusal))),
        TableEvent::TopUpRefused { seat, refusal: Some(refusal) } => {
            Ok(before.money_arrived(posting(seat)?, Some(refusal)))
        }
        // Of before reasons were on record.
        TableEvent::TopUpRefused { seat, refusal: None } => {
            posting(seat)?;
            Ok(vec![first.clone()])
        }
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
        TableEvent::Created { .. }
        | TableEvent::SeatReserved { .. }
        | TableEvent::SatOut { .. }
        | TableEvent::SatIn { .. }
        | TableEvent::LeaveAsked { .. }
        | TableEvent::Heard { .. }
        | TableEvent::Disconnected { .. }
        | TableEvent::Reconnected { .. }
        | TableEvent::Said { .. }
        | TableEvent::Hand(_)
        | TableEvent::Contributed { .. }
        | TableEvent::Turn { .. }
        | TableEvent::HandEnded { .. }
        | TableEvent::CloseAsked => {
            Err("only a command causes this event, and the record has no cause".to_owned())
        }
    }
}

/// Returns the command that causes such events, from a player or from the fleet as the cause says.
fn command(before: &Table, events: &[TableEvent], cause: Cause) -> Option<TableCommand> {
    let command = match events.first()? {
        TableEvent::SeatReserved { seat, name, buy_in, .. } => {
            PlayerCommand::Sit { seat: Some(*seat), buy_in: *buy_in }.by(name)
        }
        TableEvent::Hand(event) => act(before, event, events.iter().find_map(contribution))?,
        TableEvent::TopUpAsked { amount, .. } => PlayerCommand::TopUp { amount: *amount }.by(""),
        TableEvent::SatOut { .. } => PlayerCommand::SitOut.by(""),
        TableEvent::SatIn { .. } => PlayerCommand::SitIn.by(""),
        TableEvent::LeaveAsked { .. } => PlayerCommand::Leave.by(""),
        TableEvent::Heard { connection: Some(connection), .. } => {
            TableCommand::Online { connection: connection.clone() }
        }
        // The player was out of time and sent a command without effect, such as to sit out when
        // sitting out already.
        TableEvent::Heard { connection: None, .. } => PlayerCommand::SitOut.by(""),
        TableEvent::Disconnected { connection, .. } => TableCommand::Gone { connection: connection.clone() },
        TableEvent::Said { name, text, .. } => PlayerCommand::Say { text: text.clone() }.by(name),
        TableEvent::Instructed { instruction, .. } => TableCommand::Instruct(instruction.clone()),
        TableEvent::CloseAsked => TableCommand::Close,
        TableEvent::HandStarted { script, .. } => TableCommand::Script(Script::clone(script.as_deref()?)),
        TableEvent::Created { .. }
        | TableEvent::BuyInRefused { .. }
        | TableEvent::Seated { .. }
        | TableEvent::ToppedUp { .. }
        | TableEvent::TopUpRefused { .. }
        | TableEvent::Reconnected { .. }
        | TableEvent::GoneTooLong { .. }
        | TableEvent::AbsenceExtended { .. }
        | TableEvent::Unseated { .. }
        | TableEvent::CashedOut { .. }
        | TableEvent::Contributed { .. }
        | TableEvent::Turn { .. }
        | TableEvent::TimedOut { .. }
        | TableEvent::ClockExtended { .. }
        | TableEvent::HandEnded { .. }
        | TableEvent::SnapshotRenewed
        | TableEvent::Closed => return None,
    };
    (is_players(&command) == cause.player.is_some()).then_some(command)
}

/// Returns whether players send the command; the other commands are the fleet's own. A new command
/// has to be added here, and in [`command`] under the event that it causes first.
const fn is_players(command: &TableCommand) -> bool {
    match command {
        TableCommand::Player { .. } | TableCommand::Online { .. } | TableCommand::Gone { .. } => true,
        TableCommand::Create { .. }
        | TableCommand::Instruct(_)
        | TableCommand::Resync { .. }
        | TableCommand::Close
        | TableCommand::Script(_) => false,
    }
}

const fn contribution(event: &TableEvent) -> Option<Contribution> {
    match event {
        TableEvent::Contributed { mix, .. } => Some(*mix),
        _ => None,
    }
}

/// Returns the action that causes such an event of a hand first.
fn act(before: &Table, event: &HandEvent, mix: Option<Contribution>) -> Option<TableCommand> {
    match event {
        HandEvent::Acted { action, .. } => {
            let (hand, turn) = before.turn()?;
            Some(PlayerCommand::Act { hand, turn, action: action.clone(), mix }.by(""))
        }
        HandEvent::Posted { .. }
        | HandEvent::Dealt { .. }
        | HandEvent::Board { .. }
        | HandEvent::Returned { .. }
        | HandEvent::Shown { .. }
        | HandEvent::Mucked { .. }
        | HandEvent::Awarded { .. } => None,
    }
}

/// Returns whether the events are the same except for times that are read separately from the
/// record's.
fn same(expected: &[TableEvent], found: &[TableEvent]) -> bool {
    expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(expected, found)| expected == found || same_but_for_time(expected, found))
}

fn same_but_for_time(expected: &TableEvent, found: &TableEvent) -> bool {
    let (mut expected, mut found) = (expected.clone(), found.clone());
    if let (Some(due_ms), Some(done_ms)) = (own_time_ms(&mut expected), own_time_ms(&mut found))
        && due_ms.abs_diff(*done_ms) <= TIME_TOLERANCE_MS
    {
        *due_ms = *done_ms;
    }
    expected == found
}

/// Returns the time in an event that the owner reads from the clock separately from the record's.
const fn own_time_ms(event: &mut TableEvent) -> Option<&mut u64> {
    match event {
        TableEvent::ClockExtended { deadline_ms: at_ms }
        | TableEvent::AbsenceExtended { until_ms: at_ms, .. }
        | TableEvent::Instructed { next_hand_ms: at_ms, .. } => Some(at_ms),
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
        | TableEvent::Said { .. }
        | TableEvent::Unseated { .. }
        | TableEvent::CashedOut { .. }
        | TableEvent::HandStarted { .. }
        | TableEvent::Hand(_)
        | TableEvent::Contributed { .. }
        | TableEvent::Turn { .. }
        | TableEvent::TimedOut { .. }
        | TableEvent::HandEnded { .. }
        | TableEvent::CloseAsked
        | TableEvent::SnapshotRenewed
        | TableEvent::Closed => None,
    }
}
