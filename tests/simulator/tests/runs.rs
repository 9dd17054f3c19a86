//! Whole runs: they are repeatable, and have no violations.

#![allow(clippy::panic, reason = "a helper of a test fails like a test")]

use simulator::{Fault, Outcome, run};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

/// How long runs of new seeds go on.
const ENOUGH: Duration = Duration::from_secs(10);

fn is_right(outcome: &Outcome) {
    if let Some(first) = outcome.violations.first() {
        let again = run(outcome.seed, None, true);
        panic!(
            "seed {}, step {}: {}: {}\n{}",
            outcome.seed,
            outcome.steps,
            first.checker,
            first.what,
            again.trace.join("\n")
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    let first = run(7, None, false);
    assert_eq!(first, run(7, None, true));
    assert_ne!(first.hash, run(8, None, false).hash);
}

#[test]
fn runs_of_fixed_seeds_have_no_violations_and_strike_every_kind_of_fault() {
    let mut faults: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut hands = 0;
    for seed in 1..=12 {
        let outcome = run(seed, None, false);
        is_right(&outcome);
        hands += outcome.hands;
        for (fault, times) in outcome.faults {
            *faults.entry(fault).or_default() += times;
        }
    }
    assert_eq!(faults.len(), 21, "every kind of fault happens: {faults:?}");
    assert!(hands > 100, "only {hands} hands");
}

#[test]
fn runs_of_new_seeds_have_no_violations() {
    let first = RandomState::new().hash_one(0) >> 16;
    let began = Instant::now();
    let mut runs = 0;
    while began.elapsed() < ENOUGH {
        println!("seed {}", first + runs);
        is_right(&run(first + runs, None, false));
        runs += 1;
    }
}
