//! Whether tables and their tournament say the same. The tournaments' journals are read after the tables', so they may be ahead, never
//! behind.

use crate::{
    report::{Location, Report, Rule},
    table::TableOutcome,
    tournament::TournamentOutcome,
};
use std::collections::HashMap;
use wire::TournamentId;

/// Compares every tournament's table with its tournament.
pub fn check(tables: &[TableOutcome], tournaments: &[TournamentOutcome], report: &mut Report) {
    let by_id: HashMap<TournamentId, &TournamentOutcome> =
        tournaments.iter().map(|tournament| (tournament.tournament, tournament)).collect();
    for table in tables {
        let Some(id) = table.tournament else { continue };
        match by_id.get(&id) {
            Some(tournament) => table_of(table, tournament, report),
            None => {
                let what = format!("tournament {id} has no journal");
                report.violation(Location::Table(table.table), None, Rule::Tournament, what);
            }
        }
    }
}

fn table_of(table: &TableOutcome, tournament: &TournamentOutcome, report: &mut Report) {
    let mut wrong =
        |what: String| report.violation(Location::Table(table.table), None, Rule::Tournament, what);
    let told = tournament.told.get(&table.table).map_or(&[][..], Vec::as_slice);
    let done = &table.instructions;
    match done.iter().zip(told).position(|(done, told)| done != told) {
        Some(at) => wrong(format!("instruction {} was carried out otherwise than told", at + 1)),
        None if done.len() > told.len() => {
            wrong(format!("{} instructions were carried out, {} were told", done.len(), told.len()));
        }
        None => {}
    }
    let last = table.hands.keys().next_back();
    let reported = tournament.hands.get(&table.table);
    for (hand, played) in &table.hands {
        match reported.and_then(|reported| reported.get(hand)) {
            Some(known) if known == played => {}
            Some(_) => wrong(format!("hand {hand} is on record otherwise in the tournament")),
            None if Some(hand) == last => {}
            None => wrong(format!("hand {hand} is not on record in the tournament")),
        }
    }
    for hand in reported.into_iter().flat_map(|reported| reported.keys()) {
        let known = table.hands.contains_key(hand);
        if !known && last.is_some_and(|last| hand <= last) {
            wrong(format!("hand {hand} is on record in the tournament and was not played"));
        }
    }
}
