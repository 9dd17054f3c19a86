//! The progress of responders, which tells whether a request without an answer still waits in a
//! queue and need not be repeated.
//!
//! A responder answers about in the order of the requests. So a request is lost when a later one
//! has been answered, or when no answers come any more; until then it waits behind others, and a
//! repeat would only make the queue longer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The last answers, by subject or stream; there are as many as partitions. And by the subject
/// without its last token: the partitions of one kind are served by a few processes, and under
/// overload a single partition is silent for a while by chance.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    subjects: Mutex<HashMap<String, SubjectProgress>>,
}

/// The last answers on a subject.
#[derive(Clone, Copy, Debug)]
struct SubjectProgress {
    /// When the last answer came.
    at: Instant,
    /// When the latest of the answered requests was sent.
    asked: Instant,
}

impl Progress {
    /// Takes note of an answer to a request that was sent at `asked`.
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

    /// Returns whether a request sent at `asked` probably still waits in the queue: an answer has
    /// come within `patience`, but no answer to a request sent later by more than half of that.
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

/// Returns the queues that a request to a subject may wait in.
fn queues(subject: &str) -> impl Iterator<Item = &str> {
    [Some(subject), subject.rsplit_once('.').map(|(kind, _)| kind)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_request_is_queued_until_a_later_one_is_answered_or_no_answers_come() {
        let progress = Progress::default();
        let start = Instant::now();
        assert!(!progress.is_queued("a", start, SECOND), "no answer ever came");
        tokio::time::advance(SECOND).await;
        progress.answered("a", start);
        assert!(progress.is_queued("a", start, SECOND), "earlier requests are being answered");
        assert!(!progress.is_queued("b", start, SECOND), "another queue");
        progress.answered("a", start + SECOND / 2);
        assert!(progress.is_queued("a", start, SECOND), "answers may be a little out of order");
        progress.answered("a", start + SECOND);
        progress.answered("a", start);
        assert!(!progress.is_queued("a", start, SECOND), "overtaken");
        assert!(progress.is_queued("a", start + SECOND, SECOND));
        tokio::time::advance(SECOND).await;
        assert!(!progress.is_queued("a", start + SECOND, SECOND), "no answers come any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_partition_is_not_dead_while_other_partitions_answer_earlier_requests() {
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
