//! Reads journals: recovers them from the last snapshot and its tail, and walks over all records.

use super::{Cursor, Journal, JournalError, Last, OWN, PREVIOUS, Recovered, SNAPSHOT, Stored, stream::TAILS};
use crate::direct::Found;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use std::{collections::HashMap, time::Instant};

/// Number of records of a tail that are read one by one, from the newest back; earlier ones are
/// read as a batch. A single read costs one round trip; for a batch, the server looks at all
/// messages between two records of a subject.
const STEPS: usize = 64;

impl Journal {
    /// Returns the records that a new owner needs, of all subjects that match a filter, in the
    /// order of their last records.
    ///
    /// # Errors
    /// When the server does not answer, or records on which a subject's last one builds were
    /// removed.
    pub async fn recover(&self, subjects: &str) -> Result<Vec<Recovered>, JournalError> {
        let tails = self.lasts(subjects).await?.into_iter().map(|last| self.complete(last));
        stream::iter(tails).buffered(TAILS).try_collect().await
    }

    /// Returns the last record of each subject that matches a filter, in the order of their
    /// sequences.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn lasts(&self, subjects: &str) -> Result<Vec<Last>, JournalError> {
        loop {
            let streams = self.chain.streams();
            let mut lasts = HashMap::new();
            for stream in streams.latest_first() {
                for last in stream.lasts(subjects).await? {
                    lasts.entry(last.subject.clone()).or_insert(last);
                }
            }
            if self.chain.is_still(&streams.now, Instant::now()).await? {
                let mut lasts: Vec<Last> = lasts.into_values().map(Last).collect();
                lasts.sort_by_key(|last| last.0.sequence);
                return Ok(lasts);
            }
        }
    }

    /// Reads the remaining records of a subject that a new owner needs.
    ///
    /// # Errors
    /// When the server does not answer, or records on which the last one builds were removed.
    pub async fn complete(&self, last: Last) -> Result<Recovered, JournalError> {
        self.with_tail(last.0).await
    }

    /// Returns the records of one subject that a new owner needs; none if it has no record.
    ///
    /// # Errors
    /// Those of [`Journal::recover`].
    pub async fn recover_one(&self, subject: &str) -> Result<Option<Recovered>, JournalError> {
        loop {
            let streams = self.chain.streams();
            let mut last = None;
            for stream in streams.latest_first() {
                last = stream.last_of(subject).await?;
                if last.is_some() {
                    break;
                }
            }
            if self.chain.is_still(&streams.now, Instant::now()).await? {
                return match last {
                    Some(last) => self.with_tail(last).await.map(Some),
                    None => Ok(None),
                };
            }
        }
    }

    /// Reads all records that match a filter, in the order of their sequences. Records that are
    /// appended meanwhile may be missing.
    pub fn walk(&self, filter: &str) -> impl Stream<Item = Result<Stored, JournalError>> + use<> {
        self.walk_from(filter, 1)
    }

    /// Reads all records that match a filter, from a sequence on.
    pub fn walk_from(
        &self,
        filter: &str,
        from: u64,
    ) -> impl Stream<Item = Result<Stored, JournalError>> + use<> {
        let streams: Vec<_> = self.chain.streams().after(from).into_iter().cloned().collect();
        let filter = filter.to_owned();
        let walks = streams.into_iter().map(move |stream| {
            stream::try_unfold((stream, filter.clone(), from), |(stream, filter, from)| async move {
                let found = stream.batch(&filter, from).await?;
                let Some(last) = found.last() else {
                    return Ok::<_, JournalError>(None);
                };
                let next = last.sequence + 1;
                let records = stream::iter(found.into_iter().map(|found| Ok(stored(found))));
                Ok(Some((records, (stream, filter, next))))
            })
            .try_flatten()
        });
        stream::iter(walks).flatten()
    }

    async fn with_tail(&self, last: Found) -> Result<Recovered, JournalError> {
        let Some(snapshot) = snapshot_of(&last) else {
            return Ok(recovered(vec![last]));
        };
        let streams = self.chain.streams();
        let subject = last.subject.clone();
        let incomplete = || JournalError::Incomplete { subject: subject.clone(), from: snapshot };
        // The semaphore is never closed; without a permit the read is only less bounded.
        let _permit = streams.now.tails.acquire().await.ok();
        let begins = |record: &Found| match snapshot {
            0 => previous(record) == Some(0),
            snapshot => record.sequence == snapshot,
        };
        let (mut begun, mut before, mut oldest) = (begins(&last), previous(&last), last.sequence);
        let mut newest_first = vec![last];
        while let Some(sequence @ 1..) = before
            && !begun
            && newest_first.len() < STEPS
        {
            let record = streams.holding(sequence).at(sequence).await?;
            let record = record.filter(|record| record.subject == subject).ok_or_else(incomplete)?;
            (begun, before, oldest) = (begins(&record), previous(&record), record.sequence);
            newest_first.push(record);
        }
        if !begun {
            let mut earlier = Vec::new();
            for stream in streams.after(snapshot).into_iter().filter(|stream| stream.first < oldest) {
                earlier.extend(stream.between(&subject, snapshot, oldest).await?);
            }
            begun = earlier.first().is_some_and(begins);
            newest_first.extend(earlier.into_iter().rev());
        }
        if !begun {
            return Err(incomplete());
        }
        newest_first.reverse();
        Ok(recovered(newest_first))
    }
}

/// Returns the sequence of the subject's record before this one, as its writer expected and the
/// server checked; 0 for the first. None if the record has no such header.
fn previous(record: &Found) -> Option<u64> {
    let in_other_stream = record.headers.get(PREVIOUS);
    let header = in_other_stream
        .or_else(|| record.headers.get(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE));
    header?.as_str().parse().ok()
}

/// Returns the sequence of the snapshot that a record builds on; none if it is a snapshot itself.
fn snapshot_of(record: &Found) -> Option<u64> {
    let text = record.headers.get(SNAPSHOT).map_or("0", async_nats::HeaderValue::as_str);
    (text != OWN).then(|| text.parse().unwrap_or(0))
}

fn recovered(records: Vec<Found>) -> Recovered {
    let first = records.first();
    let snapshot = first.filter(|record| snapshot_of(record).is_none()).map_or(0, |record| record.sequence);
    let cursor = Cursor {
        subject: first.map(|record| record.subject.clone()).unwrap_or_default(),
        last: records.last().map_or(0, |record| record.sequence),
        snapshot,
    };
    Recovered { cursor, records: records.into_iter().map(stored).collect() }
}

fn stored(found: Found) -> Stored {
    Stored {
        previous: previous(&found),
        subject: found.subject,
        sequence: found.sequence,
        time_ms: found.time_ms,
        payload: found.payload,
    }
}
