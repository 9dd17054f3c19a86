//! What the task of an owned partition is told of its ownership.

use super::Seen;
use crate::{Peers, Pulse};
use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;
use wire::Epoch;

/// After a pause of this length somebody else may own what this process owned: less than the silence that others wait for,
/// which began with the last heartbeat before the pause.
const STOOD_STILL: Duration = Duration::from_millis(500);

/// Whether this process knows what it owns. Clones share it.
#[derive(Clone)]
pub(super) struct Certainty {
    pulse: Arc<Pulse>,
    peers: Peers,
    seen: Seen,
    /// How often there was a reason to doubt, lost connections and lost messages aside.
    doubts: Arc<AtomicU64>,
    /// The doubts that a reading of the claims has settled.
    settled: Arc<AtomicU64>,
}

impl Certainty {
    /// To be made before the claims are read for the first time.
    pub(super) fn new(peers: &Peers, seen: &Seen) -> Self {
        Self {
            pulse: Pulse::start(STOOD_STILL),
            peers: peers.clone(),
            seen: Arc::clone(seen),
            doubts: Arc::default(),
            settled: Arc::default(),
        }
    }

    /// Doubts so far: what a reading that begins now will settle.
    pub(super) fn doubts(&self) -> u64 {
        let bus = self.peers.bus();
        self.doubts.load(Ordering::Acquire) + bus.outages() + *bus.gaps().borrow()
    }

    /// The claims were read, beginning when there had been so many doubts.
    pub(super) fn settle(&self, doubts: u64) {
        self.settled.fetch_max(doubts, Ordering::Release);
    }

    /// Whether nobody can have claimed, unnoticed, what is owned here.
    pub(super) fn holds(&self) -> bool {
        if self.pulse.is_late() || !self.peers.is_heard() {
            self.doubts.fetch_add(1, Ordering::Release);
        }
        self.settled.load(Ordering::Acquire) == self.doubts()
    }

    /// Whether the partition is certainly owned by this process, under this epoch.
    fn owns(&self, partition: u16, epoch: Epoch) -> bool {
        self.holds() && {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            let claim = seen.get(usize::from(partition)).and_then(Option::as_ref);
            claim.is_some_and(|(owner, of)| *of == epoch && self.peers.is_me(owner))
        }
    }
}

/// An ownership of one partition. Clones are told the same.
#[derive(Clone)]
pub struct Tenure {
    partition: u16,
    epoch: Epoch,
    released: watch::Receiver<bool>,
    certainty: Certainty,
}

impl Tenure {
    pub(super) const fn new(
        partition: u16,
        epoch: Epoch,
        released: watch::Receiver<bool>,
        certainty: Certainty,
    ) -> Self {
        Self { partition, epoch, released, certainty }
    }

    /// Returns when the partition is to be handed over: finish what is under way, start nothing new, then end.
    pub async fn ends(&mut self) {
        if self.released.wait_for(|asked| *asked).await.is_err() {
            // Nobody can ask any more: the task is about to be ended.
            std::future::pending::<()>().await;
        }
    }

    /// Whether this process certainly owns the partition still. What a record in the journal stands behind can be told in any case.
    /// Anything else, a refusal above all, may be wrong while this is false: this process stood still, was not heard, or lost its
    /// connection or messages, and another owner may be at work.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certainty.owns(self.partition, self.epoch)
    }
}
