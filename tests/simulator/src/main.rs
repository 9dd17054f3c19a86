//! Simulates fleets for a while and prints one line of JSON at the end.

use clap::Parser;
use serde::Serialize;
use simulator::{Fault, Outcome, run};
use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// Simulates one run after the other, each with the next seed, until the time is over.
#[derive(Parser)]
struct Arguments {
    /// Seed of the first run.
    #[arg(long)]
    seed: u64,
    /// How long to go on, in seconds; at least one run is simulated to its end.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Runs at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// The totals of all runs.
#[derive(Default, Serialize)]
struct Sum {
    seed: u64,
    seconds: u64,
    runs: u64,
    steps: u64,
    records: u64,
    hands: u64,
    faults: u64,
    violations: usize,
    by_kind: BTreeMap<Fault, u64>,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.steps += outcome.steps;
        self.records += outcome.records;
        self.hands += outcome.hands;
        self.violations += outcome.violations.len();
        for (fault, times) in &outcome.faults {
            self.faults += times;
            *self.by_kind.entry(*fault).or_default() += times;
        }
    }
}

/// Prints the violations, the events before them, and the command that repeats the run.
fn complain(outcome: &Outcome) {
    let again = run(outcome.seed, None, true);
    for line in &again.trace {
        eprintln!("{line}");
    }
    for violation in &again.violations {
        eprintln!("{}: {}", violation.checker, violation.what);
    }
    eprintln!(
        "seed {}, step {}; again: make simulate SECONDS=1 SEED={}",
        again.seed, again.steps, again.seed
    );
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let next = AtomicU64::new(arguments.seed);
    let broken = AtomicBool::new(false);
    let sum = Mutex::new(Sum { seed: arguments.seed, seconds: arguments.seconds, ..Sum::default() });
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let outcome = run(next.fetch_add(1, Relaxed), None, false);
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(&outcome);
                    if !outcome.violations.is_empty() && !broken.swap(true, Relaxed) {
                        complain(&outcome);
                    }
                    if broken.load(Relaxed) || Instant::now() >= until {
                        return;
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    match serde_json::to_string(&sum) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("the result cannot be written as JSON: {error}"),
    }
    if sum.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
