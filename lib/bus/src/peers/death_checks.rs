//! Deaths that are certain. Each member subscribes to a subject of its own for as long as it runs.
//! As soon as its connection is closed, which the operating system does when it dies, the server
//! answers requests to that subject with "no responders". So a death is known after half the time
//! that silence alone would take. A member that is stopped, or whose machine is cut off, stays
//! connected: it counts as dead by its silence.

use super::{Inner, Member, SILENCE};
use crate::{Bus, answers::Answer};
use bytes::Bytes;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use wire::{fleet::Role, subject};

/// Silence after which a member is checked: longer than the time between two heartbeats.
const SUSPECT: Duration = Duration::from_millis(350);
/// Time limit for "no responders": a connected member does not answer at all.
const NO_ANSWER: Duration = Duration::from_millis(150);
/// Pause before a second check: the member may be reconnecting.
const AGAIN: Duration = Duration::from_millis(50);

/// Checks silent members of whether they are still connected.
pub(super) struct DeathChecks {
    bus: Bus,
    peers: Weak<Inner>,
    /// Changes when this process lost its connection: then no member is checked until all had time
    /// to reconnect.
    gaps: watch::Receiver<u64>,
    calm_at: Instant,
    asking: Arc<Mutex<HashSet<Member>>>,
}

impl DeathChecks {
    pub(super) fn new(bus: &Bus, peers: Weak<Inner>) -> Self {
        Self { bus: bus.clone(), peers, gaps: bus.gaps(), calm_at: Instant::now(), asking: Arc::default() }
    }

    /// Starts a check in the background of each silent member.
    pub(super) fn look(&mut self, inner: &Inner) {
        if self.gaps.has_changed().unwrap_or(false) {
            self.gaps.mark_unchanged();
            self.calm_at = Instant::now() + SILENCE;
        }
        if inner.me.is_none() || Instant::now() < self.calm_at || !self.bus.is_connected() {
            return;
        }
        let silent = inner.heard().silent_for(SUSPECT);
        for (role, member) in silent {
            if lock(&self.asking).insert(member.clone()) {
                tokio::spawn(ask(
                    self.bus.clone(),
                    Weak::clone(&self.peers),
                    Arc::clone(&self.asking),
                    role,
                    member,
                ));
            }
        }
    }
}

async fn ask(bus: Bus, peers: Weak<Inner>, asking: Arc<Mutex<HashSet<Member>>>, role: Role, member: Member) {
    let subject = subject::alive(role, member.incarnation);
    let mut gone = nobody_listens(&bus, &subject).await;
    if gone {
        sleep(AGAIN).await;
        gone = nobody_listens(&bus, &subject).await;
    }
    if gone
        && let Some(inner) = peers.upgrade()
        && inner.heard().forget_one(&member, SUSPECT)
    {
        tracing::debug!(node = %member.node, "a member is dead: the server has no connection of it");
        inner.has_changed();
    }
    lock(&asking).remove(&member);
}

/// Returns whether the server reports no responders; false when it cannot be asked.
async fn nobody_listens(bus: &Bus, subject: &str) -> bool {
    let answer = async { bus.ask(subject.to_owned(), Bytes::new()).await.ok()?.await };
    matches!(timeout(NO_ANSWER, answer).await, Ok(Some(Answer::NoResponders)))
}

fn lock(asking: &Mutex<HashSet<Member>>) -> std::sync::MutexGuard<'_, HashSet<Member>> {
    asking.lock().unwrap_or_else(PoisonError::into_inner)
}
