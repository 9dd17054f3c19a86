//! The schedule of faults: a pure function of the options. Print it with `--print-schedule`.

use crate::{
    chance::{Chance, Stream},
    options::Options,
};
use std::{fmt, time::Duration};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum FaultKind {
    /// SIGKILL of a table worker.
    KillTableWorker,
    /// SIGKILL of a gateway.
    KillGateway,
    /// SIGKILL of a coordinator.
    KillCoordinator,
    /// SIGKILL of a bot worker.
    KillBotWorker,
    /// SIGKILL of the cashier.
    KillCashier,
    /// SIGKILL of an archivist.
    KillArchivist,
    /// SIGKILL of nats-server.
    KillNats,
    /// SIGINT of PostgreSQL, which ends its connections at once.
    RestartPostgres,
    /// SIGSTOP of a table worker for longer than a takeover, then SIGCONT: an owner that does not
    /// know that it was replaced.
    ZombieTableWorker,
    /// The same of a coordinator.
    ZombieCoordinator,
    /// The same of an archivist.
    ZombieArchivist,
    /// SIGSTOP of a gateway for a while.
    FreezeGateway,
    /// A planned stop of a table worker.
    DrainTableWorker,
    /// A planned stop of a gateway.
    DrainGateway,
    /// One more table worker, which is drained a while later.
    AddTableWorker,
    /// Connections are cut in the middle of a frame.
    CutConnections,
    /// Connections go silent but stay open.
    LoseConnections,
    /// Clients stop reading for a while.
    SlowReaders,
}

/// How often each kind is drawn, in parts of the sum.
const WEIGHTS: &[(FaultKind, u64)] = &[
    (FaultKind::KillTableWorker, 16),
    (FaultKind::KillGateway, 12),
    (FaultKind::KillCoordinator, 6),
    (FaultKind::KillBotWorker, 5),
    (FaultKind::KillCashier, 6),
    (FaultKind::KillArchivist, 5),
    (FaultKind::KillNats, 5),
    (FaultKind::RestartPostgres, 4),
    (FaultKind::ZombieTableWorker, 10),
    (FaultKind::ZombieCoordinator, 3),
    (FaultKind::ZombieArchivist, 3),
    (FaultKind::FreezeGateway, 4),
    (FaultKind::DrainTableWorker, 8),
    (FaultKind::DrainGateway, 4),
    (FaultKind::AddTableWorker, 4),
    (FaultKind::CutConnections, 7),
    (FaultKind::LoseConnections, 3),
    (FaultKind::SlowReaders, 3),
];

impl FaultKind {
    /// Returns all kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        WEIGHTS.iter().map(|&(kind, _)| kind)
    }

    /// Returns how long a fault shows before the next may come, in milliseconds, when the two are
    /// not to overlap.
    const fn settles_ms(self) -> u64 {
        match self {
            Self::KillTableWorker | Self::KillCoordinator | Self::KillNats => 3_500,
            Self::ZombieTableWorker | Self::ZombieCoordinator => 6_500,
            Self::DrainTableWorker | Self::AddTableWorker | Self::FreezeGateway => 3_000,
            _ => 1_000,
        }
    }
}

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
