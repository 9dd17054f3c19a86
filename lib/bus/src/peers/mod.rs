//! The live members of the fleet: heartbeats on a core subject, judged by the messages that reached
//! this process itself.
//!
//! A member counts as dead when it was silent for 1 s of *hearing time*. Hearing time passes while
//! heartbeats arrive, this process' own among them. When none arrive (the server is not connected,
//! or this process was stopped for a while) it stands still, so that no member is declared dead
//! only because this process could not hear.
//!
//! A member counts as dead sooner when it is silent for a moment and the server reports that it is
//! not connected (see `death_checks`).

mod death_checks;
mod heard;

use crate::{Bus, BusError, Message, Subscription};
use death_checks::DeathChecks;
use futures::StreamExt;
use heard::Heard;
pub(crate) use heard::Member;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use wire::{
    NodeId, codec,
    fleet::{Heartbeat, Load, Role},
    subject,
};

/// Time between two heartbeats of a member.
const BEAT: Duration = Duration::from_millis(250);
/// Silence after which a member counts as dead.
const SILENCE: Duration = Duration::from_millis(1_000);
/// After this time without its own heartbeats a process may soon count as dead elsewhere: other
/// members check it when they have not heard it for nearly as long (`death_checks`).
const UNHEARD: Duration = Duration::from_millis(400);
/// How often silent members are looked for.
const LOOK: Duration = Duration::from_millis(50);

/// The fleet's members as this process hears them. Clones share it.
#[derive(Clone)]
pub struct Peers {
    inner: Arc<Inner>,
    bus: Bus,
}

struct Inner {
    me: Option<Me>,
    heard: Mutex<Heard>,
    changed: watch::Sender<u64>,
}

struct Me {
    role: Role,
    node: NodeId,
    incarnation: u64,
    addresses: Vec<String>,
    ready: AtomicBool,
    draining: AtomicBool,
    troubled: AtomicBool,
    load: Box<dyn Fn() -> Load + Send + Sync>,
    at_once: Notify,
    /// When this process' own heartbeat last came back.
    came_back: Mutex<Instant>,
}

impl Peers {
    /// Joins the fleet: sends this process' heartbeats from now on, until the last clone is
    /// dropped, and hears those of all members. Uses a connection of its own, so that an overloaded
    /// process does not seem dead.
    ///
    /// # Errors
    /// When the connection or the subscription cannot be made.
    pub async fn join(
        bus: &Bus,
        role: Role,
        node: NodeId,
        addresses: Vec<String>,
        load: impl Fn() -> Load + Send + Sync + 'static,
    ) -> Result<Self, BusError> {
        let me = Me {
            role,
            node,
            incarnation: getrandom::u64().map_err(BusError::Random)?,
            addresses,
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            troubled: AtomicBool::new(false),
            load: Box::new(load),
            at_once: Notify::new(),
            came_back: Mutex::new(Instant::now()),
        };
        let bus = bus.beside("life").await?;
        let peers = Self::listen(&bus, Some(me)).await?;
        tokio::spawn(beat(bus, Arc::downgrade(&peers.inner)));
        Ok(peers)
    }

    /// Hears the members without being one.
    ///
    /// # Errors
    /// When the subscription cannot be made.
    pub async fn watch(bus: &Bus) -> Result<Self, BusError> {
        Self::listen(bus, None).await
    }

    async fn listen(bus: &Bus, me: Option<Me>) -> Result<Self, BusError> {
        let beats = bus.subscribe(subject::ALL_HEARTBEATS.to_owned()).await?;
        // The subscription alone tells that this member is connected; its messages are ignored.
        let there = match &me {
            Some(me) => Some(bus.subscribe(subject::alive(me.role, me.incarnation)).await?),
            None => None,
        };
        let inner = Arc::new(Inner { me, heard: Mutex::new(Heard::new()), changed: watch::Sender::new(0) });
        tokio::spawn(hear(bus.clone(), Arc::downgrade(&inner), beats, there));
        Ok(Self { inner, bus: bus.clone() })
    }

    /// Returns the connection of heartbeats and claims.
    pub(crate) const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Announces that this process has begun to work; from now on it gets its share.
    pub fn set_ready(&self) {
        if let Some(me) = &self.inner.me {
            me.ready.store(true, Ordering::Relaxed);
            me.at_once.notify_one();
        }
    }

