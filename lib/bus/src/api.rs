//! Requests to the server's JetStream API.

use crate::{Bus, BusError};
use async_nats::client::RequestErrorKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// Time limit of one request: a server that has just started recovers its streams first.
const ANSWER: Duration = Duration::from_secs(5);
/// Attempts to send a request that gets no answer because the server is starting, or because it was
/// lost with the connection.
const ATTEMPTS: usize = 3;

/// Error codes of the server (server/errors.json).
pub(crate) mod code {
    pub(crate) const STREAM_NOT_FOUND: u64 = 10_059;
    pub(crate) const CONSUMER_NOT_FOUND: u64 = 10_014;
    /// The expected last sequence of the subject is another.
    pub(crate) const WRONG_LAST: u64 = 10_071;
    /// The same, while another write of the subject is on its way to the replicas.
    pub(crate) const IN_FLIGHT: u64 = 10_164;
    /// The message is larger than the stream takes.
    pub(crate) const TOO_LARGE: u64 = 10_054;
    /// The subject belongs to another stream than the expected one.
    pub(crate) const WRONG_STREAM: u64 = 10_060;
    /// The stream cannot store it, for the most part because it has as many bytes as it may have.
    pub(crate) const NOT_STORED: u64 = 10_077;
    /// The account, the server or the disk is full.
    pub(crate) const NO_ROOM: [u64; 3] = [10_002, 10_023, 10_047];
}

/// An error of the server.
#[derive(Deserialize)]
pub(crate) struct ApiError {
    /// Its number, see [`code`].
    #[serde(default)]
    pub(crate) err_code: u64,
    /// Its text.
    #[serde(default)]
    pub(crate) description: String,
}

/// The fields that answers have in common, and those of an acknowledgement.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<ApiError>,
}

/// Decodes the acknowledgement of a message for a stream: the sequence of the stored message, or
/// the server's error.
///
/// # Errors
/// When the answer is no acknowledgement, so that it is unknown whether the message was stored.
pub(crate) fn acknowledged(answer: &[u8]) -> Result<Result<u64, ApiError>, String> {
    match serde_json::from_slice(answer).map_err(|error| error.to_string())? {
        Answer { error: Some(error), .. } => Ok(Err(error)),
        Answer { seq: 0, .. } => Err("an acknowledgement without a sequence".to_owned()),
        Answer { seq, .. } => Ok(Ok(seq)),
    }
}

/// Sends a request; `None` when the stream or consumer does not exist.
pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
    bus: &Bus,
    what: &str,
    question: &Q,
) -> Result<Option<A>, BusError> {
    let failed = |reason: String| BusError::JetStream { what: what.to_owned(), reason };
    let question = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
    let answer = send(bus, what, question).await?;
    let failure: Answer = serde_json::from_slice(&answer).map_err(|error| failed(error.to_string()))?;
    match failure.error {
        Some(ApiError { err_code: code::STREAM_NOT_FOUND | code::CONSUMER_NOT_FOUND, .. }) => Ok(None),
        Some(error) => Err(failed(error.description)),
        None => serde_json::from_slice(&answer).map(Some).map_err(|error| failed(error.to_string())),
    }
}

/// Sends a request to an object that must exist.
pub(crate) async fn must<Q: Serialize, A: DeserializeOwned>(
    bus: &Bus,
    what: &str,
    question: &Q,
) -> Result<A, BusError> {
    let answer = ask(bus, what, question).await?;
    answer.ok_or_else(|| BusError::JetStream {
        what: what.to_owned(),
        reason: "there is no such stream or consumer".into(),
    })
}

async fn send(bus: &Bus, what: &str, question: Vec<u8>) -> Result<bytes::Bytes, BusError> {
    let question = bytes::Bytes::from(question);
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        let request = async_nats::Request::new().payload(question.clone()).timeout(Some(ANSWER));
        match bus.client().send_request(format!("$JS.API.{what}"), request).await {
            Ok(message) => return Ok(message.payload),
            Err(error) => {
                reason = match error.kind() {
                    RequestErrorKind::NoResponders => {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        "JetStream is not enabled on the server, or the server is still starting".into()
                    }
                    RequestErrorKind::TimedOut => {
                        "the server did not answer; check that this NATS user is allowed to send this request"
                            .into()
                    }
                    _ => error.to_string(),
                };
            }
        }
    }
    Err(BusError::JetStream { what: what.to_owned(), reason })
}
