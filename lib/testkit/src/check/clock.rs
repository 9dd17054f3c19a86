//! Checks that players' clocks do not run while the players cannot act.

use super::{Fault, Finding, Story};
use std::collections::HashSet;
use wire::TableId;

/// A time in which tables accepted no commands.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Start, in milliseconds since 1970.
    pub from_ms: u64,
    /// End, in milliseconds since 1970.
    pub to_ms: u64,
    /// The tables; none for all tables.
    pub tables: Option<HashSet<TableId>>,
}

impl Outage {
    fn overlap_ms(&self, from_ms: u64, to_ms: u64) -> u64 {
        self.to_ms.min(to_ms).saturating_sub(self.from_ms.max(from_ms))
    }
}

/// Returns the turns that the clock ended before the player had the given time, outages not
/// counted. `slack_ms` allows for the imprecision of an outage's start and end.
#[must_use]
pub fn clocks(story: &Story, outages: &[Outage], slack_ms: u64) -> Vec<Finding> {
    let of_table =
        |outage: &&Outage| outage.tables.as_ref().is_none_or(|tables| tables.contains(&story.table));
    let outages: Vec<&Outage> = outages.iter().filter(of_table).collect();
    let mut findings = Vec::new();
    for out in &story.timeouts {
        let mut wrong = |what: String| {
            findings.push(Finding {
                fault: Fault::Clock,
                table: Some(story.table),
                sequence: Some(out.sequence),
                player: None,
                what: format!("seat {}: {what}", out.seat),
            });
        };
        if out.at_ms < out.deadline_ms {
            wrong(format!("timed out {} ms before the deadline", out.deadline_ms - out.at_ms));
        }
        let away: u64 = outages.iter().map(|outage| outage.overlap_ms(out.began_ms, out.at_ms)).sum();
        let had = out.at_ms.saturating_sub(out.began_ms).saturating_sub(away);
        if had + slack_ms < out.given_ms {
            wrong(format!("had {had} ms of {} to act, the table was away for {away} ms", out.given_ms));
        }
    }
    findings
}
