//! The schedule of faults: a pure function of the options. Print it with `--print-schedule`.

use crate::{
    chance::{Chance, Stream},
    fault_kind::{FaultKind, WEIGHTS},
    options::Options,
};
use std::{fmt, time::Duration};

/// One fault of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it begins, from the first moment of faults.
    pub at: Duration,
    /// The kind of fault.
    pub kind: FaultKind,
    /// Selects the target: a number that is taken modulo the number of possible targets.
    pub whom: u64,
    /// How long it lasts, for kinds that last.
    pub lasts: Duration,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_secs_f64();
        write!(f, "{at:8.3} s  {}  #{}  {} ms", self.kind, self.whom, self.lasts.as_millis())
    }
}

/// Returns the schedule of these options: a fault about every `fault_ms`, one in five while the one
/// before still shows.
#[must_use]
pub fn schedule(options: &Options) -> Vec<Fault> {
    let mut chance = Chance::new(options.seed, Stream::Schedule);
    let allowed: Vec<(FaultKind, u64)> = WEIGHTS
        .iter()
        .copied()
        .filter(|(kind, _)| options.only.is_empty() || options.only.contains(kind))
        .collect();
    let sum: u64 = allowed.iter().map(|&(_, weight)| weight).sum();
    let end_ms = options.seconds * 1_000;
    let mut faults = Vec::new();
    let mut at_ms = chance.between(options.fault_ms / 2, options.fault_ms);
    // Each kind comes once before the draws begin, as far as there is time, so that short runs have
    // them all.
    let mut first: Vec<FaultKind> = allowed.iter().map(|&(kind, _)| kind).collect();
    while at_ms < end_ms && sum > 0 {
        let kind = if first.is_empty() {
            let mut drawn = chance.below(sum);
            let found = allowed.iter().find(|(_, weight)| {
                let hit = drawn < *weight;
                drawn = drawn.saturating_sub(*weight);
                hit
            });
            match found {
                Some(&(kind, _)) => kind,
                None => break,
            }
        } else {
            let at = chance.below(first.len() as u64) as usize;
            first.swap_remove(at)
        };
        let lasts = chance.pause(3_000, 5_000);
        faults.push(Fault { at: Duration::from_millis(at_ms), kind, whom: chance.below(1 << 16), lasts });
        let pause = chance.between(options.fault_ms / 2, options.fault_ms * 3 / 2);
        at_ms += if chance.one_in(5) { pause.min(700) } else { pause.max(kind.settles_ms()) };
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn options(args: &[&str]) -> Options {
        Options::parse_from(["soak"].iter().chain(args))
    }

    #[test]
    fn the_schedule_is_a_function_of_the_seed() {
        let of = |seed: &str| schedule(&options(&["--seconds", "300", "--seed", seed]));
        assert_eq!(of("5"), of("5"));
        assert_ne!(of("5"), of("6"));
    }

    #[test]
    fn half_an_hour_has_three_hundred_faults_of_every_kind() {
        for seed in ["1", "2", "3"] {
            let faults = schedule(&options(&["--seconds", "1800", "--seed", seed]));
            assert!(faults.len() >= 330, "{} faults", faults.len());
            for kind in FaultKind::all() {
                let count = faults.iter().filter(|fault| fault.kind == kind).count();
                assert!(count >= 3, "{kind:?}: {count}");
            }
            assert!(faults.windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }

    #[test]
    fn only_the_requested_faults_happen() {
        let faults = schedule(&options(&["--seconds", "60", "--only", "kill_nats,kill_gateway"]));
        assert!(!faults.is_empty());
        assert!(faults.iter().all(|f| matches!(f.kind, FaultKind::KillNats | FaultKind::KillGateway)));
    }
}
