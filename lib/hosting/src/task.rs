//! The task of one owned partition: carries out the core's outputs, and gives their results back
//! to it.

use crate::{
    PartitionContext, Service,
    jobs::{self, Append, Done, Job},
    random_seed,
    service::{Asked, Id},
};
use bus::{BusError, Journal, JournalError, Last, Request, Requests, Tenure};
use futures::{StreamExt, stream::FuturesUnordered};
use host::{Aggregate, Around, EffectResult, Now, Output, Partition};
use serde::Serialize;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::{
    task::{AbortHandle, JoinError, JoinSet, yield_now},
    time::{MissedTickBehavior, interval, sleep},
};
use wire::{Epoch, Refusal, event::Seed};

/// Inputs (requests, records, answers) that a partition handles before it yields to other
/// partitions and to this process' heartbeats. Tokio's own budget is about ten times as many: with
/// it, both workers of 27,000 tables in a closed loop reported that they had stood still.
const MOST_AT_ONCE: usize = 4;
/// Longest sleep between two wake-ups.
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);
/// How often the partition checks whether aggregates at rest have to renew their snapshots.
const RENEW: Duration = Duration::from_secs(1);

/// Why the work on a partition has ended.
#[derive(Debug, thiserror::Error)]
pub enum PartitionError {
    /// The partition's journals cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The partition's subject cannot be subscribed to.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The connection to NATS is closed.
    #[error("no more requests come in")]
    Deaf,
    /// A journal has a newer owner.
    #[error("{name} {id} has a newer owner (epoch {epoch})")]
    Superseded {
        /// The aggregate's kind.
        name: &'static str,
        /// The aggregate's id.
        id: String,
        /// The newer epoch.
        epoch: Epoch,
    },
}

type Key<S> = <<S as Service>::Aggregate as Aggregate>::Key;
type Command<S> = <<S as Service>::Aggregate as Aggregate>::Command;
type Out<S> = Output<<S as Service>::Aggregate, Request>;

/// Runs a partition until its tenure ends; then finishes its work under way and refuses all other
/// commands for now.
///
/// # Errors
/// When the partition's journals cannot be read, its subject cannot be subscribed to, or it has a
/// newer owner.
pub async fn run<S: Service>(context: PartitionContext<S>) -> Result<(), PartitionError> {
    let mut tenure = context.tenure.clone();
    let begun = tokio::select! {
        () = tenure.ends() => return Ok(()),
        begun = Task::begin(context) => begun?,
    };
    let (mut task, mut requests) = begun;
    task.carry_out().await?;
    task.work(&mut requests, &mut tenure).await?;
    task.release().await?;
    requests.turn_away(S::Aggregate::refused(Refusal::unavailable(S::Aggregate::NAME)));
    Ok(())
}

/// A partition with the work under way for it.
struct Task<S: Service> {
    context: PartitionContext<S>,
    started: Instant,
    core: Partition<S::Aggregate, Request>,
    /// The journals' last records, read when the partition was gained.
    lasts: HashMap<Id<S>, Last>,
    jobs: FuturesUnordered<Job<Id<S>>>,
    effects: JoinSet<EffectResult<Command<S>>>,
    running: HashMap<tokio::task::Id, (Id<S>, Key<S>, AbortHandle)>,
    outputs: Vec<Out<S>>,
    released: bool,
}

/// The core's surroundings when an input comes.
struct Here<'a> {
    now: Now,
    tenure: &'a Tenure,
    journal: &'a Journal,
}

impl Around for Here<'_> {
    fn now(&self) -> Now {
        self.now
    }

    fn is_certain(&self) -> bool {
        self.tenure.is_certain()
    }

    fn outages(&self) -> u64 {
        self.journal.outages()
    }

    fn is_well(&self) -> bool {
        self.journal.is_well()
    }

    fn newest(&self) -> u64 {
        self.journal.newest()
    }

    fn seed(&self) -> Seed {
        random_seed()
    }
}

