//! Levels in journals of this version, of an earlier one, and of both.

use crate::{assert_clean, check_tournament};
use audit::{Rule, TournamentRecord};
use testkit::room::Room;
use tournament::Saved;
use wire::{TournamentId, tournament::TournamentEvent};

const ID: TournamentId = TournamentId(5);

/// Returns the records of a tournament's first owner: until then both rules give the same levels.
fn of_first_owner() -> Vec<TournamentRecord> {
    let mut journal = Room::tournament(40, 3).journal;
    let first = journal.iter().position(|record| record.resumed).unwrap();
    journal.truncate(first);
    let instructed = journal.iter().flat_map(|record| &record.events).filter_map(|event| match event {
        TournamentEvent::Instructed { instruction, .. } => Some(instruction.level.number),
        _ => None,
    });
    assert!(instructed.max() > Some(1), "the levels rise");
    journal
}

/// Returns the same records as an earlier version would have written them.
fn of_earlier_version(mut journal: Vec<TournamentRecord>) -> Vec<TournamentRecord> {
    let mut saved = Saved::new(ID);
    for record in &mut journal {
        for event in &mut record.events {
            if let TournamentEvent::Started { counts_time, .. } = event {
                *counts_time = false;
            }
        }
        saved.evolve(record);
        record.state = record.state.is_some().then(|| saved.clone());
    }
    journal
}

#[test]
fn levels_go_on_when_the_next_owner_has_another_time() {
    let journal = Room::tournament(40, 3).journal;
    assert!(journal.iter().filter(|record| record.resumed).count() > 3);
    assert!(journal.windows(2).any(|two| two[1].at_ms < two[0].at_ms), "a clock that is behind");
    assert_clean(&check_tournament(ID, &journal).0);
}

#[test]
fn a_level_that_the_next_owners_clock_gives_is_found() {
    let mut journal = Room::tournament(40, 3).journal;
    let instructed = journal.iter_mut().filter(|record| record.resumed).flat_map(|record| &mut record.events);
    let mut levels = instructed.filter_map(|event| match event {
        TournamentEvent::Instructed { instruction, .. } => Some(&mut instruction.level.number),
        _ => None,
    });
    *levels.next().unwrap() += 1;
    let (report, _) = check_tournament(ID, &journal);
    assert!(report.found.iter().any(|violation| violation.rule == Rule::Legal), "{:?}", report.found);
}

#[test]
fn a_journal_of_an_earlier_version_has_no_violations() {
    let journal = of_earlier_version(of_first_owner());
    assert!(journal.iter().filter(|record| record.state.is_some()).count() > 1);
    assert_clean(&check_tournament(ID, &journal).0);
}

#[test]
fn a_snapshot_of_an_earlier_version_after_a_start_of_this_one_is_accepted() {
    let mut journal = of_first_owner();
    let last = journal.iter().rposition(|record| record.state.is_some()).unwrap();
    let before = of_earlier_version(journal.clone());
    assert_ne!(journal[last].state, before[last].state);
    journal[last].state.clone_from(&before[last].state);
    assert_clean(&check_tournament(ID, &journal).0);
}
