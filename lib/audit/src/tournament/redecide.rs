//! Decides every record of a tournament again: its events must be those that the rules give for the
//! state before it.

use super::TournamentRecord;
use crate::{
    field::Field,
    words::{difference, or_none, tournament_event},
};
use tournament::{Command, Payment, Tournament};
use wire::{PlayerId, TableId, cashier::Account, event::Seed, tournament::TournamentEvent};

/// Returns the difference of a record from the events that the rules give for the state, in words.
pub fn differs(before: &Tournament, field: &Field, record: &TournamentRecord) -> Option<String> {
    if record.events.is_empty() {
        return None;
    }
    let first = || or_none(record.events.first().map(tournament_event));
    let Some(command) = command(field, record) else {
        return Some(format!("no command causes this event: {}", first()));
    };
    match before.decide(command, record.at_ms, record.resumed) {
        Ok(mut expected) => {
            started_as_found(&mut expected, &record.events);
            (expected != record.events).then(|| difference(&expected, &record.events, tournament_event))
        }
        Err(refusal) => Some(format!("{}: {refusal}", first())),
    }
}

/// Has levels go by the owner's clock after a start that an earlier version wrote.
fn started_as_found(expected: &mut [TournamentEvent], found: &[TournamentEvent]) {
    if let (
        Some(TournamentEvent::Started { counts_time, .. }),
        Some(TournamentEvent::Started { counts_time: false, .. }),
    ) = (expected.first_mut(), found.first())
    {
        *counts_time = false;
    }
}

/// Returns the command that causes such events.
fn command(field: &Field, record: &TournamentRecord) -> Option<Command> {
    use TournamentEvent as E;
    let events = &record.events;
    // The confirmation of an instruction may come before the report in its record.
    let reported = events.iter().find_map(|event| {
        let E::HandReported { report, .. } = event else { return None };
        Some(Command::Report(report.clone()))
    });
    if reported.is_some() {
        return reported;
    }
    Some(match events.first()? {
        E::Created { config, .. } => Command::Create { config: config.clone() },
        E::EntryReserved { player, name, bot: false } => {
            Command::Register { player: *player, name: name.clone() }
        }
        E::EntryReserved { .. } => Command::EnterBots { bots: events.iter().filter_map(bot).collect() },
        E::EntryConfirmed { .. } | E::EntryRefused { .. } => {
            Command::Paid(events.iter().filter_map(|event| payment(field, event)).collect())
        }
        E::EntryWithdrawn { player } => Command::Unregister { player: *player },
        E::EntryRefunded { .. } => Command::Refunded(events.iter().filter_map(refunded).collect()),
        E::Started { seed, .. } => Command::Start { seed: *seed },
        E::Cancelled if record.cause.is_some() => Command::Cancel,
        // There were too few entries; the seed of the draw is not on record and not needed.
        E::Cancelled => Command::Start { seed: Seed([0; 32]) },
        E::TableOpened { .. } => Command::OpenTables { tables: events.iter().filter_map(opened).collect() },
        E::InstructionApplied { table, number } => Command::Applied { table: *table, instruction: *number },
        E::Settled => Command::Settled,
        E::HandReported { .. }
        | E::Busted { .. }
        | E::Instructed { .. }
        | E::MoveOrdered { .. }
        | E::Finished { .. } => return None,
    })
}

fn bot(event: &TournamentEvent) -> Option<Account> {
    let TournamentEvent::EntryReserved { player, name, .. } = event else { return None };
    Some(Account { player: *player, name: name.clone() })
}

fn payment(field: &Field, event: &TournamentEvent) -> Option<Payment> {
    let (player, refused) = match event {
        TournamentEvent::EntryConfirmed { player } => (*player, None),
        TournamentEvent::EntryRefused { player, refusal } => (*player, refusal.clone()),
        TournamentEvent::Created { .. }
        | TournamentEvent::EntryReserved { .. }
        | TournamentEvent::EntryWithdrawn { .. }
        | TournamentEvent::EntryRefunded { .. }
        | TournamentEvent::Started { .. }
        | TournamentEvent::TableOpened { .. }
        | TournamentEvent::HandReported { .. }
        | TournamentEvent::Busted { .. }
        | TournamentEvent::Instructed { .. }
        | TournamentEvent::InstructionApplied { .. }
        | TournamentEvent::MoveOrdered { .. }
        | TournamentEvent::Finished { .. }
        | TournamentEvent::Settled
        | TournamentEvent::Cancelled => return None,
    };
    Some(Payment { player, entry: field.entry_number(player).unwrap_or(u32::MAX), refused })
}

fn refunded(event: &TournamentEvent) -> Option<PlayerId> {
    let TournamentEvent::EntryRefunded { player } = event else { return None };
    Some(*player)
}

fn opened(event: &TournamentEvent) -> Option<TableId> {
    let TournamentEvent::TableOpened { table, .. } = event else { return None };
    Some(*table)
}
