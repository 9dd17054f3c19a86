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

/// Error codes (server/errors.json).
mod code {
    pub(super) const STREAM_NOT_FOUND: u64 = 10_059;
    pub(super) const CONSUMER_NOT_FOUND: u64 = 10_014;
}

#[derive(Deserialize)]
struct Failure {
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
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
    let failure: Failure = serde_json::from_slice(&answer).map_err(|error| failed(error.to_string()))?;
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
