//! Makes one attempt at an append, and interprets its answer.

use super::{
    APPEND_ID, Cursor, OWN, PREVIOUS, SNAPSHOT,
    record::{AppendError, Record},
    stream::JournalStream,
    trouble::Reason,
};
use crate::{
    Bus,
    api::{self, code},
};
use async_nats::{
    HeaderMap,
    client::RequestErrorKind,
    header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The result of one attempt.
pub(super) enum Sent {
    Stored(u64),
    /// Another record is the last one, or this one is stored already.
    WrongLast,
    /// The journal has moved to another stream; the record is not stored.
    Elsewhere,
    /// The record is not stored.
    NotStored(Reason),
    /// No answer: the record may be stored.
    Unknown,
}

/// Sends a record to a stream and waits for the answer.
pub(super) async fn send(
    stream: &JournalStream,
    record: &Record<'_>,
    patience: Duration,
) -> Result<Sent, AppendError> {
    let (bus, cursor, bytes) = (&stream.bus, record.cursor, record.payload.len());
    bus.connected().await;
    let headers = headers(stream, record);
    let request = async_nats::Request::new().headers(headers).payload(record.payload.clone()).timeout(None);
    let answer = bus.client().send_request(cursor.subject.clone(), request);
    let sent = Instant::now();
    let is_queued = || bus.progress().is_queued(&stream.name, sent, patience);
    match answer_or_outage(bus, answer, patience, is_queued).await {
        None => Ok(Sent::Unknown),
        Some(Ok(message)) => {
            bus.progress().answered(&stream.name, sent);
            judge(cursor, bytes, &message.payload)
        }
        Some(Err(error)) => match error.kind() {
            RequestErrorKind::NoResponders => {
                let why = format!("stream {} does not answer", stream.name);
                Ok(Sent::NotStored(Reason::Other(why)))
            }
            RequestErrorKind::TimedOut => Ok(Sent::Unknown),
            RequestErrorKind::MaxPayloadExceeded => Err(too_large(cursor, bytes)),
            _ => Err(AppendError::Closed { subject: cursor.subject.clone(), reason: error.to_string() }),
        },
    }
}

/// Waits for an answer until the connection breaks, or for `patience`; longer as long as earlier
/// requests are being answered.
async fn answer_or_outage<T>(
    bus: &Bus,
    answer: impl Future<Output = T>,
    patience: Duration,
    is_queued: impl Fn() -> bool,
) -> Option<T> {
    let mut outages = bus.news_of_outages();
    let mut answer = std::pin::pin!(answer);
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return Some(answer),
            _ = outages.changed() => return None,
            () = sleep(patience) => if !is_queued() { return None },
        }
    }
}

fn headers(stream: &JournalStream, record: &Record<'_>) -> HeaderMap {
    let cursor = record.cursor;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_STREAM, stream.name.as_str());
    if cursor.last < stream.first {
        // The record before is in an earlier stream: in this one, the record is the journal's
        // first.
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
        headers.insert(PREVIOUS, cursor.last.to_string().as_str());
    } else {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, cursor.last.to_string().as_str());
    }
    headers.insert(APPEND_ID, record.id.as_str());
    if record.snapshot {
        headers.insert(SNAPSHOT, OWN);
    } else {
        headers.insert(SNAPSHOT, cursor.snapshot.to_string().as_str());
    }
    headers
}

fn judge(cursor: &Cursor, bytes: usize, answer: &[u8]) -> Result<Sent, AppendError> {
    let error = match api::acknowledged(answer) {
        Ok(Ok(sequence)) => return Ok(Sent::Stored(sequence)),
        Ok(Err(error)) => error,
        Err(_) => return Ok(Sent::Unknown),
    };
    match error.err_code {
        code::WRONG_LAST => Ok(Sent::WrongLast),
        code::WRONG_STREAM => Ok(Sent::Elsewhere),
        code::TOO_LARGE => Err(too_large(cursor, bytes)),
        code::IN_FLIGHT => {
            Ok(Sent::NotStored(Reason::Other("another write of the subject is on its way".into())))
        }
        code if code == code::NOT_STORED || code::NO_ROOM.contains(&code) => {
            Ok(Sent::NotStored(Reason::NoRoom(error.description)))
        }
        _ => Ok(Sent::NotStored(Reason::Other(error.description))),
    }
}

fn too_large(cursor: &Cursor, bytes: usize) -> AppendError {
    AppendError::TooLarge { subject: cursor.subject.clone(), bytes }
}
