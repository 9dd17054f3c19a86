//! Checks that a journal continues where its archive ends, and that both have the same on record.
//!
//! Each record of a journal names the one before it, so the trimmed records are known exactly. All
//! trimmed records must be archived. The journal must be read before the archive is asked, and a
//! tournament's journal after that: then the result does not depend on records that are stored,
//! archived and trimmed meanwhile.

use crate::{
    beginning::Beginning,
    chain::Chain,
    report::{Location, Report, Rule},
    table::TableOutcome,
    tally::Tally,
    tournament::{ToldTable, TournamentOutcome},
};
use std::collections::BTreeMap;
use wire::{HandNo, TableId};

/// Maximum number of gaps of one journal that are kept; further gaps are as wrong.
const MOST_GAPS: usize = 16;
/// Maximum number of hands that a table has played and its tournament not yet recorded: a table
/// waits for its instruction.
const UNREPORTED: u64 = 1;

/// The archive's knowledge of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchivedTable {
    /// Sequence of the last archived record in its stream; 0 if no record is archived.
    pub archived_to: u64,
    /// Archived hands, chained.
    pub hands: Chain,
    /// Archived instructions, chained.
    pub instructions: Chain,
}

/// Records that are missing in a journal as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Sequence of the last record before them that was read; 0 if no record was read.
    pub after: u64,
    /// Sequence of the last missing record.
    pub last: u64,
    /// Sequence of the record with which the journal goes on.
    pub from: u64,
}

/// Follows how each record of one journal names the one before it.
#[derive(Clone, Debug, Default)]
pub struct Links {
    last: u64,
    gaps: Vec<Gap>,
}

impl Links {
    /// Takes in the next record and the sequence of the journal's record before it (0 for the
    /// first; none if it is not known). Returns whether records are missing before this one.
    pub fn record(&mut self, sequence: u64, previous: Option<u64>) -> bool {
        let after = std::mem::replace(&mut self.last, sequence);
        let Some(last) = previous.filter(|&previous| previous > after) else { return false };
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(Gap { after, last, from: sequence });
        }
        true
    }

    /// Returns the first gaps, at most `MOST_GAPS`.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Reports missing records that the stream, which now begins with sequence `first`, has not
    /// trimmed, and missing records after `archived_to`, if that is known.
    pub fn check(&self, location: Location, first: u64, archived_to: Option<u64>, report: &mut Report) {
        for Gap { after, last, from } in &self.gaps {
            let missing = format!("after record {after} up to record {last}");
            let mut wrong = |what| report.violation(location, Some(*from), Rule::Archive, what);
            if *last >= first {
                wrong(format!(
                    "records {missing} are missing, and the stream is only trimmed up to record {first}"
                ));
            }
            match archived_to {
                Some(0) => wrong(format!("records {missing} are missing, and the archive has none of them")),
                Some(to) if to < *last => wrong(format!(
                    "records {missing} are missing: journal from record {from}; archive to record {to}"
                )),
                Some(_) | None => {}
            }
        }
    }
}

/// Compares tables with the archive: a check that began at a snapshot must go on with the hand and
/// the instruction after those that are archived, or before. A table without an entry in `archived`
/// has no archived records.
pub fn compare_tables(
    tables: &[TableOutcome],
    archived: &BTreeMap<TableId, ArchivedTable>,
    report: &mut Report,
) {
    let not_archived = ArchivedTable::default();
    for table in tables {
        if !matches!(table.beginning, Beginning::Snapshot { .. }) {
            continue;
        }
        let known = archived.get(&table.table).unwrap_or(&not_archived);
        let from = [
            ("hand", table.first_hand.0, &known.hands),
            ("instruction", table.first_instruction, &known.instructions),
        ];
        for (what, first, chain) in from {
            if first > chain.count + 1 {
                let count = chain.count;
                let what = format!(
                    "the journal goes on with {what} {first}, and the archive has {count} of its {what}s"
                );
                report.violation(Location::Table(table.table), None, Rule::Archive, what);
            }
        }
    }
}

/// Compares the tournaments' records of their tables with the archived records of the tables: the
/// hands and the instructions of the trimmed records must be the same.
pub fn compare_tournaments(
    tournaments: &[TournamentOutcome],
    archived: &BTreeMap<TableId, ArchivedTable>,
    report: &mut Report,
) {
    let whole = tournaments.iter().filter(|tournament| tournament.beginning == Beginning::Creation);
    for (table, told) in whole.flat_map(|tournament| &tournament.tables) {
        let Some(known) = archived.get(table) else { continue };
        if (told.first_hand, told.first_instruction) == (HandNo(1), 1) {
            compare_with_told(*table, told, known, report);
        }
    }
}

