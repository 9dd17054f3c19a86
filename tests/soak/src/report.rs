//! The report: one line of JSON at the end.

use serde::Serialize;
use std::collections::BTreeMap;

/// The result of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Seed of all random draws.
    pub seed: u64,
    /// How long faults were carried out, in seconds.
    pub seconds: u64,
    /// Cash tables.
    pub tables: u32,
    /// Players at cash tables.
    pub players: u32,
    /// Faults that were carried out, by kind.
    pub faults: BTreeMap<String, u32>,
    /// Commands of players that were acknowledged.
    pub acknowledged: u64,
    /// Hands whose deals clients verified, each as often as a client did.
    pub verified: u64,
    /// Events that client programs saw and that were compared.
    pub events: u64,
    /// Numbered lines of chat in the journals.
    pub lines: u64,
    /// Hands that began.
    pub hands: u64,
    /// Tournaments that were played to the end.
    pub tournaments: u64,
    /// Sessions that were opened, or opened again.
    pub connections: u64,
    /// Acknowledged commands that are in no journal.
    pub lost: u64,
    /// Commands carried out, or events seen, more than once.
    pub repeated: u64,
    /// Events that a client missed.
    pub gaps: u64,
    /// Places where chips appeared or disappeared.
    pub chips_off: u64,
    /// Cards seen by a client that may not see them, or too early.
    pub leaks: u64,
    /// All violations, the above included.
    pub violations: u64,
    /// Violations by kind.
    pub violated: BTreeMap<String, u64>,
    /// From the kill of a table worker until its tables went on, table by table.
    pub takeover_ms: Spread,
    /// The same for a paused table worker, which is noticed only by its silence.
    pub standstill_ms: Spread,
    /// The longest wait of a command while a table worker stopped by plan, table by table.
    pub outage_per_table_ms: Spread,
    /// Partitions in which a replaced owner tried to write and was refused, by the workers' own
    /// logs.
    pub late_writes_refused: u64,
    /// Commands that were refused for good, by refusal; mostly for turns that had passed.
    pub refused: BTreeMap<String, u64>,
}

/// The distribution of times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Number of measurements.
    pub n: usize,
    /// The median.
    pub p50: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The maximum.
    pub max: u64,
}

impl Spread {
    /// Returns the distribution of times in milliseconds.
    #[must_use]
    pub fn of(mut times_ms: Vec<u64>) -> Self {
        times_ms.sort_unstable();
        let n = times_ms.len();
        let at = |percent: usize| {
            let rank = (n * percent).div_ceil(100).max(1);
            times_ms.get(rank - 1).copied().unwrap_or(0)
        };
        Self { n, p50: at(50), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let spread = Spread::of((1..=200).rev().collect());
        assert_eq!(spread, Spread { n: 200, p50: 100, p99: 198, max: 200 });
        assert_eq!(Spread::of(vec![7]), Spread { n: 1, p50: 7, p99: 7, max: 7 });
        assert_eq!(Spread::of(vec![]), Spread::default());
    }
}
