//! Values in key-value buckets (NATS ADR-8) that one role writes and others read.

use crate::{
    Bus, BusError, api,
    direct::{self, Wanted},
};
use bytes::Bytes;
use std::time::Duration;
use wire::codec;

/// Time limit of a write.
const ANSWER: Duration = Duration::from_secs(2);

/// The header with the name of the stream that a message was read from.
const STREAM: &str = "Nats-Stream";

/// Returns the value of a key by its subject; `None` when it was never written.
///
/// # Errors
/// When the bucket does not exist or does not answer, or the value cannot be decoded.
pub async fn read<T: serde::de::DeserializeOwned>(
    bus: &Bus,
    bucket: &str,
    subject: &str,
) -> Result<Option<T>, BusError> {
    let wanted = Wanted { last: Some(subject), ..Wanted::default() };
    let Some(found) = direct::get(bus, &format!("KV_{bucket}"), &wanted).await? else {
        return Ok(None);
    };
    // The server answers direct reads on any subject that their sender chooses, whatever the sender
    // may publish. A value that came into the bucket so has a stream's name from the other read
    // too.
    if found.headers.get_all(STREAM).count() > 1 {
        let what = format!("reading {subject}");
        return Err(BusError::JetStream {
            what,
            reason: "the value is an answer of the server, not a member's".into(),
        });
    }
    Ok(Some(codec::decode(&found.payload)?))
}

/// Writes the value of a key by its subject, and waits until the server has stored it.
///
/// # Errors
/// When the bucket does not exist or does not answer, or the server refuses to store the value.
pub async fn write<T: serde::Serialize + Sync>(bus: &Bus, subject: &str, value: &T) -> Result<(), BusError> {
    let failed = |reason: String| BusError::JetStream { what: format!("writing {subject}"), reason };
    let payload = Bytes::from(codec::encode(value)?);
    let request = async_nats::Request::new().payload(payload).timeout(Some(ANSWER));
    let answer = bus.client().send_request(subject.to_owned(), request).await;
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    match api::acknowledged(&answer.payload) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error.description)),
        Err(reason) => Err(failed(reason)),
    }
}
