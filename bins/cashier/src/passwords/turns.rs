//! Turns to hash a password: few at a time, shared out fairly among the origins that wait.
//!
//! Invariants: a turn has memory for one hash, which is used again and again, so the memory of all
//! hashing is bounded by the number of turns; origins take turns, and each has a bounded number of
//! requests waiting, so a flood from one network delays others by one hash each; devices that were
//! logged in before go first, but at most three times in a row while others wait, so that they
//! cannot keep them out.

use crate::origin::Origin;
use argon2::Block;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};
use wire::Refusal;

/// The longest wait for a turn. Callers repeat their request after 4 s, so a longer wait would only
/// do the work twice.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// Requests of one network that wait: about as many as get a turn in the longest wait.
const MOST_OF_NETWORK: usize = 64;
/// Requests of one device that wait: a person logs in once, and repeats it.
const MOST_OF_DEVICE: usize = 2;
/// Requests that wait, of networks and of devices each: both leave room among the requests that a
/// cashier works on at once, so that sessions resume. Beyond, the origin with the most requests
/// gives one up.
const MOST_WAITING: usize = 384;
/// Turns that devices get in a row while networks wait.
const MOST_DEVICES_IN_A_ROW: u8 = 3;

/// The turns of one cashier. Clones share them.
#[derive(Clone)]
pub struct Turns(Arc<Mutex<Queues>>);

/// The permit to hash one password now, with the memory for it.
pub struct HashPermit {
    memory: Vec<Block>,
    turns: Option<Turns>,
}

impl HashPermit {
    /// Returns at least `blocks` blocks of memory.
    pub fn memory(&mut self, blocks: usize) -> &mut [Block] {
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        &mut self.memory
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.pass_on(std::mem::take(&mut self.memory));
        }
    }
}

/// The reason why a request cannot wait.
#[derive(Debug, PartialEq, Eq)]
struct Full;

type Waiter = oneshot::Sender<HashPermit>;

/// Requests that wait.
#[derive(Default)]
struct Queues {
    /// Memory of turns that are not taken; empty until it is used for the first time.
    free: Vec<Vec<Block>>,
    devices: Ring,
    networks: Ring,
    devices_in_a_row: u8,
}

impl Queues {
    fn join(&mut self, origin: Origin) -> Result<oneshot::Receiver<HashPermit>, Full> {
        let (ring, most) = match origin {
            Origin::Device(_) => (&mut self.devices, MOST_OF_DEVICE),
            Origin::Network(_) | Origin::Unknown | Origin::Codes | Origin::Administrator => {
                (&mut self.networks, MOST_OF_NETWORK)
            }
        };
        let (waiter, turn) = oneshot::channel();
        ring.join(origin, waiter, most)?;
        Ok(turn)
    }

    /// Returns the request whose turn it is.
    fn next(&mut self) -> Option<Waiter> {
        let others_first = self.devices_in_a_row >= MOST_DEVICES_IN_A_ROW && !self.networks.is_empty();
        if !others_first && let Some(waiter) = self.devices.next() {
            self.devices_in_a_row = self.devices_in_a_row.saturating_add(1);
            return Some(waiter);
        }
        self.devices_in_a_row = 0;
        self.networks.next()
    }
}

/// Requests that wait, by origin. The origins take turns.
#[derive(Default)]
struct Ring {
    lanes: HashMap<Origin, VecDeque<Waiter>>,
    order: VecDeque<Origin>,
    waiting: usize,
}

impl Ring {
    fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    fn join(&mut self, origin: Origin, waiter: Waiter, most: usize) -> Result<(), Full> {
        if self.length(origin) >= most || self.waiting >= MOST_WAITING {
            self.forget_those_that_gave_up();
        }
        if self.length(origin) >= most {
            return Err(Full);
        }
        if self.waiting >= MOST_WAITING {
            self.make_room_for(origin)?;
        }
        let lane = self.lanes.entry(origin).or_default();
        if lane.is_empty() {
            self.order.push_back(origin);
        }
        lane.push_back(waiter);
        self.waiting += 1;
        Ok(())
    }

    fn length(&self, origin: Origin) -> usize {
        self.lanes.get(&origin).map_or(0, VecDeque::len)
    }

    /// Gives up the last request of the origin with the most.
    fn make_room_for(&mut self, origin: Origin) -> Result<(), Full> {
        let longest = self.lanes.iter().max_by_key(|(_, lane)| lane.len()).map(|(longest, _)| *longest);
        let longest =
            longest.filter(|longest| self.length(*longest) > self.length(origin) + 1).ok_or(Full)?;
        if self.lanes.get_mut(&longest).and_then(VecDeque::pop_back).is_some() {
            self.waiting -= 1;
        }
        Ok(())
    }

    fn forget_those_that_gave_up(&mut self) {
        self.lanes.retain(|_, lane| {
            lane.retain(|waiter| !waiter.is_closed());
            !lane.is_empty()
        });
        self.order.retain(|origin| self.lanes.contains_key(origin));
        self.waiting = self.lanes.values().map(VecDeque::len).sum();
    }

    fn next(&mut self) -> Option<Waiter> {
        let origin = self.order.pop_front()?;
        let lane = self.lanes.get_mut(&origin)?;
        let waiter = lane.pop_front()?;
        self.waiting -= 1;
        if lane.is_empty() {
            self.lanes.remove(&origin);
        } else {
            self.order.push_back(origin);
        }
        Some(waiter)
    }
}

impl Turns {
    /// Prepares this many turns at a time.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Queues { free: vec![Vec::new(); at_once], ..Queues::default() })))
    }

    /// Waits for a turn, at most 3 s.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when too many requests wait.
    pub async fn turn(&self, origin: Origin) -> Result<HashPermit, Refusal> {
        let full = || Refusal::unavailable("too many logins at once");
        let turn = {
            let mut queues = self.lock();
            if let Some(memory) = queues.free.pop() {
                return Ok(HashPermit { memory, turns: Some(self.clone()) });
            }
            queues.join(origin).map_err(|Full| full())?
        };
        match timeout(LONGEST_WAIT, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(full()),
        }
    }

    /// Gives a turn that has ended to the next request, or keeps it for a later one.
    fn pass_on(&self, memory: Vec<Block>) {
        let mut permit = HashPermit { memory, turns: Some(self.clone()) };
        loop {
            let waiter = {
                let mut queues = self.lock();
                let Some(waiter) = queues.next() else {
                    permit.turns = None;
                    queues.free.push(std::mem::take(&mut permit.memory));
                    return;
                };
                waiter
            };
            // A request that has given up does not take it.
            match waiter.send(permit) {
                Ok(()) => return,
                Err(back) => permit = back,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
