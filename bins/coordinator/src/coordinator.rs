//! Runs one task per owned partition, and answers queries about all tournaments of these
//! partitions.

use crate::{lobby::Lobby, outside::Outside, placement::Placement, service::Tournaments};
use bus::{Bus, BusError, Journal, JournalError, OwnedKind, Peers, Requests, Stop};
use futures::StreamExt;
use hosting::PartitionContext;
use passes::Checker;
use std::sync::{Arc, atomic::Ordering::Relaxed};
use wire::{
    NodeId,
    fleet::Role,
    subject::{QUERY_TOURNAMENTS, TOURNAMENTS_STREAM},
    tournament::CoordinatorsQuery,
};

/// The reason why a coordinator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError {
    /// The fleet cannot be joined.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The stream of journals does not exist or does not answer.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Runs a coordinator until `stop`; then it hands its partitions over.
///
/// # Errors
/// [`CoordinatorError`] when the fleet cannot be joined or the stream of journals cannot be opened.
pub async fn run(bus: Bus, node: NodeId, stop: &Stop) -> Result<(), CoordinatorError> {
    let lobby = Arc::new(Lobby::default());
    let counted = Arc::clone(&lobby);
    let journal = Journal::open(&bus, TOURNAMENTS_STREAM).await?;
    let peers = Peers::join(&bus, Role::Coordinator, node, Vec::new(), move || counted.load()).await?;
    stop.listen_to_admin(&bus, &peers).await?;
    let queries = bus.serve(QUERY_TOURNAMENTS.to_owned(), None).await?;
    let answering = tokio::spawn(answer(queries, Arc::clone(&lobby)));
    let placement = Placement::new(bus.clone(), peers.clone());
    let count = {
        let lobby = Arc::clone(&lobby);
        move |partitions| lobby.partitions.store(partitions as u32, Relaxed)
    };
    let passes = Arc::new(Checker::default());
    let following = {
        let (passes, bus) = (Arc::clone(&passes), bus.clone());
        tokio::spawn(async move { passes.follow(bus).await })
    };
    let service = Tournaments { outside: Outside { bus: bus.clone(), placement }, lobby, passes };
    let used = bus.clone();
    bus::work(&peers, OwnedKind::Tournaments, stop, count, move |partition, epoch, tenure| {
        hosting::run(PartitionContext {
            service: service.clone(),
            bus: used.clone(),
            journal: journal.clone(),
            partition,
            epoch,
            tenure,
        })
    })
    .await?;
    answering.abort();
    following.abort();
    bus.flush().await;
    tracing::info!("stopped");
    Ok(())
}

/// Answers queries about all tournaments that this coordinator owns.
async fn answer(mut queries: Requests, lobby: Arc<Lobby>) {
    while let Some(query) = queries.next().await {
        match query.decode::<CoordinatorsQuery>() {
            Ok(asked) => {
                if let Err(error) = query.answer(&lobby.answer(&asked)).await {
                    tracing::debug!(%error, "an answer to a query was not sent: its sender repeats the query or goes without");
                }
            }
            Err(error) => tracing::warn!(%error, "a query cannot be decoded: it gets no answer"),
        }
    }
}
