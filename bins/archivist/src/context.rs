//! What all units of an archivist work with.

use crate::store::Database;
use bus::Bus;
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use wire::fleet::Load;

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
    #[must_use]
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

    /// Returns what the heartbeat says.
    #[must_use]
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
