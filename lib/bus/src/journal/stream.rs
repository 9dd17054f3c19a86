//! One stream, as this process knows it. All journals in it share this state.

use super::{
    JournalError,
    trouble::{Trouble, Warnings},
};
use crate::{
    Bus, BusError, api,
    direct::{self, Batch, Found, MOST_SUBJECTS, Wanted},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;

/// Batches of one stream that this process reads at the same time. When all partitions of a dead
/// worker are taken over at once, more batches would only wait at the server, some of them longer
/// than their readers do.
const READS: usize = 2;
/// Tails of one stream that this process reads at the same time, record by record.
pub(super) const TAILS: usize = 64;
/// Messages of a batch without another bound.
pub(super) const BATCH: u64 = 512;
/// Batches of last records that are read at the same time.
const BATCHES: usize = 4;
/// Number of subjects that the server lists at once (JSApiStreamInfo's page).
const PAGE: usize = 100_000;

pub(super) struct JournalStream {
    pub(super) bus: Bus,
    pub(super) name: String,
    /// Sequence of the stream's first record; 0 or 1 unless the stream was added later.
    pub(super) first: u64,
    /// The highest sequence of the stream that this process has seen.
    newest: AtomicU64,
    /// Bounds the batches that are read at the same time.
    reads: Semaphore,
    /// Bounds the tails that are read at the same time.
    pub(super) tails: Semaphore,
    pub(super) warnings: Warnings,
    pub(super) trouble: Arc<Trouble>,
}

impl JournalStream {
    /// Opens a stream that `pokerctl apply` has created.
    ///
    /// # Errors
    /// When the stream is missing, has settings by which records could be lost, cannot be read
    /// directly, or the server does not answer.
    pub(super) async fn open(bus: &Bus, name: &str) -> Result<Arc<Self>, JournalError> {
        #[derive(Deserialize)]
        struct About {
            config: Config,
        }
        #[derive(Deserialize)]
        struct Config {
            #[serde(default)]
            max_age: u64,
            #[serde(default)]
            max_msgs_per_subject: i64,
            #[serde(default)]
            discard: String,
            #[serde(default)]
            allow_direct: bool,
            #[serde(default)]
            first_seq: u64,
        }
        let about: Option<About> = api::ask(bus, &format!("STREAM.INFO.{name}"), &json!({})).await?;
        let Some(About { config }) = about else {
            return Err(JournalError::Missing { stream: name.to_owned() });
        };
        let wrong = |what| JournalError::Misconfigured { stream: name.to_owned(), what };
        if config.max_age != 0 {
            return Err(wrong("max_age"));
        }
        if config.max_msgs_per_subject > 0 {
            return Err(wrong("max_msgs_per_subject"));
        }
        if config.discard != "new" {
            return Err(wrong("discard other than new"));
        }
        if !config.allow_direct {
            return Err(wrong("allow_direct off"));
        }
        Ok(Arc::new(Self {
            bus: bus.clone(),
            name: name.to_owned(),
            first: config.first_seq,
            newest: AtomicU64::new(0),
            reads: Semaphore::new(READS),
            tails: Semaphore::new(TAILS),
            warnings: Warnings::default(),
            trouble: Arc::default(),
        }))
    }

    /// Returns whether records can be stored now, as far as this process knows.
    pub(super) fn is_well(&self) -> bool {
        self.bus.is_connected() && !self.trouble.is_now()
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    pub(super) fn seen(&self, sequence: u64) {
        self.newest.fetch_max(sequence, Ordering::Relaxed);
    }

    pub(super) async fn get(&self, wanted: &Wanted<'_>) -> Result<Option<Found>, BusError> {
        direct::get(&self.bus, &self.name, wanted).await
    }

    /// Returns the last record of a subject, or of all subjects that match a filter.
    pub(super) async fn last_of(&self, subject: &str) -> Result<Option<Found>, BusError> {
        self.get(&Wanted { last: Some(subject), ..Wanted::default() }).await
    }

    /// Returns the first record of a subject, or of all that match a filter, from a sequence on.
    pub(super) async fn next_of(&self, subject: &str, from: u64) -> Result<Option<Found>, BusError> {
        self.get(&Wanted { from: from.max(1), next: Some(subject), ..Wanted::default() }).await
    }

    /// Returns the record with a sequence, if it exists.
    pub(super) async fn at(&self, sequence: u64) -> Result<Option<Found>, BusError> {
        self.get(&Wanted { from: sequence, ..Wanted::default() }).await
    }

    async fn read(&self, wanted: &Wanted<'_>) -> Result<Batch, BusError> {
        // The semaphore is never closed; without a permit, only the bound is lost.
        let _permit = self.reads.acquire().await.ok();
        direct::batch(&self.bus, &self.name, wanted).await
    }

    /// Reads one batch of the records that match a filter, from a sequence on.
    pub(super) async fn batch(&self, filter: &str, from: u64) -> Result<Vec<Found>, JournalError> {
        let wanted = Wanted { from: from.max(1), next: Some(filter), batch: BATCH, ..Wanted::default() };
        match self.read(&wanted).await? {
            Batch::Some { found, .. } => Ok(found),
            Batch::TooMany => Err(BusError::JetStream {
                what: format!("reading stream {}", self.name),
                reason: "too many subjects".into(),
            }
            .into()),
        }
    }

    /// Reads a subject's records from a sequence on and before another one.
    pub(super) async fn between(
        &self,
        subject: &str,
        from: u64,
        to: u64,
    ) -> Result<Vec<Found>, JournalError> {
        let (mut from, mut records) = (from, Vec::new());
        loop {
            let found = self.batch(subject, from).await?;
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

    /// Reads the last record of each subject that matches a filter, in the order of the stream.
    pub(super) async fn lasts(&self, filter: &str) -> Result<Vec<Found>, JournalError> {
        let lasts = match self.lasts_at_once(vec![filter]).await? {
            Some(lasts) => lasts,
            None => self.lasts_of_many(filter).await?,
        };
        if let Some(newest) = lasts.iter().map(|last| last.sequence).max() {
            self.seen(newest);
        }
        Ok(lasts)
    }

    /// Reads the last records of the subjects; none if there are more than a batch may have.
    async fn lasts_at_once(&self, filters: Vec<&str>) -> Result<Option<Vec<Found>>, JournalError> {
        let mut wanted = Wanted { last_of: Some(filters), ..Wanted::default() };
        let mut lasts = Vec::new();
        loop {
            match self.read(&wanted).await? {
                Batch::TooMany => return Ok(None),
                Batch::Some { found, pending, up_to } => {
                    let more = pending > 0 && !found.is_empty();
                    lasts.extend(found);
                    // The server ends a batch early if it has many bytes; the rest is read as of
                    // the same moment.
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

    /// Reads the subjects that match a filter, page by page.
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
        let mut subjects = Vec::new();
        loop {
            let page = json!({"subjects_filter": filter, "offset": subjects.len()});
            let about: Option<About> =
                api::ask(&self.bus, &format!("STREAM.INFO.{}", self.name), &page).await?;
            let about = about.ok_or_else(|| JournalError::Missing { stream: self.name.clone() })?;
            let page = about.state.subjects.unwrap_or_default();
            let last = page.len() < PAGE;
            subjects.extend(page.into_keys());
            if last {
                return Ok(subjects);
            }
        }
    }
}
