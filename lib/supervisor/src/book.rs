//! The state of the running fleet: kept in `fleet.json` for other programs, and reported as news.

use crate::{
    fleet::{Fleet, FleetError},
    keep::Change,
};
use servers::ServerError;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// The fleet's description, kept current. Clones share it.
#[derive(Clone, Debug)]
pub struct Book {
    folder: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    fleet: Fleet,
    deaths: HashMap<String, Deaths>,
    /// Whether the fleet is being stopped: then deaths are no news.
    stopping: bool,
}

/// The deaths of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deaths {
    /// Number of deaths.
    pub(crate) count: u32,
    /// The line of its log that gives a reason, or else how it ended.
    pub(crate) last_line: String,
}

/// News of a fleet for a person, unless the fleet is being stopped.
#[derive(Debug)]
pub enum News {
    /// A process that had ended runs again.
    RunsAgain {
        /// The process.
        node: String,
    },
    /// A process ended by itself; it is started again after a pause.
    Died {
        /// The process.
        node: String,
        /// How, e.g. `signal: 9 (SIGKILL)`.
        how: String,
        /// The line of its log that gives a reason; none if a signal ended it.
        why: Option<String>,
        /// The pause.
        pause: Duration,
    },
    /// A process was drained and has ended; it is started again by `pokerctl undrain`.
    Drained {
        /// The process.
        node: String,
    },
    /// A process cannot be started; the next attempt follows after a pause.
    NotStarted {
        /// The process.
        node: String,
        /// The reason.
        error: ServerError,
    },
    /// `fleet.json` cannot be written.
    NotWritten(FleetError),
}

impl Book {
    /// Opens the book of a fleet that has no process yet, and writes the first description.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self, FleetError> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let fleet = Fleet::without_processes(&folder);
        fleet.write(&folder)?;
        let inner = Inner { fleet, deaths: HashMap::new(), stopping: false };
        Ok(Self { folder, inner: Arc::new(Mutex::new(inner)) })
    }

    /// Changes the description and writes the file.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn change(&self, change: impl FnOnce(&mut Fleet)) -> Result<(), FleetError> {
        let mut inner = self.inner();
        change(&mut inner.fleet);
        inner.fleet.write(&self.folder)
    }

    /// Returns the current description.
    pub fn fleet(&self) -> Fleet {
        self.inner().fleet.clone()
    }

    /// Returns a process's deaths since the start.
    pub(crate) fn deaths(&self, node: &str) -> Deaths {
        self.inner().deaths.get(node).cloned().unwrap_or_default()
    }

    /// Notes that processes end from now on because they are asked to.
    pub fn set_stopping(&self) {
        self.inner().stopping = true;
    }

    /// Records all changes of processes, as long as there are any, and calls `tell` with news.
    pub async fn follow(self, mut changes: mpsc::UnboundedReceiver<Change>, tell: impl Fn(News)) {
        while let Some(change) = changes.recv().await {
            let stopping = self.inner().stopping;
            if let (false, Some(news)) = (stopping, self.take(change)) {
                tell(news);
            }
        }
    }

    /// Records a change. Returns its news.
    fn take(&self, change: Change) -> Option<News> {
        match change {
            Change::Started { node, pid } => {
                let again = self.inner().has_ended(&node);
                match self.change(|fleet| fleet.set_pid(&node, pid)) {
                    Err(error) => Some(News::NotWritten(error)),
                    Ok(()) => again.then_some(News::RunsAgain { node }),
                }
            }
            Change::Died { node, how, last_line, pause } => {
                let mut inner = self.inner();
                let deaths = inner.deaths.entry(node.clone()).or_default();
                deaths.count += 1;
                deaths.last_line = last_line.clone().unwrap_or_else(|| how.clone());
                Some(News::Died { node, how, why: last_line, pause })
            }
            Change::Drained { node } => match self.change(|fleet| fleet.set_drained(&node)) {
                Err(error) => Some(News::NotWritten(error)),
                Ok(()) => Some(News::Drained { node }),
            },
            Change::NotStarted { node, error } => Some(News::NotStarted { node, error }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Returns whether a process has run and ended before.
    fn has_ended(&self, node: &str) -> bool {
        let drained = self.fleet.nodes.iter().any(|kept| kept.node == node && kept.drained);
        drained || self.deaths.contains_key(node)
    }
}
