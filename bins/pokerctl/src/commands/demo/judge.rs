//! Judges a demo: every entry must have its place, and no invariant may be violated.

use super::{DemoResult, ENTRIES};
use crate::{
    commands::verify::{self, VerifyError},
    console::Console,
};
use bus::Bus;
use serde::Serialize;
use std::io::{self, Write};

/// The line that is printed.
#[derive(Debug, Serialize)]
struct Done {
    #[serde(flatten)]
    outcome: DemoResult,
    verify_violations: u64,
}

/// Verifies the fleet and prints one line of JSON to stdout. Returns whether all places are ranked
/// and no invariant is violated.
///
/// # Errors
/// When the journals or the ledger cannot be read.
pub async fn judge(outcome: DemoResult, bus: &Bus, console: &Console) -> Result<bool, VerifyError> {
    let report = verify::verify(bus, verify::Args::default()).await?.report;
    for violation in report.found.iter().take(20) {
        console.warn(violation.to_string());
    }
    let done = Done { verify_violations: report.violations, outcome };
    if let Ok(line) = serde_json::to_string(&done) {
        // A reader that went away is no reason to fail.
        let _ = writeln!(io::stdout(), "{line}");
    }
    let ranked = done.outcome.places == ENTRIES as usize;
    if !ranked {
        console.warn(format!("{} of {ENTRIES} places are ranked", done.outcome.places));
    }
    Ok(ranked && done.verify_violations == 0)
}
