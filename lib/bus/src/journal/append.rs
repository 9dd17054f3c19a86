//! Appending: once, directly after the last known record, however often the server goes away
//! meanwhile, and wherever the journal is moved to.

use super::{
    APPEND_ID, Cursor, Journal,
    chain::Streams,
    send::{Sent, send},
    stream::JournalStream,
    trouble::{InTrouble, Reason},
};
use crate::direct::Found;
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Without an answer for so long, whether the record is stored is unknown, unless it is seen to
/// wait for its turn. Over a connection that has not broken an answer is only slow nearly always,
/// and who is slow because there is too much to do must not be given still more: doubles up to
/// [`LONGEST_ACK_TIMEOUT`].
const ACK_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest wait for an answer.
const LONGEST_ACK_TIMEOUT: Duration = Duration::from_secs(16);
/// Pause before the first repeat; doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two repeats.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Why nothing is stored through a journal that was opened by the name of its stream, once another
/// stream has the subject.
const MOVED: &str = "another stream has the journal's subject now";
/// How often "another record is last" without such a record is believed to be a lagging replica.
const LAGGING: usize = 20;

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
    /// Not stored at the first attempt; whether it will yet be is unknown. Only
    /// [`Journal::try_append`] says so.
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

/// A record to be appended.
pub(super) struct Record<'a> {
    pub(super) cursor: &'a Cursor,
    /// The append's id: the same in all attempts.
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) snapshot: bool,
}

impl Record<'_> {
    fn is(&self, found: &Found) -> bool {
        found.headers.get(APPEND_ID).is_some_and(|theirs| theirs.as_str() == self.id)
    }

    fn behind(&self, sequence: u64) -> Cursor {
        Cursor {
            subject: self.cursor.subject.clone(),
            last: sequence,
            snapshot: if self.snapshot { sequence } else { self.cursor.snapshot },
        }
    }
}

/// The attempts at one append so far.
struct Attempts {
    began: Instant,
    /// Whether a second attempt may follow.
    patient: bool,
    pause: Duration,
    patience: Duration,
    contradictions: usize,
    /// The stream before which nothing was stored after the known last record.
    looked_before: Option<String>,
    trouble: Option<InTrouble>,
}

impl Attempts {
    fn new(patient: bool) -> Self {
        Self {
            began: Instant::now(),
            patient,
            pause: PAUSE,
            patience: ACK_TIMEOUT,
            contradictions: 0,
            looked_before: None,
            trouble: None,
        }
    }

    fn failed(&mut self, stream: &JournalStream) {
        self.trouble.get_or_insert_with(|| Arc::clone(&stream.trouble).begin());
    }

    async fn pause(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.patience = (self.patience * 2).min(LONGEST_ACK_TIMEOUT);
    }
}

