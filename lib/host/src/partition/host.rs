//! One aggregate in the hands of its owner: the state as of the last stored record, commands that
//! wait their turn, and those who wait for an answer.

use super::{Context, IDLE_MS};
use crate::{
    Aggregate, Around, EffectResult, Journaled, Now, Output, Past, Position, ReadError, RecordOf, Running,
    running::pause_ms,
};
use std::collections::VecDeque;
use wire::{Epoch, Refusal, journal::Cause};

/// A deadline that has passed without any consequence is looked at again after this time, in
/// milliseconds.
const OVERDUE_MS: u64 = 100;

/// A command that waits its turn.
pub(super) struct QueuedCommand<C, R> {
    pub(super) cause: Option<Cause>,
    pub(super) command: C,
    /// Who wants an answer; nobody to what came back from outside.
    pub(super) token: Option<R>,
    /// Whether the answer may ride on news.
    pub(super) rides: bool,
    /// Whether it was made sure that the owner before had written nothing more when this was
    /// decided.
    pub(super) checked: bool,
}

impl<C, R> QueuedCommand<C, R> {
    pub(super) const fn asked(cause: Cause, command: C, token: R, rides: bool) -> Self {
        Self { cause: Some(cause), command, token: Some(token), rides, checked: false }
    }

    const fn own(command: C) -> Self {
        Self { cause: None, command, token: None, rides: false, checked: false }
    }
}

/// What is under way at the journal.
pub(super) enum JournalState<A: Aggregate, R> {
    Idle,
    PendingAppend(PendingAppend<A, R>),
    Checking(QueuedCommand<A::Command, R>),
    Reading,
    /// It could not be read: it is to be read again.
    Unread,
}

/// A record on its way into the journal.
pub(super) struct PendingAppend<A: Aggregate, R> {
    pub(super) record: RecordOf<A>,
    pub(super) command: Option<QueuedCommand<A::Command, R>>,
    pub(super) bytes: usize,
    pub(super) since_ms: u64,
}

/// Whether the clock says what it should.
pub(super) struct Clock {
    /// The outages that it has been extended for; none: it is to be extended in any case.
    pub(super) outages: Option<u64>,
    /// Whether a record was stored late, so that somebody may have had less time than the clock
    /// says.
    pub(super) held_up: bool,
}

/// A pause after something that would fail again at once.
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

/// See the module.
pub(super) struct Host<A: Aggregate, R> {
    pub(super) aggregate: A,
    pub(super) position: Position,
    pub(super) queue: VecDeque<QueuedCommand<A::Command, R>>,
    pub(super) stage: JournalState<A, R>,
    /// Whether a record was stored since it was read: from then on no earlier owner can write.
    pub(super) written: bool,
    pub(super) clock: Clock,
    pub(super) pause: Pause,
    pub(super) running: Running<A::Key>,
    /// The wake-up that is armed for it, by the monotonic clock.
    pub(super) armed_ms: Option<u64>,
    /// The epoch of a newer owner, once one is known.
    pub(super) newer: Option<Epoch>,
    /// Those whose answer comes with a later record.
    pub(super) held: Vec<(Cause, R)>,
    /// What was refused lately, oldest first. A repeat that was under way when the refusal was
    /// answered must not be carried out after all, and repeats of one command reach one owner or
    /// come seconds later: so this needs no journal.
    pub(super) refusals: VecDeque<(Cause, Refusal)>,
    /// When somebody asked for it last, if anybody did.
    asked_ms: Option<u64>,
    /// Whether there is no such thing (any more).
    gone: bool,
}

/// An aggregate out of its journal.
pub(super) struct LoadedAggregate<A: Aggregate> {
    pub(super) aggregate: A,
    pub(super) epoch: Epoch,
    pub(super) last: Vec<A::Event>,
}

