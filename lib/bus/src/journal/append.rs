//! Appends a record once, directly after the last known record, also across outages of the server
//! and moves of the journal.

use super::{
    Cursor, Journal,
    record::{AppendError, Record},
    send::{Sent, send},
    stream::JournalStream,
    streams::Streams,
    trouble::{InTrouble, Reason},
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Time without an answer after which it is unknown whether the record is stored, unless earlier
/// appends are still being answered. Over an unbroken connection, an answer is nearly always only
/// late, and an overloaded server must not get more load: doubles up to [`LONGEST_ACK_TIMEOUT`].
const ACK_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest time limit for an answer.
const LONGEST_ACK_TIMEOUT: Duration = Duration::from_secs(16);
/// Pause before the first repeat; doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two repeats.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The reason why a journal that was opened by the name of its stream stores no record, once
/// another stream has the subject.
const MOVED: &str = "another stream has the journal's subject now";
/// Number of times that "another record is last", without such a record, counts as a lagging
/// replica.
const LAGGING: usize = 20;

/// The attempts at one append.
struct Attempts {
    began: Instant,
    /// Whether further attempts may follow.
    patient: bool,
    pause: Duration,
    patience: Duration,
    contradictions: usize,
    /// The stream before which no record after the last known one was found.
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

/// The outcome of an attempt.
enum Outcome {
    /// The record is stored, at this sequence.
    Stored(u64),
    /// The journal has moved to another stream.
    Elsewhere,
    /// The record is not stored: try again, if the caller wants to.
    NotYet(Reason),
    /// Another record is said to be the last one, and cannot be read: try again.
    Unclear(&'static str),
}

/// The result of reading back.
enum Decided {
    /// The record is stored, at this sequence.
    Ours(u64),
    /// Another writer's record is in its place.
    Theirs,
    /// No record is stored after the last known one.
    Open,
}

impl Journal {
    /// Appends a record directly after the cursor's last one, and returns the cursor after it.
    /// `snapshot` says that the record has the whole state after it, so that recovery needs no
    /// earlier records.
    ///
    /// Repeats without limit: while the server is away, out of storage or silent, it reads back and
    /// repeats under the same append id until the outcome is certain. A caller that no longer waits
    /// drops the future; then the record may or may not be stored.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when another writer has appended; [`AppendError::TooLarge`] when
    /// the server accepts no record of that size; [`AppendError::Closed`] when this process closed
    /// the connection.
    pub async fn append(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
    ) -> Result<Cursor, AppendError> {
        self.append_with(cursor, payload, snapshot, true).await
    }

    /// Appends a record with only one attempt: for a record that is better decided again than
    /// stored late.
    ///
    /// # Errors
    /// Those of [`Journal::append`], and [`AppendError::NotNow`]. After that, the next append with
    /// this cursor either takes the record's place, or fails with [`AppendError::Conflict`] because
    /// the record was stored after all.
    pub async fn try_append(
        &self,
        cursor: &Cursor,
        payload: Bytes,
        snapshot: bool,
    ) -> Result<Cursor, AppendError> {
        self.append_with(cursor, payload, snapshot, false).await
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

/// Makes one attempt, and reads back if its answer leaves the outcome open.
async fn attempt(
    streams: &Streams,
    record: &Record<'_>,
    attempts: &mut Attempts,
) -> Result<Outcome, AppendError> {
    let (now, cursor) = (&streams.now, record.cursor);
    if cursor.last < now.first && attempts.looked_before.as_ref() != Some(&now.name) {
        // Earlier streams get no further records, so one that is not there now never will be.
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
                // A lagging replica shows no record although another one is known to be stored.
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

/// Reads the first record after the last known one, which decides the outcome: it has this append's
/// id, or another one. The server finds the last record of a subject at once but has to search for
/// the next one, so the last one is read first: it is rarely a later one still.
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
