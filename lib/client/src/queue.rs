//! The bounded queue of events to the program. A program that is slow to take events does not delay
//! answers.

use crate::ClientEvent;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The queue between the connection's task and the program.
#[derive(Debug)]
pub(crate) struct EventQueue {
    inner: Mutex<Inner>,
    /// Number of waiting events from which on events of tables find no room.
    room: usize,
    filled: Notify,
    drained: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    events: VecDeque<ClientEvent>,
    ended: bool,
}

impl EventQueue {
    pub(crate) fn new(room: usize) -> Self {
        Self { inner: Mutex::default(), room: room.max(16), filled: Notify::new(), drained: Notify::new() }
    }

    /// Returns whether events of tables find room. The events of one message are added together, so
    /// the queue may exceed its room by them.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().events.len() < self.room
    }

    /// Adds an event. For events of tables the caller checks [`EventQueue::has_room`] first. Other
    /// events (connection, seats, places) are dropped beyond twice the room, when the program takes
    /// no events at all.
    pub(crate) fn push(&self, event: ClientEvent) {
        let mut inner = self.lock();
        let last = matches!(event, ClientEvent::Closed(_));
        let rest = matches!(
            event,
            ClientEvent::Up { .. }
                | ClientEvent::Down(_)
                | ClientEvent::GivenSeat { .. }
                | ClientEvent::LostSeat { .. }
                | ClientEvent::Placed { .. }
        );
        if inner.ended || (rest && inner.events.len() >= 2 * self.room) {
            return;
        }
        inner.ended = last;
        inner.events.push_back(event);
        drop(inner);
        self.filled.notify_one();
    }

    /// Returns the next event; none after the last one.
    pub(crate) async fn next(&self) -> Option<ClientEvent> {
        loop {
            {
                let mut inner = self.lock();
                if let Some(event) = inner.events.pop_front() {
                    if inner.events.len() == self.room / 2 {
                        self.drained.notify_one();
                    }
                    return Some(event);
                }
                if inner.ended {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Waits until the queue has become half full.
    pub(crate) async fn drained(&self) {
        self.drained.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Down, Ended};

    fn down() -> ClientEvent {
        ClientEvent::Down(Down::Broken(String::new()))
    }

    #[tokio::test]
    async fn the_queue_ends_after_the_last_event() {
        let queue = EventQueue::new(16);
        queue.push(down());
        queue.push(ClientEvent::Closed(Ended::ByUs));
        queue.push(down());
        assert_eq!(queue.next().await, Some(down()));
        assert_eq!(queue.next().await, Some(ClientEvent::Closed(Ended::ByUs)));
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test]
    async fn the_queue_reports_when_it_is_half_full_again() {
        let queue = EventQueue::new(16);
        for _ in 0..100 {
            queue.push(down());
        }
        assert!(!queue.has_room());
        let mut taken = 0;
        while !queue.has_room() {
            queue.next().await;
            taken += 1;
        }
        assert_eq!(taken, 17, "32 were kept");
        while taken < 24 {
            queue.next().await;
            taken += 1;
        }
        tokio::time::timeout(std::time::Duration::from_secs(5), queue.drained()).await.unwrap();
    }
}
