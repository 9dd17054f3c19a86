//! Runs the archivist as a member of the fleet, with one task for each owned unit.

use crate::{context::Context, error::ArchiveError, query, retention, units};
use bus::{OwnedKind, Peers, Stop};
use std::sync::{Arc, atomic::Ordering::Relaxed};
use wire::{NodeId, fleet::Role, subject::QUERY_ARCHIVE};

/// Runs an archivist until `stop`, then hands its units over. The archive keeps `retention_months`
/// whole months, or all.
///
/// # Errors
/// When the archivist cannot join the fleet, or the database has other migrations than it needs.
pub async fn run(
    context: Arc<Context>,
    node: NodeId,
    retention_months: Option<u32>,
    stop: &Stop,
) -> Result<(), ArchiveError> {
    let counted = Arc::clone(&context);
    let bus = context.bus.clone();
    let peers = Peers::join(&bus, Role::Archivist, node, Vec::new(), move || counted.load()).await?;
    stop.listen_to_admin(&bus, &peers).await?;
    tokio::select! {
        outcome = context.database.wait() => outcome?,
        () = stop.asked() => return Ok(()),
    }
    let watching = tokio::spawn(watch(Arc::clone(&context), peers.clone()));
    let keeping = retention_months.map(|months| tokio::spawn(retention::keep(Arc::clone(&context), months)));
    let queries = bus.serve(QUERY_ARCHIVE.to_owned(), Some(query::QUEUE)).await?;
    let answering = tokio::spawn(query::serve(queries, Arc::clone(&context)));
    let counting = Arc::clone(&context);
    let count = move |units| counting.units.store(units as u32, Relaxed);
    let of = Arc::clone(&context);
    bus::work(&peers, OwnedKind::Archive, stop, count, move |unit, _epoch, tenure| {
        units::run(Arc::clone(&of), unit, tenure)
    })
    .await?;
    watching.abort();
    answering.abort();
    if let Some(keeping) = keeping {
        keeping.abort();
    }
    bus.flush().await;
    tracing::info!("stopped");
    Ok(())
}

/// Tells the fleet, by heartbeat, whether the database answers.
async fn watch(context: Arc<Context>, peers: Peers) {
    context.database.watch(|answers| peers.set_troubled(!answers)).await;
}
