//! Which stream holds the journals of a partition's tables. The streams' own lists of subjects say so, on the server: it lets no
//! subject belong to two streams, so there is nothing to compute and nothing that could be out of step.

use super::{Journal, JournalError};
use crate::{Bus, BusError, api};
use serde::Deserialize;
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use wire::subject;

/// How often it is looked again for the stream of a partition that none holds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a partition may be without a stream while it is moved from one to another.
const MOVING: Duration = Duration::from_secs(30);

/// The streams of all tables' journals. Clones share the journals that are open.
#[derive(Clone)]
pub struct TableStreams {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Bus,
    open: Mutex<HashMap<String, Journal>>,
}

impl TableStreams {
    /// Returns the streams as the server has them; nothing is asked yet.
    #[must_use]
    pub fn new(bus: &Bus) -> Self {
        Self { inner: Arc::new(Inner { bus: bus.clone(), open: Mutex::default() }) }
    }

    /// Returns the journal of a partition. Waits half a minute where no stream holds it: it is being moved.
    ///
    /// # Errors
    /// [`JournalError::Unheld`] after that, and those of [`Journal::open`].
    pub async fn journal(&self, partition: u16) -> Result<Journal, JournalError> {
        let began = Instant::now();
        loop {
            let names = names(&self.inner.bus, &subject::table_journals(partition)).await?;
            match names.first() {
                Some(name) => return self.open(name).await,
                None if began.elapsed() > MOVING => return Err(JournalError::Unheld { partition }),
                None => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Returns every stream that holds journals of tables, by name.
    ///
    /// # Errors
    /// Those of [`Journal::open`].
    pub async fn all(&self) -> Result<Vec<Journal>, JournalError> {
        let mut names = names(&self.inner.bus, subject::ALL_TABLE_JOURNALS).await?;
        names.sort();
        let mut journals = Vec::with_capacity(names.len());
        for name in names {
            journals.push(self.open(&name).await?);
        }
        Ok(journals)
    }

    /// Whether records can be stored now in all streams that have been asked for, as far as is known.
    pub async fn are_well(&self) -> bool {
        self.inner.open.lock().await.values().all(Journal::is_well)
    }

    async fn open(&self, name: &str) -> Result<Journal, JournalError> {
        let mut open = self.inner.open.lock().await;
        if let Some(journal) = open.get(name) {
            return Ok(journal.clone());
        }
        let journal = Journal::open(&self.inner.bus, name).await?;
        open.insert(name.to_owned(), journal.clone());
        Ok(journal)
    }
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
