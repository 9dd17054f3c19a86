//! Requests as they arrive at their responder.

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

/// The beginning of the names of all inboxes.
const INBOXES: &str = "_INBOX";

/// How long a former owner still answers that a request is to be repeated: longer than the next
/// owner needs to subscribe.
pub(crate) const TURN_AWAY: Duration = Duration::from_millis(500);
/// Delay of these answers, so that the next owner's answer comes first.
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

    /// Gives all further requests this answer, in the background, for [`TURN_AWAY`]; then ends the
    /// subscription. For a former owner: requests that the server sends here until it knows that
    /// the subscription has ended would otherwise be lost, and repeated only after a whole attempt,
    /// because the client drops a subscription before the server does. Meanwhile the next owner
    /// answers too: senders repeat a request that is refused for now, and the next owner knows
    /// which commands are carried out.
    pub fn turn_away<A: Serialize + Send + Sync + 'static>(self, answer: A) {
        tokio::spawn(async move {
            let requests = self.take_until(sleep(TURN_AWAY));
            requests
                .for_each_concurrent(None, async |request| {
                    sleep(AFTER_YOU).await;
                    if let Err(error) = request.answer(&answer).await {
                        tracing::debug!(%error, "a former owner's answer was not sent: the sender repeats the request");
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
    /// The request's subject.
    pub subject: String,
    /// The request's bytes.
    pub payload: Bytes,
    reply: Option<Subject>,
    client: Client,
}

impl Request {
    /// Returns the subject that the answer goes to; `None` when no answer is wanted. The sender
    /// recognises its request by it: see [`Bus::question`](crate::Bus::question).
    #[must_use]
    pub fn inbox(&self) -> Option<&str> {
        self.reply.as_ref().map(Subject::as_str)
    }

    /// Decodes the request.
    ///
    /// # Errors
    /// When the bytes are of another type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        codec::decode(&self.payload)
    }

    /// Sends the answer, if one is wanted.
    ///
    /// # Errors
    /// When the answer cannot be encoded, is too large, or the connection is closed for good.
    pub async fn answer<A: Serialize>(&self, answer: &A) -> Result<(), BusError> {
        let Some(reply) = self.reply.clone() else {
            return Ok(());
        };
        // The sender chose the reply's subject, and this role may publish to subjects that are not
        // the sender's: a bucket's or a journal's, for example.
        if !reply.starts_with(INBOXES) {
            tracing::warn!(subject = %self.subject, %reply, "a request wants its answer on a subject that is no inbox: it is not answered");
            return Ok(());
        }
        let payload = codec::encode(answer)?;
        self.client
            .publish(reply, payload.into())
            .await
            .map_err(|error| BusError::Send { subject: self.subject.clone(), reason: error.to_string() })
    }
}
