//! A tournament's events in words.

use super::{
    list, mark,
    table::{instruction, table_config},
};
use wire::tournament::{HandResult, Payout, Place, Report, TournamentConfig, TournamentEvent};

/// Describes an event of a tournament's journal.
pub fn tournament_event(event: &TournamentEvent) -> String {
    match event {
        TournamentEvent::Created { config, at_ms } => {
            format!("created: {} at {at_ms}", tournament_config(config))
        }
        TournamentEvent::EntryReserved { player, name, bot } => {
            format!("entry reserved: player {player} ({name}{})", mark(*bot, "bot"))
        }
        TournamentEvent::EntryConfirmed { player } => format!("entry confirmed: player {player}"),
        TournamentEvent::EntryRefused { player, refusal } => {
            let why = refusal.as_ref().map_or_else(|| "not covered".to_owned(), ToString::to_string);
            format!("entry refused: player {player}, {why}")
        }
        TournamentEvent::EntryWithdrawn { player } => format!("entry withdrawn: player {player}"),
        TournamentEvent::EntryRefunded { player } => format!("entry refunded: player {player}"),
        TournamentEvent::Started { at_ms, seed, counts_time } => {
            let by = if *counts_time { "the time that has passed" } else { "the clock" };
            format!("started: at {at_ms}, seed {seed}, levels by {by}")
        }
        TournamentEvent::TableOpened { table, config } => {
            format!("table opened: table {table}, {}", table_config(config))
        }
        TournamentEvent::HandReported { report, at_ms } => {
            format!("hand reported: {} at {at_ms}", reported(report))
        }
        TournamentEvent::Busted { player, place, prize } => {
            format!("busted: player {player}, place {place}, prize {prize}")
        }
        TournamentEvent::Instructed { table, instruction: told } => {
            format!("instructed: table {table}, {}", instruction(told))
        }
        TournamentEvent::InstructionApplied { table, number } => {
            format!("instruction applied: table {table}, instruction {number}")
        }
        TournamentEvent::MoveOrdered { player, from, to, seat } => {
            format!("move ordered: player {player} from table {from} to table {to}, seat {seat}")
        }
        TournamentEvent::Finished { places, at_ms } => {
            format!("finished: {} at {at_ms}", list(places.iter().map(placed)))
        }
        TournamentEvent::Settled => "settled".to_owned(),
        TournamentEvent::Cancelled => "cancelled".to_owned(),
    }
}

/// Describes a final place.
pub(super) fn placed(place: &Place) -> String {
    let Place { place, player, prize } = place;
    format!("place {place} player {player} prize {prize}")
}

fn tournament_config(config: &TournamentConfig) -> String {
    let payout = match &config.payout {
        Payout::Standard => "standard payout".to_owned(),
        Payout::Shares(shares) => format!("payout {} ten-thousandths", list(shares)),
    };
    format!(
        "{}, {}, {} seats, {} to {} entries of {} and {}, {} chips each, {payout}",
        config.name,
        config.variant,
        config.seats,
        config.min_entries,
        config.max_entries,
        config.buy_in,
        config.fee,
        config.starting_stack
    )
}

fn reported(report: &Report) -> String {
    let result = |result: &HandResult| {
        let HandResult { seat, player, before, after } = result;
        format!("seat {seat} (player {player}) {before} before and {after} after")
    };
    format!(
        "table {}, hand {}, instruction {} carried out, button {}, big blind {}, {} actions, {}",
        report.table,
        report.hand,
        report.applied,
        report.button,
        report.big_blind,
        report.actions,
        list(report.results.iter().map(result))
    )
}
