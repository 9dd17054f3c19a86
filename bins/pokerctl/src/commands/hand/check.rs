//! `pokerctl hand check`: hand files replayed.

use super::{HandError, hands};
use crate::grid::json_line;
use poker::phh::Outcome;
use serde::Serialize;
use std::path::PathBuf;

/// Options of `hand check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PHH files: one hand (.phh) or several (.phhs)
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    hands: u64,
    exact: u64,
    different: u64,
    refused: u64,
    reasons: Vec<String>,
}

pub fn run(args: &Args) -> Result<bool, HandError> {
    let mut report = Report::default();
    for path in &args.files {
        match hands(path) {
            Ok(hands) => hands.iter().for_each(|(name, hand)| report.add(name, hand.check())),
            // One bad file among many is counted, so that the others are still checked.
            Err(HandError::Phh { path, error }) => {
                report.add(&path.display().to_string(), Outcome::Refused(error));
            }
            Err(error) => return Err(error),
        }
    }
    json_line(&report);
    Ok(report.exact == report.hands)
}

impl Report {
    fn add(&mut self, name: &str, outcome: Outcome) {
        self.hands += 1;
        match outcome {
            Outcome::Exact => self.exact += 1,
            Outcome::Different { expected, found } => {
                self.different += 1;
                self.reasons.push(format!("{name}: stacks are {found:?}, the file has {expected:?}"));
            }
            Outcome::Refused(error) => {
                self.refused += 1;
                self.reasons.push(format!("{name}: {error}"));
            }
        }
    }
}
