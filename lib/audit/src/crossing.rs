//! The comparison of tables with their tournament. Tournaments' journals are read after the
//! tables', so they may be ahead, never behind.

use crate::{
    beginning::Beginning,
    report::{Location, Report, Rule},
    table::TableOutcome,
    tournament::TournamentOutcome,
};
use std::collections::{HashMap, HashSet};
use wire::TournamentId;

/// Compares every tournament's table with its tournament. `archived` are tournaments whose journals
/// were trimmed because the archive has them: their tables have been compared before.
pub fn check(
    tables: &[TableOutcome],
    tournaments: &[TournamentOutcome],
    archived: &HashSet<TournamentId>,
    report: &mut Report,
) {
    let by_id: HashMap<TournamentId, &TournamentOutcome> =
        tournaments.iter().map(|tournament| (tournament.tournament, tournament)).collect();
    for table in tables {
        let Some(id) = table.tournament else { continue };
        match by_id.get(&id) {
            Some(tournament) => table_of(table, tournament, report),
            None if archived.contains(&id) => {}
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
    let Some(told) = tournament.tables.get(&table.table) else {
        // A check that began at a snapshot does not know tables that were closed before.
        if tournament.beginning == Beginning::Creation && !table.instructions.is_empty() {
            wrong(format!("tournament {} has no instruction for this table", tournament.tournament));
        }
        return;
    };
    for (number, done) in table.instructions.range(told.first_instruction..) {
        match told.instructions.get(number) {
            Some(known) if known == done => {}
            Some(_) => wrong(format!("instruction {number} differs from the tournament's")),
            None => wrong(format!("instruction {number} was carried out and is not the tournament's")),
        }
    }
    let last = table.hands.keys().next_back();
    for (hand, played) in table.hands.range(told.first_hand..) {
        match told.hands.get(hand) {
            Some(known) if known == played => {}
            Some(_) => wrong(format!("hand {hand} differs from the tournament's record")),
            None if Some(hand) == last => {}
            None => wrong(format!("hand {hand} is missing in the tournament's journal")),
        }
    }
    for hand in told.hands.range(table.first_hand..).map(|(hand, _)| hand) {
        if !table.hands.contains_key(hand) && last.is_some_and(|last| hand <= last) {
            wrong(format!("hand {hand} is in the tournament's journal and was not played"));
        }
    }
}