/// What an attempt has led to.
enum Outcome {
    /// Stored, at this sequence.
    Stored(u64),
    /// The journal is in another stream now.
    Elsewhere,
    /// To be tried again, if the caller has the time.
    NotYet(Reason),
    /// Another record is said to be the last one and cannot be read: to be tried again.
    Unclear(&'static str),
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

impl Journal {
    /// Appends a record directly after the cursor's last one and returns the cursor behind it.
    /// `snapshot` says that the record holds the whole state after it, so that recovery need not
    /// read further back.
    ///
    /// Never gives up by itself: while the server is away, out of storage or silent, it reads back
    /// and repeats under the same append id until the outcome is certain. A caller who no longer
    /// cares drops the future; then the record may or may not be stored.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when somebody else has appended; [`AppendError::TooLarge`] when
    /// the server takes no record of that size; [`AppendError::Closed`] when the connection was
    /// closed by this process.
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
    /// Those of [`Journal::append`], and [`AppendError::NotNow`]. After that, the next append with
    /// this cursor either takes the record's place, or meets a [`AppendError::Conflict`] because
    /// the record was stored after all.
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
    /// [`AppendError::Conflict`] when somebody else has appended, [`AppendError::NotNow`] when the
    /// server does not say.
    pub async fn check(&self, cursor: &Cursor) -> Result<Cursor, AppendError> {
        loop {
            let streams = self.chain.streams();
            for stream in streams.after(cursor.last) {
                let found = stream.last_of(&cursor.subject).await;
                let found = found.map_err(|error| not_now(cursor, error.to_string()))?;
                if found.is_some_and(|found| found.sequence > cursor.last) {
                    return Err(conflict(cursor));
                }
            }
            let still = self.chain.is_still(&streams.now, std::time::Instant::now()).await;
            if still.map_err(|error| not_now(cursor, error.to_string()))? {
                return Ok(cursor.clone());
            }
        }
    }

    async fn append_with(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
        patient: bool,
    ) -> Result<Cursor, AppendError> {
        if !patient && !self.bus.is_connected() {
            return Err(not_now(cursor, "the server is away".to_owned()));
        }
        let record = Record { cursor, id: self.append_id(), payload, snapshot };
        let mut attempts = Attempts::new(patient);
        loop {
            let streams = self.chain.streams();
            let why = match attempt(&streams, &record, &mut attempts).await? {
                Outcome::Stored(sequence) => return Ok(record.behind(sequence)),
                Outcome::NotYet(why) if !patient => return Err(not_now(cursor, why.into_text())),
                Outcome::NotYet(why) => why,
                Outcome::Unclear(why) => Reason::Other(why.to_owned()),
                Outcome::Elsewhere => {
                    match self.chain.is_still(&streams.now, std::time::Instant::now()).await {
                        Ok(false) => continue,
                        Err(error) if !patient => return Err(not_now(cursor, error.to_string())),
                        Err(error) => Reason::Other(error.to_string()),
                        Ok(true) if !patient => return Err(not_now(cursor, MOVED.to_owned())),
                        Ok(true) => Reason::Other(MOVED.to_owned()),
                    }
                }
            };
            let now = &streams.now;
            now.warnings.warn(&now.name, attempts.began.elapsed(), &why);
            let (subject, why) = (&cursor.subject, why.into_text());
            tracing::debug!(subject, why, "append is repeated");
            attempts.pause().await;
        }
    }
}

/// Tries once, and reads back where that does not say enough.
async fn attempt(
    streams: &Streams,
    record: &Record<'_>,
    attempts: &mut Attempts,
) -> Result<Outcome, AppendError> {
    let (now, cursor) = (&streams.now, record.cursor);
    if cursor.last < now.first && attempts.looked_before.as_ref() != Some(&now.name) {
        // No record comes to an earlier stream any more: what is not there now never will be.
        match first_after(&streams.earlier_after(cursor.last), record).await {
            Some(Decided::Open) => attempts.looked_before = Some(now.name.clone()),
            Some(Decided::Ours(sequence)) => return Ok(Outcome::Stored(sequence)),
            Some(Decided::Theirs) => return Err(conflict(cursor)),
            None => return Ok(not_yet("the stream that the journal was in before cannot be read")),
        }
    }
    let sent = send(now, record, attempts.patience).await?;
    if matches!(sent, Sent::NotStored(_) | Sent::Unknown) {
        attempts.failed(now);
    }
    match sent {
        Sent::Stored(sequence) => {
            now.seen(sequence);
            Ok(Outcome::Stored(sequence))
        }
        Sent::Elsewhere => Ok(Outcome::Elsewhere),
        Sent::NotStored(why) => Ok(Outcome::NotYet(why)),
        Sent::Unknown if !attempts.patient => Ok(not_yet("no answer")),
        unclear @ (Sent::WrongLast | Sent::Unknown) => {
            match first_after(&streams.after(cursor.last), record).await {
                Some(Decided::Ours(sequence)) => Ok(Outcome::Stored(sequence)),
                Some(Decided::Theirs) => Err(conflict(cursor)),
                // A replica that lags behind shows nothing where another record is known to be.
                Some(Decided::Open) if matches!(unclear, Sent::WrongLast) => {
                    attempts.contradictions += 1;
                    if attempts.contradictions > LAGGING {
                        return Err(conflict(cursor));
                    }
                    Ok(Outcome::Unclear("the last record cannot be read yet"))
                }
                Some(Decided::Open) => Ok(not_yet("no answer")),
                None if matches!(unclear, Sent::WrongLast) => Ok(Outcome::Unclear("it cannot be read back")),
                None => Ok(not_yet("no answer, and it cannot be read back")),
            }
        }
    }
}

/// The first record after the known last one decides: it carries our id, or somebody else's. The
/// server finds the last record of a subject at once but has to look for the next one, so the last
/// one is asked for first: it is hardly ever a later one still.
async fn first_after(streams: &[&Arc<JournalStream>], record: &Record<'_>) -> Option<Decided> {
    let (subject, known) = (&record.cursor.subject, record.cursor.last);
    for stream in streams {
        let found = match stream.last_of(subject).await {
            Ok(Some(last)) if last.sequence > known && !record.is(&last) => {
                stream.next_of(subject, known + 1).await
            }
            found => found,
        };
        match found {
            Ok(Some(found)) if found.sequence > known => {
                let ours = record.is(&found);
                return Some(if ours { Decided::Ours(found.sequence) } else { Decided::Theirs });
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, subject, "reading back failed");
                return None;
            }
        }
    }
    Some(Decided::Open)
}

fn not_yet(why: &str) -> Outcome {
    Outcome::NotYet(Reason::Other(why.to_owned()))
}

fn not_now(cursor: &Cursor, reason: String) -> AppendError {
    AppendError::NotNow { subject: cursor.subject.clone(), reason }
}

fn conflict(cursor: &Cursor) -> AppendError {
    AppendError::Conflict { subject: cursor.subject.clone(), after: cursor.last }
}
