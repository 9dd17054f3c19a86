//! Questions: to one who answers, repeated until it does, or to everybody who listens.

use crate::{
    Bus, BusError, RequestError,
    answers::{Answer, PendingAnswer, PendingRequest},
};
use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wire::codec::{self, CodecError};

/// First pause after "no responders": a hand-over takes no longer. Doubles up to [`LONGEST_PAUSE`], for a takeover does.
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two attempts to find somebody who listens.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// The server says at once that nobody listens; where there is too much to do, within this time. Were it shorter than that takes, all who
/// wait would ask again and again, and there would be still more to do.
const NOTICE: Duration = Duration::from_millis(400);

/// How long a request waits, and repeats.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first answer, before the same bytes are sent again, unless the question is seen to wait for its turn. Then half as
    /// long again each time: whoever is slow because there is too much to do must not be given still more.
    pub each: Duration,
    /// Altogether.
    pub total: Duration,
}

impl Bus {
    /// Asks until somebody answers: the same bytes are sent again when nobody listens or no answer comes, but not while others
    /// are answered who asked before; and where nobody listens, one question at a time looks for somebody. The answer to any of
    /// them counts, however late.
    ///
    /// # Errors
    /// When the patience is over, the question cannot be sent, or the answer is something else.
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
        // Since when the question has been waiting for its turn, if it reached anybody.
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
            // A server that takes nothing fills the way to it: then there is no room for the question either.
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
                // Nobody said that nobody listens: the others need not wait until this one is answered.
                scout = None;
                came = first(&mut answers, each, give_up, is_queued).await;
            }
            match came {
                First::Answer(answer) => {
                    self.progress().answered(&subject, queued);
                    return codec::decode(&answer).map_err(broken);
                }
                First::Nothing => each += each / 2,
                // Should an answer to an earlier one come meanwhile, it is found at the next turn.
                First::Nobody => {
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

    /// Whether a question waits for somebody who listens: then it is worth saying who is heard ([`Bus::found`]).
    #[must_use]
    pub fn has_scouts(&self) -> bool {
        !self.no_responders().is_empty()
    }

    /// Somebody was heard who listens to a subject: all questions that wait for that are asked.
    pub fn found(&self, subject: &str) {
        self.no_responders().found(subject);
    }

    /// Asks once. The answer, when there is one, is given to whoever holds what is returned.
    pub(crate) async fn ask(&self, subject: String, payload: Bytes) -> Result<PendingAnswer, BusError> {
        let (inbox, awaited) = self.answers().expect();
        self.publish_with_reply(subject, inbox, payload).await?;
        Ok(awaited)
    }

    /// The question of this connection whose answer belongs into this inbox ([`Request::inbox`](crate::Request::inbox)).
    #[must_use]
    pub fn question(&self, inbox: &str) -> Option<PendingRequest> {
        self.answers().question(inbox)
    }

    /// What was heard answers a question of this connection: `answer` is what whoever asked gets.
    ///
    /// # Errors
    /// When the answer cannot be encoded.
    pub fn answered<A: Serialize>(&self, question: PendingRequest, answer: &A) -> Result<(), CodecError> {
        self.answers().give(question, Answer::Given(codec::encode(answer)?.into()));
        Ok(())
    }

    /// Asks everybody who listens; returns what came until `expect` answers are there or the window is over.
    ///
    /// # Errors
    /// When the question cannot be sent. An answer that cannot be decoded is left out, with a warning.
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
            match codec::decode(&message.payload) {
                Ok(answer) => gathered.push(answer),
                Err(error) => tracing::warn!(subject, %error, "an answer is left out"),
            }
            if gathered.len() == expect {
                break;
            }
        }
        Ok(gathered)
    }
}

/// What comes first.
enum First {
    Answer(Bytes),
    /// Nobody listens.
    Nobody,
    /// No answer in time.
    Nothing,
}

/// `each` after `each` is waited for an answer, as long as the question is queued.
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
            Ok(Some(Some(Answer::NoResponders))) => return First::Nobody,
            Err(_) if until < give_up && is_queued() => {}
            Ok(Some(None) | None) | Err(_) => return First::Nothing,
        }
    }
}
