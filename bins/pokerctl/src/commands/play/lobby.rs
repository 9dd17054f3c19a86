//! The list of tables and tournaments.

use crate::words;
use std::fmt::Write;
use wire::{
    Chips, TableId, TournamentId,
    table::{Purpose, TableSummary},
    tournament::TournamentSummary,
};

/// The list that was shown last; its places are valid as numbers in commands.
#[derive(Debug, Default)]
pub struct Lobby {
    tables: Vec<TableSummary>,
    tournaments: Vec<TournamentSummary>,
}

impl Lobby {
    /// Replaces the list.
    pub fn update(&mut self, tables: Vec<TableSummary>, tournaments: Vec<TournamentSummary>) {
        self.tables = tables;
        self.tournaments = tournaments;
    }

    /// Returns the table at this place of the list, from 1, or else the table with this number.
    pub fn table(&self, number: u64) -> TableId {
        place(number).and_then(|at| self.tables.get(at)).map_or(TableId(number), |table| table.table)
    }

    /// Returns the tournament at this place of the list, from 1, or else the tournament with this
    /// number.
    pub fn tournament(&self, number: u64) -> TournamentId {
        let listed = place(number).and_then(|at| self.tournaments.get(at));
        listed.map_or(TournamentId(number), |tournament| tournament.tournament)
    }

    /// Returns the buy-in if the player names none: 100 big blinds, within the table's bounds. None
    /// for tables that are not in the list, or not cash tables.
    pub fn usual_buy_in(&self, table: TableId) -> Option<Chips> {
        let summary = self.tables.iter().find(|summary| summary.table == table)?;
        match summary.config.purpose {
            Purpose::Cash { min_buy_in, max_buy_in } => {
                Some(summary.config.level.big_blind.times(100).max(min_buy_in).min(max_buy_in))
            }
            Purpose::Tournament { .. } => None,
        }
    }

    /// Returns the list as text.
    pub fn text(&self) -> String {
        let mut text = String::from("Cash tables:");
        if self.tables.is_empty() {
            text.push_str(" none");
        }
        for (at, table) in (1..).zip(&self.tables) {
            let config = &table.config;
            let _ = write!(
                text,
                "\n  {at:>3}  {:<28} {:<20} {:<10} {} of {} seats taken, {}",
                config.name,
                words::variant(&config.variant),
                words::level(&config.level),
                table.players,
                config.seats,
                words::purpose(config)
            );
        }
        text.push_str("\nTournaments:");
        if self.tournaments.is_empty() {
            text.push_str(" none");
        }
        for (at, tournament) in (1..).zip(&self.tournaments) {
            let _ = write!(
                text,
                "\n  {at:>3}  {:<28} {:<20} {:<11} {} of {} entries, {} left, {} + {}",
                tournament.name,
                words::variant(&tournament.variant),
                tournament.phase,
                tournament.entries,
                tournament.max_entries,
                tournament.players_left,
                words::chips(tournament.buy_in),
                words::chips(tournament.fee)
            );
        }
        text
    }
}

fn place(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
