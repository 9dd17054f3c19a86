//! Subjects that nobody listens to. Until a dead owner is replaced, thousands of questions may wait for the next one: one of them
//! asks again and again, the others wait for what it finds. Each by itself, they would leave the next owner hardly a processor.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// By subject what its scout, and those who wait for it, listen to.
#[derive(Debug, Default)]
pub(crate) struct Deserted {
    subjects: Mutex<HashMap<String, Arc<Place>>>,
    /// How many there are: known without the lock.
    len: AtomicUsize,
}

#[derive(Debug, Default)]
struct Place {
    /// For the scout: somebody was heard who listens.
    found: Notify,
    /// For the others: nobody looks any more.
    left: Notify,
}

/// The one that looks whether somebody listens to a subject again. The others go on when somebody is found, or when it is dropped.
#[derive(Debug)]
pub(crate) struct Scout<'a> {
    deserted: &'a Deserted,
    subject: String,
    place: Arc<Place>,
}

impl Deserted {
    /// Begins to look, unless another one does.
    pub(crate) fn scout(&self, subject: &str) -> Option<Scout<'_>> {
        let mut subjects = self.lock();
        if subjects.contains_key(subject) {
            return None;
        }
        let place = Arc::new(Place::default());
        subjects.insert(subject.to_owned(), Arc::clone(&place));
        self.len.store(subjects.len(), Ordering::Relaxed);
        Some(Scout { deserted: self, subject: subject.to_owned(), place })
    }

    /// Waits while another one looks.
    pub(crate) async fn wait(&self, subject: &str) {
        if self.is_empty() {
            return;
        }
        let place = self.lock().get(subject).cloned();
        if let Some(place) = place {
            let mut left = std::pin::pin!(place.left.notified());
            left.as_mut().enable();
            // It may have gone before that.
            if self.lock().get(subject).is_some_and(|now| Arc::ptr_eq(now, &place)) {
                left.await;
            }
        }
    }

    /// Somebody was heard who listens to it: nobody needs to look any more.
    pub(crate) fn found(&self, subject: &str) {
        let mut subjects = self.lock();
        if let Some(place) = subjects.remove(subject) {
            self.len.store(subjects.len(), Ordering::Relaxed);
            drop(subjects);
            place.found.notify_one();
            place.left.notify_waiters();
        }
    }

    /// Whether nobody looks for anybody, as far as known by now.
    pub(crate) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Relaxed) == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Place>>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scout<'_> {
    /// Waits until it is time to ask again: so long, or until somebody was heard. Whether somebody was.
    pub(crate) async fn rest(&self, pause: Duration) -> bool {
        timeout(pause, self.place.found.notified()).await.is_ok()
    }
}

impl Drop for Scout<'_> {
    fn drop(&mut self) {
        let mut subjects = self.deserted.lock();
        // After somebody was found another one may look already.
        if subjects.get(&self.subject).is_some_and(|place| Arc::ptr_eq(place, &self.place)) {
            subjects.remove(&self.subject);
        }
        self.deserted.len.store(subjects.len(), Ordering::Relaxed);
        drop(subjects);
        self.place.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use tokio::time::Instant;

    #[tokio::test]
    async fn one_looks_and_the_others_wait_until_it_is_gone() {
        let deserted = Deserted::default();
        assert!(deserted.wait("a").now_or_never().is_some(), "nobody looks");
        let scout = deserted.scout("a").unwrap();
        assert!(deserted.scout("a").is_none());
        assert!(deserted.wait("b").now_or_never().is_some(), "another subject");
        let mut waiting = std::pin::pin!(deserted.wait("a"));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(scout);
        assert!(waiting.now_or_never().is_some());
        assert!(deserted.is_empty());
        assert!(deserted.scout("a").is_some(), "and the next one may look");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_once_somebody_is_heard() {
        const LONG: Duration = Duration::from_secs(60);
        let deserted = Deserted::default();
        let scout = deserted.scout("a").unwrap();
        let mut waiting = std::pin::pin!(deserted.wait("a"));
        assert!(waiting.as_mut().now_or_never().is_none());
        let began = Instant::now();
        deserted.found("b");
        assert!(!scout.rest(LONG).await);
        assert_eq!(began.elapsed(), LONG);
        deserted.found("a");
        assert!(scout.rest(LONG).await);
        assert!(waiting.now_or_never().is_some());
        assert_eq!(began.elapsed(), LONG);

        let next = deserted.scout("a").unwrap();
        drop(scout);
        assert!(!deserted.is_empty(), "the next one still looks");
        drop(next);
        assert!(deserted.is_empty());
    }
}
