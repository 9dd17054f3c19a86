//! The streams in which a journal lies, as far as this process knows, and the question whether they
//! still are all of them.

use super::{
    JournalError,
    stream::JournalStream,
    streams::{Streams, TableStreams},
};
use std::{
    sync::{PoisonError, RwLock},
    time::Instant,
};
use tokio::sync::Mutex;

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
