//! Reading: recovery from the last snapshot and its tail, and a walk over everything.

use super::{Cursor, Journal, JournalError, Last, OWN, Recovered, SNAPSHOT, Stored, TAILS};
use crate::{
    BusError,
    direct::{self, Batch, Found, MOST_SUBJECTS, Wanted},
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::collections::HashMap;

/// Messages of one batch where there is no other bound.
const BATCH: u64 = 512;
/// Records of a tail that are read one by one, from the newest back; what is before them is read as a batch. One by one
/// costs a round trip each but nothing else; in a batch the server looks at everything between two records of a subject.
const STEPS: usize = 64;
/// Batches of last records that are read at the same time.
const BATCHES: usize = 4;
/// Subjects that the server lists at once (JSApiStreamInfo's page).
const PAGE: usize = 100_000;

impl Journal {
    /// Everything that a new owner needs of all subjects that match a filter, in the order of their last records.
    ///
    /// # Errors
    /// When the server does not answer, or records that a subject builds on are gone.
    pub async fn recover(&self, subjects: &str) -> Result<Vec<Recovered>, JournalError> {
        let tails = self.lasts(subjects).await?.into_iter().map(|last| self.complete(last));
        stream::iter(tails).buffered(TAILS).try_collect().await
    }

    /// The last record of every subject that matches a filter, in the order of the stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn lasts(&self, subjects: &str) -> Result<Vec<Last>, JournalError> {
        let lasts = match self.lasts_at_once(vec![subjects]).await? {
            Some(lasts) => lasts,
            None => self.lasts_of_many(subjects).await?,
        };
        if let Some(newest) = lasts.iter().map(|last| last.sequence).max() {
            self.seen(newest);
        }
        Ok(lasts.into_iter().map(Last).collect())
    }

    /// The rest of what a new owner needs of a subject.
    ///
    /// # Errors
    /// When the server does not answer, or records that the last one builds on are gone.
    pub async fn complete(&self, last: Last) -> Result<Recovered, JournalError> {
        self.with_tail(last.0).await
    }

    /// The same of one subject; none when it has no record.
    ///
    /// # Errors
    /// Those of [`Journal::recover`].
    pub async fn recover_one(&self, subject: &str) -> Result<Option<Recovered>, JournalError> {
        let wanted = Wanted { last: Some(subject), ..Wanted::default() };
        match direct::get(&self.inner.bus, &self.inner.stream, &wanted).await? {
            Some(last) => self.with_tail(last).await.map(Some),
            None => Ok(None),
        }
    }

    /// Every record that matches a filter, in the order of the stream. Records that are appended meanwhile may
    /// or may not be among them.
    pub fn walk(&self, filter: &str) -> impl Stream<Item = Result<Stored, JournalError>> + use<> {
        self.walk_from(filter, 1)
    }

    /// The same, beginning at a sequence.
    pub fn walk_from(
        &self,
        filter: &str,
        from: u64,
    ) -> impl Stream<Item = Result<Stored, JournalError>> + use<> {
        let start = (self.clone(), filter.to_owned(), from.max(1));
        stream::try_unfold(start, |(journal, filter, from)| async move {
            let wanted = Wanted { from, next: Some(&filter), batch: BATCH, ..Wanted::default() };
            let found = journal.batch(&wanted).await?;
            let Some(last) = found.last() else {
                return Ok::<_, JournalError>(None);
            };
            let next = last.sequence + 1;
            let records = stream::iter(found.into_iter().map(|found| Ok(stored(found))));
            Ok(Some((records, (journal, filter, next))))
        })
        .try_flatten()
    }

    async fn read(&self, wanted: &Wanted<'_>) -> Result<Batch, BusError> {
        // The semaphore is never closed; without a permit the read is only less bounded.
        let _permit = self.inner.reads.acquire().await.ok();
        direct::batch(&self.inner.bus, &self.inner.stream, wanted).await
    }

    /// One batch of a request that cannot match too many subjects.
    async fn batch(&self, wanted: &Wanted<'_>) -> Result<Vec<Found>, JournalError> {
        match self.read(wanted).await? {
            Batch::Some { found, .. } => Ok(found),
            Batch::TooMany => Err(BusError::JetStream {
                what: format!("reading stream {}", self.inner.stream),
                reason: "too many subjects".into(),
            }
            .into()),
        }
    }

    /// The last records of the subjects; none when there are more than a batch may hold.
    async fn lasts_at_once(&self, filters: Vec<&str>) -> Result<Option<Vec<Found>>, JournalError> {
        let mut wanted = Wanted { last_of: Some(filters), ..Wanted::default() };
        let mut lasts = Vec::new();
        loop {
            match self.read(&wanted).await? {
                Batch::TooMany => return Ok(None),
                Batch::Some { found, pending, up_to } => {
                    let more = pending > 0 && !found.is_empty();
                    lasts.extend(found);
                    // The server ends a batch early when its bytes are many; the rest is asked for as of the
                    // same moment.
                    match lasts.last() {
                        Some(last) if more => {
                            wanted.from = last.sequence + 1;
                            wanted.up_to = up_to;
                        }
                        _ => return Ok(Some(lasts)),
                    }
                }
            }
        }
    }

    async fn lasts_of_many(&self, filter: &str) -> Result<Vec<Found>, JournalError> {
        let subjects = self.subjects(filter).await?;
        let chunks: Vec<Vec<String>> = subjects.chunks(MOST_SUBJECTS).map(<[String]>::to_vec).collect();
        let batches: Vec<Vec<Found>> = stream::iter(chunks)
            .map(|chunk| async move {
                let filters = chunk.iter().map(String::as_str).collect();
                self.lasts_at_once(filters).await.map(Option::unwrap_or_default)
            })
            .buffered(BATCHES)
            .try_collect()
            .await?;
        Ok(batches.into_iter().flatten().collect())
    }

    /// The subjects that match a filter, page by page.
    async fn subjects(&self, filter: &str) -> Result<Vec<String>, JournalError> {
        #[derive(Deserialize)]
        struct About {
            state: State,
        }
        #[derive(Deserialize)]
        struct State {
            #[serde(default)]
            subjects: Option<HashMap<String, u64>>,
        }
        let stream = &self.inner.stream;
        let mut subjects = Vec::new();
        loop {
            let page = serde_json::json!({"subjects_filter": filter, "offset": subjects.len()});
            let about: Option<About> =
                crate::api::ask(&self.inner.bus, &format!("STREAM.INFO.{stream}"), &page).await?;
            let about = about.ok_or_else(|| JournalError::Missing { stream: stream.clone() })?;
            let page = about.state.subjects.unwrap_or_default();
            let last = page.len() < PAGE;
            subjects.extend(page.into_keys());
            if last {
                return Ok(subjects);
            }
        }
    }

    async fn with_tail(&self, last: Found) -> Result<Recovered, JournalError> {
        let Some(snapshot) = snapshot_of(&last) else {
            return Ok(recovered(vec![last]));
        };
        let subject = last.subject.clone();
        let incomplete = || JournalError::Incomplete { subject: subject.clone(), from: snapshot };
        // The semaphore is never closed; without a permit the read is only less bounded.
        let _permit = self.inner.tails.acquire().await.ok();
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
            let record = self.at(sequence).await?.filter(|record| record.subject == subject);
            let record = record.ok_or_else(incomplete)?;
            (begun, before, oldest) = (begins(&record), previous(&record), record.sequence);
            newest_first.push(record);
        }
        if !begun {
            let earlier = self.between(&subject, snapshot, oldest).await?;
            begun = earlier.first().is_some_and(begins);
            newest_first.extend(earlier.into_iter().rev());
        }
        if !begun {
            return Err(incomplete());
        }
        newest_first.reverse();
        Ok(recovered(newest_first))
    }

    /// The record at a sequence, if it is there.
    async fn at(&self, sequence: u64) -> Result<Option<Found>, BusError> {
        let wanted = Wanted { from: sequence, ..Wanted::default() };
        direct::get(&self.inner.bus, &self.inner.stream, &wanted).await
    }

    /// A subject's records from a sequence on and before another one.
    async fn between(&self, subject: &str, from: u64, to: u64) -> Result<Vec<Found>, JournalError> {
        let mut from = from.max(1);
        let mut records = Vec::new();
        loop {
            let wanted = Wanted { from, next: Some(subject), batch: BATCH, ..Wanted::default() };
            let found = self.batch(&wanted).await?;
            let Some(newest) = found.last().map(|found| found.sequence) else {
                return Ok(records);
            };
            from = newest + 1;
            records.extend(found.into_iter().filter(|record| record.sequence < to));
            if newest >= to {
                return Ok(records);
            }
        }
    }
}

/// Sequence of the subject's record before this one, as its writer expected and the server found it to be; 0 for the first. None when
/// the writer did not say.
fn previous(record: &Found) -> Option<u64> {
    record.headers.get(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE)?.as_str().parse().ok()
}

/// The snapshot that a record builds on; none when it is one itself.
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
        subject: found.subject,
        sequence: found.sequence,
        time_ms: found.time_ms,
        payload: found.payload,
    }
}
