//! From a decision to its consequences: queued commands are decided and appended; answers, news and
//! effects follow once the record is stored.

use super::{
    Context,
    host::{Host, JournalState, PendingAppend},
    queued::QueuedCommand,
};
use crate::{Aggregate, Answer, Around, NotRecorded, NotStored, Now, Output, RecordOf};
use wire::{
    Refusal, VERSION,
    journal::{Cause, Record},
};

/// A record that took longer than this to be stored was delayed by an outage, in milliseconds.
const HELD_UP_MS: u64 = 1_000;
/// A clock that runs ahead of the monotonic one by more than one part in so many, and
/// [`CLOCK_SLACK_MS`], was set. An owner's clock is drawn towards its machine's by half as much
/// (`docs/decisions/0037-clocks.md`).
const CLOCK_PART: u64 = 50;
/// See [`CLOCK_PART`]; in milliseconds.
const CLOCK_SLACK_MS: u64 = 50;
/// Records of the whole stream after which an aggregate at rest stores its state again. A trimmed
/// stream then holds at most about twice as many (the archive keeps two snapshots of each table),
/// and where 3,400 tables share a stream and only one plays, a tenth of the written bytes are
/// renewed snapshots.
const RENEW_AFTER: u64 = 32_768;

impl<A: Aggregate, R> Host<A, R> {
    /// Carries out all that is due: the clock's decisions, due reminders, and queued commands.
    pub(super) fn go_on<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        while matches!(self.stage, JournalState::Idle) && !context.releasing {
            if self.is_clock_next(context.now.wall_ms) && self.tick(context) {
                continue;
            }
            if let Some(news) = self.aggregate.reminder(context.now.wall_ms) {
                context.outputs.push(Output::Tell { id: context.id, news, answers: None });
            }
            match self.next_queued(context.now.mono_ms) {
                Some(queued) => {
                    let queued = self.together(queued);
                    self.carry_out(queued, context);
                }
                None if self.tick(context) => {}
                None => break,
            }
        }
    }

    /// Returns whether a deadline has passed and no command is left that waited already when that
    /// was noticed: an action that came in time is not late because of other commands, and
    /// commands that keep coming do not stop the clock.
    fn is_clock_next(&mut self, now_ms: u64) -> bool {
        if self.queue.is_empty() && self.low.is_empty() {
            self.clock.ahead = None;
            return false;
        }
        let has_passed = self.aggregate.next_deadline_ms().is_some_and(|deadline_ms| deadline_ms <= now_ms);
        self.clock.ahead = has_passed.then(|| self.clock.ahead.unwrap_or(self.queue.len()));
        self.clock.ahead == Some(0)
    }

    /// Takes the next command out of the queues.
    fn next_queued(&mut self, mono_ms: u64) -> Option<QueuedCommand<A::Command, R>> {
        let overdue = self.low.next(true, mono_ms);
        overdue.or_else(|| self.pop_queued()).or_else(|| self.low.next(false, mono_ms))
    }

    fn pop_queued(&mut self) -> Option<QueuedCommand<A::Command, R>> {
        let queued = self.queue.pop_front()?;
        self.clock.ahead = self.clock.ahead.map(|ahead| ahead.saturating_sub(1));
        Some(queued)
    }

    /// Merges commands from effects' answers that came together, as far as possible.
    fn together(&mut self, mut queued: QueuedCommand<A::Command, R>) -> QueuedCommand<A::Command, R> {
        while queued.cause.is_none()
            && let Some(next) = self.queue.pop_front_if(|next| next.cause.is_none())
        {
            if let Some(command) = A::merge(&mut queued.command, next.command) {
                self.queue.push_front(QueuedCommand { command, ..next });
                break;
            }
        }
        queued
    }

    fn carry_out<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        context: &mut Context<'_, A, R, W>,
    ) {
        if let Some(reply) = self.look(&queued, context) {
            return context.reply(queued.token, reply);
        }
        let mut known = None;
        if let Some(cause) = queued.cause {
            match self.aggregate.answer(cause) {
                Some(Answer::Ready(reply)) => return context.reply(queued.token, reply),
                Some(Answer::Pending) => {
                    if let Some(token) = queued.token {
                        self.hold(cause, token, context);
                    }
                    return;
                }
                None => known = self.refusal(cause).cloned(),
            }
        }
        let decided = match known {
            Some(refusal) => Err(refusal),
            None => {
                let (now, resumed) = (context.now, self.is_resumed(context.now));
                self.aggregate.decide(queued.cause, &queued.command, now.wall_ms, resumed)
            }
        };
        match decided {
            Ok(events) if !events.is_empty() => self.write(Some(queued), events, context),
            Err(refusal) if refusal.is_transient() => context.refuse(queued.token, refusal),
            // This answer would have no record behind it.
            Ok(_) | Err(_) if queued.token.is_some() && self.is_unfenced() => self.fence(queued, context),
            decided => self.answer_bare(queued, decided.err(), context),
        }
    }

    /// Returns whether a former owner may still carry out what this owner refuses. No owner changes
    /// an aggregate that is over.
    fn is_unfenced(&self) -> bool {
        self.written.is_none() && !self.aggregate.is_over()
    }

    /// Writes a record without events, by which no former owner can write any more, and decides the
    /// command anew once it is stored. Else a former owner that took the same command in might
    /// still carry out what is refused here (`docs/decisions/0053-fences.md`).
    fn fence<W: Around>(&mut self, queued: QueuedCommand<A::Command, R>, context: &mut Context<'_, A, R, W>) {
        if !context.around.is_certain() {
            return context.turn_away(queued.token);
        }
        let record = self.record(None, Vec::new(), context);
        self.append(record, Some(queued), false, context);
    }

    /// Gives an answer without a record behind it, if ownership is certain; else the sender has to
    /// repeat the command.
    fn answer_bare<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        refusal: Option<Refusal>,
        context: &mut Context<'_, A, R, W>,
    ) {
        let Some(cause) = queued.cause else {
            let id = context.id;
            context.outputs.extend(refusal.map(|refusal| Output::Declined { id, refusal }));
            return;
        };
        if !context.around.is_certain() {
            return context.turn_away(queued.token);
        }
        match refusal {
            Some(refusal) => {
                self.refused(cause, &refusal);
                context.refuse(queued.token, refusal);
            }
            None => {
                let reply = self.aggregate.reply(&queued.command);
                context.reply(queued.token, reply);
            }
        }
    }

    /// Records the clock's decisions. No turn runs out because of an outage: neither during one nor
    /// when one fell into the turn; the turn gets its full time again. After a record that was only
    /// late, the turn is extended when its time is over and not before: under overload an extra
    /// record for each late one would keep the overload up.
    ///
    /// Returns whether the clock decided.
    fn tick<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) -> bool {
        if self.pause.until_ms > context.now.mono_ms {
            return false;
        }
        let now_ms = context.now.wall_ms;
        let outages = Some(context.around.outages());
        let is_over = || self.aggregate.next_deadline_ms().is_some_and(|deadline_ms| deadline_ms <= now_ms);
        let mut events = Vec::new();
        if self.clock.outages != outages || !context.around.is_well() || self.clock.held_up && is_over() {
            (self.clock.outages, self.clock.held_up) = (outages, false);
            events = self.aggregate.resume(now_ms);
        }
        if events.is_empty() {
            events = self.aggregate.tick(now_ms, || context.around.seed());
        }
        let decided = !events.is_empty();
        if decided {
            self.clock.ahead = None;
            self.write(None, events, context);
        }
        decided
    }

    /// Returns whether the aggregate is at rest and its last snapshot lies so far behind the
    /// stream's newest record that it would keep the stream from being trimmed.
    pub(super) fn is_renewal_due(&self, newest: u64, mono_ms: u64) -> bool {
        let is_far = self.position.snapshot + RENEW_AFTER < newest;
        is_far && self.is_at_rest(mono_ms) && !self.aggregate.is_over()
    }

    /// Returns whether the aggregate is at rest and a former owner may still have written to it.
    pub(super) fn is_fence_due(&self, mono_ms: u64) -> bool {
        self.is_at_rest(mono_ms) && self.is_unfenced()
    }

    /// Returns whether the aggregate exists, no command waits, and a record may be written.
    fn is_at_rest(&self, mono_ms: u64) -> bool {
        let waits = !self.queue.is_empty() || !self.low.is_empty();
        let is_idle = matches!(self.stage, JournalState::Idle) && self.pause.until_ms <= mono_ms;
        is_idle && !waits && self.position.last > 0
    }

    /// Writes a record without events, which finds what a former owner has written.
    pub(super) fn fence_at_rest<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        let record = self.record(None, Vec::new(), context);
        self.append(record, None, false, context);
    }

    /// Starts to store the aggregate's state again.
    pub(super) fn renew<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        let events = A::renewed();
        if !events.is_empty() {
            self.write(None, events, context);
        }
    }

    /// Writes the first record.
    pub(super) fn create<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        events: Vec<A::Event>,
        context: &mut Context<'_, A, R, W>,
    ) {
        self.clock.outages = Some(context.around.outages());
        self.write(Some(queued), events, context);
    }

    fn write<W: Around>(
        &mut self,
        queued: Option<QueuedCommand<A::Command, R>>,
        events: Vec<A::Event>,
        context: &mut Context<'_, A, R, W>,
    ) {
        let patient = !self.aggregate.is_for_now_only(&events, context.now.wall_ms);
        let cause = queued.as_ref().and_then(|queued| queued.cause);
        let record = self.record(cause, events, context);
        self.append(record, queued, patient, context);
    }

    /// Returns the next record of the journal.
    fn record<W>(
        &mut self,
        cause: Option<Cause>,
        events: Vec<A::Event>,
        context: &Context<'_, A, R, W>,
    ) -> RecordOf<A> {
        let (epoch, at_ms, resumed) = (context.epoch, context.now.wall_ms, self.is_resumed(context.now));
        let mut record = Record { v: VERSION, epoch, at_ms, resumed, cause, events, state: None };
        record.state = self.aggregate.snapshot(&record, self.position.last == 0);
        record
    }

    /// Returns [`Record::resumed`] of a record that is written now: whether the last record was not
    /// written here, or the clock that records are dated by has gone on since by more than the
    /// monotonic one.
    fn is_resumed(&self, now: Now) -> bool {
        let goes_on = self.written.is_some_and(|last| {
            let passed_ms = now.mono_ms.saturating_sub(last.mono_ms);
            let most_ms = passed_ms + passed_ms / CLOCK_PART + CLOCK_SLACK_MS;
            now.wall_ms.saturating_sub(last.wall_ms) <= most_ms
        });
        self.position.last > 0 && !goes_on
    }

    fn append<W: Around>(
        &mut self,
        record: RecordOf<A>,
        command: Option<QueuedCommand<A::Command, R>>,
        patient: bool,
        context: &mut Context<'_, A, R, W>,
    ) {
        match A::encode(&record) {
            Ok(payload) => {
                let (bytes, snapshot) = (payload.len(), record.state.is_some());
                let (id, after) = (context.id, self.position);
                context.outputs.push(Output::Append { id, after, payload, snapshot, patient });
                let since_ms = context.now.mono_ms;
                self.stage = JournalState::PendingAppend(PendingAppend { record, command, bytes, since_ms });
            }
            Err(error) => self.not_recorded(command, NotRecorded::Encoding(error.to_string()), context),
        }
    }

    /// Applies a record that is stored: only now may others know of it.
    pub(super) fn stored<W: Around>(&mut self, sequence: u64, context: &mut Context<'_, A, R, W>) {
        let Some(PendingAppend { record, command, bytes, since_ms }) = self.take_writing() else { return };
        let snapshot = record.state.is_some();
        self.position.last = sequence;
        if snapshot {
            self.position.snapshot = sequence;
        }
        self.written = Some(Now { wall_ms: record.at_ms, mono_ms: since_ms });
        self.pause = Default::default();
        self.clock.held_up |= context.now.mono_ms.saturating_sub(since_ms) > HELD_UP_MS;
        self.aggregate.wrote(bytes, snapshot);
        let events = self.aggregate.evolve(record);
        if self.aggregate.is_over() {
            self.stay(context.now.mono_ms);
        }
        if events.is_empty() {
            self.decide_fenced(command, context);
        } else {
            self.tell(command, events, context);
        }
        self.start_effects(context);
        self.go_on(context);
    }

    /// Puts the command for which a record without events was written in front of the queue.
    fn decide_fenced<W: Around>(
        &mut self,
        command: Option<QueuedCommand<A::Command, R>>,
        context: &mut Context<'_, A, R, W>,
    ) {
        match command {
            Some(queued) if context.releasing => context.turn_away(queued.token),
            Some(queued) => self.queue.push_front(queued),
            None => {}
        }
    }

    /// Answers the command of a stored record, and sends the record's news.
    fn tell<W: Around>(
        &mut self,
        command: Option<QueuedCommand<A::Command, R>>,
        events: Vec<A::Event>,
        context: &mut Context<'_, A, R, W>,
    ) {
        let settles = self.is_holding() && events.iter().any(A::settles);
        let news = self.aggregate.news(events);
        let mut answers = None;
        if let Some(QueuedCommand { cause: Some(cause), command, token: Some(token), rides, .. }) = command {
            let reply = match self.aggregate.answer(cause) {
                Some(Answer::Ready(reply)) => Some(reply),
                Some(Answer::Pending) => None,
                None => Some(self.aggregate.reply(&command)),
            };
            match reply {
                Some(reply)
                    if rides && news.as_ref().is_some_and(|news| self.aggregate.is_told_by(news, &reply)) =>
                {
                    answers = Some(token);
                }
                Some(reply) => context.reply(Some(token), reply),
                None => self.hold(cause, token, context),
            }
        }
        if settles {
            self.answer_held(context);
        }
        if let Some(news) = news {
            context.outputs.push(Output::Tell { id: context.id, news, answers });
        }
    }

    pub(super) fn not_stored<W: Around>(&mut self, reason: NotStored, context: &mut Context<'_, A, R, W>) {
        let Some(PendingAppend { mut record, command, bytes, .. }) = self.take_writing() else { return };
        if context.releasing {
            return context.turn_away(command.and_then(|command| command.token));
        }
        match reason {
            // The command is decided anew.
            NotStored::Conflict => {
                if let Some(command) = command {
                    self.queue.push_front(command);
                }
                self.read_again(context);
            }
            // A time-out that was not stored during an outage is decided anew.
            NotStored::NotNow => {
                self.clock.outages = None;
                context.turn_away(command.and_then(|command| command.token));
                self.go_on(context);
            }
            NotStored::TooLarge if record.state.is_some() => {
                self.aggregate.snapshot_too_large(bytes);
                record.state = None;
                self.append(record, command, true, context);
            }
            NotStored::TooLarge => self.not_recorded(command, NotRecorded::TooLarge(bytes), context),
            NotStored::Failed(reason) => self.not_recorded(command, NotRecorded::Failed(reason), context),
        }
    }

    /// Gives a decision up: refuses its command, and pauses, as the aggregate might decide the same
    /// again at once.
    fn not_recorded<W: Around>(
        &mut self,
        command: Option<QueuedCommand<A::Command, R>>,
        reason: NotRecorded,
        context: &mut Context<'_, A, R, W>,
    ) {
        let refusal = match &reason {
            NotRecorded::Encoding(_) | NotRecorded::TooLarge(_) => Refusal::bad_message(reason.to_string()),
            NotRecorded::Failed(_) => Refusal::unavailable(A::NAME),
        };
        context.outputs.push(Output::NotRecorded { id: context.id, reason });
        context.refuse(command.and_then(|command| command.token), refusal);
        if self.position.last == 0 {
            return self.go(&context.unknown(), context);
        }
        self.pause.grow(context.now.mono_ms);
        self.go_on(context);
    }

    fn take_writing(&mut self) -> Option<PendingAppend<A, R>> {
        match std::mem::replace(&mut self.stage, JournalState::Idle) {
            JournalState::PendingAppend(writing) => Some(writing),
            other => {
                self.stage = other;
                None
            }
        }
    }
}
