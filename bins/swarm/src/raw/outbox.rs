//! Frames that wait to be written to one player's socket, batched by the same rule as in a gateway.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{io::AsyncWriteExt, net::tcp::OwnedWriteHalf, sync::Notify, time::Instant};

/// Batch delay of frames that are not urgent, as in a gateway.
const BATCH_DELAY: Duration = Duration::from_millis(25);

/// The frames of one connection, with their lengths in front.
#[derive(Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    wake: Notify,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// When bytes were last taken to be written.
    taken: Option<Instant>,
}

/// The outboxes with frames that are not urgent, and when the first of these is due: one timer for
/// all.
#[derive(Default)]
pub(super) struct Batch {
    outboxes: Vec<Arc<Outbox>>,
    due: Option<Instant>,
}

impl Outbox {
    /// Adds a frame that is written at once.
    pub(super) fn push(&self, frame: &[u8]) {
        self.lock().add(frame);
        self.flush();
    }

    /// Writes the waiting frames at once.
    pub(super) fn flush(&self) {
        self.wake.notify_one();
    }

    /// Writes frames to the socket until it fails.
    pub(super) async fn write_to(self: Arc<Self>, mut socket: OwnedWriteHalf) {
        let mut bytes = Vec::new();
        loop {
            self.wake.notified().await;
            bytes.clear();
            {
                let mut queue = self.lock();
                std::mem::swap(&mut queue.bytes, &mut bytes);
                queue.taken = Some(Instant::now());
            }
            if !bytes.is_empty() && socket.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, frame: &[u8]) {
        framing::append(&mut self.bytes, frame);
    }
}

impl Batch {
    /// Adds a frame that is not urgent: it waits if another one was taken from this outbox just
    /// before.
    pub(super) fn push(&mut self, outbox: &Arc<Outbox>, frame: &[u8]) {
        let mut queue = outbox.lock();
        queue.add(frame);
        let waits = queue.taken.is_some_and(|taken| taken.elapsed() < BATCH_DELAY);
        drop(queue);
        if !waits {
            return outbox.flush();
        }
        self.due.get_or_insert_with(|| Instant::now() + BATCH_DELAY);
        self.outboxes.push(Arc::clone(outbox));
    }

    /// Returns when the first of the waiting frames is due.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Writes all waiting frames.
    pub(super) fn flush(&mut self) {
        self.due = None;
        self.outboxes.drain(..).for_each(|outbox| outbox.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    #[tokio::test]
    async fn frames_that_are_not_urgent_leave_in_one_batch_and_in_order() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut player = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_, socket) = listener.accept().await.unwrap().0.into_split();
        let outbox = Arc::new(Outbox::default());
        tokio::spawn(Arc::clone(&outbox).write_to(socket));
        let mut batch = Batch::default();
        batch.push(&outbox, b"first");
        let mut bytes = [0; 9];
        player.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"\0\0\0\x05first");
        assert_eq!(batch.due(), None, "no frame was written before");

        batch.push(&outbox, b"two");
        assert!(batch.due().is_some());
        outbox.push(b"now");
        let mut bytes = [0; 14];
        player.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"\0\0\0\x03two\0\0\0\x03now");

        batch.push(&outbox, b"last");
        batch.flush();
        let mut bytes = [0; 8];
        player.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"\0\0\0\x04last");
        assert_eq!(batch.due(), None);
    }
}
