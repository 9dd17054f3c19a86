//! Slots for connections: how many there may be in all, from one address and from one network, how
//! many of those without a session, and what is kept for sessions that resume.

use crate::{
    limits::{TURNED_AWAY, TURNED_AWAY_HERE},
    origin::{Origin, is_in},
};
use ipnet::IpNet;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use wire::client::Closing;

/// Most connections of one gateway; 0 for no limit, except for `most`.
#[derive(Clone, Debug)]
pub(crate) struct SlotLimits {
    /// Of all.
    pub(crate) most: u32,
    /// How many of them are kept for sessions that resume.
    pub(crate) reserve: u32,
    /// From one address.
    pub(crate) address: OriginLimits,
    /// From one network.
    pub(crate) network: OriginLimits,
    /// Networks whose connections are not counted by address.
    pub(crate) unlimited: Vec<IpNet>,
}

/// Most connections from one address or network; 0 for no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OriginLimits {
    /// Of all.
    pub(crate) all: u32,
    /// Of those without a session.
    pub(crate) visitors: u32,
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// All.
    Open,
    /// Resume a session; until then anything else closes it for this reason.
    ToResume(Closing),
    /// Nothing: it is told this reason and closed.
    Refused(Closing),
}

/// All slots of a gateway.
#[derive(Debug)]
pub(crate) struct Slots {
    limits: SlotLimits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    open: u32,
    /// Connections that are only told why they are closed.
    turned_away: u32,
    /// Of addresses and networks. They have no common keys: their prefixes differ.
    origins: HashMap<IpNet, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    open: u32,
    visitors: u32,
    turned_away: u32,
}

/// A slot for one connection, given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionSlot(Arc<Slot>);

/// The part of a slot that the connection's session sees.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    /// None if it is not counted by address.
    origin: Option<Origin>,
    admission: Admission,
    has_session: AtomicBool,
}

impl Slots {
    pub(crate) fn new(limits: SlotLimits) -> Self {
        Self { limits, counts: Mutex::default() }
    }

    /// Takes a slot for a connection from an address; `None` when there are also too many that are
    /// only told why they are closed. Without an address only the limit of all counts.
    pub(crate) fn enter(self: &Arc<Self>, from: Option<IpAddr>) -> Option<ConnectionSlot> {
        let counted = from.filter(|&ip| !is_in(&self.limits.unlimited, ip));
        let origin = counted.map(Origin::of);
        let mut counts = self.lock();
        let admission = self.judge(&counts, origin);
        if let Admission::Refused(_) = admission {
            let here = origin.map_or(0, |origin| counts.of(origin.address).turned_away);
            if counts.turned_away >= TURNED_AWAY || here >= TURNED_AWAY_HERE {
                return None;
            }
        }
        counts.change(origin, |count| count.enter(admission));
        counts.totals(admission, |total| *total += 1);
        drop(counts);
        let has_session = AtomicBool::new(false);
        Some(ConnectionSlot(Arc::new(Slot { slots: Arc::clone(self), origin, admission, has_session })))
    }

    fn judge(&self, counts: &Counts, origin: Option<Origin>) -> Admission {
        let reached = |number: u32, limit: u32| limit != 0 && number >= limit;
        let (SlotLimits { most, reserve, address, network, .. }, open) = (&self.limits, counts.open);
        if open >= *most {
            return Admission::Refused(Closing::NodeFull);
        }
        if let Some(origin) = origin {
            let both = [(counts.of(origin.address), address), (counts.of(origin.network), network)];
            if both.iter().any(|(count, limits)| reached(count.open, limits.all)) {
                return Admission::Refused(Closing::TooManyConnections);
            }
            if both.iter().any(|(count, limits)| reached(count.visitors, limits.visitors)) {
                return Admission::ToResume(Closing::TooManyConnections);
            }
        }
        if open >= most.saturating_sub(*reserve) {
            return Admission::ToResume(Closing::NodeFull);
        }
        Admission::Open
    }

    /// Returns the number of connections.
    pub(crate) fn open(&self) -> u32 {
        self.lock().open
    }

    /// Returns the largest number of connections.
    pub(crate) const fn most(&self) -> u32 {
        self.limits.most
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn of(&self, origin: IpNet) -> Count {
        self.origins.get(&origin).copied().unwrap_or_default()
    }

    /// Changes the counts of an address and its network; those without connections are forgotten.
    fn change(&mut self, origin: Option<Origin>, change: impl Fn(&mut Count)) {
        for key in origin.into_iter().flat_map(|origin| [origin.address, origin.network]) {
            let count = self.origins.entry(key).or_default();
            change(count);
            if count.open == 0 && count.turned_away == 0 {
                self.origins.remove(&key);
            }
        }
    }

    fn totals(&mut self, admission: Admission, change: impl FnOnce(&mut u32)) {
        change(match admission {
            Admission::Refused(_) => &mut self.turned_away,
            Admission::Open | Admission::ToResume(_) => &mut self.open,
        });
    }
}

impl Count {
    fn enter(&mut self, admission: Admission) {
        match admission {
            Admission::Refused(_) => self.turned_away += 1,
            Admission::Open | Admission::ToResume(_) => {
                self.open += 1;
                self.visitors += 1;
            }
        }
    }

    fn leave(&mut self, admission: Admission, has_session: bool) {
        match admission {
            Admission::Refused(_) => self.turned_away -= 1,
            Admission::Open | Admission::ToResume(_) => {
                self.open -= 1;
                self.visitors -= u32::from(!has_session);
            }
        }
    }
}

impl ConnectionSlot {
    /// Returns the part that the connection's session sees.
    pub(crate) fn slot(&self) -> Arc<Slot> {
        Arc::clone(&self.0)
    }
}

impl Slot {
    /// Returns what the connection may do.
    pub(crate) const fn admission(&self) -> Admission {
        self.admission
    }

    /// Notes that the connection has a session now.
    pub(crate) fn has_session(&self) {
        if !self.has_session.swap(true, Ordering::Relaxed) {
            self.slots.lock().change(self.origin, |count| count.visitors -= 1);
        }
    }

    /// Notes that the connection's session has ended.
    pub(crate) fn has_no_session(&self) {
        if self.has_session.swap(false, Ordering::Relaxed) {
            self.slots.lock().change(self.origin, |count| count.visitors += 1);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let Slot { slots, origin, admission, has_session } = &*self.0;
        let has_session = has_session.load(Ordering::Relaxed);
        let mut counts = slots.lock();
        counts.change(*origin, |count| count.leave(*admission, has_session));
        counts.totals(*admission, |total| *total -= 1);
    }
}

#[cfg(test)]
mod tests;
