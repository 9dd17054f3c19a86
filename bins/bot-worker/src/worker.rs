//! Takes asks from the work queue, has them thought about in the runtime's blocking threads and
//! answers the tables.
//!
//! What always holds: an ask is acknowledged only once its table has answered, or when it is of no
//! use any more; so a thought lost with its worker is thought again by another. Thinking never runs
//! on the threads that keep the connection and the heartbeats alive. What this module does not
//! know: poker.

use crate::thinker::Thinker;
use bus::{Bus, BusError, Job, Patience, RequestError, Stop, WorkQueue};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};
use wire::{
    PlayerCommand,
    bots::BotAsk,
    codec,
    fleet::Load,
    subject,
    table::{TableReply, TableRequest},
};

/// Thoughts and waiting answers at a time, per thinking thread, and asks on their way to it. Enough
/// for a thread to have something to think about while others are answered and asked for; few
/// enough for the longest thoughts of all to take a tenth of a second, when the queue gives an ask
/// to another worker after two.
const JOBS_PER_THREAD: usize = 32;
/// How long asks are waited for before the queue is asked again, and before a stop is noticed.
const TAKE_WAIT: Duration = Duration::from_millis(500);
/// Pause after the queue could not be read.
const QUEUE_PAUSE: Duration = Duration::from_millis(250);
/// How long one try of an answer may take, and all tries together. Kept short: the table asks again
/// every 3 s.
const PATIENCE: Patience = Patience { each: Duration::from_millis(400), total: Duration::from_secs(2) };
/// Pause before the same command goes to a table that could not carry it out just now.
const TRANSIENT_PAUSE: Duration = Duration::from_millis(100);

/// The worker's loop and what it counts.
pub struct Worker {
    bus: Bus,
    queue: WorkQueue,
    thinker: Thinker,
    threads: usize,
    made: Arc<Made>,
}

/// What has been done since the start.
#[derive(Debug, Default)]
pub struct Made {
    decisions: AtomicU64,
    rollouts: AtomicU64,
}

impl Made {
    /// Returns the counts for the heartbeat.
    pub fn load(&self) -> Load {
        Load {
            actions: self.decisions.load(Ordering::Relaxed),
            rollouts: self.rollouts.load(Ordering::Relaxed),
            ..Load::default()
        }
    }
}

/// What became of a job.
enum AskResult {
    /// The ask is dealt with and may be forgotten.
    Settled,
    /// No answer came: another try may do better.
    Unanswered,
}

impl Worker {
    /// Returns a worker that thinks on `threads` threads and counts what it does in `made`.
    pub fn new(bus: Bus, queue: WorkQueue, thinker: Thinker, threads: usize, made: Arc<Made>) -> Self {
        Self { bus, queue, thinker, threads, made }
    }

    /// Works until `stop`; then finishes the jobs at hand and returns.
    pub async fn run(self, stop: &Stop) {
        let most = self.threads * JOBS_PER_THREAD;
        let jobs = Arc::new(Semaphore::new(most));
        let shared = Arc::new(self);
        while !stop.is_asked() {
            if let Err(error) = shared.take(most, &jobs).await {
                warn!(%error, "the queue of bot asks cannot be read: no new asks until the next try, after a pause");
                tokio::time::sleep(QUEUE_PAUSE).await;
            }
        }
        // All permits back means no job at hand.
        let all = u32::try_from(most).unwrap_or(u32::MAX);
        drop(jobs.acquire_many(all).await);
    }

    /// Begins up to `most` jobs as they come, each as soon as there is room for it.
    async fn take(self: &Arc<Self>, most: usize, room: &Arc<Semaphore>) -> Result<(), BusError> {
        let mut jobs = self.queue.take(most, TAKE_WAIT).await?;
        // Read to the end, even to stop: a job on its way here would have to wait to be delivered
        // again.
        while let Some(job) = jobs.next().await? {
            let Ok(permit) = Arc::clone(room).acquire_owned().await else {
                break;
            };
            tokio::spawn(handle(Arc::clone(self), job, permit));
        }
        Ok(())
    }
}

/// Handles one job from its ask to its acknowledgement.
async fn handle(worker: Arc<Worker>, job: Job, _at_hand: OwnedSemaphorePermit) {
    let outcome = match codec::decode::<BotAsk>(&job.payload) {
        Ok(ask) => worker.decide(ask, job.age, Instant::now()).await,
        Err(error) => {
            warn!(%error, "an ask cannot be decoded: it is dropped, and the table's clock decides");
            AskResult::Settled
        }
    };
    if matches!(outcome, AskResult::Settled)
        && let Err(error) = job.ack().await
    {
        debug!(%error, "an ask was not acknowledged: it will come again, as a repeat");
    }
}

impl Worker {
    /// Decides an ask that was `age` old when it came, and answers the table.
    async fn decide(&self, ask: BotAsk, age: Duration, came: Instant) -> AskResult {
        let thinker = self.thinker;
        // One of the threads that think takes it, as soon as one has nothing else to do.
        let thought = tokio::task::spawn_blocking(move || {
            let left = time_left(&ask, age + came.elapsed());
            let thought = (!left.is_zero()).then(|| thinker.think(&ask, left));
            (ask, thought)
        });
        let (ask, thought) = match thought.await {
            Ok(asked) => asked,
            Err(error) => {
                warn!(%error, "a decision failed: the table's clock decides");
                return AskResult::Settled;
            }
        };
        let Some(thought) = thought else {
            let age_ms = age.as_millis();
            debug!(table = %ask.table, hand = %ask.hand, turn = ask.turn, age_ms, "an ask was too old: it is dropped");
            return AskResult::Settled;
        };
        self.made.rollouts.fetch_add(thought.rollouts.into(), Ordering::Relaxed);
        let Some(action) = thought.action else {
            return AskResult::Settled;
        };
        self.made.decisions.fetch_add(1, Ordering::Relaxed);
        let request = TableRequest {
            table: ask.table,
            id: ask.command_id(),
            player: Some(ask.player),
            command: PlayerCommand::Act { hand: ask.hand, turn: ask.turn, action }.by(""),
            on_feed: false,
        };
        self.answer(&request).await
    }

    /// Sends the command until the table answers for good.
    async fn answer(&self, request: &TableRequest) -> AskResult {
        let subject = subject::table_commands(subject::table_partition(request.table));
        let until = tokio::time::Instant::now() + PATIENCE.total;
        loop {
            let reply: Result<TableReply, RequestError> =
                self.bus.request(subject.clone(), request, PATIENCE).await;
            match reply {
                Ok(TableReply::Refused(refusal)) if refusal.is_transient() => {
                    if tokio::time::Instant::now() >= until {
                        return AskResult::Unanswered;
                    }
                    tokio::time::sleep(TRANSIENT_PAUSE).await;
                }
                Ok(TableReply::Refused(refusal)) => {
                    debug!(table = %request.table, %refusal, "a decision was refused: it is dropped");
                    return AskResult::Settled;
                }
                Ok(_) => return AskResult::Settled,
                Err(error) => {
                    debug!(table = %request.table, %error, "the table does not answer: the ask will come again");
                    return AskResult::Unanswered;
                }
            }
        }
    }
}

/// Returns for how long an answer to an ask of this age is of use. No clocks are compared: the age
/// is the queue's, the rest is the table's. Without the table's word it is assumed to be: a belated
/// answer is refused and does no harm.
fn time_left(ask: &BotAsk, age: Duration) -> Duration {
    ask.time_ms.map_or(Duration::MAX, |time_ms| Duration::from_millis(time_ms).saturating_sub(age))
}