    /// Announces that this process is about to stop; it gets no more partitions.
    pub fn set_draining(&self) {
        if let Some(me) = &self.inner.me {
            me.draining.store(true, Ordering::Relaxed);
            me.at_once.notify_one();
        }
    }

    /// Announces whether a part that this process depends on fails.
    pub fn set_troubled(&self, troubled: bool) {
        if let Some(me) = &self.inner.me
            && me.troubled.swap(troubled, Ordering::Relaxed) != troubled
        {
            me.at_once.notify_one();
        }
    }

    /// Returns the last heartbeats of all live members of a role, this process included, sorted by
    /// name.
    #[must_use]
    pub fn alive(&self, role: Role) -> Vec<Heartbeat> {
        let mut alive = self.inner.heard().of(role);
        alive.sort_by(|a, b| (&a.node, a.incarnation).cmp(&(&b.node, b.incarnation)));
        alive
    }

    /// Returns a counter of changes: a member appears, disappears, gets ready or drains.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Returns whether this process has listened long enough to have heard all live members.
    pub(crate) fn has_heard_all(&self) -> bool {
        self.inner.heard().now() > SILENCE
    }

    /// Returns whether this process' own heartbeats come back, so that other members probably hear
    /// them. Always true for a process that sends none.
    pub(crate) fn is_heard(&self) -> bool {
        let heard = |me: &Me| me.came_back.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < UNHEARD;
        self.inner.me.as_ref().is_none_or(heard)
    }

    /// Returns this process; `None` when it is not a member.
    pub(crate) fn me(&self) -> Option<(Role, Member)> {
        let me = self.inner.me.as_ref()?;
        let member = Member { node: me.node.clone(), incarnation: me.incarnation };
        Some((me.role, member))
    }

    /// Returns whether the member is this process.
    pub(crate) fn is_me(&self, member: &Member) -> bool {
        self.inner
            .me
            .as_ref()
            .is_some_and(|me| me.incarnation == member.incarnation && me.node == member.node)
    }
}

impl Inner {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Me {
    fn heartbeat(&self) -> Heartbeat {
        Heartbeat {
            role: self.role,
            node: self.node.clone(),
            incarnation: self.incarnation,
            version: wire::RELEASE.to_owned(),
            pid: std::process::id(),
            ready: self.ready.load(Ordering::Relaxed),
            draining: self.draining.load(Ordering::Relaxed),
            troubled: self.troubled.load(Ordering::Relaxed),
            reachable: true,
            addresses: self.addresses.clone(),
            load: (self.load)(),
        }
    }
}

/// Hears heartbeats until the last clone is dropped.
async fn hear(bus: Bus, peers: Weak<Inner>, mut beats: Subscription, mut there: Option<Subscription>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut suspicions = DeathChecks::new(&bus, Weak::clone(&peers));
    loop {
        // Heartbeats that have arrived are handled before any member is declared dead.
        let beat = tokio::select! {
            biased;
            message = beats.next() => match message {
                Some(message) => codec::decode::<Heartbeat>(&message.payload).ok(),
                None => return,
            },
            Some(_) = next(&mut there) => continue,
            _ = look.tick() => None,
        };
        let Some(inner) = peers.upgrade() else { return };
        let changed = match beat {
            Some(beat) => {
                if let Some(me) = inner.me.as_ref().filter(|me| me.incarnation == beat.incarnation) {
                    *me.came_back.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                }
                inner.heard().hear(beat)
            }
            None => {
                suspicions.look(&inner);
                inner.heard().forget()
            }
        };
        if changed {
            inner.has_changed();
        }
    }
}

/// Returns the next message, if there is a subscription.
async fn next(there: &mut Option<Subscription>) -> Option<Message> {
    there.as_mut()?.next().await
}

/// Sends heartbeats until the last clone is dropped.
async fn beat(bus: Bus, peers: Weak<Inner>) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let Some(inner) = peers.upgrade() else { return };
        let Some(me) = &inner.me else { return };
        tokio::select! {
            _ = ticks.tick() => {}
            () = me.at_once.notified() => {}
        }
        // While the server is not connected, heartbeats would only pile up.
        if !bus.is_connected() {
            continue;
        }
        let heartbeat = me.heartbeat();
        let sent = match codec::encode(&heartbeat) {
            Ok(bytes) => bus.publish(subject::heartbeat(me.role, &me.node), bytes.into()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a heartbeat was not sent: the next one is tried as usual");
        }
    }
}
