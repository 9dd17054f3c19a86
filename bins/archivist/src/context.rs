//! What all units of an archivist work with.

use crate::store::{Database, Packed};
use audit::Report;
use bus::Bus;

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use wire::fleet::Load;

/// Violations of one journal that are described; those after them are counted. One fault may show in every record after it.
const MOST_TOLD: usize = 100;

/// Shared by all units.
pub struct Context {
    /// The connection to NATS.
    pub bus: Bus,
    /// The database.
    pub database: Database,
    /// How long a closed table or finished tournament stays in its journal after it is archived:
    /// late questions about it are still answered.
    pub linger: Duration,
    /// Owned units.
    pub units: AtomicU32,
    records: AtomicU64,
    hands: AtomicU64,
    bytes: AtomicU64,
    violations: AtomicU64,
}

impl Context {
    /// Before anything was done.
    pub const fn new(bus: Bus, database: Database, linger: Duration) -> Self {
        Self {
            bus,
            database,
            linger,
            units: AtomicU32::new(0),
            records: AtomicU64::new(0),
            hands: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            violations: AtomicU64::new(0),
        }
    }

    /// Counts a batch that is in the database.
    pub fn count(&self, packed: &Packed) {
        let batch = packed.batch();
        let hands = batch.pieces.iter().filter(|piece| piece.hand.is_some()).count();
        self.records.fetch_add(batch.records, Relaxed);
        self.hands.fetch_add(hands as u64, Relaxed);
        self.bytes.fetch_add(packed.bytes() as u64, Relaxed);
    }

    /// Counts broken promises, and describes them: in the log, and by what is left in the report, which goes into the database.
    /// `told` counts those of the same journal that were described before.
    pub fn tell(&self, stream: &str, report: &mut Report, told: &mut usize) {
        self.violations.fetch_add(report.violations, Relaxed);
        report.found.truncate(MOST_TOLD.saturating_sub(*told));
        *told += report.found.len();
        for violation in &report.found {
            tracing::error!(stream, %violation, "a promise is broken: look at the record with `pokerctl table log`");
        }
    }

    /// What the heartbeat says.
    pub fn load(&self) -> Load {
        Load {
            partitions: self.units.load(Relaxed),
            hands: self.hands.load(Relaxed),
            records: self.records.load(Relaxed),
            archived_bytes: self.bytes.load(Relaxed),
            violations: self.violations.load(Relaxed),
            ..Load::default()
        }
    }
}
