//! Each planted mistake in the code around the host is found by the checker meant for it.

#![allow(clippy::panic, reason = "a helper of a test fails like a test")]

use simulator::{Mistake, run};

/// Most runs until a mistake must be found.
const MOST_RUNS: u64 = 200;

/// Plants a mistake until a violation is found, and asserts that one of these checkers found it.
fn is_found_by(mistake: Mistake, checkers: &[&str]) {
    for seed in 1..=MOST_RUNS {
        let outcome = run(seed, Some(mistake), false);
        let Some(first) = outcome.violations.first() else { continue };
        assert!(
            outcome.violations.iter().any(|violation| checkers.contains(&violation.checker.as_str())),
            "{mistake:?}, seed {seed}: found by {}: {}",
            first.checker,
            first.what
        );
        println!("{mistake:?}: seed {seed}, step {}: {}: {}", outcome.steps, first.checker, first.what);
        return;
    }
    panic!("{mistake:?} is not found in {MOST_RUNS} runs");
}

#[test]
fn an_answer_before_the_ack_is_found() {
    is_found_by(Mistake::AnswersBeforeAck, &["early"]);
}

#[test]
fn a_record_that_is_applied_before_the_ack_is_found() {
    is_found_by(Mistake::EvolvesBeforeAck, &["early"]);
}

#[test]
fn a_forgotten_command_id_is_found() {
    // A snapshot remembers the id under which the host took the command again.
    is_found_by(Mistake::ForgetsCommandIds, &["once", "replay"]);
}

#[test]
fn an_answer_while_not_certain_is_found() {
    // A late owner that refuses wrongly is found by the refusal, or by money that moved in spite of
    // it.
    is_found_by(Mistake::IsAlwaysCertain, &["undenied", "chips"]);
}

#[test]
fn a_record_left_out_by_recovery_is_found() {
    is_found_by(Mistake::SkipsRecord, &["legal", "replay", "chips"]);
}

#[test]
fn money_that_moves_again_under_another_id_is_found() {
    is_found_by(Mistake::PaysUnderAnotherId, &["chips"]);
}

#[test]
fn a_held_command_that_is_dropped_is_found() {
    is_found_by(Mistake::DropsHeldCommands, &["stuck"]);
}

#[test]
fn a_conflict_that_counts_as_stored_is_found() {
    is_found_by(Mistake::TakesConflictsForStored, &["early", "lost", "legal"]);
}

#[test]
fn a_table_without_wake_ups_is_found() {
    is_found_by(Mistake::NeverWakes, &["stuck"]);
}
