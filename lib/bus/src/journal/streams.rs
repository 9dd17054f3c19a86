//! Finds the streams that hold a partition's journals, by the streams' own lists of subjects on the
//! server. A subject cannot belong to two streams, so the lists cannot contradict each other.
//!
//! A partition that was moved has its later records in another stream than its earlier ones. The
//! sequences of the later stream begin above those of the earlier one, so a sequence shows in which
//! stream its record is.

use super::{JournalError, stream::JournalStream};
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

/// The streams that have the records of some journals.
#[derive(Clone)]
pub(super) struct Streams {
    /// The stream that gets appended records.
    pub(super) now: Arc<JournalStream>,
    /// The streams in which the journals were before, the latest first. They get no further
    /// records.
    pub(super) earlier: Arc<[Arc<JournalStream>]>,
}

impl Streams {
    /// Makes it of one stream that has all records.
    pub(super) fn one(now: Arc<JournalStream>) -> Self {
        Self { now, earlier: Arc::new([]) }
    }

    /// Makes it of the stream that gets appended records, and the earlier ones in any order.
    pub(super) fn new(now: Arc<JournalStream>, mut earlier: Vec<Arc<JournalStream>>) -> Self {
        earlier.retain(|stream| stream.name != now.name);
        earlier.sort_by_key(|stream| std::cmp::Reverse(stream.first));
        earlier.dedup_by(|one, other| one.name == other.name);
        Self { now, earlier: earlier.into() }
    }

    /// Returns all streams, the latest first.
    pub(super) fn latest_first(&self) -> impl DoubleEndedIterator<Item = &Arc<JournalStream>> {
        std::iter::once(&self.now).chain(self.earlier.iter())
    }

    /// Returns the earlier streams that may have records after a sequence, in the order of their
    /// records.
    pub(super) fn earlier_after(&self, sequence: u64) -> Vec<&Arc<JournalStream>> {
        let ends = self.latest_first().map(|later| later.first);
        let reaching = self.earlier.iter().zip(ends).take_while(|(_, end)| sequence < *end);
        let mut streams: Vec<_> = reaching.map(|(stream, _)| stream).collect();
        streams.reverse();
        streams
    }

    /// Returns the streams that may have records after a sequence, in the order of their records.
    pub(super) fn after(&self, sequence: u64) -> Vec<&Arc<JournalStream>> {
        let mut streams = self.earlier_after(sequence);
        streams.push(&self.now);
        streams
    }

    /// Returns the stream that has the record with a sequence, if the record still exists.
    pub(super) fn holding(&self, sequence: u64) -> &Arc<JournalStream> {
        self.latest_first().find(|stream| stream.first <= sequence).unwrap_or(&self.now)
    }
}

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

    /// Returns whether records can be stored now in all open streams, as far as this process knows.
    pub async fn are_well(&self) -> bool {
        self.inner.open.lock().await.values().all(|stream| stream.is_well())
    }

    /// Returns the names of all streams that have journals of tables.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(super) async fn names(&self) -> Result<BTreeSet<String>, BusError> {
        table_streams(&self.inner.bus).await
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

    /// Returns the stream with a name.
    ///
    /// # Errors
    /// Those of [`Journal::open`](super::Journal::open).
    pub(super) async fn open(&self, name: &str) -> Result<Arc<JournalStream>, JournalError> {
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
