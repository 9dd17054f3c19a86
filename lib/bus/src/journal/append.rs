//! Appending: once, directly after the last known record, however often the server goes away meanwhile.

use super::{APPEND_ID, Cursor, Journal, OWN, SNAPSHOT};
use crate::{
    Bus,
    direct::{self, Found, Wanted},
};
use async_nats::{HeaderMap, client::RequestErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Without an answer for so long, whether the record is stored is unknown, unless it is seen to wait for its turn. Over a connection that
/// has not broken an answer is only slow nearly always, and who is slow because there is too much to do must not be given still more:
/// doubles up to [`LONGEST_ACK_TIMEOUT`].
const ACK_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest wait for an answer.
const LONGEST_ACK_TIMEOUT: Duration = Duration::from_secs(16);
/// Pause before the first repeat; doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two repeats.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How often "another record is last" without such a record is believed to be a lagging replica.
const LAGGING: usize = 20;
/// Shortest time between two warnings of a stream, in milliseconds.
const WARN_EVERY_MS: u64 = 5_000;

/// Error codes of the server's JetStream API (server/errors.json).
mod code {
    /// The expected last sequence of the subject is another.
    pub(super) const WRONG_LAST: u64 = 10_071;
    /// The same, while another write of the subject is on its way to the replicas.
    pub(super) const IN_FLIGHT: u64 = 10_164;
    /// The message is larger than the stream takes.
    pub(super) const TOO_LARGE: u64 = 10_054;
}

/// Why a record was not appended.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AppendError {
    /// Somebody else has appended: recover, and decide anew.
    #[error("{subject}: another writer has appended after sequence {after}")]
    Conflict {
        /// The subject.
        subject: String,
        /// The last record that was known here.
        after: u64,
    },
    /// The record is larger than the server takes.
    #[error("{subject}: a record of {bytes} bytes is too large")]
    TooLarge {
        /// The subject.
        subject: String,
        /// Its size.
        bytes: usize,
    },
    /// Not stored at the first attempt; whether it will yet be is unknown. Only [`Journal::try_append`] says so.
    #[error("{subject}: not stored now: {reason}")]
    NotNow {
        /// The subject.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The connection is closed for good, or the subject is malformed.
    #[error("{subject}: {reason}")]
    Closed {
        /// The subject.
        subject: String,
        /// Why.
        reason: String,
    },
}

/// Which appends failed and wait to be repeated.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    waiting: AtomicU64,
    count: AtomicU64,
}

impl Trouble {
    pub(super) fn is_now(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// An append has failed; it waits until the returned value is dropped.
    fn begin(&self) -> InTrouble<'_> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        InTrouble(self)
    }
}

/// An append that failed and is repeated, or given up.
struct InTrouble<'a>(&'a Trouble);

impl Drop for InTrouble<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells now and then that appends have to wait, however many do.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    last_ms: AtomicU64,
}

