//! Puts postings that arrive together into one transaction: a commit costs a flush to disk, and
//! postings to the same prize pool or to the house would otherwise wait for each other's.
//!
//! What always holds: the queue is bounded; every posting is answered, at the latest when its
//! patience is over; one that the database cannot take does not keep the others from being posted.

use super::{Posting, store};
use crate::{Database, Failure};
use database::Limits;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::{mpsc, oneshot};
use wire::Refusal;

/// Most postings in one transaction: beyond this it only gets slower (see docs/decisions/0011).
const MOST_AT_ONCE: usize = 256;
/// Most postings that wait. At a few thousand a second, more could not be done within their
/// patience.
const MOST_WAITING: usize = 4096;

struct QueuedPosting {
    posting: Posting,
    since: Instant,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

/// The way into the ledger.
#[derive(Clone)]
pub struct Ledger {
    waiting: mpsc::Sender<QueuedPosting>,
    posted: Arc<AtomicU64>,
}

impl Ledger {
    /// Starts taking postings. Ends with the last clone.
    #[must_use]
    pub fn start(database: Database) -> Self {
        let (waiting, queue) = mpsc::channel(MOST_WAITING);
        let posted = Arc::new(AtomicU64::new(0));
        tokio::spawn(work(database, queue, Arc::clone(&posted)));
        Self { waiting, posted }
    }

    /// Posts. Returns when it is durable, now or since earlier.
    ///
    /// # Errors
    /// The refusal; [`Refusal::Unavailable`] when it is not known to be posted.
    pub async fn post(&self, posting: Posting) -> Result<(), Refusal> {
        let (answer, outcome) = oneshot::channel();
        let since = Instant::now();
        let waiting = QueuedPosting { posting, since, answer };
        self.waiting.try_send(waiting).map_err(|_| Refusal::unavailable("too many postings at once"))?;
        outcome.await.unwrap_or_else(|_| Err(Refusal::unavailable("ledger")))
    }

    /// Returns how many postings were made since the start; repeats and refusals do not count.
    #[must_use]
    pub fn posted(&self) -> u64 {
        self.posted.load(Ordering::Relaxed)
    }

    /// Counts a posting that was made elsewhere (a settlement).
    pub fn count(&self) {
        self.posted.fetch_add(1, Ordering::Relaxed);
    }
}

async fn work(database: Database, mut queue: mpsc::Receiver<QueuedPosting>, posted: Arc<AtomicU64>) {
    let mut taken = Vec::with_capacity(MOST_AT_ONCE);
    while queue.recv_many(&mut taken, MOST_AT_ONCE).await > 0 {
        let (postings, answers): (Vec<Posting>, Vec<_>) = taken
            .drain(..)
            .filter_map(|waiting| {
                // A caller that waited this long during an outage has repeated its request since.
                if waiting.since.elapsed() >= Limits::SHORT.patience {
                    let _ = waiting.answer.send(Err(Refusal::unavailable("database")));
                    return None;
                }
                Some((waiting.posting, waiting.answer))
            })
            .unzip();
        if postings.is_empty() {
            continue;
        }
        let outcomes = post_all(&database, postings).await;
        for (outcome, answer) in outcomes.into_iter().zip(answers) {
            if outcome == Ok(true) {
                posted.fetch_add(1, Ordering::Relaxed);
            }
            // The caller does not wait for it any more: it repeats its request.
            let _ = answer.send(outcome.map(|_new| ()));
        }
    }
}

/// Posts all together, or one by one when the database refuses them together for a lasting reason.
async fn post_all(database: &Database, postings: Vec<Posting>) -> Vec<Result<bool, Refusal>> {
    let count = postings.len();
    match post_once(database, &postings).await {
        Ok(outcomes) => outcomes,
        Err(Failure::Database(error)) if count > 1 && !error.is_transient() => {
            tracing::error!(error = %error.chain(), count, "a transaction of postings was refused: each is tried alone");
            let mut outcomes = Vec::with_capacity(count);
            for posting in postings {
                outcomes.push(match post_once(database, &[posting]).await {
                    Ok(mut one) => one.pop().unwrap_or_else(|| Err(Refusal::unavailable("ledger"))),
                    Err(failure) => Err(failure.into_refusal()),
                });
            }
            outcomes
        }
        Err(failure) => vec![Err(failure.into_refusal()); count],
    }
}

async fn post_once(database: &Database, postings: &[Posting]) -> Result<Vec<Result<bool, Refusal>>, Failure> {
    database.run(Limits::SHORT, |mut client| async move { store::post(&mut client, postings).await }).await
}
