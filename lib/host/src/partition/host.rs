//! One aggregate in its owner's memory: the state as of the last stored record, queued commands,
//! and held commands, whose answer comes with a later record.

use super::{Context, IDLE_MS, low::LowPriority, queued::QueuedCommand, unread::READ_MS};
use crate::{
    Aggregate, Around, EffectResult, Journaled, Now, Output, Past, Position, ReadError, RecordOf, Running,
    running::pause_ms,
};
use std::collections::VecDeque;
use wire::{Epoch, Refusal, journal::Cause};

/// A deadline that has passed without an event is checked again after this time, in milliseconds.
const OVERDUE_MS: u64 = 100;

/// The state of the aggregate's work on its journal.
pub(super) enum JournalState<A: Aggregate, R> {
    Idle,
    PendingAppend(PendingAppend<A, R>),
    Reading,
    /// The journal could not be read and is to be read again.
    Unread,
}

/// A record whose append is under way.
pub(super) struct PendingAppend<A: Aggregate, R> {
    pub(super) record: RecordOf<A>,
    /// The command that the record answers, or that is decided anew after a record without events.
    pub(super) command: Option<QueuedCommand<A::Command, R>>,
    pub(super) bytes: usize,
    pub(super) since_ms: u64,
}

/// Whether turns have lost time that the clock has to give back, and which commands go before the
/// clock's decisions.
#[derive(Default)]
pub(super) struct Clock {
    /// The number of outages for which the clock has been extended; `None`: it is to be extended in
    /// any case.
    pub(super) outages: Option<u64>,
    /// Whether a record was stored late, so that an actor may have had less time than its clock
    /// says.
    pub(super) held_up: bool,
    /// Once a deadline has passed: how many of the queued commands waited already when that was
    /// noticed. They go before the clock's decisions, and all others after them.
    pub(super) ahead: Option<usize>,
}

/// A pause after a failure that would otherwise repeat at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    pub(super) until_ms: u64,
    tries: u32,
}

impl Pause {
    pub(super) fn grow(&mut self, mono_ms: u64) {
        self.until_ms = mono_ms + pause_ms(self.tries);
        self.tries = self.tries.saturating_add(1);
    }
}

/// One aggregate in memory, with its queue and the work under way.
pub(super) struct Host<A: Aggregate, R> {
    pub(super) aggregate: A,
    pub(super) position: Position,
    pub(super) queue: VecDeque<QueuedCommand<A::Command, R>>,
    pub(super) low: LowPriority<A::Command, R>,
    pub(super) stage: JournalState<A, R>,
    /// The time of the last record that this owner has stored since it read the journal; none
    /// before. From the first one on no earlier owner can write.
    pub(super) written: Option<Now>,
    pub(super) clock: Clock,
    pub(super) pause: Pause,
    pub(super) running: Running<A::Key>,
    /// The wake-up that is armed, by the monotonic clock.
    pub(super) armed_ms: Option<u64>,
    /// The epoch of a newer owner, once one is known.
    pub(super) newer: Option<Epoch>,
    /// Held commands: their answers come with a later record.
    pub(super) held: Vec<(Cause, R)>,
    /// Recent refusals, the oldest first. A repeat that was under way when its command was refused
    /// must not be carried out after all. Repeats reach the same owner or come seconds later, so
    /// this list needs no journal.
    pub(super) refusals: VecDeque<(Cause, Refusal)>,
    /// When the last request for this aggregate came, by the monotonic clock.
    asked_ms: Option<u64>,
    /// Whether the aggregate does not exist, or no longer does.
    gone: bool,
}

/// An aggregate that was replayed from its journal.
pub(super) struct LoadedAggregate<A: Aggregate> {
    pub(super) aggregate: A,
    pub(super) epoch: Epoch,
    pub(super) last: Vec<A::Event>,
}

/// Replays an aggregate from its records.
pub(super) fn load<A: Aggregate>(id: A::Id, journal: &Journaled) -> Result<LoadedAggregate<A>, String> {
    let mut records = Vec::with_capacity(journal.records.len());
    for (n, bytes) in (1..).zip(&journal.records) {
        let record =
            A::decode(bytes).map_err(|error| format!("record {n} of {}: {error}", journal.records.len()))?;
        records.push(Past { record, bytes: bytes.len() });
    }
    if records.is_empty() {
        return Err("the journal is empty".to_owned());
    }
    let aggregate = A::replay(id, &mut records)?;
    let last = records.pop().map(|past| past.record);
    let (epoch, last) = last.map_or((Epoch(0), Vec::new()), |record| (record.epoch, record.events));
    Ok(LoadedAggregate { aggregate, epoch, last })
}

