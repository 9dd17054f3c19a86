//! Who is alive: heartbeats on a core subject, judged by what this process itself could hear.
//!
//! A peer counts as dead when it was silent for 1.2 s of *hearing time*. Hearing time passes while
//! heartbeats arrive, our own among them; when nothing at all arrives (the server is away, or this process was
//! stopped for a while) it stands still, so nobody is declared dead only because we were deaf.

use crate::{Bus, BusError};
use futures::StreamExt;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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

/// How often everybody sends a heartbeat.
const BEAT: Duration = Duration::from_millis(300);
/// Silence after which a peer counts as dead.
const SILENCE: Duration = Duration::from_millis(1_200);
/// Most hearing time that passes between two arrivals.
const DEAF: Duration = Duration::from_millis(450);
/// How often it is looked who fell silent.
const LOOK: Duration = Duration::from_millis(50);

/// The fleet as this process hears it. Clones share it.
#[derive(Clone)]
pub struct Peers {
    inner: Arc<Inner>,
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
}

/// A process that runs now: another start under the same name is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
}

/// What was heard, and the hearing clock.
struct Heard {
    clock: Duration,
    last_arrival: Instant,
    members: HashMap<Member, (Heartbeat, Duration)>,
}

impl Heard {
    fn now(&self) -> Duration {
        self.clock + self.last_arrival.elapsed().min(DEAF)
    }

    /// Whether this changes who may own something.
    fn hear(&mut self, beat: Heartbeat) -> bool {
        self.clock = self.now();
        self.last_arrival = Instant::now();
        let member = Member { node: beat.node.clone(), incarnation: beat.incarnation };
        let standing = (beat.ready, beat.draining);
        let before = self.members.insert(member, (beat, self.clock));
        before.is_none_or(|(before, _)| (before.ready, before.draining) != standing)
    }

    /// Forgets who fell silent; whether there was one.
    fn forget(&mut self) -> bool {
        let now = self.now();
        let before = self.members.len();
        self.members.retain(|_, (_, last)| now.saturating_sub(*last) <= SILENCE);
        self.members.len() != before
    }
}

impl Peers {
    /// Joins: sends this process' heartbeats from now on, until the last clone is dropped, and hears everybody's.
    ///
    /// # Errors
    /// When the subscription cannot be made.
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
        };
        let peers = Self::listen(bus, Some(me)).await?;
        tokio::spawn(beat(bus.clone(), Arc::downgrade(&peers.inner)));
        Ok(peers)
    }

    /// Only hears.
    ///
    /// # Errors
    /// When the subscription cannot be made.
    pub async fn watch(bus: &Bus) -> Result<Self, BusError> {
        Self::listen(bus, None).await
    }

    async fn listen(bus: &Bus, me: Option<Me>) -> Result<Self, BusError> {
        let mut beats = bus.subscribe(subject::ALL_HEARTBEATS.to_owned()).await?;
        let heard = Heard { clock: Duration::ZERO, last_arrival: Instant::now(), members: HashMap::new() };
        let inner = Arc::new(Inner { me, heard: Mutex::new(heard), changed: watch::Sender::new(0) });
        let weak = Arc::downgrade(&inner);
        tokio::spawn(async move {
            let mut look = interval(LOOK);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                // What has arrived is heard before anybody is declared dead.
                let beat = tokio::select! {
                    biased;
                    message = beats.next() => match message {
                        Some(message) => codec::decode::<Heartbeat>(&message.payload).ok(),
                        None => return,
                    },
                    _ = look.tick() => None,
                };
                let Some(inner) = weak.upgrade() else { return };
                let changed = match beat {
                    Some(beat) => inner.heard().hear(beat),
                    None => inner.heard().forget(),
                };
                if changed {
                    inner.changed.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(Self { inner })
    }

    /// Tells that this process has begun to work; from now on it gets its share.
    pub fn set_ready(&self) {
        if let Some(me) = &self.inner.me {
            me.ready.store(true, Ordering::Relaxed);
            me.at_once.notify_one();
        }
    }

    /// Tells that this process is about to stop; it gets nothing new.
    pub fn set_draining(&self) {
        if let Some(me) = &self.inner.me {
            me.draining.store(true, Ordering::Relaxed);
            me.at_once.notify_one();
        }
    }

    /// Tells whether what this process works with fails it.
    pub fn set_troubled(&self, troubled: bool) {
        if let Some(me) = &self.inner.me
            && me.troubled.swap(troubled, Ordering::Relaxed) != troubled
        {
            me.at_once.notify_one();
        }
    }

    /// Everybody of a role who is alive, this process included, by name.
    #[must_use]
    pub fn alive(&self, role: Role) -> Vec<Heartbeat> {
        let heard = self.inner.heard();
        let mut alive: Vec<Heartbeat> = heard
            .members
            .values()
            .filter(|(beat, _)| beat.role == role)
            .map(|(beat, _)| beat.clone())
            .collect();
        drop(heard);
        alive.sort_by(|a, b| (&a.node, a.incarnation).cmp(&(&b.node, b.incarnation)));
        alive
    }

    /// Counts up whenever somebody appears, disappears, gets ready or drains.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Whether this process has listened for so long that it has heard everybody who is alive.
    pub(crate) fn has_heard_all(&self) -> bool {
        self.inner.heard().now() > SILENCE
    }

    /// This process; none when it only watches.
    pub(crate) fn me(&self) -> Option<(Role, Member)> {
        let me = self.inner.me.as_ref()?;
        let member = Member { node: me.node.clone(), incarnation: me.incarnation };
        Some((me.role, member))
    }
}

impl Inner {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
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
            addresses: self.addresses.clone(),
            load: (self.load)(),
        }
    }
}

/// Sends heartbeats until nobody holds the peers any more.
async fn beat(bus: Bus, peers: std::sync::Weak<Inner>) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let Some(inner) = peers.upgrade() else { return };
        let Some(me) = &inner.me else { return };
        tokio::select! {
            _ = ticks.tick() => {}
            () = me.at_once.notified() => {}
        }
        // While the server is away, heartbeats would only queue up.
        if !bus.is_connected() {
            continue;
        }
        let heartbeat = me.heartbeat();
        let sent = match codec::encode(&heartbeat) {
            Ok(bytes) => bus.publish(subject::heartbeat(me.role, &me.node), bytes.into()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "cannot send a heartbeat");
        }
    }
}
