//! A process' knowledge of the time and of claims: the surroundings of its partitions.

use crate::{
    chance::Chance,
    server::{Claim, Member},
};
use host::{Around, Now};
use std::cell::{Cell, RefCell};
use wire::{Epoch, event::Seed};

/// A process notices a pause of itself that was longer than this, in milliseconds.
const STOOD_STILL_MS: u64 = 500;
/// Longest time without its own heartbeats before a process doubts its claims, in milliseconds.
const UNHEARD_MS: u64 = 400;
/// The wall clock at the beginning of a run, in milliseconds since 1970.
pub(crate) const BEGAN_MS: u64 = 1_800_000_000_000;

/// One tenure of a partition by one incarnation of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartitionTenure {
    pub(crate) member: Member,
    pub(crate) partition: u16,
    pub(crate) tenure: u64,
}

/// The state of a process that its partitions see.
pub(crate) struct World {
    pub(crate) me: Member,
    /// Milliseconds since the beginning of the run, by the simulation's time.
    pub(crate) now_ms: u64,
    /// By how much the process' wall clock is ahead of the simulation's, in milliseconds.
    pub(crate) ahead_ms: i64,
    pub(crate) seen: Vec<Claim>,
    pub(crate) ticked_ms: u64,
    pub(crate) heard_self_ms: u64,
    pub(crate) doubts: Cell<u64>,
    pub(crate) settled: u64,
    pub(crate) outages: u64,
    /// Appends that are being repeated.
    pub(crate) in_trouble: usize,
    pub(crate) connected: bool,
    /// The newest sequence of the stream that the process knows.
    pub(crate) newest: u64,
    pub(crate) always_certain: bool,
    pub(crate) chance: RefCell<Chance>,
}

impl World {
    pub(crate) fn new(me: Member, partitions: u16, now_ms: u64, ahead_ms: i64, seed: u64) -> Self {
        Self {
            me,
            now_ms,
            ahead_ms,
            seen: vec![Claim::default(); usize::from(partitions)],
            ticked_ms: now_ms,
            heard_self_ms: now_ms,
            doubts: Cell::new(1),
            settled: 0,
            outages: 0,
            in_trouble: 0,
            connected: true,
            newest: 0,
            always_certain: false,
            chance: RefCell::new(Chance::new(seed)),
        }
    }

    pub(crate) fn doubt(&self) {
        self.doubts.set(self.doubts.get() + 1);
    }

    /// Returns whether no other process can have claimed a partition of this process without its
    /// notice.
    pub(crate) fn holds(&self) -> bool {
        let stood_still = self.now_ms.saturating_sub(self.ticked_ms) > STOOD_STILL_MS;
        if stood_still || self.now_ms.saturating_sub(self.heard_self_ms) > UNHEARD_MS {
            self.doubt();
        }
        self.settled == self.doubts.get()
    }

    pub(crate) fn seen(&self, partition: u16) -> Claim {
        self.seen.get(usize::from(partition)).copied().unwrap_or_default()
    }

    pub(crate) fn around(&self, partition: u16, epoch: Epoch) -> Here<'_> {
        Here { world: self, partition, epoch }
    }
}

/// The surroundings of one partition.
pub(crate) struct Here<'a> {
    world: &'a World,
    partition: u16,
    epoch: Epoch,
}

impl Around for Here<'_> {
    fn now(&self) -> Now {
        let wall_ms = (BEGAN_MS + self.world.now_ms).saturating_add_signed(self.world.ahead_ms);
        Now { wall_ms, mono_ms: self.world.now_ms }
    }

    fn is_certain(&self) -> bool {
        let claim = self.world.seen(self.partition);
        let owns = claim.owner == Some(self.world.me) && claim.revision == self.epoch.0;
        self.world.always_certain || (self.world.holds() && owns)
    }

    fn outages(&self) -> u64 {
        self.world.outages
    }

    fn is_well(&self) -> bool {
        self.world.connected && self.world.in_trouble == 0
    }

    fn newest(&self) -> u64 {
        self.world.newest
    }

    fn seed(&self) -> Seed {
        self.world.chance.borrow_mut().seed()
    }
}