impl<S: Service> Task<S> {
    /// Subscribes to a partition's commands; all of its journals are still to be read.
    async fn begin(context: PartitionContext<S>) -> Result<(Self, Requests), PartitionError> {
        let mut lasts = HashMap::new();
        let mut order = Vec::new();
        for last in context.journal.lasts(&S::journals(context.partition)).await? {
            match S::parse_journal(last.subject()) {
                Some(id) => {
                    order.push(id);
                    lasts.insert(id, last);
                }
                None => tracing::error!(subject = last.subject(), "not a journal's subject: left alone"),
            }
        }
        let requests = context.bus.serve(S::commands(context.partition), None).await?;
        let started = Instant::now();
        let here = Here { now: now(started), tenure: &context.tenure, journal: &context.journal };
        let core = Partition::new(context.epoch, order, &here);
        let task = Self {
            core,
            context,
            started,
            lasts,
            jobs: FuturesUnordered::new(),
            effects: JoinSet::new(),
            running: HashMap::new(),
            outputs: Vec::new(),
            released: false,
        };
        Ok((task, requests))
    }

    /// Works until the tenure ends.
    async fn work(&mut self, requests: &mut Requests, tenure: &mut Tenure) -> Result<(), PartitionError> {
        let mut renewal = interval(RENEW);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for turn in 1_usize.. {
            if turn.is_multiple_of(MOST_AT_ONCE) {
                yield_now().await;
            }
            // A timer that is made anew for each input does not fire while inputs keep coming.
            if self.next_wake().is_zero() {
                self.core.wake(&here(&self.context, self.started));
                self.carry_out().await?;
            }
            let wake = self.next_wake();
            tokio::select! {
                () = tenure.ends() => break,
                request = requests.next() => match request {
                    Some(request) => self.request(request).await,
                    None => return Err(PartitionError::Deaf),
                },
                Some((id, done)) = self.jobs.next() => self.done(id, done),
                Some(ended) = self.effects.join_next_with_id() => self.returned(ended),
                () = sleep(wake) => self.core.wake(&here(&self.context, self.started)),
                _ = renewal.tick() => self.core.renew(&here(&self.context, self.started)),
            }
            self.carry_out().await?;
        }
        Ok(())
    }

    /// Finishes the work under way and refuses all other commands for now.
    async fn release(&mut self) -> Result<(), PartitionError> {
        self.core.release(&here(&self.context, self.started));
        self.carry_out().await?;
        while !self.released
            && let Some((id, done)) = self.jobs.next().await
        {
            self.done(id, done);
            self.carry_out().await?;
        }
        self.context.bus.flush().await;
        Ok(())
    }

