//! Which stream holds the journals of a partition's tables. The streams' own lists of subjects say
//! so, on the server: it lets no subject belong to two streams, so there is nothing to compute and
//! nothing that could be out of step.

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

/// How often it is looked again for the stream of a partition that none holds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a partition may be without a stream while it is moved from one to another.
const MOVING: Duration = Duration::from_secs(30);

/// The streams of all tables' journals. Clones share the streams that are open.
#[derive(Clone)]
pub struct TableStreams {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Bus,
    open: Mutex<HashMap<String, Arc<JournalStream>>>,
}

impl TableStreams {
    /// Returns the streams as the server has them; nothing is asked yet.
    #[must_use]
    pub fn new(bus: &Bus) -> Self {
        Self { inner: Arc::new(Inner { bus: bus.clone(), open: Mutex::default() }) }
    }

    /// Returns the journal of a partition, which goes on in another stream when the partition is
    /// moved there. Waits half a minute where no stream holds it: it is being moved.
    ///
    /// # Errors
    /// [`JournalError::Unheld`] after that, and those of [`Journal::open`].
    pub async fn journal(&self, partition: u16) -> Result<Journal, JournalError> {
        let found = self.locate(partition).await?;
        Journal::new(Chain::new(Some((self.clone(), partition)), found))
    }

    /// Returns every stream that has journals of tables, by name. What is appended through these
    /// goes to the stream that it was opened as, or is not stored.
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

    /// Whether records can be stored now in all streams that have been asked for, as far as is
    /// known.
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
        // After the other question: a stream that the partition leaves meanwhile is known from the
        // answer to that one.
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

/// Names of the streams that hold partitions, or have held some.
pub(crate) async fn table_streams(bus: &Bus) -> Result<BTreeSet<String>, BusError> {
    let mut found = BTreeSet::new();
    for filter in [subject::ALL_TABLE_JOURNALS, subject::ALL_MOVED_TABLES] {
        found.extend(names(bus, filter).await?);
    }
    Ok(found)
}

/// Names of the streams that take subjects which match a filter.
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
