//! What a verification looked at, and what it found.

use crate::{
    grid::say,
    words::{counted, number},
};
use audit::{Beginning, Report, TableOutcome, TournamentOutcome};
use serde::Serialize;

/// Violations that are shown to people; the others are counted.
const MOST_SHOWN: usize = 20;

/// A verification of a fleet.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Tables' journals.
    pub tables: u64,
    /// Tournaments' journals.
    pub tournaments: u64,
    /// Tournaments that have finished: their places and prizes were compared with the cashier's.
    pub finished_tournaments: u64,
    /// Journals whose beginning is gone and that were checked from their first snapshot on. What
    /// was before is for the archive to prove.
    pub from_snapshot: u64,
    /// Journals whose beginning is gone and that have no snapshot to begin with: nothing of them
    /// was checked.
    pub without_snapshot: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What was found.
    #[serde(flatten)]
    pub report: Report,
}

impl Verified {
    /// Counts the journals.
    pub fn count(&mut self, tables: &[TableOutcome], tournaments: &[TournamentOutcome]) {
        self.tables = tables.len() as u64;
        self.tournaments = tournaments.len() as u64;
        self.finished_tournaments = tournaments.iter().filter(|known| known.places.is_some()).count() as u64;
        let of_tables = tables.iter().map(|table| table.beginning);
        for beginning in of_tables.chain(tournaments.iter().map(|tournament| tournament.beginning)) {
            match beginning {
                Beginning::Creation => {}
                Beginning::Snapshot { .. } => self.from_snapshot += 1,
                Beginning::Awaited => self.without_snapshot += 1,
            }
        }
    }

    /// Prints the first violations, and what was looked at.
    pub fn print(&self) {
        self.report.found.iter().take(MOST_SHOWN).for_each(say);
        let rest = self.report.violations.saturating_sub(MOST_SHOWN as u64);
        if rest > 0 {
            say(format!("and {} more", number(rest)));
        }
        if let Some(line) = self.beginnings() {
            say(line);
        }
        say(self.summary());
    }

    /// Returns where checks began, unless all did at the beginning.
    fn beginnings(&self) -> Option<String> {
        let Self { from_snapshot, without_snapshot, report, .. } = self;
        let mut parts = Vec::new();
        if *from_snapshot > 0 {
            parts.push(format!(
                "{} checked from the first snapshot on, because the beginning is gone",
                counted(*from_snapshot, "journal is", "journals are")
            ));
        }
        if *without_snapshot > 0 {
            parts.push(format!(
                "{} no snapshot yet to begin with",
                counted(*without_snapshot, "journal has", "journals have")
            ));
        }
        if report.skipped > 0 {
            parts.push(format!(
                "{} before a first snapshot skipped",
                counted(report.skipped, "record was", "records were")
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn summary(&self) -> String {
        let report = &self.report;
        format!(
            "{} tables, {} tournaments ({} finished), {} records, {} snapshots, {} hands{}, {} actions: {} in {:.1} s",
            self.tables,
            self.tournaments,
            self.finished_tournaments,
            report.records,
            report.snapshots,
            report.hands,
            match report.scripted_hands {
                0 => String::new(),
                scripted => format!(" ({scripted} scripted, not shuffled)"),
            },
            report.actions,
            match report.violations {
                0 => "nothing is violated".to_owned(),
                some => counted(some, "violation", "violations"),
            },
            self.seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audit::TableCheck;
    use wire::TableId;

    #[test]
    fn the_summary_says_where_checks_began() {
        let mut verified = Verified::default();
        assert_eq!(verified.beginnings(), None);
        verified.count(&[TableCheck::from_first_snapshot(TableId(1)).outcome()], &[]);
        verified.report.skipped = 1_200;
        let line =
            "1 journal has no snapshot yet to begin with; 1 200 records were before a first snapshot skipped";
        assert_eq!(verified.beginnings().as_deref(), Some(line));
        verified.from_snapshot = 2;
        let line = verified.beginnings().unwrap();
        assert!(line.starts_with("2 journals are checked from the first snapshot on"), "{line}");
    }

    #[test]
    fn the_json_line_has_all_counts_side_by_side() {
        let json = serde_json::to_value(Verified::default()).unwrap();
        for field in ["tables", "from_snapshot", "without_snapshot", "skipped", "violations", "found"] {
            assert!(json.get(field).is_some(), "{field} is missing: {json}");
        }
    }
}
