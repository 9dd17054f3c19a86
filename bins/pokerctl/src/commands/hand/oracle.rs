//! `pokerctl hand oracle`: compares with hands that another engine has played.

use super::{HandError, read};
use crate::grid::json_line;
use poker::oracle::{Comparison, Line};
use serde::Serialize;
use std::path::PathBuf;

/// Options of `hand oracle`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File with one JSON object per line
    file: PathBuf,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    hands: u64,
    exact: u64,
    different: u64,
    /// Hands that are not compared, for a reason in docs/conformance.md.
    departures: u64,
    bounds_checked: u64,
    bounds_different: u64,
    reasons: Vec<String>,
}

/// Compares the file's hands with the same hands of this engine, and prints the counts as one line
/// of JSON. Returns whether all hands are equal, apart from the departures in docs/conformance.md.
///
/// # Errors
/// When the file cannot be read.
pub fn run(args: &Args) -> Result<bool, HandError> {
    let mut report = Report::default();
    for (number, line) in (1u64..).zip(read(&args.file)?.lines()) {
        report.add(number, line);
    }
    json_line(&report);
    Ok(report.exact + report.departures == report.hands && report.bounds_different == 0)
}

impl Report {
    fn add(&mut self, number: u64, line: &str) {
        self.hands += 1;
        let compared = Line::parse(line).and_then(|line| line.compare());
        match compared {
            Ok(Comparison { departs: Some(why), .. }) => {
                self.departures += 1;
                self.reasons.push(format!("line {number}: {why}"));
            }
            Ok(comparison) => {
                self.bounds_checked += comparison.bounds_checked;
                self.bounds_different += comparison.bounds_different.len() as u64;
                self.exact += u64::from(comparison.differences.is_empty());
                self.different += u64::from(!comparison.differences.is_empty());
                let all = comparison.differences.iter().chain(&comparison.bounds_different);
                self.reasons.extend(all.map(|reason| format!("line {number}: {reason}")));
            }
            Err(error) => {
                self.different += 1;
                self.reasons.push(format!("line {number}: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_and_bounds_are_counted_one_by_one() {
        let line = |stacks: &str, least: u64| {
            format!(
                r#"{{"variant":"NT","antes":[0,0],"blinds_or_straddles":[1,2],"min_bet":2,"starting_stacks":[100,100],
                "actions":["p2 f"],"legal":[[0,2,1,{least},100]],"finishing_stacks":{stacks}}}"#
            )
        };
        let mut report = Report::default();
        for (nth, text) in
            (1..).zip([line("[101,99]", 4), line("[101,99]", 3), line("[99,101]", 4), "{}".to_owned()])
        {
            report.add(nth, &text);
        }
        let report = serde_json::to_value(&report).unwrap();
        let keys = ["hands", "exact", "different", "bounds_checked", "bounds_different"];
        assert_eq!(keys.map(|key| report[key].as_u64()), [4, 2, 2, 3, 1].map(Some), "{report}");
        assert_eq!(report["reasons"].as_array().map(Vec::len), Some(3));
        // The other engine lets p1 open, because no bet shows where the big blind is.
        let mut report = Report::default();
        let no_blind = r#"{"variant":"NT","antes":[1,1,1],"blinds_or_straddles":[0,2,0],"min_bet":2,"starting_stacks":[5,1,5],
            "actions":["p1 cc","p3 f"],"legal":[],"finishing_stacks":[5,0,4]}"#;
        report.add(1, no_blind);
        assert_eq!((report.exact, report.different, report.departures), (0, 0, 1));
    }
}
