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
/// Stretches of one recovery that are read at the same time.
const STRETCHES: usize = 4;
/// Tails so many sequences apart are read as one stretch: the server looks at this many records about as fast as it
/// answers one more request.
const NEAR: u64 = 2_000;
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
        self.with_tails(subjects, lasts).await
    }

    /// The same of one subject; none when it has no record.
    ///
    /// # Errors
    /// Those of [`Journal::recover`].
    pub async fn recover_one(&self, subject: &str) -> Result<Option<Recovered>, JournalError> {
        let wanted = Wanted { last: Some(subject), ..Wanted::default() };
        match direct::get(&self.inner.bus, &self.inner.stream, &wanted).await? {
            Some(last) => Ok(self.with_tails(subject, vec![last]).await?.pop()),
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
    async fn lasts(&self, filters: Vec<&str>) -> Result<Option<Vec<Found>>, JournalError> {
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

    /// The last records of subjects that match `filter`, with everything from their snapshots on.
    ///
    /// The records of many subjects are read together, stretch by stretch: a request for the records of one subject
    /// makes the server look at all others between them, so one request per subject would look at everything as often
    /// as there are subjects.
    async fn with_tails(&self, filter: &str, lasts: Vec<Found>) -> Result<Vec<Recovered>, JournalError> {
        let reads = stretches(&lasts).into_iter().map(|stretch| self.stretch(filter, stretch));
        let read: Vec<Vec<Found>> = stream::iter(reads).buffered(STRETCHES).try_collect().await?;
        let mut tails: HashMap<String, Vec<Found>> = HashMap::new();
        for found in read.into_iter().flatten() {
            tails.entry(found.subject.clone()).or_default().push(found);
        }
        lasts
            .into_iter()
            .map(|last| match snapshot_of(&last) {
                None => Ok(recovered(vec![last])),
                Some(snapshot) => {
                    let records = tails.remove(&last.subject).unwrap_or_default();
                    joined(&last, snapshot, records)
                }
            })
            .collect()
    }

    /// All records of a stretch that match the filter, and perhaps some behind it.
    async fn stretch(&self, filter: &str, stretch: Stretch) -> Result<Vec<Found>, JournalError> {
        let filter = stretch.only.as_deref().unwrap_or(filter);
        let mut from = stretch.from;
        let mut records = Vec::new();
        loop {
            let wanted = Wanted { from, next: Some(filter), batch: BATCH, ..Wanted::default() };
            let found = self.batch(&wanted).await?;
            let Some(newest) = found.last().map(|found| found.sequence) else {
                return Ok(records);
            };
            from = newest + 1;
            records.extend(found);
            if newest >= stretch.to {
                return Ok(records);
            }
        }
    }
}

/// Sequences that hold the tails of one or more subjects.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    from: u64,
    to: u64,
    /// The subject, when it is a single one.
    only: Option<String>,
}

/// The stretches that hold the tails of these last records; none for those that are snapshots themselves.
fn stretches(lasts: &[Found]) -> Vec<Stretch> {
    let mut tails: Vec<(u64, &Found)> =
        lasts.iter().filter_map(|last| snapshot_of(last).map(|snapshot| (snapshot.max(1), last))).collect();
    tails.sort_by_key(|&(from, _)| from);
    let mut stretches: Vec<Stretch> = Vec::new();
    for (from, last) in tails {
        match stretches.last_mut() {
            Some(before) if from <= before.to.saturating_add(NEAR) => {
                before.to = before.to.max(last.sequence);
                before.only = None;
            }
            _ => stretches.push(Stretch { from, to: last.sequence, only: Some(last.subject.clone()) }),
        }
    }
    stretches
}

/// A subject's records from its snapshot (0: from its beginning) on, out of a stretch that holds them.
fn joined(last: &Found, snapshot: u64, mut records: Vec<Found>) -> Result<Recovered, JournalError> {
    // The stretch may begin with records of a hand before.
    records.retain(|record| record.sequence >= snapshot);
    let begins = records.first().map_or(0, |record| record.sequence);
    let complete = if snapshot == 0 { begins > 0 } else { begins == snapshot };
    let ends = records.last().map_or(0, |record| record.sequence);
    if !complete || ends < last.sequence {
        return Err(JournalError::Incomplete { subject: last.subject.clone(), from: snapshot });
    }
    // A record may have become the last one only after the first read, and be a snapshot.
    let newest = records.iter().rposition(|record| snapshot_of(record).is_none());
    records.drain(..newest.unwrap_or(0));
    Ok(recovered(records))
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

#[cfg(test)]
mod tests {
    use super::*;
    use async_nats::HeaderMap;

    /// A last record at `sequence` that builds on `snapshot`.
    fn last(subject: &str, snapshot: u64, sequence: u64) -> Found {
        let mut headers = HeaderMap::new();
        headers.insert(SNAPSHOT, if snapshot == sequence { OWN.to_owned() } else { snapshot.to_string() });
        Found { subject: subject.to_owned(), sequence, time_ms: 0, headers, payload: bytes::Bytes::new() }
    }

    #[test]
    fn tails_near_each_other_are_read_together() {
        let far = 10 * NEAR;
        let lasts = [last("b", 30, 90), last("a", 10, 20), last("own", 95, 95), last("far", far, far + 5)];
        let read = stretches(&lasts);
        assert_eq!(read.len(), 2);
        assert_eq!(read[0], Stretch { from: 10, to: 90, only: None });
        assert_eq!(read[1], Stretch { from: far, to: far + 5, only: Some("far".into()) });
        assert!(stretches(&[last("own", 7, 7)]).is_empty());
        assert_eq!(stretches(&[last("old", 0, 3)])[0].from, 1);
    }
}
