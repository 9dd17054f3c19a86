//! `pokerctl hand check`: replays hand files and compares their finishing stacks.

use super::{HandError, hands};
use crate::grid::json_line;
use poker::phh::{ReplayResult, amounts};
use serde::Serialize;
use std::path::PathBuf;

/// Options of `hand check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PHH files: one hand (.phh) or several (.phhs)
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The result, as it is printed.
#[derive(Debug, Default, Serialize)]
struct Report {
    hands: u64,
    exact: u64,
    different: u64,
    refused: u64,
    reasons: Vec<String>,
}

/// Replays the files' hands and prints the counts as one line of JSON. Returns whether all hands
/// end with the file's finishing stacks.
///
/// # Errors
/// When a file cannot be read; a file that is no valid hand file is counted as refused.
pub fn run(args: &Args) -> Result<bool, HandError> {
    let mut report = Report::default();
    for path in &args.files {
        match hands(path) {
            Ok(hands) => hands.iter().for_each(|(name, hand)| report.add(name, hand.check())),
            // An invalid file is counted, so that the other files are still checked.
            Err(HandError::Phh { path, error }) => {
                report.add(&path.display().to_string(), ReplayResult::Refused(error));
            }
            Err(error) => return Err(error),
        }
    }
    json_line(&report);
    Ok(report.exact == report.hands)
}

impl Report {
    fn add(&mut self, name: &str, outcome: ReplayResult) {
        self.hands += 1;
        match outcome {
            ReplayResult::Exact => self.exact += 1,
            ReplayResult::Different { expected, found } => {
                self.different += 1;
                self.reasons.push(format!(
                    "{name}: stacks are {}, the file has {}",
                    amounts(&found),
                    amounts(&expected)
                ));
            }
            ReplayResult::Refused(error) => {
                self.refused += 1;
                self.reasons.push(format!("{name}: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poker::phh::Phh;

    #[test]
    fn hands_are_counted_and_differences_are_named() {
        let hand = |actions: &str, stacks: &str| {
            let text = format!(
                "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [1, 2]\nmin_bet = 2\n\
                starting_stacks = [100, 100]\nfinishing_stacks = {stacks}\nactions = [{actions}]\n"
            );
            Phh::parse(&text).unwrap().check()
        };
        let mut report = Report::default();
        report.add("one", hand("'p2 f'", "[101, 99]"));
        report.add("two", hand("'p2 f'", "[99, 101]"));
        report.add("three", hand("'p1 f'", "[101, 99]"));
        let report = serde_json::to_value(&report).unwrap();
        let counts = ["hands", "exact", "different", "refused"].map(|key| report[key].as_u64());
        assert_eq!(counts, [3, 1, 1, 1].map(Some));
        let reasons = report["reasons"].as_array().unwrap();
        let begin = |nth: usize, with: &str| reasons[nth].as_str().unwrap().starts_with(with);
        assert!(reasons.len() == 2 && begin(0, "two: stacks") && begin(1, "three: action 0"), "{report}");
    }
}
