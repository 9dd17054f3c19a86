//! The desk on the bus: takes a limited number of requests at a time, and stops in order.
//!
//! Invariant: a request that was taken is answered before the process ends, unless that takes
//! longer than [`LONGEST_DRAIN`]; the sender of a request that was not taken repeats it, and
//! another cashier gets it.

use crate::{
    Desk,
    desk::{Counter, DeskAnswer},
    sweep::sweep,
};
use bus::{Bus, BusError, Peers, Pulse, Request, Requests, Stop};
use database::DatabaseError;
use futures::{FutureExt, StreamExt};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};
use wire::{codec, fleet::Load, subject};

/// The queue group of all cashiers: each request goes to one of them.
const QUEUE: &str = "cashier";
/// The most requests of one counter that are worked on at once; the others wait in the
/// subscription. Each counter has its own limit, so that a rush of logins does not keep tables from
/// paying out.
const MOST_AT_ONCE: u32 = 1024;
/// The longest wait at the end for requests that are worked on.
pub const LONGEST_DRAIN: Duration = Duration::from_secs(10);
/// The interval between deletions of old rows.
const SWEEP: Duration = Duration::from_secs(3600);
/// The interval between writes of the public key of session passes.
const ANNOUNCE: Duration = Duration::from_secs(60);
/// The pause before the key is written again, after it could not be written.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(1);
/// After a pause of this length other cashiers have answered the requests that arrived meanwhile.
/// Requests that piled up are dropped, because their answers would come too late; a caller that
/// still needs an answer repeats its request.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// The reason why the cashier stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Messaging failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A subscription ended before the stop was asked for.
    #[error(
        "the subscriptions ended because the connection to NATS is closed for good: start the cashier again"
    )]
    Deaf,
    /// The database answers, but its migrations or settings are wrong.
    #[error("{}", .0.chain())]
    Database(DatabaseError),
}

/// Serves until `stop`.
///
/// # Errors
/// [`ServeError`] when messaging fails for good, or the database has the wrong migrations or
/// settings.
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
    let announcing = tokio::spawn(announce_passes(bus.clone(), Arc::clone(&desk)));
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
    let sweeping = tokio::spawn(sweep_hourly(Arc::clone(&desk)));
    let watching = tokio::spawn(watch(Arc::clone(&desk), peers.clone()));
    let asked_to = tokio::select! {
        () = stop.asked() => true,
        _ = open.join_next() => stop.is_asked(),
    };
    tracing::info!("stopping: requests under way are finished");
    peers.set_draining();
    announcing.abort();
    sweeping.abort();
    watching.abort();
    if !asked_to {
        return Err(ServeError::Deaf);
    }
    while open.join_next().await.is_some() {}
    bus.flush().await;
    Ok(())
}

/// Publishes in heartbeats whether the database answers.
async fn watch(desk: Arc<Desk>, peers: Peers) {
    desk.database().watch(|answers| peers.set_troubled(!answers)).await;
}

/// Writes the public key of session passes for table workers and coordinators, as long as the
/// cashier runs: a bucket that lost its content has it again soon.
async fn announce_passes(bus: Bus, desk: Arc<Desk>) {
    loop {
        match desk.passes().announce(&bus).await {
            Ok(()) => tokio::time::sleep(ANNOUNCE).await,
            Err(error) => {
                tracing::warn!(
                    error,
                    "the key of session passes was not written: as long as table workers and coordinators do not have it, they refuse commands of players for now; it is written again; if its bucket is missing, run `pokerctl apply`"
                );
                tokio::time::sleep(ANNOUNCE_AGAIN).await;
            }
        }
    }
}

async fn sweep_hourly(desk: Arc<Desk>) {
    loop {
        if let Err(failure) = sweep(desk.database()).await {
            tracing::warn!(%failure, "old sessions, login failures and refused postings were not deleted: they stay, and the deletion is tried again in an hour");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// One counter while the cashier serves it.
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
        // Requests that have been delivered to this cashier go to no other one.
        while let Some(Some(request)) = requests.next().now_or_never() {
            self.take(request).await;
        }
        drop(requests);
        let all = self.room.acquire_many(MOST_AT_ONCE);
        if tokio::time::timeout(LONGEST_DRAIN, all).await.is_err() {
            tracing::warn!(counter = %self.counter, "requests are unanswered at the end of the drain: the process ends, and their callers repeat them");
        }
    }

    /// Takes a request and works on it in a task of its own; waits only at the limit.
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
        // The notice goes first: when the caller gets the answer, gateways have been told.
        if let Some(notice) = notice {
            let sent = match codec::encode(&notice) {
                Ok(payload) => self.bus.publish(subject::NOTICE.to_owned(), payload.into()).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = sent {
                tracing::error!(%error, "a notice to the gateways was not sent: the request gets no answer, so that its caller repeats it");
                return;
            }
        }
        if let Err(error) = request.answer(&reply).await {
            tracing::error!(counter = %self.counter, %error, "an answer was not sent: its caller repeats the request");
        }
    }
}
