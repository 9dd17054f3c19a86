//! Follows the ownership of partitions: one task per owned partition; and answers questions about all of them.

use crate::{
    partition::{self, Means, Release},
    shared::Shared,
};
use anyhow::Context;
use bus::{Bus, Change, Journal, OwnedKind, Ownership, Peers};
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
    subject::{self, QUERY_TABLES, TABLE_STREAMS},
    table::WorkersQuery,
};

/// Pause before a failed partition begins again.
const PAUSE: Duration = Duration::from_millis(300);

/// A partition's running task.
struct Running {
    release: oneshot::Sender<oneshot::Sender<()>>,
    task: AbortHandle,
}

struct Worker {
    bus: Bus,
    journals: Vec<Journal>,
    shared: Arc<Shared>,
    running: HashMap<u16, Running>,
}

/// Runs a table worker until `stop`; then hands its partitions over.
///
/// # Errors
/// When the fleet cannot be joined.
pub async fn run(bus: Bus, node: NodeId, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let shared = Arc::new(Shared::default());
    let counted = Arc::clone(&shared);
    let mut journals = Vec::with_capacity(usize::from(TABLE_STREAMS));
    for stream in 0..TABLE_STREAMS {
        journals.push(Journal::open(&bus, &subject::table_stream(stream)).await?);
    }
    let peers = Peers::join(&bus, Role::TableWorker, node, Vec::new(), move || counted.load()).await?;
    let mut queries = bus.serve(QUERY_TABLES.to_owned(), None).await?;
    let (ownership, mut changes) = Ownership::start(&bus, &peers, OwnedKind::Tables).await?;
    let mut worker = Worker { bus, journals, shared, running: HashMap::new() };
    peers.set_ready();
    tracing::info!("ready");
    tokio::pin!(stop);
    loop {
        tokio::select! {
            Some(change) = changes.recv() => worker.change(change),
            Some(query) = queries.next() => worker.query(&query).await,
            () = &mut stop => break,
        }
    }
    tracing::info!("stopping: handing over {} partitions", worker.running.len());
    peers.set_draining();
    let drain = ownership.drain();
    tokio::pin!(drain);
    loop {
        tokio::select! {
            Some(change) = changes.recv() => worker.change(change),
            Some(query) = queries.next() => worker.query(&query).await,
            () = &mut drain => break,
        }
    }
    worker.bus.flush().await;
    tracing::info!("stopped");
    Ok(())
}

impl Worker {
    fn change(&mut self, change: Change) {
        match change {
            Change::Gained { partition, epoch } => {
                if let Err(error) = self.start(partition, epoch) {
                    tracing::error!(partition, error = format!("{error:#}"), "a partition cannot be started");
                }
            }
            Change::Release { partition, done } => match self.running.remove(&partition) {
                // A task that has ended already has nothing to finish.
                Some(running) => drop(running.release.send(done)),
                None => drop(done.send(())),
            },
            Change::Lost { partition } => {
                if let Some(running) = self.running.remove(&partition) {
                    tracing::warn!(partition, "lost to another worker");
                    running.task.abort();
                }
            }
        }
        self.shared.partitions.store(self.running.len() as u32, Relaxed);
    }

    fn start(&mut self, partition: u16, epoch: Epoch) -> anyhow::Result<()> {
        let stream = usize::from(partition % TABLE_STREAMS);
        let means = Means {
            bus: self.bus.clone(),
            journal: self.journals.get(stream).context("no such stream")?.clone(),
            shared: Arc::clone(&self.shared),
            partition,
            epoch,
        };
        let (release, released) = oneshot::channel();
        let task = tokio::spawn(keep_running(means, released)).abort_handle();
        self.running.insert(partition, Running { release, task });
        Ok(())
    }

    async fn query(&self, query: &bus::Request) {
        match query.decode::<WorkersQuery>() {
            Ok(asked) => {
                if let Err(error) = query.answer(&self.shared.answer(&asked)).await {
                    tracing::debug!(%error, "an answer was not sent");
                }
            }
            Err(error) => tracing::warn!(%error, "a query cannot be read"),
        }
    }
}

/// Runs a partition and begins again from its journals when it fails, until it is released or taken away.
async fn keep_running(means: Means, mut released: Release) {
    loop {
        match partition::run(means.clone(), &mut released).await {
            Ok(()) => return,
            Err(error) => {
                let partition = means.partition;
                tracing::error!(partition, error = format!("{error:#}"), "beginning again");
            }
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
