//! The desk on the bus: takes requests, so many at a time, and stops in order.
//!
//! What always holds: a request that was taken up is answered before the process ends, unless it
//! takes longer than [`LONGEST_DRAIN`]; one that was not is asked again by its sender and goes to
//! another cashier.

use crate::{
    Desk,
    desk::{Counter, DeskAnswer},
    sessions,
};
use bus::{Bus, BusError, Peers, Pulse, Request, Requests, Stop};
use database::DatabaseError;
use futures::{FutureExt, StreamExt};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};
use wire::{codec, fleet::Load, subject};

/// All cashiers together: each request goes to one of them.
const QUEUE: &str = "cashier";
/// Requests of one counter that are worked on at once; the others wait in the subscription.
/// Counters do not wait for each other: a rush of logins must not keep tables from paying out.
const MOST_AT_ONCE: u32 = 1024;
/// Longest wait for what is still being worked on at the end.
pub const LONGEST_DRAIN: Duration = Duration::from_secs(10);
/// How often old sessions are forgotten.
const SWEEP: Duration = Duration::from_secs(3600);
/// A pause as long as this means that others have answered what came meanwhile. Repeats of what was
/// *done* are harmless, but a buy-in that was refused for want of money, and whose player has money
/// now, would be posted for a seat that is given up. So requests that piled up go by; a caller that
/// still wants an answer asks again.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// Why the cashier stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Messaging failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A subscription ended although it was not to.
    #[error("no more requests arrive: the connection to NATS is closed for good")]
    Deaf,
    /// The database is there, but is not what it should be.
    #[error("{}", .0.chain())]
    Database(DatabaseError),
}

/// Serves until `stop`.
///
/// # Errors
/// When messaging fails for good or the database is not what it should be.
pub async fn run(bus: &Bus, node: wire::NodeId, desk: Arc<Desk>, stop: Stop) -> Result<(), ServeError> {
    let counted = Arc::clone(&desk);
    let load = move || Load { actions: counted.posted(), ..Load::default() };
    let peers = Peers::join(bus, wire::fleet::Role::Cashier, node, Vec::new(), load).await?;
    stop.listen_to_admin(bus, &peers).await?;
    tokio::select! {
        outcome = desk.database().wait() => outcome.map_err(ServeError::Database)?,
        () = stop.asked() => return Ok(()),
    }
    let pulse = Pulse::start(STOOD_STILL);
    let mut open = JoinSet::new();
    for counter in Counter::ALL {
        let requests = bus.serve(counter.subject().to_owned(), Some(QUEUE)).await?;
        let window = Window {
            counter,
            bus: bus.clone(),
            desk: Arc::clone(&desk),
            pulse: Arc::clone(&pulse),
            room: Arc::new(Semaphore::new(MOST_AT_ONCE as usize)),
        };
        open.spawn(window.serve(requests, stop.clone()));
    }
    bus.flush().await;
    peers.set_ready();
    tracing::info!("ready");
    let sweeping = tokio::spawn(sweep(Arc::clone(&desk)));
    let watching = tokio::spawn(watch(Arc::clone(&desk), peers.clone()));
    let asked_to = tokio::select! {
        () = stop.asked() => true,
        _ = open.join_next() => stop.is_asked(),
    };
    tracing::info!("stopping: requests under way are finished");
    peers.set_draining();
    sweeping.abort();
    watching.abort();
    if !asked_to {
        return Err(ServeError::Deaf);
    }
    while open.join_next().await.is_some() {}
    bus.flush().await;
    Ok(())
}

/// Publishes whether the database is there.
async fn watch(desk: Arc<Desk>, peers: Peers) {
    desk.database().watch(|answers| peers.set_troubled(!answers)).await;
}

async fn sweep(desk: Arc<Desk>) {
    loop {
        if let Err(failure) = sessions::sweep(desk.database()).await {
            tracing::warn!(%failure, "old sessions were not deleted: they stay until the next try");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// One counter, open.
#[derive(Clone)]
struct Window {
    counter: Counter,
    bus: Bus,
    desk: Arc<Desk>,
    pulse: Arc<Pulse>,
    room: Arc<Semaphore>,
}

impl Window {
    async fn serve(self, mut requests: Requests, stop: Stop) {
        loop {
            tokio::select! {
                biased;
                () = stop.asked() => break,
                request = requests.next() => match request {
                    Some(request) => self.take(request).await,
                    None => break,
                },
            }
        }
        // Requests that have been delivered already go to no other cashier.
        while let Some(Some(request)) = requests.next().now_or_never() {
            self.take(request).await;
        }
        drop(requests);
        let all = self.room.acquire_many(MOST_AT_ONCE);
        if tokio::time::timeout(LONGEST_DRAIN, all).await.is_err() {
            tracing::warn!(counter = %self.counter, "requests were left unanswered at the end: their callers repeat them");
        }
    }

    /// Works on a request, on the side; waits only while there is no room.
    async fn take(&self, request: Request) {
        if self.pulse.is_late() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
            return;
        };
        let window = self.clone();
        tokio::spawn(async move {
            window.answer(&request).await;
            drop(permit);
        });
    }

    async fn answer(&self, request: &Request) {
        let DeskAnswer { reply, notice } = self.desk.answer(self.counter, &request.payload).await;
        // First the notice: once the answer says "done", gateways have been told.
        if let Some(notice) = notice {
            let sent = match codec::encode(&notice) {
                Ok(payload) => self.bus.publish(subject::NOTICE.to_owned(), payload.into()).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = sent {
                tracing::error!(%error, "gateways were not told: the request is left unanswered, so that its caller repeats it");
                return;
            }
        }
        if let Err(error) = request.answer(&reply).await {
            tracing::error!(counter = %self.counter, %error, "an answer was not sent: its caller repeats the request");
        }
    }
}
