//! What the task of an owned partition is told of its ownership.

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

/// After a pause of this length somebody else may own what this process owned: less than the silence that others wait for,
/// which began with the last heartbeat before the pause.
const STOOD_STILL: Duration = Duration::from_millis(500);

/// Whether this process knows what it owns. Clones share it.
#[derive(Clone)]
pub(super) struct Certainty {
    pulse: Arc<Pulse>,
    peers: Peers,
    seen: KnownOwners,
    /// How often there was a reason to doubt, lost connections and lost messages aside.
    doubts: Arc<AtomicU64>,
    /// The doubts that a reading of the claims has settled.
    settled: Arc<AtomicU64>,
}

impl Certainty {
    /// To be made before the claims are read for the first time.
    pub(super) fn new(peers: &Peers, seen: &KnownOwners) -> Self {
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

/// When the task of a partition is to end.
#[derive(Clone)]
pub(super) struct Ending {
    released: watch::Receiver<bool>,
    /// How often the time of this process was set ([`crate::clock`]): moments that the task knows from before mean nothing then.
    clock: watch::Receiver<u64>,
}

impl Ending {
    pub(super) fn new(released: watch::Receiver<bool>, clock: watch::Receiver<u64>) -> Self {
        Self { released, clock }
    }

    /// The ending of a task that begins now.
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
        // Nobody can ask any more: the task is about to be ended.
        std::future::pending::<()>().await;
    }
}

/// An ownership of one partition. Clones are told the same.
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

    /// What a task that begins now is told.
    pub(super) fn of_a_beginner(&self) -> Self {
        Self { ending: self.ending.of_a_beginner(), ..self.clone() }
    }

    /// Whether the partition is to be handed over: another task is not to begin.
    pub(super) fn is_released(&self) -> bool {
        self.ending.is_released()
    }

    /// Returns when the partition is to be handed over.
    pub(super) async fn released(&mut self) {
        released(&mut self.ending.released).await;
    }

    /// Returns when the partition is to be handed over, or to be begun anew because the clock was set: finish what is under way,
    /// start nothing new, then end.
    pub async fn ends(&mut self) {
        self.ending.comes().await;
    }

    /// Whether this process certainly owns the partition still. What a record in the journal stands behind can be told in any case.
    /// Anything else, a refusal above all, may be wrong while this is false: this process stood still, was not heard, or lost its
    /// connection or messages, and another owner may be at work.
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
    fn a_task_ends_when_it_is_released_or_the_clock_is_set_and_begins_anew_in_the_second_case() {
        let (release, released) = watch::channel(false);
        let (set, clock) = watch::channel(0);
        let whole = Ending::new(released, clock);
        let mut first = whole.of_a_beginner();
        assert!(first.comes().now_or_never().is_none());
        set.send_modify(|times| *times += 1);
        assert!(first.comes().now_or_never().is_some());
        assert!(first.clone().comes().now_or_never().is_some(), "everybody who asks is told");
        assert!(!whole.is_released());

        let mut second = whole.of_a_beginner();
        assert!(second.comes().now_or_never().is_none(), "it began after that");
        release.send_replace(true);
        assert!(second.comes().now_or_never().is_some());
        assert!(whole.is_released());
    }
}
