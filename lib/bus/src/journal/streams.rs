//! Finds the stream that holds a partition's journals, by the streams' own lists of subjects on the
//! server. A subject cannot belong to two streams, so the lists cannot contradict each other.

use super::{
    Journal, JournalError,
    chain::{Chain, Streams},
    stream::JournalStream,
};
use crate::{Bus, BusError, api};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use wire::subject;

/// Interval between two requests for the stream of a partition that no stream holds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Maximum time for which a partition may have no stream while it is moved.
const MOVING: Duration = Duration::from_secs(30);

/// The streams of all tables' journals. Clones share open streams.
#[derive(Clone)]
pub struct TableStreams {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Bus,
    open: Mutex<HashMap<String, Arc<JournalStream>>>,
}

impl TableStreams {
    /// Makes the set of streams; asks the server only when one is needed.
    #[must_use]
    pub fn new(bus: &Bus) -> Self {
        Self { inner: Arc::new(Inner { bus: bus.clone(), open: Mutex::default() }) }
    }

    /// Returns the journals of a partition, which continue in another stream when the partition is
    /// moved. Waits up to half a minute while no stream holds the partition, because it is being
    /// moved.
    ///
    /// # Errors
    /// [`JournalError::Unheld`] after that, and those of [`Journal::open`].
    pub async fn journal(&self, partition: u16) -> Result<Journal, JournalError> {
        let found = self.locate(partition).await?;
        Journal::new(Chain::new(Some((self.clone(), partition)), found))
    }

    /// Returns all streams that have journals of tables, by name. Records appended through these go
    /// to that stream or are not stored.
    ///
    /// # Errors
    /// Those of [`Journal::open`].
    pub async fn all(&self) -> Result<Vec<Journal>, JournalError> {
        let found = table_streams(&self.inner.bus).await?;
        let mut journals = Vec::with_capacity(found.len());
        for name in found {
            journals.push(Journal::new(Chain::new(None, Streams::one(self.open(&name).await?)))?);
        }
        Ok(journals)
    }

    /// Returns whether records can be stored now in all open streams, as far as this process knows.
    pub async fn are_well(&self) -> bool {
        self.inner.open.lock().await.values().all(|stream| stream.is_well())
    }

    /// Returns the streams of a partition.
    ///
    /// # Errors
    /// See [`TableStreams::journal`].
    pub(super) async fn locate(&self, partition: u16) -> Result<Streams, JournalError> {
        let began = Instant::now();
        let now = loop {
            let found = names(&self.inner.bus, &subject::table_journals(partition)).await?;
            match found.into_iter().next() {
                Some(name) => break name,
                None if began.elapsed() > MOVING => return Err(JournalError::Unheld { partition }),
                None => sleep(LOOK_AGAIN).await,
            }
        };
        // Asked second: a stream that the partition leaves meanwhile is known from the first
        // answer.
        let mut earlier = Vec::new();
        for name in names(&self.inner.bus, &subject::all_moved_tables(partition)).await? {
            earlier.push(self.open(&name).await?);
        }
        Ok(Streams::new(self.open(&now).await?, earlier))
    }

    async fn open(&self, name: &str) -> Result<Arc<JournalStream>, JournalError> {
        let mut open = self.inner.open.lock().await;
        if let Some(stream) = open.get(name) {
            return Ok(Arc::clone(stream));
        }
        let stream = JournalStream::open(&self.inner.bus, name).await?;
        open.insert(name.to_owned(), Arc::clone(&stream));
        Ok(stream)
    }
}

/// Returns the names of the streams that hold partitions, or have held some.
pub(crate) async fn table_streams(bus: &Bus) -> Result<BTreeSet<String>, BusError> {
    let mut found = BTreeSet::new();
    for filter in [subject::ALL_TABLE_JOURNALS, subject::ALL_MOVED_TABLES] {
        found.extend(names(bus, filter).await?);
    }
    Ok(found)
}

/// Returns the names of the streams whose subjects match a filter.
async fn names(bus: &Bus, filter: &str) -> Result<Vec<String>, BusError> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(default)]
        total: usize,
        streams: Option<Vec<String>>,
    }
    let mut names: Vec<String> = Vec::new();
    loop {
        let question = json!({"subject": filter, "offset": names.len()});
        let Page { total, streams } = api::must(bus, "STREAM.NAMES", &question).await?;
        let page = streams.unwrap_or_default();
        let last = page.is_empty();
        names.extend(page);
        if last || names.len() >= total {
            return Ok(names);
        }
    }
}
