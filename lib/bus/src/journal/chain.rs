//! Which streams a journal lies in. A partition that was moved has its later records in another
//! stream than its earlier ones, and the sequences of the later stream begin above those of the
//! earlier one, so a sequence says in which stream a record is.

use super::{JournalError, TableStreams, stream::JournalStream};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};
use tokio::sync::Mutex;

/// The streams that hold the records of some journals.
#[derive(Clone)]
pub(super) struct Streams {
    /// What is appended goes there.
    pub(super) now: Arc<JournalStream>,
    /// Where the journals were before, the latest first. Nothing is appended there any more.
    pub(super) earlier: Arc<[Arc<JournalStream>]>,
}

impl Streams {
    /// A stream that has all records.
    pub(super) fn one(now: Arc<JournalStream>) -> Self {
        Self { now, earlier: Arc::new([]) }
    }

    /// The stream in which appended records go, and those before it, in any order.
    pub(super) fn new(now: Arc<JournalStream>, mut earlier: Vec<Arc<JournalStream>>) -> Self {
        earlier.retain(|stream| stream.name != now.name);
        earlier.sort_by_key(|stream| std::cmp::Reverse(stream.first));
        earlier.dedup_by(|one, other| one.name == other.name);
        Self { now, earlier: earlier.into() }
    }

    /// All of them, the latest first.
    pub(super) fn latest_first(&self) -> impl DoubleEndedIterator<Item = &Arc<JournalStream>> {
        std::iter::once(&self.now).chain(self.earlier.iter())
    }

    /// Those of the earlier streams that may have records after a sequence, in the order of their
    /// records.
    pub(super) fn earlier_after(&self, sequence: u64) -> Vec<&Arc<JournalStream>> {
        let ends = self.latest_first().map(|later| later.first);
        let reaching = self.earlier.iter().zip(ends).take_while(|(_, end)| sequence < *end);
        let mut streams: Vec<_> = reaching.map(|(stream, _)| stream).collect();
        streams.reverse();
        streams
    }

    /// Those that may have records after a sequence, in the order of their records.
    pub(super) fn after(&self, sequence: u64) -> Vec<&Arc<JournalStream>> {
        let mut streams = self.earlier_after(sequence);
        streams.push(&self.now);
        streams
    }

    /// The one that has the record with a sequence, if it is still there.
    pub(super) fn holding(&self, sequence: u64) -> &Arc<JournalStream> {
        self.latest_first().find(|stream| stream.first <= sequence).unwrap_or(&self.now)
    }
}

/// The streams of some journals as they are known now.
pub(super) struct Chain {
    /// Which partition's journals they are; none where a stream was opened by its name.
    partition: Option<(TableStreams, u16)>,
    streams: RwLock<Streams>,
    /// When the server was last asked where the partition is.
    asked: Mutex<Option<Instant>>,
}

impl Chain {
    pub(super) fn new(partition: Option<(TableStreams, u16)>, streams: Streams) -> Self {
        Self { partition, streams: RwLock::new(streams), asked: Mutex::default() }
    }

    pub(super) fn streams(&self) -> Streams {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether the stream that was the latest one at a moment was so still: what was read
    /// from it until then was all there was. If it was not, the others are known from now on.
    ///
    /// # Errors
    /// When the server does not answer, or the partition stays without a stream.
    pub(super) async fn is_still(
        &self,
        latest: &JournalStream,
        moment: Instant,
    ) -> Result<bool, JournalError> {
        let Some((streams, partition)) = &self.partition else {
            return Ok(true);
        };
        // Many ask at the same time; one question after the moment answers all of them.
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
            tracing::info!(from = streams.now.name, to = found.now.name, "journals go on in another stream");
            *streams = Streams::new(found.now, known);
        }
    }
}
