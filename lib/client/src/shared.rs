//! State that the connection's task and the program share.

use crate::{ClientEvent, Ended, queue::EventQueue, server_clock::ServerClock};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use wire::PlayerId;

/// State that the connection's task and the program share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: EventQueue,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    player: Option<PlayerId>,
    token: Option<String>,
    device: Option<String>,
    trouble: Option<String>,
    ended: Option<Ended>,
    clock: ServerClock,
}

impl Shared {
    /// Returns the state of a client that is not connected yet. `room` is the number of events that
    /// wait for the program.
    pub(crate) fn new(room: usize) -> Self {
        Self { queue: EventQueue::new(room), known: Mutex::default() }
    }

    pub(crate) fn player(&self) -> Option<PlayerId> {
        self.lock().player
    }

    pub(crate) fn token(&self) -> Option<String> {
        self.lock().token.clone()
    }

    pub(crate) fn device(&self) -> Option<String> {
        self.lock().device.clone()
    }

    pub(crate) fn device_is(&self, device: String) {
        self.lock().device = Some(device);
    }

    pub(crate) fn identify(&self, player: Option<PlayerId>, token: Option<String>) {
        let mut known = self.lock();
        known.player = player;
        known.token = token;
    }

    pub(crate) fn clock_is(&self, now_ms: u64, now: Instant) {
        self.lock().clock.tell(now_ms, now);
    }

    pub(crate) fn clock(&self) -> ServerClock {
        self.lock().clock
    }

    pub(crate) fn trouble_is(&self, text: String) {
        self.lock().trouble = Some(text);
    }

    pub(crate) fn end(&self, why: Ended) {
        self.lock().ended = Some(why.clone());
        self.queue.push(ClientEvent::Closed(why));
    }

    pub(crate) fn trouble(&self) -> String {
        let known = self.lock();
        known.trouble.clone().unwrap_or_else(|| "no answer".into())
    }

    pub(crate) fn why_ended(&self) -> Ended {
        self.lock().ended.clone().unwrap_or(Ended::ByUs)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
