//! What is known about the running fleet: kept in `fleet.json` for others, and told as news.

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
    /// From when on deaths are no news.
    stopping: bool,
}

/// How often a process died, and what it said last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deaths {
    /// Number of deaths.
    pub(crate) count: u32,
    /// What its log says about it, else how it ended.
    pub(crate) last_line: String,
}

/// What a person should hear of a fleet that is not being stopped.
#[derive(Debug)]
pub enum News {
    /// A process that had ended runs again.
    RunsAgain {
        /// Which.
        node: String,
    },
    /// A process ended by itself; it is started again after a pause.
    Died {
        /// Which.
        node: String,
        /// How, e.g. `signal: 9 (SIGKILL)`.
        how: String,
        /// What its log says about it; none when a signal ended it.
        why: Option<String>,
        /// The pause.
        pause: Duration,
    },
    /// A process has ended as it was told to from outside, and stays down until it is wanted again.
    Drained {
        /// Which.
        node: String,
    },
    /// A process cannot be started; that is tried again.
    NotStarted {
        /// Which.
        node: String,
        /// Why not.
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

    /// Changes the description and writes it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn change(&self, change: impl FnOnce(&mut Fleet)) -> Result<(), FleetError> {
        let mut inner = self.inner();
        change(&mut inner.fleet);
        inner.fleet.write(&self.folder)
    }

    /// Returns the description as it is now.
    pub fn fleet(&self) -> Fleet {
        self.inner().fleet.clone()
    }

    /// Returns how often a process died since the start.
    pub(crate) fn deaths(&self, node: &str) -> Deaths {
        self.inner().deaths.get(node).cloned().unwrap_or_default()
    }

    /// Notes that from now on processes end because they are told to.
    pub fn set_stopping(&self) {
        self.inner().stopping = true;
    }

    /// Writes down what happens to the processes, for as long as there are any, and tells what is
    /// news.
    pub async fn follow(self, mut changes: mpsc::UnboundedReceiver<Change>, tell: impl Fn(News)) {
        while let Some(change) = changes.recv().await {
            let stopping = self.inner().stopping;
            if let (false, Some(news)) = (stopping, self.take(change)) {
                tell(news);
            }
        }
    }

    /// Takes a change in. Returns what is news in it.
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