fn compare_with_told(table: TableId, told: &ToldTable, known: &ArchivedTable, report: &mut Report) {
    let ToldTable { hands, instructions, .. } = told;
    let both = [
        ("hands", differs(&known.hands, hands.values(), UNREPORTED)),
        ("instructions", differs(&known.instructions, instructions.values(), 0)),
    ];
    for (things, differs) in both {
        if let Some((count, on_record)) = differs {
            let what = format!(
                "the archive has {count} {things} and its tournament {on_record} on record, or other ones"
            );
            report.violation(Location::Table(table), None, Rule::Archive, what);
        }
    }
}

/// Returns both counts, if the chained things are not the first of those on record. As many as
/// `ahead` may be chained that are not on record yet: then the others cannot be compared.
fn differs<'a>(
    chain: &Chain,
    on_record: impl ExactSizeIterator<Item = &'a Tally>,
    ahead: u64,
) -> Option<(u64, u64)> {
    let many = on_record.len() as u64;
    let differs = if chain.count > many {
        chain.count > many + ahead
    } else {
        let mut first = Chain::default();
        let archived = usize::try_from(chain.count).unwrap_or(usize::MAX);
        on_record.take(archived).for_each(|tally| first.add(&tally.to_bytes()));
        first != *chain
    };
    differs.then_some((chain.count, many))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: TableId = TableId(7);

    fn found(links: &Links, first: u64, archived_to: Option<u64>) -> Vec<String> {
        let mut report = Report::default();
        links.check(Location::Table(TABLE), first, archived_to, &mut report);
        report.found.iter().map(ToString::to_string).collect()
    }

    fn links(records: &[(u64, u64)]) -> Links {
        let mut links = Links::default();
        for (sequence, previous) in records {
            links.record(*sequence, Some(*previous));
        }
        links
    }

    #[test]
    fn a_whole_journal_has_no_gap() {
        let links = links(&[(3, 0), (4, 3), (9, 4)]);
        assert_eq!(links.gaps(), []);
        assert_eq!(found(&links, 1, Some(0)), Vec::<String>::new());
    }

    #[test]
    fn trimmed_records_must_be_archived() {
        let links = links(&[(50, 41), (60, 50)]);
        assert_eq!(links.gaps(), [Gap { after: 0, last: 41, from: 50 }]);
        for archived_to in [Some(41), Some(60), None] {
            assert_eq!(found(&links, 45, archived_to), Vec::<String>::new());
        }
        let lacking = found(&links, 45, Some(40));
        assert!(lacking[0].ends_with("journal from record 50; archive to record 40"), "{lacking:?}");
        assert_eq!(found(&links, 45, Some(0)).len(), 1);
    }

    #[test]
    fn a_record_that_is_gone_from_the_middle_is_missing_even_when_it_is_archived() {
        let links = links(&[(50, 41), (60, 55)]);
        let missing = found(&links, 45, Some(60));
        assert_eq!(missing.len(), 1);
        assert!(missing[0].contains("after record 50 up to record 55"), "{missing:?}");
        // Trimmed while it was read.
        assert_eq!(found(&links, 56, Some(60)), Vec::<String>::new());
    }

    #[test]
    fn a_journal_goes_on_where_the_archive_ends() {
        let outcome = |first_hand, first_instruction| TableOutcome {
            beginning: Beginning::Snapshot { sequence: 50 },
            first_hand: HandNo(first_hand),
            first_instruction,
            ..crate::TableCheck::from_first_snapshot(TABLE).outcome()
        };
        let chain = |count| Chain { count, ..Chain::default() };
        let known = ArchivedTable { archived_to: 49, hands: chain(8), instructions: chain(3) };
        let violations = |outcome: TableOutcome, known: &[(TableId, ArchivedTable)]| {
            let mut report = Report::default();
            compare_tables(&[outcome], &known.iter().cloned().collect(), &mut report);
            report.violations
        };
        let known = [(TABLE, known)];
        for (first_hand, first_instruction) in [(9, 4), (5, 1)] {
            assert_eq!(violations(outcome(first_hand, first_instruction), &known), 0);
        }
        assert_eq!(violations(outcome(10, 5), &known), 2);
        assert_eq!(violations(outcome(2, 1), &[]), 1, "the archive does not know the table");
    }

    #[test]
    fn chained_things_are_the_first_of_those_on_record() {
        let tallies: Vec<Tally> = [b"a", b"b", b"c"].map(|text| Tally::of(text)).to_vec();
        let mut chain = Chain::default();
        assert_eq!(differs(&chain, tallies.iter(), 0), None);
        for (number, tally) in (1..).zip(&tallies) {
            chain.add(&tally.to_bytes());
            assert_eq!(differs(&chain, tallies.iter(), 0), None);
            assert!(differs(&chain, tallies[1..].iter(), 0).is_some(), "{number}");
        }
        assert_eq!(differs(&chain, tallies[..2].iter(), 1), None, "the last one is not reported yet");
        assert_eq!(differs(&chain, tallies[..1].iter(), 1), Some((3, 1)));
        assert_eq!(differs(&chain, tallies[..2].iter(), 0), Some((3, 2)));
    }
}