impl Warnings {
    fn warn(&self, stream: &str, started: Instant, reason: &str) {
        let now_ms = crate::clock::now_ms();
        let last_ms = self.last_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(last_ms) < WARN_EVERY_MS {
            return;
        }
        let swapped = self.last_ms.compare_exchange(last_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if swapped.is_ok() {
            let waited_ms = started.elapsed().as_millis();
            tracing::warn!(stream, reason, waited_ms, "records cannot be stored now; trying on");
        }
    }
}

/// What one attempt came to.
enum Sent {
    Stored(u64),
    /// Another record is the last one, or this one is stored already.
    WrongLast,
    /// Certainly not stored.
    NotStored(String),
    /// No answer: it may be stored.
    Unknown,
}

/// What reading back showed.
enum Decided {
    /// Stored, at this sequence.
    Ours(u64),
    /// Another's record took the place.
    Theirs,
    /// Nothing has been stored after the last known record.
    Open,
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Journal {
    /// Appends a record directly after the cursor's last one and returns the cursor behind it. `snapshot` says
    /// that the record holds the whole state after it, so that recovery need not read further back.
    ///
    /// Never gives up by itself: while the server is away, out of storage or silent, it reads back and repeats
    /// under the same append id until the outcome is certain. A caller who no longer cares drops the future;
    /// then the record may or may not be stored.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when somebody else has appended; [`AppendError::TooLarge`] when the server
    /// takes no record of that size; [`AppendError::Closed`] when the connection was closed by this process.
    pub async fn append(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
    ) -> Result<Cursor, AppendError> {
        self.append_with(cursor, payload, snapshot, true).await
    }

    /// The same, but only one attempt: for a record that is better decided anew than stored late.
    ///
    /// # Errors
    /// Those of [`Journal::append`], and [`AppendError::NotNow`]. After that, the next append with this cursor either
    /// takes the record's place, or meets a [`AppendError::Conflict`] because the record was stored after all.
    pub async fn try_append(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
    ) -> Result<Cursor, AppendError> {
        self.append_with(cursor, payload, snapshot, false).await
    }

    /// Whether the cursor is at the last record: then it is given back.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when somebody else has appended, [`AppendError::NotNow`] when the server does not say.
    pub async fn check(&self, cursor: &Cursor) -> Result<Cursor, AppendError> {
        let last = Wanted { last: Some(&cursor.subject), ..Wanted::default() };
        let found = direct::get(&self.inner.bus, &self.inner.stream, &last).await;
        let found = found.map_err(|error| not_now(cursor, error.to_string()))?;
        let is_last = found.is_none_or(|found| found.sequence <= cursor.last);
        if is_last { Ok(cursor.clone()) } else { Err(conflict(cursor)) }
    }

    async fn append_with(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
        patient: bool,
    ) -> Result<Cursor, AppendError> {
        if !patient && !self.inner.bus.is_connected() {
            return Err(not_now(cursor, "the server is away".to_owned()));
        }
        let id = self.append_id();
        let mut trouble = None;
        let subject = &cursor.subject;
        let started = Instant::now();
        let (mut pause, mut patience) = (PAUSE, ACK_TIMEOUT);
        let mut contradictions = 0;
        loop {
            let sent = self.send(cursor, headers(cursor, &id, snapshot), &payload, patience).await?;
            if matches!(sent, Sent::NotStored(_) | Sent::Unknown) {
                trouble.get_or_insert_with(|| self.inner.trouble.begin());
            }
            let why = match sent {
                Sent::Stored(sequence) => {
                    self.seen(sequence);
                    return Ok(behind(cursor, sequence, snapshot));
                }
                Sent::NotStored(reason) if !patient => return Err(not_now(cursor, reason)),
                Sent::Unknown if !patient => return Err(not_now(cursor, "no answer".to_owned())),
                Sent::NotStored(reason) => reason,
                unclear @ (Sent::WrongLast | Sent::Unknown) => {
                    match self.read_back(cursor, &id).await {
                        Some(Decided::Ours(sequence)) => {
                            return Ok(behind(cursor, sequence, snapshot));
                        }
                        Some(Decided::Theirs) => return Err(conflict(cursor)),
                        // A replica that lags behind shows nothing where another record is known to be.
                        Some(Decided::Open) if matches!(unclear, Sent::WrongLast) => {
                            contradictions += 1;
                            if contradictions > LAGGING {
                                return Err(conflict(cursor));
                            }
                            "the last record cannot be read yet".to_owned()
                        }
                        Some(Decided::Open) => "no answer".to_owned(),
                        None => "no answer, and it cannot be read back".to_owned(),
                    }
                }
            };
            self.inner.warnings.warn(&self.inner.stream, started, &why);
            tracing::debug!(subject, why, "append is repeated");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            patience = (patience * 2).min(LONGEST_ACK_TIMEOUT);
        }
    }

    async fn send(
        &self,
        cursor: &Cursor,
        headers: HeaderMap,
        payload: &Bytes,
        patience: Duration,
    ) -> Result<Sent, AppendError> {
        let bus = &self.inner.bus;
        bus.connected().await;
        let request = async_nats::Request::new().headers(headers).payload(payload.clone()).timeout(None);
        let answer = bus.client().send_request(cursor.subject.clone(), request);
        let sent = Instant::now();
        let is_queued = || bus.progress().is_queued(&self.inner.stream, sent, patience);
        match answer_or_outage(bus, answer, patience, is_queued).await {
            None => Ok(Sent::Unknown),
            Some(Ok(message)) => {
                bus.progress().answered(&self.inner.stream, sent);
                judge(cursor, payload.len(), &message.payload)
            }
            Some(Err(error)) => match error.kind() {
                RequestErrorKind::NoResponders => {
                    Ok(Sent::NotStored(format!("stream {} does not answer", self.inner.stream)))
                }
                RequestErrorKind::TimedOut => Ok(Sent::Unknown),
                RequestErrorKind::MaxPayloadExceeded => Err(too_large(cursor, payload.len())),
                _ => Err(AppendError::Closed { subject: cursor.subject.clone(), reason: error.to_string() }),
            },
        }
    }

    /// The first record after the known last one decides: it carries our id, or somebody else's. The server finds the last record of a
    /// subject at once but has to look for the next one, so the last one is asked for first: it is hardly ever a later one still.
    async fn read_back(&self, cursor: &Cursor, id: &str) -> Option<Decided> {
        let is_ours =
            |found: &Found| found.headers.get(APPEND_ID).is_some_and(|theirs| theirs.as_str() == id);
        let last = Wanted { last: Some(&cursor.subject), ..Wanted::default() };
        let next = Wanted { from: cursor.last + 1, next: Some(&cursor.subject), ..Wanted::default() };
        let (bus, stream) = (&self.inner.bus, &self.inner.stream);
        let found = match direct::get(bus, stream, &last).await {
            Ok(Some(last)) if last.sequence > cursor.last && !is_ours(&last) => {
                direct::get(bus, stream, &next).await
            }
            found => found,
        };
        match found {
            Ok(None) => Some(Decided::Open),
            Ok(Some(found)) if found.sequence <= cursor.last => Some(Decided::Open),
            Ok(Some(found)) if is_ours(&found) => Some(Decided::Ours(found.sequence)),
            Ok(Some(_)) => Some(Decided::Theirs),
            Err(error) => {
                tracing::debug!(%error, subject = cursor.subject, "reading back failed");
                None
            }
        }
    }
}

/// Waits for an answer, but not beyond a broken connection, nor longer than this unless those before it are being answered.
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

fn headers(cursor: &Cursor, id: &str, snapshot: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, cursor.last.to_string().as_str());
    headers.insert(APPEND_ID, id);
    if snapshot {
        headers.insert(SNAPSHOT, OWN);
    } else {
        headers.insert(SNAPSHOT, cursor.snapshot.to_string().as_str());
    }
    headers
}

fn judge(cursor: &Cursor, bytes: usize, answer: &[u8]) -> Result<Sent, AppendError> {
    let Ok(ack) = serde_json::from_slice::<Ack>(answer) else {
        return Ok(Sent::Unknown);
    };
    match ack.error {
        None if ack.seq > 0 => Ok(Sent::Stored(ack.seq)),
        None => Ok(Sent::Unknown),
        Some(error) => match error.err_code {
            code::WRONG_LAST => Ok(Sent::WrongLast),
            code::TOO_LARGE => Err(too_large(cursor, bytes)),
            code::IN_FLIGHT => Ok(Sent::NotStored("another write of the subject is on its way".into())),
            _ => Ok(Sent::NotStored(error.description)),
        },
    }
}

fn behind(cursor: &Cursor, sequence: u64, snapshot: bool) -> Cursor {
    Cursor {
        subject: cursor.subject.clone(),
        last: sequence,
        snapshot: if snapshot { sequence } else { cursor.snapshot },
    }
}

fn not_now(cursor: &Cursor, reason: String) -> AppendError {
    AppendError::NotNow { subject: cursor.subject.clone(), reason }
}

fn conflict(cursor: &Cursor) -> AppendError {
    AppendError::Conflict { subject: cursor.subject.clone(), after: cursor.last }
}

fn too_large(cursor: &Cursor, bytes: usize) -> AppendError {
    AppendError::TooLarge { subject: cursor.subject.clone(), bytes }
}
