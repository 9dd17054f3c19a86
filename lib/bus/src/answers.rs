//! The answers that a connection waits for. They come to one inbox of its own, or ride on a message that it hears anyway and that
//! names this inbox ([`Bus::question`](crate::Bus::question)).
//!
//! Why not the inbox of the client library: it keeps a place for ever for every answer that never comes. Here the place goes
//! with whoever waits.

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

/// A question that this connection has asked, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PendingRequest(u64);

/// What comes back.
#[derive(Debug)]
pub(crate) enum Answer {
    /// What somebody answered.
    Given(Bytes),
    /// The server's word that nobody listens.
    NoResponders,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Answers {
    /// What the subject of every answer begins with; the question's number is the rest.
    inbox: String,
    next: AtomicU64,
    awaited: Mutex<HashMap<PendingRequest, oneshot::Sender<Answer>>>,
}

impl Answers {
    /// Listens, in a task that whoever listens ends: the subscription would keep the connection open.
    pub(crate) async fn listen(
        client: &Client,
    ) -> Result<(Arc<Self>, AbortHandle), async_nats::SubscribeError> {
        let inbox = format!("{}.", client.new_inbox());
        let heard = client.subscribe(format!("{inbox}*")).await?;
        let answers = Arc::new(Self { inbox, next: AtomicU64::new(0), awaited: Mutex::default() });
        let task = tokio::spawn(hear(heard, Arc::clone(&answers)));
        Ok((answers, task.abort_handle()))
    }

    /// Makes a place for an answer, and names the subject that it is to come to.
    pub(crate) fn expect(self: &Arc<Self>) -> (String, PendingAnswer) {
        let question = PendingRequest(self.next.fetch_add(1, Ordering::Relaxed));
        let (place, answer) = oneshot::channel();
        self.lock().insert(question, place);
        (
            format!("{}{}", self.inbox, question.0),
            PendingAnswer { answers: Arc::clone(self), question, answer },
        )
    }

    /// The question of this connection whose answer belongs there.
    pub(crate) fn question(&self, inbox: &str) -> Option<PendingRequest> {
        inbox.strip_prefix(&self.inbox)?.parse().ok().map(PendingRequest)
    }

    /// Hands an answer to whoever waits for it, if anybody does.
    pub(crate) fn give(&self, question: PendingRequest, answer: Answer) {
        if let Some(place) = self.lock().remove(&question) {
            // Whoever waited may have gone this moment.
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

/// An answer to come.
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
