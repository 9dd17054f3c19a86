//! Reading: recovery from the last snapshot and its tail, and a walk over everything.

use super::{Cursor, Journal, JournalError, OWN, Recovered, SNAPSHOT, Stored};
use crate::{
    BusError,
    direct::{self, Batch, Found, MOST_SUBJECTS, Wanted},
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::collections::HashMap;

/// Messages of one batch where there is no other bound.
const BATCH: u64 = 512;
/// Tails that are read at the same time.
const TAILS: usize = 32;
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
        let lasts = match self.lasts(vec![subjects]).await? {
            Some(lasts) => lasts,
            None => self.lasts_of_many(subjects).await?,
        };
        stream::iter(lasts).map(|last| self.with_tail(last)).buffered(TAILS).try_collect().await
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
        let start = (self.clone(), filter.to_owned(), 1);
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

    /// One batch of a request that cannot match too many subjects.
    async fn batch(&self, wanted: &Wanted<'_>) -> Result<Vec<Found>, JournalError> {
        match direct::batch(&self.inner.bus, &self.inner.stream, wanted).await? {
            Batch::Some { found, .. } => Ok(found),
            Batch::TooMany => Err(BusError::JetStream {
                what: format!("reading stream {}", self.inner.stream),
                reason: "too many subjects".into(),
            }
            .into()),
        }
    }

    /// The last records of the subjects; none when there are more than a batch may hold.
    async fn lasts(&self, filters: Vec<&str>) -> Result<Option<Vec<Found>>, JournalError> {
        let mut wanted = Wanted { last_of: Some(filters), ..Wanted::default() };
        let mut lasts = Vec::new();
        loop {
            match direct::batch(&self.inner.bus, &self.inner.stream, &wanted).await? {
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
                self.lasts(filters).await.map(Option::unwrap_or_default)
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

    /// The last record with everything from its snapshot on.
    async fn with_tail(&self, last: Found) -> Result<Recovered, JournalError> {
        let subject = last.subject.clone();
        let Some(mut from) = snapshot_of(&last) else {
            return Ok(recovered(vec![last]));
        };
        let first = from;
        let mut records: Vec<Found> = Vec::new();
        loop {
            let wanted =
                Wanted { from: from.max(1), next: Some(&subject), batch: BATCH, ..Wanted::default() };
            let found = self.batch(&wanted).await?;
            let Some(newest) = found.last().map(|found| found.sequence) else {
                break;
            };
            from = newest + 1;
            records.extend(found);
            if newest >= last.sequence {
                break;
            }
        }
        let begins = records.first().map_or(0, |record| record.sequence);
        let complete = if first == 0 { begins > 0 } else { begins == first };
        let ends = records.last().map_or(0, |record| record.sequence);
        if !complete || ends < last.sequence {
            return Err(JournalError::Incomplete { subject, from: first });
        }
        // A record may have become the last one only after the first read, and be a snapshot.
        let newest = records.iter().rposition(|record| snapshot_of(record).is_none());
        records.drain(..newest.unwrap_or(0));
        Ok(recovered(records))
    }
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
