//! Requests: to one responder, repeated until it answers, or to all subscribers of a subject.

use crate::{
    Bus, BusError, RequestError,
    answers::{Answer, PendingAnswer, PendingRequest},
};
use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wire::codec::{self, CodecError, Encoding};

/// First pause after "no responders": a hand-over takes no longer. Doubles up to [`LONGEST_PAUSE`],
/// because a takeover takes longer.
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two attempts to find a responder.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// Time within which the server reports "no responders": at once, or later under overload. If this
/// limit were shorter than that, all waiting requests would be repeated again and again, and add to
/// the overload.
const NOTICE: Duration = Duration::from_millis(400);

/// How long a request waits, and when it is repeated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Time until the first repeat, unless the request is seen to wait in a queue. Each later
    /// repeat waits half as long again: repeats must not add to the load of an overloaded
    /// responder.
    pub each: Duration,
    /// Time until the request is given up.
    pub total: Duration,
}

impl Bus {
    /// Sends a request until it is answered. The same bytes are sent again after "no responders" or
    /// without an answer in time, but not while answers to earlier requests still come. After "no
    /// responders" one request of this connection at a time is repeated; the others wait for its
    /// answer. The answer to any repeat counts, however late.
    ///
    /// # Errors
    /// When the patience is over, the request cannot be sent, or the answer cannot be decoded.
    pub async fn request<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: String,
        question: &Q,
        patience: Patience,
    ) -> Result<A, RequestError> {
        let broken = |source: CodecError| RequestError::Codec { subject: subject.clone(), source };
        let payload = Bytes::from(codec::encode(question).map_err(broken)?);
        let started = Instant::now();
        let give_up = started + patience.total;
        let (mut each, mut pause) = (patience.each, PAUSE);
        // Since when the request has been waiting in the responder's queue, if it has reached it.
        let mut queued = started;
        let mut answers = FuturesUnordered::new();
        let mut scout = None;
        while Instant::now() < give_up {
            let somebody = async {
                self.connected().await;
                if scout.is_none() {
                    self.no_responders().wait(&subject).await;
                }
            };
            if timeout_at(give_up, somebody).await.is_err() {
                break;
            }
            let (sent, outages) = (Instant::now(), self.outages());
            // When the server takes no bytes, the connection's buffer fills up and sending waits.
            let Ok(asked) = timeout_at(give_up, self.ask(subject.clone(), payload.clone())).await else {
                break;
            };
            if answers.is_empty() {
                queued = sent;
            }
            answers.push(asked?);
            let is_queued = || self.outages() == outages && self.progress().is_queued(&subject, sent, each);
            let mut came = First::Nothing;
            if scout.is_some() {
                came = first(&mut answers, NOTICE, give_up, || false).await;
            }
            if matches!(came, First::Nothing) {
                // No "no responders" came: the other requests need not wait until this one is
                // answered.
                scout = None;
                came = first(&mut answers, each, give_up, is_queued).await;
            }
            match came {
                First::Answer(answer) => {
                    self.progress().answered(&subject, queued);
                    return decode(&subject, &answer).map_err(broken);
                }
                First::Nothing => each += each / 2,
                // The answer to an earlier repeat may come meanwhile; the next turn finds it.
                First::NoResponders => {
                    scout = scout.or_else(|| self.no_responders().scout(&subject));
                    if let Some(looking) = &scout {
                        let left = give_up.saturating_duration_since(Instant::now());
                        if looking.rest(pause.min(left)).await {
                            scout = None;
                        }
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
        let waited_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Err(RequestError::TimedOut { subject, waited_ms })
    }

    /// Returns whether a request waits for a responder; then responders that are heard are worth
    /// reporting to [`Bus::found`].
    #[must_use]
    pub fn has_scouts(&self) -> bool {
        !self.no_responders().is_empty()
    }

    /// Reports a responder of this subject: all requests that wait for one are sent now.
    pub fn found(&self, subject: &str) {
        self.no_responders().found(subject);
    }

    /// Sends a request once. The answer comes to the returned [`PendingAnswer`].
    pub(crate) async fn ask(&self, subject: String, payload: Bytes) -> Result<PendingAnswer, BusError> {
        let (inbox, awaited) = self.answers().expect();
        self.publish_with_reply(subject, inbox, payload).await?;
        Ok(awaited)
    }

    /// Returns the request of this connection whose answers come to this inbox
    /// ([`Request::inbox`](crate::Request::inbox)).
    #[must_use]
    pub fn question(&self, inbox: &str) -> Option<PendingRequest> {
        self.answers().question(inbox)
    }

    /// Gives an answer that came with another message to the task that waits for it.
    ///
    /// # Errors
    /// When the answer cannot be encoded.
    pub fn answered<A: Serialize>(&self, question: PendingRequest, answer: &A) -> Result<(), CodecError> {
        self.answers().give(question, Answer::Given(codec::encode(answer)?.into()));
        Ok(())
    }

    /// Sends a request to all subscribers; returns the answers that came until there are `expect`
    /// of them or the window is over.
    ///
    /// # Errors
    /// When the request cannot be sent. An answer that cannot be decoded is left out, with a
    /// warning.
    pub async fn gather<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: &str,
        question: &Q,
        expect: usize,
        window: Duration,
    ) -> Result<Vec<A>, BusError> {
        let payload = Bytes::from(codec::encode(question)?);
        let inbox = self.client().new_inbox();
        let mut answers = self.raw_subscribe(inbox.clone(), None).await?;
        self.publish_with_reply(subject.to_owned(), inbox, payload).await?;
        let deadline = Instant::now() + window;
        let mut gathered = Vec::with_capacity(expect);
        while let Ok(Some(message)) = timeout_at(deadline, answers.next()).await {
            if message.status.is_some() {
                break;
            }
            match decode(subject, &message.payload) {
                Ok(answer) => gathered.push(answer),
                Err(error) => tracing::warn!(subject, %error, "an answer cannot be decoded and is left out"),
            }
            if gathered.len() == expect {
                break;
            }
        }
        Ok(gathered)
    }
}

/// Decodes an answer. Items of its lists may be of a later version.
fn decode<A: DeserializeOwned>(subject: &str, answer: &[u8]) -> Result<A, CodecError> {
    let error = match codec::decode(answer) {
        Ok(decoded) => return Ok(decoded),
        Err(error) => error,
    };
    let Ok(decoded) = Encoding::MessagePack.decode_by_item(answer) else { return Err(error) };
    // No warning: while a fleet is upgraded, many answers are like this.
    tracing::debug!(
        subject, %error,
        "a part of an answer cannot be decoded: events with it are passed on as they came, and lines of the lobby with it \
         are left out"
    );
    Ok(decoded)
}

/// The first event after a request was sent.
enum First {
    Answer(Bytes),
    /// No responders.
    NoResponders,
    /// No answer in time.
    Nothing,
}

/// Waits for the first event, for the time `each` and again as long as the request is queued.
async fn first(
    answers: &mut FuturesUnordered<PendingAnswer>,
    each: Duration,
    give_up: Instant,
    is_queued: impl Fn() -> bool,
) -> First {
    loop {
        let until = give_up.min(Instant::now() + each);
        match timeout_at(until, answers.next()).await {
            Ok(Some(Some(Answer::Given(answer)))) => return First::Answer(answer),
            Ok(Some(Some(Answer::NoResponders))) => return First::NoResponders,
            Err(_) if until < give_up && is_queued() => {}
            Ok(Some(None) | None) | Err(_) => return First::Nothing,
        }
    }
}
