//! Follows the ownership of partitions: one task per owned partition; and answers questions about all of them.

use crate::{
    host::Means,
    lobby::Lobby,
    outside::Outside,
    partition::{self, Release},
    placement::Placement,
};
use bus::{Bus, BusError, Change, Journal, JournalError, OwnedKind, Ownership, Peers};
use futures::StreamExt;
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{sync::oneshot, task::AbortHandle};
use wire::{
    Epoch, NodeId,
    fleet::Role,
    subject::{QUERY_TOURNAMENTS, TOURNAMENTS_STREAM},
    tournament::CoordinatorsQuery,
};

/// Pause before a failed partition begins again.
const PAUSE: Duration = Duration::from_millis(300);

/// Why a coordinator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError {
    /// The fleet cannot be joined.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The journals are not there.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A partition's running task.
struct Running {
    release: oneshot::Sender<oneshot::Sender<()>>,
    task: AbortHandle,
}

struct Coordinator {
    means: Arc<Means>,
    running: HashMap<u16, Running>,
}

/// Runs a coordinator until `stop`; then hands its partitions over.
///
/// # Errors
/// When the fleet cannot be joined.
pub async fn run(bus: Bus, node: NodeId, stop: impl Future<Output = ()>) -> Result<(), CoordinatorError> {
    let lobby = Arc::new(Lobby::default());
    let counted = Arc::clone(&lobby);
    let journal = Journal::open(&bus, TOURNAMENTS_STREAM).await?;
    let peers = Peers::join(&bus, Role::Coordinator, node, Vec::new(), move || counted.load()).await?;
    let mut queries = bus.serve(QUERY_TOURNAMENTS.to_owned(), None).await?;
    let (ownership, mut changes) = Ownership::start(&bus, &peers, OwnedKind::Tournaments).await?;
    let placement = Placement::new(bus.clone(), peers.clone());
    let means = Arc::new(Means { journal, outside: Outside { bus: bus.clone(), placement }, lobby });
    let mut coordinator = Coordinator { means, running: HashMap::new() };
    peers.set_ready();
    tracing::info!("ready");
    tokio::pin!(stop);
    loop {
        tokio::select! {
            Some(change) = changes.recv() => coordinator.change(change),
            Some(query) = queries.next() => coordinator.query(&query).await,
            () = &mut stop => break,
        }
    }
    tracing::info!(partitions = coordinator.running.len(), "stopping: handing over");
    peers.set_draining();
    let drain = ownership.drain();
    tokio::pin!(drain);
    loop {
        tokio::select! {
            Some(change) = changes.recv() => coordinator.change(change),
            Some(query) = queries.next() => coordinator.query(&query).await,
            () = &mut drain => break,
        }
    }
    bus.flush().await;
    tracing::info!("stopped");
    Ok(())
}

impl Coordinator {
    fn change(&mut self, change: Change) {
        match change {
            Change::Gained { partition, epoch } => self.start(partition, epoch),
            Change::Release { partition, done } => match self.running.remove(&partition) {
                // A task that has ended already has nothing to finish.
                Some(running) => drop(running.release.send(done)),
                None => drop(done.send(())),
            },
            Change::Lost { partition } => {
                if let Some(running) = self.running.remove(&partition) {
                    tracing::warn!(partition, "lost to another coordinator");
                    running.task.abort();
                }
            }
        }
        self.means.lobby.partitions.store(self.running.len() as u32, Relaxed);
    }

    fn start(&mut self, partition: u16, epoch: Epoch) {
        let (release, released) = oneshot::channel();
        let task = tokio::spawn(keep_running(Arc::clone(&self.means), partition, epoch, released));
        self.running.insert(partition, Running { release, task: task.abort_handle() });
    }

    async fn query(&self, query: &bus::Request) {
        match query.decode::<CoordinatorsQuery>() {
            Ok(asked) => {
                if let Err(error) = query.answer(&self.means.lobby.answer(&asked)).await {
                    tracing::debug!(%error, "an answer was not sent");
                }
            }
            Err(error) => tracing::warn!(%error, "a query cannot be read"),
        }
    }
}

/// Runs a partition and begins again from its journals when it fails, until it is released or taken away.
async fn keep_running(means: Arc<Means>, number: u16, epoch: Epoch, mut released: Release) {
    loop {
        match partition::run(Arc::clone(&means), number, epoch, &mut released).await {
            Ok(()) => return,
            Err(error) => tracing::error!(partition = number, %error, "beginning again"),
        }
        tokio::select! {
            released = &mut released => {
                if let Ok(done) = released {
                    let _ = done.send(());
                }
                return;
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
