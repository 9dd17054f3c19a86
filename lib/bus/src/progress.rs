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

/// By subject, or by stream; there are as many as partitions. Besides, by what a subject has before its last token: the partitions of one kind are
/// served by a few processes, and where there is too much to do each partition alone is silent for a while by chance.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    subjects: Mutex<HashMap<String, SubjectProgress>>,
}

/// What has been answered on a subject.
#[derive(Clone, Copy, Debug)]
struct SubjectProgress {
    /// When the last answer came.
    at: Instant,
    /// When the latest of the answered questions was asked.
    asked: Instant,
}

impl Progress {
    /// A question that was asked then has been answered.
    pub(crate) fn answered(&self, subject: &str, asked: Instant) {
        let now = SubjectProgress { at: Instant::now(), asked };
        let mut subjects = self.lock();
        for queue in queues(subject) {
            match subjects.get_mut(queue) {
                Some(before) => *before = SubjectProgress { asked: before.asked.max(asked), ..now },
                None => {
                    subjects.insert(queue.to_owned(), now);
                }
            }
        }
    }

    /// Whether a question that was asked then still waits for its turn, as far as can be told: somebody has been answered within
    /// `patience`, but nobody who asked more than half of that later.
    pub(crate) fn is_queued(&self, subject: &str, asked: Instant, patience: Duration) -> bool {
        let subjects = self.lock();
        queues(subject)
            .filter_map(|queue| subjects.get(queue))
            .any(|last| last.at.elapsed() < patience && last.asked <= asked + patience / 2)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, SubjectProgress>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queues that a question to a subject may wait in.
fn queues(subject: &str) -> impl Iterator<Item = &str> {
    [Some(subject), subject.rsplit_once('.').map(|(kind, _)| kind)].into_iter().flatten()
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

    #[tokio::test(start_paused = true)]
    async fn a_silent_partition_is_not_dead_while_others_are_answered_who_asked_before() {
        let progress = Progress::default();
        let start = Instant::now();
        progress.answered("command.table.1", start);
        assert!(progress.is_queued("command.table.2", start, SECOND));
        assert!(!progress.is_queued("command.tournament.2", start, SECOND));
        progress.answered("command.table.1", start + SECOND);
        assert!(
            !progress.is_queued("command.table.2", start, SECOND),
            "the others are far ahead: this one is dead"
        );
        assert!(progress.is_queued("command.table.2", start + SECOND, SECOND));
    }
}
