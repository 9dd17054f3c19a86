//! Queues commands by their priority, and refuses low-priority ones beyond their limits.

use super::{
    Context,
    host::{Host, JournalState},
    queued::QueuedCommand,
};
use crate::{Aggregate, Answer, Around, Limits};
use wire::{Refusal, journal::Cause};

impl<A: Aggregate, R> Host<A, R> {
    /// Queues a command by its priority.
    pub(super) fn put_in_queue<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        context: &mut Context<'_, A, R, W>,
    ) {
        match A::low_priority(&queued.command) {
            Some(limits) => self.queue_low(queued, limits, context),
            None => self.queue.push_back(queued),
        }
    }

    /// Queues a low-priority command, answers it, or refuses it by name when it is beyond its
    /// limits. A repeat of a command that is known or waits uses up nothing.
    fn queue_low<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        limits: Limits,
        context: &mut Context<'_, A, R, W>,
    ) {
        let Some(cause) = queued.cause else { return self.queue.push_back(queued) };
        if let Some(Answer::Ready(reply)) = self.aggregate.answer(cause) {
            return context.reply(queued.token, reply);
        }
        if let Some(refusal) = self.refusal(cause).cloned() {
            return self.refuse_bare(queued, cause, refusal, context);
        }
        if self.low.is_full() {
            return context.turn_away(queued.token);
        }
        let mono_ms = context.now.mono_ms;
        if !self.is_under_way(cause) && !self.low.admit(cause.player, &limits, mono_ms) {
            return self.refuse_bare(queued, cause, limits.refusal, context);
        }
        self.low.push(queued, mono_ms);
    }

    /// Refuses a low-priority command. This answer has no record behind it: until this owner has
    /// written one, the former owner may have carried the command out.
    fn refuse_bare<W: Around>(
        &mut self,
        queued: QueuedCommand<A::Command, R>,
        cause: Cause,
        refusal: Refusal,
        context: &mut Context<'_, A, R, W>,
    ) {
        if !context.around.is_certain() || self.written.is_none() {
            return context.turn_away(queued.token);
        }
        self.refused(cause, &refusal);
        context.refuse(queued.token, refusal);
    }

    /// Returns whether this command waits, or its record is under way.
    fn is_under_way(&self, cause: Cause) -> bool {
        let at_work = match &self.stage {
            JournalState::PendingAppend(writing) => writing.command.as_ref(),
            JournalState::Idle | JournalState::Reading | JournalState::Unread => None,
        };
        let waits = self.queue.iter().any(|queued| queued.cause == Some(cause));
        waits || self.low.has(cause) || at_work.is_some_and(|queued| queued.cause == Some(cause))
    }
}