    fn next_wake(&self) -> Duration {
        let now_ms = mono_ms(self.started);
        let wake = self.core.next_wake_ms();
        wake.map_or(LONGEST_SLEEP, |at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)))
    }

    async fn request(&mut self, request: Request) {
        match self.context.service.decode(&request) {
            Ok(Asked { id, cause, command, rides }) => {
                let here = here(&self.context, self.started);
                self.core.command(&here, id, cause, command, request, rides);
            }
            Err(refusal) => respond(&request, &S::Aggregate::refused(refusal)).await,
        }
    }

    fn done(&mut self, id: Id<S>, done: Done) {
        let here = here(&self.context, self.started);
        match done {
            Done::Appended(stored) => self.core.appended(&here, id, stored),
            Done::Read(read) => self.core.read(&here, id, read),
        }
    }

    fn returned(&mut self, ended: Result<(tokio::task::Id, EffectResult<Command<S>>), JoinError>) {
        let (task, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "an attempt at an effect panicked: it is repeated after a pause");
                }
                (error.id(), EffectResult::Failed)
            }
        };
        if let Some((id, key, _)) = self.running.remove(&task) {
            self.core.returned(&here(&self.context, self.started), id, &key, outcome);
        }
    }

    /// Carries out the core's outputs.
    async fn carry_out(&mut self) -> Result<(), PartitionError> {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.core.swap_outputs(&mut outputs);
        for output in outputs.drain(..) {
            self.output(output).await?;
        }
        self.outputs = outputs;
        Ok(())
    }

    async fn output(&mut self, output: Out<S>) -> Result<(), PartitionError> {
        let (context, epoch) = (&self.context, self.context.epoch);
        match output {
            Output::Append { id, after, payload, snapshot, patient } => {
                let record = Append { after, payload, snapshot, patient };
                self.jobs.push(jobs::append(context, id, record));
            }
            Output::Read { id, within_ms } => {
                let last = self.lasts.remove(&id);
                self.jobs.push(jobs::read(context, id, last, Duration::from_millis(within_ms)));
            }
            Output::Reply { token, reply } => respond(&token, &reply).await,
            Output::Tell { id, news, answers } => {
                if let Some(aggregate) = self.core.get(id) {
                    context.service.tell(aggregate, epoch, news, answers.as_ref()).await;
                }
            }
            Output::Start { id, key, effect, tries } => {
                let attempt = context.service.clone().attempt(id, effect, tries);
                let task = self.effects.spawn(attempt);
                self.running.insert(task.id(), (id, key, task));
            }
            Output::Stop { id, key } => {
                self.running.retain(|_, (of, about, task)| {
                    let stopped = (*of, &*about) == (id, &key);
                    if stopped {
                        task.abort();
                    }
                    !stopped
                });
            }
            Output::Loaded { id } => {
                if let Some(aggregate) = self.core.get(id) {
                    context.service.loaded(aggregate, epoch);
                }
            }
            Output::Evict { id } => context.service.evicted(id, epoch),
            Output::Released => self.released = true,
            Output::Superseded { id, epoch } => {
                let name = S::Aggregate::NAME;
                return Err(PartitionError::Superseded { name, id: id.to_string(), epoch });
            }
            Output::NotRecorded { id, reason } => {
                tracing::error!(kind = S::Aggregate::NAME, %id, %reason, "a record cannot be stored: its command is refused");
            }
            Output::Declined { id, refusal } => {
                tracing::warn!(kind = S::Aggregate::NAME, %id, %refusal, "the answer to an effect was refused: an effect that is still due is repeated");
            }
            Output::Unreadable { id, reason } => {
                tracing::error!(kind = S::Aggregate::NAME, %id, reason, "a journal cannot be replayed: its commands are refused");
            }
        }
        Ok(())
    }
}

impl<S: Service> Drop for Task<S> {
    /// Removes the partition's aggregates from the role however the task ends.
    fn drop(&mut self) {
        let PartitionContext { service, partition, epoch, .. } = &self.context;
        self.core.ids().for_each(|id| service.evicted(id, *epoch));
        if let (records @ 1.., Some(youngest)) = self.core.under_way() {
            let youngest_ms = mono_ms(self.started).saturating_sub(youngest);
            tracing::warn!(
                partition,
                records,
                youngest_ms,
                "a partition was given up with records under way: their next owner reads from the journal whether they were stored"
            );
        }
    }
}

/// Returns the time of both clocks; the monotonic one begins with the tenure.
fn now(started: Instant) -> Now {
    Now { wall_ms: bus::clock::now_ms(), mono_ms: mono_ms(started) }
}

fn mono_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn here<S>(context: &PartitionContext<S>, started: Instant) -> Here<'_> {
    Here { now: now(started), tenure: &context.tenure, journal: &context.journal }
}

/// Sends an answer. A sender that does not get it repeats the request.
async fn respond<A: Serialize>(request: &Request, reply: &A) {
    if let Err(error) = request.answer(reply).await {
        tracing::debug!(%error, "an answer was not sent: its sender repeats the request");
    }
}
