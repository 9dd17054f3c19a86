//! The kinds of faults, and how often each comes.

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
pub(crate) const WEIGHTS: &[(FaultKind, u64)] = &[
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
    pub(crate) const fn settles_ms(self) -> u64 {
        match self {
            Self::KillTableWorker | Self::KillCoordinator | Self::KillNats => 3_500,
            Self::ZombieTableWorker | Self::ZombieCoordinator => 6_500,
            Self::DrainTableWorker | Self::AddTableWorker | Self::FreezeGateway => 3_000,
            _ => 1_000,
        }
    }
}
