//! Takes asks from the work queue, decides them in the runtime's blocking threads and answers the
//! tables.
//!
//! Invariants: an ask is acknowledged only after its table has answered, or when no answer is of
//! use; so another worker repeats a decision that is lost with its worker. Decisions never run on
//! the thread that keeps the connection and the heartbeats alive. This module does not know poker.

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
    sender::Sender,
    subject,
    table::{TableReply, TableRequest},
};

/// Jobs per deciding thread: asks under way to it, decisions, and answers that tables have not
/// confirmed. The number is large enough to keep a thread busy while other asks are answered and
/// fetched, and small enough that all of them, at the longest, take a tenth of a second to decide;
/// the queue gives an ask to another worker after two seconds.
const JOBS_PER_THREAD: usize = 32;
/// The wait for asks before the queue is asked again, and before a stop is noticed.
const TAKE_WAIT: Duration = Duration::from_millis(500);
/// The pause after the queue could not be read.
const QUEUE_PAUSE: Duration = Duration::from_millis(250);
/// The time limits of one try of an answer, and of all tries together. They are short because the
/// table asks again every 3 s.
const PATIENCE: Patience = Patience { each: Duration::from_millis(400), total: Duration::from_secs(2) };
/// The pause before a command is repeated to a table that could not carry it out.
const TRANSIENT_PAUSE: Duration = Duration::from_millis(100);

/// The worker's loop and its counts.
pub struct Worker {
    bus: Bus,
    queue: WorkQueue,
    thinker: Thinker,
    threads: usize,
    made: Arc<Made>,
}

/// The counts since the start.
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

/// The result of a job.
enum AskResult {
    /// The ask is settled and may be acknowledged.
    Settled,
    /// The table did not answer: the queue delivers the ask again.
    Unanswered,
}

impl Worker {
    /// Returns a worker that decides on `threads` threads and counts in `made`.
    pub fn new(bus: Bus, queue: WorkQueue, thinker: Thinker, threads: usize, made: Arc<Made>) -> Self {
        Self { bus, queue, thinker, threads, made }
    }

    /// Works until `stop`; then finishes the jobs under way and returns.
    pub async fn run(self, stop: &Stop) {
        let most = self.threads * JOBS_PER_THREAD;
        let jobs = Arc::new(Semaphore::new(most));
        let shared = Arc::new(self);
        while !stop.is_asked() {
            if let Err(error) = shared.take(most, &jobs).await {
                warn!(%error, "the queue of bot asks cannot be read: no new asks arrive until the next try, after a pause");
                tokio::time::sleep(QUEUE_PAUSE).await;
            }
        }
        // With all permits back no job is under way.
        let all = u32::try_from(most).unwrap_or(u32::MAX);
        drop(jobs.acquire_many(all).await);
    }

    /// Takes up to `most` jobs and starts each as soon as a permit is free.
    async fn take(self: &Arc<Self>, most: usize, room: &Arc<Semaphore>) -> Result<(), BusError> {
        let mut jobs = self.queue.take(most, TAKE_WAIT).await?;
        // The batch is read to the end, also after a stop: a job under way to this worker would
        // have to be delivered again.
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
        debug!(%error, "an ask was not acknowledged: the queue delivers it again, and the table takes the answer as a repeat");
    }
}

impl Worker {
    /// Decides an ask that was `age` old at `came`, and answers the table.
    async fn decide(&self, ask: BotAsk, age: Duration, came: Instant) -> AskResult {
        let thinker = self.thinker;
        // The ask waits for a free thread among those that decide.
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
            debug!(table = %ask.table, hand = %ask.hand, turn = ask.turn, age_ms, "the turn of an ask is over: the ask is dropped");
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
            command: PlayerCommand::act(ask.hand, ask.turn, action).by(""),
            on_feed: false,
            pass: None,
        };
        self.answer(&request).await
    }

    /// Sends the command until the table gives a lasting answer, or patience is over.
    async fn answer(&self, request: &TableRequest) -> AskResult {
        let subject = subject::table_commands_of(request.table, Sender::BotWorker);
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
                    debug!(table = %request.table, %refusal, "the table refuses a decision: it is dropped");
                    return AskResult::Settled;
                }
                Ok(_) => return AskResult::Settled,
                Err(error) => {
                    debug!(table = %request.table, %error, "the table does not answer: the queue delivers the ask again");
                    return AskResult::Unanswered;
                }
            }
        }
    }
}

/// Returns the time in which an answer to an ask of this age is of use. No clocks are compared: the
/// age is the queue's, the time is the table's. Without the table's time there is no limit: a late
/// answer is refused and does no harm.
fn time_left(ask: &BotAsk, age: Duration) -> Duration {
    ask.time_ms.map_or(Duration::MAX, |time_ms| Duration::from_millis(time_ms).saturating_sub(age))
}
