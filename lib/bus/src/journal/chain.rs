//! The streams in which a journal lies. A partition that was moved has its later records in another
//! stream than its earlier ones. The sequences of the later stream begin above those of the earlier
//! one, so a sequence shows in which stream its record is.

use super::{JournalError, TableStreams, stream::JournalStream};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};
use tokio::sync::Mutex;

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

/// The streams of some journals, as far as this process knows.
pub(super) struct Chain {
    /// The partition of the journals; none if a stream was opened by its name.
    partition: Option<(TableStreams, u16)>,
    streams: RwLock<Streams>,
    /// Time of the last request to the server for the partition's streams.
    asked: Mutex<Option<Instant>>,
}

impl Chain {
    pub(super) fn new(partition: Option<(TableStreams, u16)>, streams: Streams) -> Self {
        Self { partition, streams: RwLock::new(streams), asked: Mutex::default() }
    }

    pub(super) fn streams(&self) -> Streams {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether `latest` was still the latest stream at `moment`: then all records until
    /// then were in the streams that were read. Otherwise the new streams are known from now on.
    ///
    /// # Errors
    /// When the server does not answer, or no stream holds the partition for long.
    pub(super) async fn is_still(
        &self,
        latest: &JournalStream,
        moment: Instant,
    ) -> Result<bool, JournalError> {
        let Some((streams, partition)) = &self.partition else {
            return Ok(true);
        };
        // Many tasks ask at the same time; one request after `moment` serves all.
        let mut asked = self.asked.lock().await;
        if asked.is_none_or(|asked| asked <= moment) {
            let asks = Instant::now();
            let found = streams.locate(*partition).await?;
            self.learn(found);
            *asked = Some(asks);
        }
        Ok(self.streams().now.name == latest.name)
    }

    fn learn(&self, found: Streams) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.now.name != found.now.name {
            let known = streams.latest_first().chain(found.earlier.iter()).cloned().collect();
            tracing::info!(
                from = streams.now.name,
                to = found.now.name,
                "a partition was moved: its journals continue in another stream"
            );
            *streams = Streams::new(found.now, known);
        }
    }
}
