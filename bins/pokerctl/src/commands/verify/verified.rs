//! The result of a verification: its extent and its findings.

use super::archive::ArchiveSummary;
use crate::{
    grid::say,
    words::{counted, number},
};
use audit::{Beginning, Location, Report, TableOutcome, TournamentOutcome, Violation};
use serde::Serialize;

/// Maximum number of violations that are printed for people; the others are counted.
const MOST_SHOWN: usize = 20;

/// A verification of a fleet.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Number of journals of tables.
    pub tables: u64,
    /// Number of journals of tournaments.
    pub tournaments: u64,
    /// Number of finished tournaments. Their places and prizes were compared with the cashier's.
    pub finished_tournaments: u64,
    /// Number of journals without their first records, checked from their first snapshot on. The
    /// archive proves the trimmed records: see `archive`.
    pub from_snapshot: u64,
    /// Number of journals without their first records and without a snapshot: they were not
    /// checked.
    pub without_snapshot: u64,
    /// The archive's proof, and the records where the journals continue it.
    pub archive: ArchiveSummary,
    /// Duration of the verification, in seconds.
    pub seconds: f64,
    /// The violations and counts.
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

    /// Prints the first violations and the extent of the verification.
    pub fn print(&self) {
        let shown = self.shown();
        shown.iter().for_each(say);
        let rest = self.report.violations.saturating_sub(shown.len() as u64);
        if rest > 0 {
            say(format!("and {} more", number(rest)));
        }
        if let Some(line) = self.beginnings() {
            say(line);
        }
        self.archive.lines().into_iter().for_each(say);
        say(self.summary());
    }

    /// Returns the violations to print: those of the journals and those of the archive, half of
    /// [`MOST_SHOWN`] each if there are many of both.
    fn shown(&self) -> Vec<&Violation> {
        let (archived, found): (Vec<&Violation>, Vec<&Violation>) =
            self.report.found.iter().partition(|violation| violation.location == Location::Archive);
        let of_archive = archived.len().min(MOST_SHOWN - found.len().min(MOST_SHOWN / 2));
        let of_journals = found.len().min(MOST_SHOWN - of_archive);
        found.into_iter().take(of_journals).chain(archived.into_iter().take(of_archive)).collect()
    }

    /// Returns a sentence on journals that were not checked from their creation on, if there are
    /// any.
    fn beginnings(&self) -> Option<String> {
        let Self { from_snapshot, without_snapshot, report, .. } = self;
        let mut parts = Vec::new();
        if *from_snapshot > 0 {
            parts.push(format!(
                "{} checked from the first snapshot on, because earlier records are trimmed",
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
                0 => "no violation".to_owned(),
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
    fn the_summary_says_at_which_record_checks_began() {
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
    fn twenty_violations_are_shown_of_journals_and_archive_together() {
        let shown = |journals: u64, archive: u64| {
            let mut verified = Verified::default();
            for sequence in 0..journals {
                let table = Location::Table(TableId(1));
                verified.report.violation(table, Some(sequence), audit::Rule::Chips, "a chip is missing");
            }
            let described: Vec<String> = (0..archive.min(20)).map(|n| format!("table {n}")).collect();
            verified.report.recorded(archive, &described);
            assert_eq!(verified.report.violations, journals + archive);
            let shown = verified.shown();
            let of_archive = shown.iter().filter(|violation| violation.location == Location::Archive).count();
            (shown.len() - of_archive, of_archive)
        };
        assert_eq!(shown(0, 0), (0, 0));
        assert_eq!(shown(3, 5), (3, 5));
        assert_eq!(shown(30, 0), (20, 0));
        assert_eq!(shown(0, 30), (0, 20));
        assert_eq!(shown(30, 30), (10, 10));
        assert_eq!(shown(30, 4), (16, 4));
        assert_eq!(shown(4, 30), (4, 16));
    }

    #[test]
    fn the_json_line_has_all_counts_side_by_side() {
        let json = serde_json::to_value(Verified::default()).unwrap();
        for field in
            ["tables", "from_snapshot", "without_snapshot", "skipped", "violations", "found", "archive"]
        {
            assert!(json.get(field).is_some(), "{field} is missing: {json}");
        }
    }
}
