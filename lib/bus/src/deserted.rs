//! Subjects that nobody listens to. Until a dead owner is replaced, thousands of questions may wait for the next one: one of them
//! asks again and again, the others wait for what it finds. Each by itself, they would leave the next owner hardly a processor.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// By subject who waits for its scout.
#[derive(Debug, Default)]
pub(crate) struct Deserted {
    subjects: Mutex<HashMap<String, watch::Receiver<()>>>,
}

/// The one that looks whether somebody listens to a subject again. The others go on when it is dropped.
#[derive(Debug)]
pub(crate) struct Scout<'a> {
    deserted: &'a Deserted,
    subject: String,
    _waited_for: watch::Sender<()>,
}

impl Deserted {
    /// Begins to look, unless another one does.
    pub(crate) fn scout(&self, subject: &str) -> Option<Scout<'_>> {
        let mut subjects = self.lock();
        if subjects.contains_key(subject) {
            return None;
        }
        let (_waited_for, waiting) = watch::channel(());
        subjects.insert(subject.to_owned(), waiting);
        Some(Scout { deserted: self, subject: subject.to_owned(), _waited_for })
    }

    /// Waits while another one looks.
    pub(crate) async fn wait(&self, subject: &str) {
        let waiting = self.lock().get(subject).cloned();
        if let Some(mut waiting) = waiting {
            // Nothing is ever sent: it ends with the scout.
            let _ = waiting.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<()>>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Scout<'_> {
    fn drop(&mut self) {
        self.deserted.lock().remove(&self.subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

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
        assert!(deserted.scout("a").is_some(), "and the next one may look");
    }
}
