//! Distributions of durations, to three digits, from a microsecond to a minute.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// Longer times count as this long.
const LONGEST_US: u64 = 60_000_000;

/// Recorded durations. Sent between processes as counts.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

/// The reported percentiles, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The 99.9th percentile.
    pub p999_ms: f64,
    /// The maximum.
    pub max_ms: f64,
}

impl Default for Latency {
    fn default() -> Self {
        Self(empty())
    }
}

#[allow(clippy::expect_used)] // the bounds are constants that the library takes
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("constant bounds")
}

impl Latency {
    /// Records one duration.
    pub fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(us.max(1));
    }

    /// Forgets all recorded durations.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Adds the durations that another process recorded.
    pub fn add(&mut self, other: &Self) {
        for value in other.0.iter_recorded() {
            self.0.saturating_record_n(value.value_iterated_to(), value.count_at_value());
        }
    }

    /// Returns the percentiles.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1_000.0;
        Percentiles { p50_ms: at(0.5), p99_ms: at(0.99), p999_ms: at(0.999), max_ms: at(1.0) }
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.0.iter_recorded().map(|value| (value.value_iterated_to(), value.count_at_value()));
        serializer.collect_seq(counts)
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts: Vec<(u64, u64)> = Vec::deserialize(deserializer)?;
        let mut histogram = empty();
        for (us, count) in counts {
            histogram.saturating_record_n(us, count);
        }
        Ok(Self(histogram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_travel_and_add_up() {
        let mut one = Latency::default();
        for ms in 1..=1_000 {
            one.record(Duration::from_millis(ms));
        }
        let text = serde_json::to_string(&one).unwrap();
        let mut two: Latency = serde_json::from_str(&text).unwrap();
        two.add(&one);
        assert_eq!(two.0.len(), 2_000);
        let told = two.percentiles();
        assert!((499.0..502.0).contains(&told.p50_ms), "{told:?}");
        assert!((988.0..992.0).contains(&told.p99_ms), "{told:?}");
    }
}
