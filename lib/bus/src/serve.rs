//! Requests as they arrive at whoever answers them.

use crate::BusError;
use async_nats::{Client, Subject};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::sleep;
use wire::codec::{self, CodecError};

/// How long an owner that is one no more answers that it is none: longer than the next one needs to listen.
pub(crate) const TURN_AWAY: Duration = Duration::from_millis(500);
/// How long it lets the next owner go first.
const AFTER_YOU: Duration = Duration::from_millis(10);

/// Requests of a subject, in the order of their arrival.
pub struct Requests {
    heard: async_nats::Subscriber,
    client: Client,
}

impl Requests {
    pub(crate) const fn new(heard: async_nats::Subscriber, client: Client) -> Self {
        Self { heard, client }
    }

    /// Gives everything that still comes `answer`, in the background and for [`TURN_AWAY`]; then hears nothing more. For an owner
    /// that is one no more: what the server sends here until it knows that nobody listens would otherwise be lost, and asked
    /// again only after a whole attempt, because the client forgets a subscription before the server does. Meanwhile the
    /// next owner answers too: whoever asks repeats what is refused, and the next owner knows what it has already done.
    pub fn turn_away<A: Serialize + Send + Sync + 'static>(self, answer: A) {
        tokio::spawn(async move {
            let requests = self.take_until(sleep(TURN_AWAY));
            requests
                .for_each_concurrent(None, async |request| {
                    sleep(AFTER_YOU).await;
                    if let Err(error) = request.answer(&answer).await {
                        tracing::debug!(%error, "nobody was turned away");
                    }
                })
                .await;
        });
    }
}

impl Stream for Requests {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        let client = self.client.clone();
        self.heard.poll_next_unpin(cx).map(|message| {
            message.map(|message| Request {
                subject: message.subject.into_string(),
                payload: message.payload,
                reply: message.reply,
                client,
            })
        })
    }
}

/// One request, to be answered once.
pub struct Request {
    /// Its subject.
    pub subject: String,
    /// Its bytes.
    pub payload: Bytes,
    reply: Option<Subject>,
    client: Client,
}

impl Request {
    /// Where the answer is to go; nowhere when none is asked for. Whoever asked knows it again: see
    /// [`Bus::question`](crate::Bus::question).
    #[must_use]
    pub fn inbox(&self) -> Option<&str> {
        self.reply.as_ref().map(Subject::as_str)
    }

    /// The question.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        codec::decode(&self.payload)
    }

    /// Answers; a message that asks for no answer gets none.
    ///
    /// # Errors
    /// When the answer cannot be encoded, is too large, or the connection is closed for good.
    pub async fn answer<A: Serialize>(&self, answer: &A) -> Result<(), BusError> {
        let Some(reply) = self.reply.clone() else {
            return Ok(());
        };
        let payload = codec::encode(answer)?;
        self.client
            .publish(reply, payload.into())
            .await
            .map_err(|error| BusError::Send { subject: self.subject.clone(), reason: error.to_string() })
    }
}
