//! The parts that all units of an archivist share.

use crate::store::{Database, Packed};
use audit::Report;
use bus::Bus;

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use wire::fleet::Load;

/// Number of violations of one journal that are described; further ones are only counted. One fault
/// may show in all later records.
const MOST_TOLD: usize = 100;

/// State that all units of an archivist share.
pub struct Context {
    /// The connection to NATS.
    pub bus: Bus,
    /// The database.
    pub database: Database,
    /// How long the journal of a closed table or finished tournament stays after it is archived:
    /// late requests about it are still answered.
    pub linger: Duration,
    /// Owned units.
    pub units: AtomicU32,
    records: AtomicU64,
    hands: AtomicU64,
    bytes: AtomicU64,
    violations: AtomicU64,
}

impl Context {
    /// Makes the context before any unit runs.
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

    /// Counts a batch that was written to the database.
    pub fn count(&self, packed: &Packed) {
        let batch = packed.batch();
        let hands = batch.pieces.iter().filter(|piece| piece.hand.is_some()).count();
        self.records.fetch_add(batch.records, Relaxed);
        self.hands.fetch_add(hands as u64, Relaxed);
        self.bytes.fetch_add(packed.bytes() as u64, Relaxed);
    }

    /// Counts violations, and describes them in the log and, by the entries that stay in the
    /// report, in the database. `told` counts the described violations of the same journal.
    pub fn tell(&self, stream: &str, report: &mut Report, told: &mut usize) {
        self.violations.fetch_add(report.violations, Relaxed);
        report.found.truncate(MOST_TOLD.saturating_sub(*told));
        *told += report.found.len();
        for violation in &report.found {
            tracing::error!(stream, %violation, "an invariant is violated: it is recorded in the archive; see the record with `pokerctl table log`");
        }
    }

    /// Returns the load for the heartbeat.
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