impl<A: Aggregate, R> Host<A, R> {
    pub(super) fn new(aggregate: A, asked_ms: Option<u64>) -> Self {
        Self {
            aggregate,
            position: Position::default(),
            queue: VecDeque::new(),
            low: LowPriority::default(),
            stage: JournalState::Idle,
            written: None,
            clock: Clock::default(),
            pause: Pause::default(),
            running: Running::default(),
            armed_ms: None,
            newer: None,
            held: Vec::new(),
            refusals: VecDeque::new(),
            asked_ms,
            gone: false,
        }
    }

    pub(super) fn writing_since_ms(&self) -> Option<u64> {
        match &self.stage {
            JournalState::PendingAppend(writing) => Some(writing.since_ms),
            JournalState::Idle | JournalState::Reading | JournalState::Unread => None,
        }
    }

    /// Takes a command in: answers it from memory, queues it, or refuses it for now.
    pub(super) fn command<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        context: &mut Context<'_, A, R, W>,
    ) {
        self.asked_ms = Some(context.now.mono_ms);
        if self.position.last > 0
            && let Some(reply) = self.look(&queued, context)
        {
            return context.reply(queued.token, reply);
        }
        if self.queue.len() >= A::MAX_QUEUED || context.releasing {
            return context.turn_away(queued.token);
        }
        self.put_in_queue(queued, context);
        self.go_on(context);
    }

    pub(super) fn look<W>(
        &self,
        queued: &QueuedCommand<A::Command, R>,
        context: &Context<'_, A, R, W>,
    ) -> Option<A::Reply> {
        let player = queued.cause.and_then(|cause| cause.player);
        self.aggregate.look(&queued.command, player, context.now.wall_ms)
    }

    /// Begins work after a takeover: repeats the last record's news for viewers that may have
    /// missed them; a running turn gets its full time back.
    pub(super) fn taken_over<W: Around>(
        &mut self,
        epoch: Epoch,
        last: Vec<A::Event>,
        context: &mut Context<'_, A, R, W>,
    ) {
        if epoch > context.epoch {
            self.newer = Some(epoch);
            return;
        }
        context.outputs.push(Output::Loaded { id: context.id });
        self.retell(last, context);
        self.start_effects(context);
        self.go_on(context);
    }

    /// Repeats the news of the journal's last record, which another owner wrote.
    fn retell<W>(&mut self, last: Vec<A::Event>, context: &mut Context<'_, A, R, W>) {
        if let Some(news) = self.aggregate.retell(last) {
            context.outputs.push(Output::Tell { id: context.id, news, answers: None });
        }
    }

    /// Goes on after the journal was read again because another owner had written. That owner may
    /// have lost its connection before it sent the news, as at a takeover.
    pub(super) fn reread<W: Around>(
        &mut self,
        read: Result<Option<Journaled>, ReadError>,
        context: &mut Context<'_, A, R, W>,
    ) {
        if !matches!(self.stage, JournalState::Reading) {
            return;
        }
        let journal = match read {
            Ok(Some(journal)) => journal,
            Ok(None) => return self.go(&context.unknown(), context),
            Err(ReadError::Failed) => {
                self.stage = JournalState::Unread;
                self.pause.grow(context.now.mono_ms);
                return self.send_away(&Refusal::unavailable(A::NAME), context);
            }
        };
        match load::<A>(context.id, &journal) {
            Ok(loaded) if loaded.epoch > context.epoch => self.newer = Some(loaded.epoch),
            Ok(loaded) => {
                (self.aggregate, self.position) = (loaded.aggregate, journal.position);
                (self.stage, self.written) = (JournalState::Idle, None);
                (self.clock, self.pause) = (Clock::default(), Pause::default());
                context.outputs.push(Output::Loaded { id: context.id });
                self.retell(loaded.last, context);
                self.answer_held(context);
                self.start_effects(context);
                self.go_on(context);
            }
            Err(reason) => {
                context.outputs.push(Output::Unreadable { id: context.id, reason });
                self.go(&Refusal::unavailable(A::NAME), context);
            }
        }
    }

    /// Marks the aggregate as nonexistent and refuses all commands that wait.
    pub(super) fn go<W: Around>(&mut self, refusal: &Refusal, context: &mut Context<'_, A, R, W>) {
        self.stage = JournalState::Idle;
        self.gone = true;
        self.queue.retain(|queued| queued.token.is_some());
        self.send_away(refusal, context);
    }

    /// Refuses all commands that wait for an answer. Commands from effects' answers stay queued.
    fn send_away<W: Around>(&mut self, refusal: &Refusal, context: &mut Context<'_, A, R, W>) {
        for queued in &mut self.queue {
            context.refuse(queued.token.take(), refusal.clone());
        }
        self.queue.retain(|queued| queued.cause.is_none());
        for queued in self.low.clear() {
            context.refuse(queued.token, refusal.clone());
        }
        for (_, token) in self.held.drain(..) {
            context.refuse(Some(token), refusal.clone());
        }
    }

    /// Refuses all commands that wait, and begins no new work.
    pub(super) fn release<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        let unavailable = Refusal::unavailable(A::NAME);
        self.send_away(&unavailable, context);
    }

    /// Handles the end of an attempt at an effect.
    pub(super) fn returned<W: Around>(
        &mut self,
        key: &A::Key,
        outcome: EffectResult<A::Command>,
        context: &mut Context<'_, A, R, W>,
    ) {
        let known = match outcome {
            EffectResult::Heard => self.running.heard(key),
            EffectResult::Failed => self.running.rest(key, context.now.mono_ms),
            // If the commands have no effect on the state, the effect is still due and is tried
            // again.
            EffectResult::Done(commands) => {
                let known = self.running.rest(key, context.now.mono_ms);
                if known {
                    self.queue.extend(commands.into_iter().map(QueuedCommand::own));
                }
                known
            }
        };
        if known {
            self.go_on(context);
        }
    }

    /// Starts due effects that do not run yet, and stops those that are no longer due.
    pub(super) fn start_effects<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        if context.releasing || self.pause.until_ms > context.now.mono_ms {
            return;
        }
        let Self { aggregate, running, .. } = self;
        let id = context.id;
        if !running.is_empty() {
            let outputs = &mut *context.outputs;
            running
                .keep(|key| aggregate.is_due(key), |key| outputs.push(Output::Stop { id, key: key.clone() }));
            running.rouse(context.now.mono_ms);
        }
        aggregate.effects(running, context.start);
        for (key, effect) in context.start.drain(..) {
            let tries = running.begin(key.clone());
            context.outputs.push(Output::Start { id, key, effect, tries });
        }
    }

    /// Carries out all that is due at an armed wake-up.
    pub(super) fn wake<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        match self.stage {
            JournalState::Unread if self.pause.until_ms <= context.now.mono_ms => self.read_again(context),
            JournalState::Idle => {
                self.start_effects(context);
                self.go_on(context);
            }
            JournalState::Unread | JournalState::Reading | JournalState::PendingAppend(_) => {}
        }
    }

    /// Requests that the journal be read again, because it has records that are not known here.
    pub(super) fn read_again<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        self.stage = JournalState::Reading;
        context.outputs.push(Output::Read { id: context.id, within_ms: READ_MS });
    }

    /// Returns whether the aggregate is to be removed from memory.
    pub(super) fn is_leaving(&self, mono_ms: u64) -> bool {
        self.gone || (self.leaves_ms().is_some_and(|leaves_ms| leaves_ms <= mono_ms))
    }

    /// Keeps the aggregate in memory as a request would.
    pub(super) const fn stay(&mut self, mono_ms: u64) {
        self.asked_ms = Some(mono_ms);
    }

    /// Returns when the aggregate leaves memory if no further request comes.
    fn leaves_ms(&self) -> Option<u64> {
        let is_idle = matches!(self.stage, JournalState::Idle)
            && self.queue.is_empty()
            && self.low.is_empty()
            && self.held.is_empty()
            && self.running.is_idle();
        (is_idle && self.position.last > 0 && self.aggregate.is_over())
            .then(|| self.asked_ms.map_or(0, |asked_ms| asked_ms + IDLE_MS))
    }

    /// Returns when the aggregate is to be woken next, by the monotonic clock.
    pub(super) fn next_wake_ms(&mut self, now: Now) -> Option<u64> {
        match self.stage {
            // The result of this work sets the next wake-up.
            JournalState::PendingAppend(_) | JournalState::Reading => None,
            JournalState::Unread => Some(self.pause.until_ms),
            JournalState::Idle if self.pause.until_ms > now.mono_ms => Some(self.pause.until_ms),
            JournalState::Idle => {
                let clock = self.aggregate.next_deadline_ms();
                let reminder = self.aggregate.next_reminder_ms();
                let by_wall = clock.into_iter().chain(reminder).min();
                let by_wall = by_wall.map(|due_ms| match due_ms.saturating_sub(now.wall_ms) {
                    0 => now.mono_ms + OVERDUE_MS,
                    left_ms => now.mono_ms.saturating_add(left_ms),
                });
                let rest = self.running.next_ms();
                by_wall.into_iter().chain(rest).chain(self.leaves_ms()).min()
            }
        }
    }
}
