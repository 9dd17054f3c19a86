//! Runs one task for each owned partition, and answers queries about all of them.

use crate::{feed::Feed, service::Tables, worker_index::WorkerIndex};
use anyhow::ensure;
use bus::{Bus, OwnedKind, Peers, Requests, Stop, TableStreams};
use futures::StreamExt;
use hosting::PartitionContext;
use passes::Checker;
use poker::hosted::OwnerOptions;
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::timeout;
use wire::{NodeId, fleet::Role, subject::QUERY_TABLES, table::WorkersQuery};

/// How often the streams of journals are checked for whether they can be written.
const LOOK: Duration = Duration::from_millis(200);
/// Time limit for the feed to send its last messages when the worker stops.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a table worker until `stop`, then hands its partitions over.
///
/// # Errors
/// When the worker cannot join the fleet, or no stream of journals exists.
pub async fn run(bus: Bus, node: NodeId, options: OwnerOptions, stop: &Stop) -> anyhow::Result<()> {
    let shared = Arc::new(WorkerIndex::default());
    let counted = Arc::clone(&shared);
    let streams = TableStreams::new(&bus);
    let found = streams.all().await?;
    ensure!(!found.is_empty(), "no stream on the NATS server holds journals of tables: run `pokerctl apply`");
    let peers = Peers::join(&bus, Role::TableWorker, node, Vec::new(), move || counted.load()).await?;
    stop.listen_to_admin(&bus, &peers).await?;
    let queries = bus.serve(QUERY_TABLES.to_owned(), None).await?;
    let answering = tokio::spawn(answer(queries, Arc::clone(&shared)));
    let watching = tokio::spawn(watch(streams.clone(), peers.clone()));
    let (counted, used) = (Arc::clone(&shared), bus.clone());
    let (feed, feeding) = Feed::start(&bus, &peers);
    let passes = Arc::new(Checker::default());
    let following = {
        let (passes, bus) = (Arc::clone(&passes), bus.clone());
        tokio::spawn(async move { passes.follow(bus).await })
    };
    let service = Tables { bus: bus.clone(), feed, shared: Arc::clone(&shared), options, passes };
    let count = move |partitions| counted.partitions.store(partitions as u32, Relaxed);
    bus::work(&peers, OwnedKind::Tables, stop, count, move |partition, epoch, tenure| {
        let (streams, mut released) = (streams.clone(), tenure.clone());
        let (service, bus) = (service.clone(), used.clone());
        async move {
            let journal = tokio::select! {
                () = released.ends() => return Ok(()),
                journal = streams.journal(partition) => journal?,
            };
            let context = PartitionContext { service, bus, journal, partition, epoch, tenure };
            Ok::<_, anyhow::Error>(hosting::run(context).await?)
        }
    })
    .await?;
    answering.abort();
    watching.abort();
    following.abort();
    // The feed sends its last messages, within a time limit in case its task hangs.
    let _ = timeout(LAST_WORDS, feeding).await;
    bus.flush().await;
    tracing::info!("stopped");
    Ok(())
}

/// Tells the fleet, by heartbeat, whether the journals can be written.
async fn watch(streams: TableStreams, peers: Peers) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        peers.set_troubled(!streams.are_well().await);
    }
}

/// Answers queries about all tables that this worker owns.
async fn answer(mut queries: Requests, shared: Arc<WorkerIndex>) {
    while let Some(query) = queries.next().await {
        match query.decode::<WorkersQuery>() {
            Ok(asked) => {
                if let Err(error) = query.answer(&shared.answer(&asked)).await {
                    tracing::debug!(%error, "an answer to a query was not sent: the list that was asked for lacks this worker's tables");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a query cannot be read: it is not answered; check that all programs have the same version")
            }
        }
    }
}
