//! The tenure of an owned partition, as its task sees it: its end, and whether the ownership is
//! certain.

use super::KnownOwners;
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

/// After a pause of this length another member may have claimed this process' partitions. It is
/// less than the silence after which a member counts as dead, which began with the last heartbeat
/// before the pause.
const STOOD_STILL: Duration = Duration::from_millis(500);

/// Whether this process is certain of its claims. Clones share it.
#[derive(Clone)]
pub(super) struct Certainty {
    pulse: Arc<Pulse>,
    peers: Peers,
    seen: KnownOwners,
    /// The number of reasons to doubt, apart from disconnects and lost messages.
    doubts: Arc<AtomicU64>,
    /// The number of doubts that a reading of the claims has settled.
    settled: Arc<AtomicU64>,
}

impl Certainty {
    /// Makes the certainty of this process. To be called before the claims are read for the first
    /// time.
    pub(super) fn new(peers: &Peers, seen: &KnownOwners) -> Self {
        Self {
            pulse: Pulse::start(STOOD_STILL),
            peers: peers.clone(),
            seen: Arc::clone(seen),
            doubts: Arc::default(),
            settled: Arc::default(),
        }
    }

    /// Returns the number of doubts so far: a reading that begins now settles these.
    pub(super) fn doubts(&self) -> u64 {
        let bus = self.peers.bus();
        self.doubts.load(Ordering::Acquire) + bus.outages() + *bus.gaps().borrow()
    }

    /// Takes note of a reading of the claims that began after this many doubts.
    pub(super) fn settle(&self, doubts: u64) {
        self.settled.fetch_max(doubts, Ordering::Release);
    }

    /// Returns whether no other member can have claimed a partition of this process without its
    /// notice.
    pub(super) fn holds(&self) -> bool {
        if self.pulse.is_late() || !self.peers.is_heard() {
            self.doubts.fetch_add(1, Ordering::Release);
        }
        self.settled.load(Ordering::Acquire) == self.doubts()
    }

    /// Returns whether this process certainly owns the partition, under this epoch.
    fn owns(&self, partition: u16, epoch: Epoch) -> bool {
        self.holds() && {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            let claim = seen.get(usize::from(partition)).and_then(Option::as_ref);
            claim.is_some_and(|(owner, of)| *of == epoch && self.peers.is_me(owner))
        }
    }
}

/// The event that ends a partition's task.
#[derive(Clone)]
pub(super) struct Ending {
    released: watch::Receiver<bool>,
    /// How often this process has adopted the machine's time ([`crate::clock`]): moments that the
    /// task noted before are on another time scale.
    clock: watch::Receiver<u64>,
}

impl Ending {
    pub(super) fn new(released: watch::Receiver<bool>, clock: watch::Receiver<u64>) -> Self {
        Self { released, clock }
    }

    /// Returns the ending for a task that begins now.
    fn of_a_beginner(&self) -> Self {
        let mut ending = self.clone();
        ending.clock.mark_unchanged();
        ending
    }

    /// Returns when the task is to end.
    async fn comes(&mut self) {
        let set = async {
            if self.clock.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = released(&mut self.released) => {}
            () = set => self.clock.mark_changed(),
        }
    }

    fn is_released(&self) -> bool {
        *self.released.borrow()
    }
}

async fn released(released: &mut watch::Receiver<bool>) {
    if released.wait_for(|asked| *asked).await.is_err() {
        // The sender is gone: the task is about to be aborted.
        std::future::pending::<()>().await;
    }
}

/// One ownership of a partition. Clones share it.
#[derive(Clone)]
pub struct Tenure {
    partition: u16,
    epoch: Epoch,
    ending: Ending,
    certainty: Certainty,
}

impl Tenure {
    pub(super) const fn new(partition: u16, epoch: Epoch, ending: Ending, certainty: Certainty) -> Self {
        Self { partition, epoch, ending, certainty }
    }

    /// Returns the tenure for a task that begins now.
    pub(super) fn of_a_beginner(&self) -> Self {
        Self { ending: self.ending.of_a_beginner(), ..self.clone() }
    }

    /// Returns whether the partition is to be handed over: then no further task begins.
    pub(super) fn is_released(&self) -> bool {
        self.ending.is_released()
    }

    /// Returns when the partition is to be handed over.
    pub(super) async fn released(&mut self) {
        released(&mut self.ending.released).await;
    }

    /// Returns when the partition is to be handed over, or to be restarted because the clock was
    /// set. The task then finishes its work under way, begins no new work, and ends.
    pub async fn ends(&mut self) {
        self.ending.comes().await;
    }

    /// Returns whether this process is certain that it still owns the partition. Answers that a
    /// stored record stands behind may be given in any case. Other answers, refusals above all, may
    /// be wrong while this is false: this process stood still, its heartbeats did not come back, or
    /// it lost its connection or messages, and another owner may be at work.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certainty.owns(self.partition, self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_task_ends_at_a_release_or_when_the_clock_is_set_and_restarts_in_the_second_case() {
        let (release, released) = watch::channel(false);
        let (set, clock) = watch::channel(0);
        let whole = Ending::new(released, clock);
        let mut first = whole.of_a_beginner();
        assert!(first.comes().now_or_never().is_none());
        set.send_modify(|times| *times += 1);
        assert!(first.comes().now_or_never().is_some());
        assert!(first.clone().comes().now_or_never().is_some(), "the end is reported to each caller");
        assert!(!whole.is_released());

        let mut second = whole.of_a_beginner();
        assert!(second.comes().now_or_never().is_none(), "the second task began after the clock was set");
        release.send_replace(true);
        assert!(second.comes().now_or_never().is_some());
        assert!(whole.is_released());
    }
}
