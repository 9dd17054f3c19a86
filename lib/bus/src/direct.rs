//! Direct reads of a stream: single ones, and batches, for which the client library has no call.
//!
//! A batch is one request whose answers come one by one to an inbox, ended by a status message: 204
//! with the number of messages still pending. No consumer is made, and the server keeps no state
//! between requests.

use crate::{Bus, BusError};
use async_nats::{HeaderMap, client::RequestErrorKind};
use bytes::Bytes;
use futures::StreamExt;
use serde::Serialize;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::timeout;

/// Time limit for a single message; after it the request is repeated.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest silence between two messages of a batch; after it the request is repeated. The server
/// counts the matching messages first, and may have many batches to send.
const SILENCE: Duration = Duration::from_secs(4);
/// How long a read waits for a server that is not connected.
const AWAY: Duration = Duration::from_secs(30);
/// Attempts before a read counts as failed.
const ATTEMPTS: usize = 5;
/// Most subjects of one batch, a limit of the server.
pub(crate) const MOST_SUBJECTS: usize = 1_024;

/// A stored message as the server returns it.
#[derive(Debug)]
pub(crate) struct Found {
    pub subject: String,
    pub sequence: u64,
    pub time_ms: u64,
    pub headers: HeaderMap,
    pub payload: Bytes,
}

/// A request for stored messages.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Wanted<'a> {
    #[serde(rename = "seq", skip_serializing_if = "is_zero")]
    pub from: u64,
    #[serde(rename = "next_by_subj", skip_serializing_if = "Option::is_none")]
    pub next: Option<&'a str>,
    #[serde(rename = "last_by_subj", skip_serializing_if = "Option::is_none")]
    pub last: Option<&'a str>,
    #[serde(rename = "multi_last", skip_serializing_if = "Option::is_none")]
    pub last_of: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "is_zero")]
    pub batch: u64,
    #[serde(rename = "up_to_seq", skip_serializing_if = "is_zero")]
    pub up_to: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The result of a batch.
pub(crate) enum Batch {
    /// The messages that the server sent at once; `pending` more match.
    Some { found: Vec<Found>, pending: u64, up_to: u64 },
    /// More subjects match than a batch may hold.
    TooMany,
}

/// Reads one message, if it exists.
pub(crate) async fn get(bus: &Bus, stream: &str, wanted: &Wanted<'_>) -> Result<Option<Found>, BusError> {
    let failed = |reason: String| BusError::JetStream { what: format!("reading stream {stream}"), reason };
    let subject = format!("$JS.API.DIRECT.GET.{stream}");
    let payload = Bytes::from(serde_json::to_vec(wanted).map_err(|e| failed(e.to_string()))?);
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        back(bus).await;
        let request = async_nats::Request::new().payload(payload.clone()).timeout(Some(PATIENCE));
        match bus.client().send_request(subject.clone(), request).await {
            Ok(message) => match status(&message) {
                None => {
                    return found(message).map(Some).ok_or_else(|| failed("no headers".into()));
                }
                Some(404) => return Ok(None),
                Some(code) => reason = format!("status {code}"),
            },
            Err(error) => {
                reason = error.to_string();
                if error.kind() == RequestErrorKind::NoResponders {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    Err(failed(reason))
}

/// Reads a batch; repeats the request when the connection breaks before the batch is complete.
pub(crate) async fn batch(bus: &Bus, stream: &str, wanted: &Wanted<'_>) -> Result<Batch, BusError> {
    let failed = |reason: String| BusError::JetStream { what: format!("reading stream {stream}"), reason };
    let subject = format!("$JS.API.DIRECT.GET.{stream}");
    let payload = Bytes::from(serde_json::to_vec(wanted).map_err(|e| failed(e.to_string()))?);
    let mut reason = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        back(bus).await;
        let inbox = bus.client().new_inbox();
        let mut answers = bus.raw_subscribe(inbox.clone(), None).await?;
        bus.client()
            .publish_with_reply(subject.clone(), inbox, payload.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        match collect(&mut answers).await {
            Ok(batch) => return Ok(batch),
            Err(why) => reason = why,
        }
    }
    Err(failed(reason))
}

/// Waits for a server that is not connected, for a limited time.
async fn back(bus: &Bus) {
    // After the time limit the read fails and reports why.
    let _ = timeout(AWAY, bus.connected()).await;
}

async fn collect(answers: &mut async_nats::Subscriber) -> Result<Batch, String> {
    let mut all = Vec::new();
    loop {
        let message = match timeout(SILENCE, answers.next()).await {
            Ok(Some(message)) => message,
            Ok(None) => return Err("the connection to the NATS server is closed".into()),
            Err(_) => return Err("the server did not answer in time".into()),
        };
        let number = |name| header(message.headers.as_ref(), name).unwrap_or(0);
        match status(&message) {
            // End of the batch, with the number of matching messages that are left.
            Some(204) => {
                let pending = number("Nats-Num-Pending");
                return Ok(Batch::Some { found: all, pending, up_to: number("Nats-UpTo-Sequence") });
            }
            Some(404) => {
                return Ok(Batch::Some { found: all, pending: 0, up_to: 0 });
            }
            Some(413) => return Ok(Batch::TooMany),
            Some(code) => {
                let text = message.description.as_deref().unwrap_or_default();
                return Err(format!("status {code} {text}"));
            }
            None => all.push(found(message).ok_or("no headers")?),
        }
    }
}

fn status(message: &async_nats::Message) -> Option<u16> {
    message.status.map(|status| status.as_u16())
}

fn header(headers: Option<&HeaderMap>, name: &str) -> Option<u64> {
    headers?.get(name)?.as_str().parse().ok()
}

fn found(message: async_nats::Message) -> Option<Found> {
    let headers = message.headers?;
    Some(Found {
        subject: headers.get("Nats-Subject")?.as_str().to_owned(),
        sequence: header(Some(&headers), "Nats-Sequence")?,
        time_ms: headers.get("Nats-Time-Stamp").and_then(|time| parse_time_ms(time.as_str())).unwrap_or(0),
        // Copied because the payload is a slice of all bytes read from the socket at once, and
        // would keep them allocated.
        payload: Bytes::copy_from_slice(&message.payload),
        headers,
    })
}

/// Returns a server's timestamp (RFC 3339 in UTC, up to nine decimals) in milliseconds since 1970.
pub(crate) fn parse_time_ms(text: &str) -> Option<u64> {
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    u64::try_from(nanos / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read() {
        assert_eq!(parse_time_ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_time_ms("2000-02-29T12:00:00.5Z"), Some(951_825_600_500));
        assert_eq!(parse_time_ms("2026-11-20T20:46:01.123456789Z"), Some(1_795_207_561_123));
        assert_eq!(parse_time_ms("yesterday"), None);
    }
}