/// An aggregate out of its records.
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
            stage: JournalState::Idle,
            written: false,
            clock: Clock { outages: None, held_up: false },
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
            JournalState::Idle | JournalState::Checking(_) | JournalState::Reading | JournalState::Unread => {
                None
            }
        }
    }

    /// A command has come in.
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
        self.queue.push_back(queued);
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

    /// It has been read after a takeover. What it last told is repeated for those who may have
    /// missed it; who is waited for gets the full time back.
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
        if let Some(news) = self.aggregate.retell(last) {
            context.outputs.push(Output::Tell { id: context.id, news, answers: None });
        }
        self.start_effects(context);
        self.go_on(context);
    }

    /// It has been read again after somebody else had written.
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
                (self.stage, self.written) = (JournalState::Idle, false);
                (self.clock, self.pause) = (Clock { outages: None, held_up: false }, Pause::default());
                context.outputs.push(Output::Loaded { id: context.id });
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

    /// There is no such thing (any more): everybody who waits is refused.
    pub(super) fn go<W: Around>(&mut self, refusal: &Refusal, context: &mut Context<'_, A, R, W>) {
        self.stage = JournalState::Idle;
        self.gone = true;
        self.queue.retain(|queued| queued.token.is_some());
        self.send_away(refusal, context);
    }

    /// Refuses everybody who waits for an answer. What came back from outside stays.
    fn send_away<W: Around>(&mut self, refusal: &Refusal, context: &mut Context<'_, A, R, W>) {
        for queued in &mut self.queue {
            context.refuse(queued.token.take(), refusal.clone());
        }
        self.queue.retain(|queued| queued.cause.is_none());
        for (_, token) in self.held.drain(..) {
            context.refuse(Some(token), refusal.clone());
        }
    }

    /// Nothing new is begun from now on.
    pub(super) fn release<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        let unavailable = Refusal::unavailable(A::NAME);
        if let JournalState::Checking(queued) = &mut self.stage {
            context.refuse(queued.token.take(), unavailable.clone());
            self.stage = JournalState::Idle;
        }
        self.send_away(&unavailable, context);
    }

    /// An attempt at an effect has ended.
    pub(super) fn returned<W: Around>(
        &mut self,
        key: &A::Key,
        outcome: EffectResult<A::Command>,
        context: &mut Context<'_, A, R, W>,
    ) {
        let known = match outcome {
            EffectResult::Heard => self.running.heard(key),
            EffectResult::Failed => self.running.rest(key, context.now.mono_ms),
            // Should it change nothing, the effect is due still, and tried again.
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

    /// Starts what is left to be done outside and does not run yet, and stops what is needed no
    /// more.
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

    /// Its time has come.
    pub(super) fn wake<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        match self.stage {
            JournalState::Unread if self.pause.until_ms <= context.now.mono_ms => self.read_again(context),
            JournalState::Idle => {
                self.start_effects(context);
                self.go_on(context);
            }
            JournalState::Unread
            | JournalState::Reading
            | JournalState::Checking(_)
            | JournalState::PendingAppend(_) => {}
        }
    }

    /// Has the journal read, because it is not what it is taken for.
    pub(super) fn read_again<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        self.stage = JournalState::Reading;
        context.outputs.push(Output::Read { id: context.id, within_ms: super::unread::READ_MS });
    }

    /// Whether it leaves memory.
    pub(super) fn is_leaving(&self, mono_ms: u64) -> bool {
        self.gone || (self.leaves_ms().is_some_and(|leaves_ms| leaves_ms <= mono_ms))
    }

    /// Lets it stay in memory as if somebody had asked for it.
    pub(super) const fn stay(&mut self, mono_ms: u64) {
        self.asked_ms = Some(mono_ms);
    }

    /// When it leaves memory, if nobody asks for it until then.
    fn leaves_ms(&self) -> Option<u64> {
        let is_idle = matches!(self.stage, JournalState::Idle)
            && self.queue.is_empty()
            && self.held.is_empty()
            && self.running.is_idle();
        (is_idle && self.position.last > 0 && self.aggregate.is_over())
            .then(|| self.asked_ms.map_or(0, |asked_ms| asked_ms + IDLE_MS))
    }

    /// When it wants to be looked at, by the monotonic clock.
    pub(super) fn next_wake_ms(&mut self, now: Now) -> Option<u64> {
        match self.stage {
            // What comes of it decides when to wake.
            JournalState::PendingAppend(_) | JournalState::Checking(_) | JournalState::Reading => None,
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
