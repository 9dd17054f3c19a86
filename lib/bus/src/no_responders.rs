//! Subjects without responders. Until a dead owner is replaced, thousands of requests may wait for
//! the next owner. One of them (the scout) is repeated, the others wait for its result: if all were
//! repeated, they would leave the next owner hardly any processor time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// The waiting requests, by subject.
#[derive(Debug, Default)]
pub(crate) struct NoResponders {
    subjects: Mutex<HashMap<String, Arc<Waiters>>>,
    /// The number of subjects, to be read without the lock.
    len: AtomicUsize,
}

#[derive(Debug, Default)]
struct Waiters {
    /// Notifies the scout: a responder was found.
    found: Notify,
    /// Notifies the others: there is no scout any more.
    left: Notify,
}

/// The one request that looks for a responder of a subject. The others go on when a responder is
/// found or the scout is dropped.
#[derive(Debug)]
pub(crate) struct Scout<'a> {
    no_responders: &'a NoResponders,
    subject: String,
    waiters: Arc<Waiters>,
}

impl NoResponders {
    /// Makes the caller the subject's scout, unless there is one.
    pub(crate) fn scout(&self, subject: &str) -> Option<Scout<'_>> {
        let mut subjects = self.lock();
        if subjects.contains_key(subject) {
            return None;
        }
        let waiters = Arc::new(Waiters::default());
        subjects.insert(subject.to_owned(), Arc::clone(&waiters));
        self.len.store(subjects.len(), Ordering::Relaxed);
        Some(Scout { no_responders: self, subject: subject.to_owned(), waiters })
    }

    /// Waits while the subject has a scout.
    pub(crate) async fn wait(&self, subject: &str) {
        if self.is_empty() {
            return;
        }
        let waiters = self.lock().get(subject).cloned();
        if let Some(waiters) = waiters {
            let mut left = std::pin::pin!(waiters.left.notified());
            left.as_mut().enable();
            // The scout may have ended before the waiter was registered.
            if self.lock().get(subject).is_some_and(|now| Arc::ptr_eq(now, &waiters)) {
                left.await;
            }
        }
    }

    /// Reports a responder of the subject: its scout and all waiting requests go on.
    pub(crate) fn found(&self, subject: &str) {
        let mut subjects = self.lock();
        if let Some(waiters) = subjects.remove(subject) {
            self.len.store(subjects.len(), Ordering::Relaxed);
            drop(subjects);
            waiters.found.notify_one();
            waiters.left.notify_waiters();
        }
    }

    /// Returns whether no subject has a scout, as far as is known now.
    pub(crate) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Relaxed) == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Waiters>>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scout<'_> {
    /// Waits until the next attempt is due, or until a responder was found. Returns whether one was
    /// found.
    pub(crate) async fn rest(&self, pause: Duration) -> bool {
        timeout(pause, self.waiters.found.notified()).await.is_ok()
    }
}

impl Drop for Scout<'_> {
    fn drop(&mut self) {
        let mut subjects = self.no_responders.lock();
        // After a responder was found, the subject may have another scout already.
        if subjects.get(&self.subject).is_some_and(|waiters| Arc::ptr_eq(waiters, &self.waiters)) {
            subjects.remove(&self.subject);
        }
        self.no_responders.len.store(subjects.len(), Ordering::Relaxed);
        drop(subjects);
        self.waiters.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use tokio::time::Instant;

    #[tokio::test]
    async fn one_request_is_the_scout_and_the_others_wait_until_it_is_gone() {
        let no_responders = NoResponders::default();
        assert!(no_responders.wait("a").now_or_never().is_some(), "there is no scout");
        let scout = no_responders.scout("a").unwrap();
        assert!(no_responders.scout("a").is_none());
        assert!(no_responders.wait("b").now_or_never().is_some(), "another subject");
        let mut waiting = std::pin::pin!(no_responders.wait("a"));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(scout);
        assert!(waiting.now_or_never().is_some());
        assert!(no_responders.is_empty());
        assert!(no_responders.scout("a").is_some(), "and the next one may look");
    }

    #[tokio::test(start_paused = true)]
    async fn all_requests_go_on_once_a_responder_is_found() {
        const LONG: Duration = Duration::from_secs(60);
        let no_responders = NoResponders::default();
        let scout = no_responders.scout("a").unwrap();
        let mut waiting = std::pin::pin!(no_responders.wait("a"));
        assert!(waiting.as_mut().now_or_never().is_none());
        let began = Instant::now();
        no_responders.found("b");
        assert!(!scout.rest(LONG).await);
        assert_eq!(began.elapsed(), LONG);
        no_responders.found("a");
        assert!(scout.rest(LONG).await);
        assert!(waiting.now_or_never().is_some());
        assert_eq!(began.elapsed(), LONG);

        let next = no_responders.scout("a").unwrap();
        drop(scout);
        assert!(!no_responders.is_empty(), "the next one still looks");
        drop(next);
        assert!(no_responders.is_empty());
    }
}
