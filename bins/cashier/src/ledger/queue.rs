//! The queue of postings, which puts those that arrive together into one transaction: a commit
//! costs a flush to disk, and postings to the same prize pool or to the house would otherwise wait
//! for each other's.
//!
//! Invariants: the queue is bounded; every posting gets an answer; a posting that the database
//! refuses does not keep the others from being posted.

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

/// The most postings in one transaction: more only make it slower (see docs/decisions/0011).
const MOST_AT_ONCE: usize = 256;
/// The most postings that wait. At a few thousand a second, more could not be posted within their
/// patience.
const MOST_WAITING: usize = 4096;

struct QueuedPosting {
    posting: Posting,
    since: Instant,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

/// The handle through which postings enter the queue.
#[derive(Clone)]
pub struct Ledger {
    waiting: mpsc::Sender<QueuedPosting>,
    posted: Arc<AtomicU64>,
}

impl Ledger {
    /// Starts the task that posts. It ends with the last clone of the handle.
    #[must_use]
    pub fn start(database: Database) -> Self {
        let (waiting, queue) = mpsc::channel(MOST_WAITING);
        let posted = Arc::new(AtomicU64::new(0));
        tokio::spawn(work(database, queue, Arc::clone(&posted)));
        Self { waiting, posted }
    }

    /// Posts, and returns when the posting is durable, be it new or a repeat.
    ///
    /// # Errors
    /// The refusal; [`Refusal::Unavailable`] when it is not known whether the posting is durable.
    pub async fn post(&self, posting: Posting) -> Result<(), Refusal> {
        let (answer, outcome) = oneshot::channel();
        let since = Instant::now();
        let waiting = QueuedPosting { posting, since, answer };
        self.waiting.try_send(waiting).map_err(|_| Refusal::unavailable("too many postings at once"))?;
        outcome.await.unwrap_or_else(|_| Err(Refusal::unavailable("ledger")))
    }

    /// Returns the number of postings since the start, without repeats and refusals.
    #[must_use]
    pub fn posted(&self) -> u64 {
        self.posted.load(Ordering::Relaxed)
    }

    /// Counts a posting that was written outside of the queue (a settlement).
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
                // A caller that has waited this long has repeated its request meanwhile.
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
            // A caller that no longer waits repeats its request.
            let _ = answer.send(outcome.map(|_new| ()));
        }
    }
}

/// Posts all in one transaction, or one by one when the database refuses that for a lasting reason.
async fn post_all(database: &Database, postings: Vec<Posting>) -> Vec<Result<bool, Refusal>> {
    let count = postings.len();
    match post_once(database, &postings).await {
        Ok(outcomes) => outcomes,
        Err(Failure::Database(error)) if count > 1 && !error.is_transient() => {
            tracing::error!(error = %error.chain(), count, "a transaction of several postings failed: each posting is now tried in its own transaction");
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
