//! Checks that begin in the middle of a journal: a clean journal has no violations from any
//! snapshot on, and every fault after the snapshot is found.

use crate::{assert_clean, check_table, check_tournament, is_action};
use audit::{Beginning, Report, TableCheck, TableOutcome, TournamentCheck, compare_tables_with_tournaments};
use poker::table::TableRecord;
use proptest::prelude::*;
use std::collections::HashSet;
use testkit::room::{Dice, Room, cash_table};
use wire::{
    Card, Chips, Epoch, TableId,
    event::{HandEvent, TableEvent},
};

const TABLE: TableId = TableId(7);

/// Checks the rest of a journal whose first `cut` records are gone.
fn check_rest(id: TableId, journal: &[TableRecord], cut: usize) -> (Report, TableOutcome) {
    let mut report = Report::default();
    let mut check = TableCheck::from_first_snapshot(id);
    for (sequence, record) in (1..).zip(journal).skip(cut) {
        check.record(sequence, record, &mut report);
    }
    (report, check.outcome())
}

/// Returns the index of the first snapshot from `cut` on.
fn snapshot_from(journal: &[TableRecord], cut: usize) -> usize {
    journal.iter().skip(cut).position(|record| record.state.is_some()).unwrap() + cut
}

/// Makes one record wrong in one of many ways, and only that record.
fn spoil(journal: &mut Vec<TableRecord>, at: usize, dice: &mut Dice) {
    match dice.roll(7) {
        0 => drop(journal.remove(at)),
        1 => journal.insert(at, journal[at].clone()),
        2 => journal[at].epoch = Epoch(0),
        3 => journal[at].v = 9,
        4 => {
            if let TableEvent::Hand(HandEvent::Acted { added, .. }) = &mut journal[at].events[0] {
                *added = added.plus(Chips(1));
            }
        }
        5 => {
            if let TableEvent::Hand(HandEvent::Acted { seat, .. }) = &mut journal[at].events[0] {
                *seat ^= 1;
            }
        }
        _ => {
            let others = Card::all().take(1).collect();
            let event = TableEvent::Hand(HandEvent::Board { street: 1, cards: others });
            journal[at].events.insert(1, event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_clean_journal_is_clean_from_every_snapshot_on(seed in 1_u64..1 << 40) {
        let hosted = cash_table(240, seed);
        let journal = &hosted.journal;
        let (_, whole) = check_table(TABLE, journal);
        let mut dice = Dice(seed);
        let snapshots = (1..journal.len()).filter(|&at| journal[at].state.is_some());
        for begins in snapshots {
            let skipped = dice.roll(begins as u64).min(dice.roll(12)) as usize;
            let cut = (begins - skipped..begins).rfind(|&at| journal[at].state.is_some()).map_or(begins - skipped, |at| at + 1);
            let (report, outcome) = check_rest(TABLE, journal, cut);
            assert_clean(&report);
            prop_assert_eq!(report.skipped as usize, begins - cut);
            prop_assert_eq!(outcome.beginning, Beginning::Snapshot { sequence: begins as u64 + 1 });
            prop_assert_eq!(outcome.money, whole.money);
        }
    }

    #[test]
    fn every_fault_after_the_snapshot_is_found(seed in 1_u64..1 << 40) {
        let mut journal = cash_table(240, seed).journal;
        let mut dice = Dice(seed);
        let cut = 1 + dice.roll(journal.len() as u64 / 2) as usize;
        let first = snapshot_from(&journal, cut) + 1;
        // The fault lies before the last snapshot: a lost record's changes are found at the next
        // snapshot at the latest.
        let last = journal.iter().rposition(|record| record.state.is_some()).unwrap();
        let actions: Vec<usize> = (first..last).filter(|&at| is_action(&journal[at])).collect();
        prop_assume!(!actions.is_empty());
        let at = actions[dice.roll(actions.len() as u64) as usize];
        spoil(&mut journal, at, &mut dice);
        let (report, _) = check_rest(TABLE, &journal, cut);
        prop_assert!(report.violations > 0, "record {} was spoilt", at);
        // The check continues from the next snapshot, so that the fault is not found again after
        // it.
        let after = journal.iter().skip(at + 1).position(|record| record.state.is_some());
        let sound = after.map_or(journal.len(), |after| at + 1 + after);
        let later = report.found.iter().filter(|violation| violation.sequence.unwrap() as usize > sound + 1);
        prop_assert_eq!(later.count(), 0, "{:#?}", &report.found);
    }
}

#[test]
fn a_journal_without_beginning_and_snapshot_is_skipped() {
    let journal: Vec<TableRecord> = cash_table(100, 5).journal.into_iter().skip(1).collect();
    let bare = journal.into_iter().map(|record| TableRecord { state: None, ..record });
    let bare: Vec<TableRecord> = bare.collect();
    let (report, outcome) = check_rest(TABLE, &bare, 0);
    assert_clean(&report);
    assert_eq!((report.skipped as usize, outcome.beginning), (bare.len(), Beginning::Awaited));
}

#[test]
fn a_record_that_cannot_be_read_is_one_fault() {
    let journal = cash_table(300, 5).journal;
    let at = (100..).find(|&at| is_action(&journal[at])).unwrap();
    let mut report = Report::default();
    let mut check = TableCheck::new(TABLE);
    for (sequence, record) in (1..).zip(&journal) {
        if sequence == at as u64 + 1 {
            check.bytes(sequence, b"nothing", &mut report);
        } else {
            check.record(sequence, record, &mut report);
        }
    }
    assert_eq!(report.violations, 1, "{:#?}", report.found);
    assert_eq!(report.skipped as usize, snapshot_from(&journal, at + 1) - at - 1);
}

#[test]
fn a_tournament_and_its_tables_have_no_violations_from_any_snapshot_on() {
    for seed in [3, 4] {
        let room = Room::tournament(23, seed);
        let (_, whole) = check_tournament(room.tournament, &room.journal);
        for cut in (1..room.journal.len() - 10).step_by(7) {
            let mut report = Report::default();
            let mut check = TournamentCheck::from_first_snapshot(room.tournament);
            for (sequence, record) in (1..).zip(&room.journal).skip(cut) {
                check.record(sequence, record, &mut report);
            }
            let outcome = check.outcome();
            assert!(matches!(outcome.beginning, Beginning::Snapshot { .. }));
            assert_eq!((&outcome.places, outcome.pool), (&whole.places, whole.pool));
            let mut tables = Vec::new();
            for (id, hosted) in &room.tables {
                let (part, table) = check_rest(*id, &hosted.journal, cut % hosted.journal.len());
                report.merge(part);
                tables.push(table);
            }
            compare_tables_with_tournaments(&tables, &[outcome], &HashSet::new(), &mut report);
            assert_clean(&report);
        }
    }
}

#[test]
fn hands_and_instructions_can_be_taken_out_during_the_check() {
    let room = Room::tournament(23, 8);
    let mut report = Report::default();
    let mut check = TournamentCheck::new(room.tournament);
    let (mut reported, mut told) = (Vec::new(), Vec::new());
    for (sequence, record) in (1..).zip(&room.journal) {
        check.record(sequence, record, &mut report);
        reported.extend(check.take_reported_hands());
        told.extend(check.take_told_instructions());
    }
    let (mut played, mut done) = (Vec::new(), Vec::new());
    for (&id, hosted) in &room.tables {
        let mut check = TableCheck::new(id);
        for (sequence, record) in (1..).zip(&hosted.journal) {
            check.record(sequence, record, &mut report);
            played.extend(check.take_finished_hands().into_iter().map(|(hand, sum)| (id, hand, sum)));
            done.extend(check.take_instructions().into_iter().map(|(number, sum)| (id, number, sum)));
        }
        assert!(check.outcome().hands.is_empty(), "memory does not grow");
    }
    assert_clean(&report);
    assert!(reported.len() > 20 && told.len() > 20);
    let by_table =
        |hands: &mut Vec<(TableId, _, _)>| hands.sort_by_key(|(table, number, _)| (*table, *number));
    by_table(&mut reported);
    assert_eq!(reported, played);
    told.sort_by_key(|(table, number, _)| (*table, *number));
    assert_eq!(told, done);
    assert!(check.outcome().tables.values().all(|table| table.hands.is_empty()));
}
