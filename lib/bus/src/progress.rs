//! How far those who answer have come: a question that still waits for its turn need not be asked again.
//!
//! Whoever listens to a subject answers about in the order of the questions. So one is lost when a later one has been
//! answered, or when nothing is answered any more; until then it waits behind others, and asking again would make the
//! queue longer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// By subject, or by stream; there are as many as partitions.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    subjects: Mutex<HashMap<String, Answered>>,
}

/// What has been answered on a subject.
#[derive(Clone, Copy, Debug)]
struct Answered {
    /// When the last answer came.
    at: Instant,
    /// When the latest of the answered questions was asked.
    asked: Instant,
}

impl Progress {
    /// A question that was asked then has been answered.
    pub(crate) fn answered(&self, subject: &str, asked: Instant) {
        let now = Answered { at: Instant::now(), asked };
        let mut subjects = self.lock();
        match subjects.get_mut(subject) {
            Some(before) => *before = Answered { asked: before.asked.max(asked), ..now },
            None => {
                subjects.insert(subject.to_owned(), now);
            }
        }
    }

    /// Whether a question that was asked then still waits for its turn, as far as can be told: somebody has been answered within
    /// `patience`, but nobody who asked more than half of that later.
    pub(crate) fn is_queued(&self, subject: &str, asked: Instant, patience: Duration) -> bool {
        let answered = self.lock().get(subject).copied();
        answered.is_some_and(|last| last.at.elapsed() < patience && last.asked <= asked + patience / 2)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Answered>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_question_waits_for_its_turn_until_it_is_overtaken_or_all_is_silent() {
        let progress = Progress::default();
        let start = Instant::now();
        assert!(!progress.is_queued("a", start, SECOND), "nobody was ever answered");
        tokio::time::advance(SECOND).await;
        progress.answered("a", start);
        assert!(progress.is_queued("a", start, SECOND), "those before it are being answered");
        assert!(!progress.is_queued("b", start, SECOND), "another queue");
        progress.answered("a", start + SECOND / 2);
        assert!(progress.is_queued("a", start, SECOND), "one is now and then answered a little out of turn");
        progress.answered("a", start + SECOND);
        progress.answered("a", start);
        assert!(!progress.is_queued("a", start, SECOND), "overtaken");
        assert!(progress.is_queued("a", start + SECOND, SECOND));
        tokio::time::advance(SECOND).await;
        assert!(!progress.is_queued("a", start + SECOND, SECOND), "nobody is answered any more");
    }
}
