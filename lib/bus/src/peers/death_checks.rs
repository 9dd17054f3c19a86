//! Who is gone for certain. A process listens to a subject of its own for as long as it runs; the server answers whoever publishes
//! there that nobody listens as soon as the process' connection is closed, which the operating system does when it dies. So a dead
//! process is known after half the time that silence alone would take. One that is stopped, or whose machine is cut off,
//! stays connected: it counts as dead by its silence.

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

/// Silence after which it is asked: longer than the pause between two heartbeats.
const SUSPECT: Duration = Duration::from_millis(350);
/// Who is there does not answer: this is how long that is waited for.
const NO_ANSWER: Duration = Duration::from_millis(150);
/// Pause before it is asked once more: a connection may be about to be made anew.
const AGAIN: Duration = Duration::from_millis(50);

/// See the module.
pub(super) struct DeathChecks {
    bus: Bus,
    peers: Weak<Inner>,
    /// Told when this process lost its connection: until everybody had time to come back, nobody is missed.
    gaps: watch::Receiver<u64>,
    calm_at: Instant,
    asking: Arc<Mutex<HashSet<Member>>>,
}

impl DeathChecks {
    pub(super) fn new(bus: &Bus, peers: Weak<Inner>) -> Self {
        Self { bus: bus.clone(), peers, gaps: bus.gaps(), calm_at: Instant::now(), asking: Arc::default() }
    }

    /// Asks, in the background, after everybody who is silent.
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
        tracing::debug!(node = %member.node, "gone");
        inner.has_changed();
    }
    lock(&asking).remove(&member);
}

/// Whether the server says so. Not when it cannot be asked.
async fn nobody_listens(bus: &Bus, subject: &str) -> bool {
    let answer = async { bus.ask(subject.to_owned(), Bytes::new()).await.ok()?.await };
    matches!(timeout(NO_ANSWER, answer).await, Ok(Some(Answer::NoResponders)))
}

fn lock(asking: &Mutex<HashSet<Member>>) -> std::sync::MutexGuard<'_, HashSet<Member>> {
    asking.lock().unwrap_or_else(PoisonError::into_inner)
}
