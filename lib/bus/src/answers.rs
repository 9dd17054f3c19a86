//! The answers that a connection waits for. They come to one inbox of the connection, or ride on a
//! message that it gets anyway and that names this inbox ([`Bus::question`](crate::Bus::question)).
//!
//! The inbox of the client library is not used because it keeps an entry for ever for each answer
//! that never comes. Here the entry is dropped with the [`PendingAnswer`].

use async_nats::{Client, StatusCode, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{sync::oneshot, task::AbortHandle};

/// A request that this connection has sent, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PendingRequest(u64);

/// An answer to a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The answer's bytes.
    Given(Bytes),
    /// No responders: no process is subscribed to the request's subject.
    NoResponders,
}

/// The pending requests of one connection.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The first part of every answer's subject; the request's number follows.
    inbox: String,
    next: AtomicU64,
    awaited: Mutex<HashMap<PendingRequest, oneshot::Sender<Answer>>>,
}

impl Answers {
    /// Subscribes to the inbox and starts the task that takes answers in. The caller has to abort
    /// the task: its subscription would keep the connection open.
    pub(crate) async fn listen(
        client: &Client,
    ) -> Result<(Arc<Self>, AbortHandle), async_nats::SubscribeError> {
        let inbox = format!("{}.", client.new_inbox());
        let heard = client.subscribe(format!("{inbox}*")).await?;
        let answers = Arc::new(Self { inbox, next: AtomicU64::new(0), awaited: Mutex::default() });
        let task = tokio::spawn(hear(heard, Arc::clone(&answers)));
        Ok((answers, task.abort_handle()))
    }

    /// Adds an entry for an answer, and returns it with the subject that the answer is to come to.
    pub(crate) fn expect(self: &Arc<Self>) -> (String, PendingAnswer) {
        let question = PendingRequest(self.next.fetch_add(1, Ordering::Relaxed));
        let (place, answer) = oneshot::channel();
        self.lock().insert(question, place);
        (
            format!("{}{}", self.inbox, question.0),
            PendingAnswer { answers: Arc::clone(self), question, answer },
        )
    }

    /// Returns the request of this connection whose answers come to this inbox.
    pub(crate) fn question(&self, inbox: &str) -> Option<PendingRequest> {
        inbox.strip_prefix(&self.inbox)?.parse().ok().map(PendingRequest)
    }

    /// Gives an answer to the task that waits for it; an answer that no task waits for is dropped.
    pub(crate) fn give(&self, question: PendingRequest, answer: Answer) {
        if let Some(place) = self.lock().remove(&question) {
            // The waiting task may have ended at this moment.
            let _ = place.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PendingRequest, oneshot::Sender<Answer>>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear(mut heard: Subscriber, answers: Arc<Answers>) {
    while let Some(message) = heard.next().await {
        let Some(question) = answers.question(message.subject.as_str()) else { continue };
        answers.give(
            question,
            match message.status {
                Some(StatusCode::NO_RESPONDERS) => Answer::NoResponders,
                _ => Answer::Given(message.payload),
            },
        );
    }
}

/// An answer that is yet to come.
#[derive(Debug)]
pub(crate) struct PendingAnswer {
    answers: Arc<Answers>,
    question: PendingRequest,
    answer: oneshot::Receiver<Answer>,
}

impl Future for PendingAnswer {
    type Output = Option<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        Pin::new(&mut self.answer).poll(cx).map(Result::ok)
    }
}

impl Drop for PendingAnswer {
    fn drop(&mut self) {
        self.answers.lock().remove(&self.question);
    }
}
