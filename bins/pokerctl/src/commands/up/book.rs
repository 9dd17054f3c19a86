//! What is known about the running fleet: kept in `fleet.json` for others, and told to the person who watches.

use super::processes::Change;
use crate::{
    console::Console,
    fleet::{Fleet, FleetError},
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    /// From when on deaths are nothing to speak of.
    stopping: bool,
}

/// How often a process died, and what it said last.
#[derive(Clone, Debug, Default)]
pub struct Deaths {
    /// Number of deaths.
    pub count: u32,
    /// What its log says about it, else how it ended.
    pub last_line: String,
}

impl Book {
    /// Opens the book and writes the first description.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: PathBuf, fleet: Fleet) -> Result<Self, FleetError> {
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

    /// The description now.
    pub fn fleet(&self) -> Fleet {
        self.inner().fleet.clone()
    }

    /// How often a process died since the start.
    pub fn deaths(&self, node: &str) -> Deaths {
        self.inner().deaths.get(node).cloned().unwrap_or_default()
    }

    /// From now on processes end because they are told to.
    pub fn set_stopping(&self) {
        self.inner().stopping = true;
    }

    /// Writes down and tells what happens to the processes, for as long as there are any.
    pub async fn follow(self, mut changes: mpsc::UnboundedReceiver<Change>, console: Console) {
        while let Some(change) = changes.recv().await {
            let stopping = self.inner().stopping;
            let told = self.tell(change);
            if let (false, Some(text)) = (stopping, told) {
                console.warn(text);
            }
        }
    }

    /// Takes a change in. Gives what a person should hear of it.
    fn tell(&self, change: Change) -> Option<String> {
        match change {
            Change::Started { node, pid } => {
                let again = self.inner().has_ended(&node);
                let written = self.change(|fleet| set_pid(fleet, &node, pid));
                if let Err(error) = written {
                    return Some(error.to_string());
                }
                again.then(|| format!("{node} runs again"))
            }
            Change::Died { node, how, last_line, pause } => {
                let last_line = last_line.unwrap_or_else(|| how.clone());
                let why = if last_line == how { String::new() } else { format!(": {last_line}") };
                let text =
                    format!("{node} died ({how}){why}; it is started again in {} ms", pause.as_millis());
                let mut inner = self.inner();
                let deaths = inner.deaths.entry(node).or_default();
                deaths.count += 1;
                deaths.last_line = last_line;
                Some(text)
            }
            Change::Drained { node } => {
                let written = self.change(|fleet| set_drained(fleet, &node));
                let text = format!("{node} is drained and stays down; `pokerctl undrain` starts it again");
                Some(written.map_or_else(|error| error.to_string(), |()| text))
            }
            Change::NotStarted { node, error } => Some(format!("{node} cannot be started: {error}")),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether a process has run and ended before.
    fn has_ended(&self, node: &str) -> bool {
        let drained = self.fleet.nodes.iter().any(|kept| kept.node == node && kept.drained);
        drained || self.deaths.contains_key(node)
    }
}

fn set_pid(fleet: &mut Fleet, node: &str, pid: Option<u32>) {
    use super::processes::Server;
    match node {
        servers::Nats::NAME => fleet.nats_pid = pid,
        servers::Postgres::NAME => fleet.postgres_pid = pid,
        _ => {
            if let Some(node) = fleet.nodes.iter_mut().find(|kept| kept.node == node) {
                (node.pid, node.drained) = (pid, false);
            }
        }
    }
}

fn set_drained(fleet: &mut Fleet, node: &str) {
    if let Some(node) = fleet.nodes.iter_mut().find(|kept| kept.node == node) {
        (node.pid, node.drained) = (None, true);
    }
}
