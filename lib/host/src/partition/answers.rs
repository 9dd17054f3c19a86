//! Those who wait for an answer that comes with a later record, and refusals that are remembered.

use super::{Context, host::Host};
use crate::{Aggregate, Answer, Around};
use wire::{Refusal, journal::Cause};

/// Refusals that are remembered: as many as commands usually can wait.
const MAX_REFUSALS: usize = 256;
/// Commands that wait for an answer that comes with a later record, at one aggregate.
pub const MAX_HELD: usize = 4_096;
/// Repeats of one command that wait so: the oldest have been given up by their senders.
const MAX_REPEATS: usize = 4;

impl<A: Aggregate, R> Host<A, R> {
    /// What the same command was refused for, if it was.
    pub(super) fn refusal(&self, cause: Cause) -> Option<&Refusal> {
        self.refusals.iter().rev().find(|(known, _)| *known == cause).map(|(_, refusal)| refusal)
    }

    /// Remembers a player's refusal. One for a passing reason is no answer; the fleet's own
    /// commands may be refused now and be in place later.
    pub(super) fn refused(&mut self, cause: Cause, refusal: &Refusal) {
        if refusal.is_transient() || cause.player.is_none() || self.refusal(cause).is_some() {
            return;
        }
        if self.refusals.len() == MAX_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back((cause, refusal.clone()));
    }

    /// Keeps whoever waits for an answer that comes with a later record.
    pub(super) fn hold<W: Around>(&mut self, cause: Cause, token: R, context: &mut Context<'_, A, R, W>) {
        if self.held.len() >= MAX_HELD || context.releasing {
            return context.turn_away(Some(token));
        }
        let repeats = self.held.iter().filter(|(known, _)| *known == cause).count();
        if repeats >= MAX_REPEATS
            && let Some(oldest) = self.held.iter().position(|(known, _)| *known == cause)
        {
            self.held.remove(oldest);
        }
        self.held.push((cause, token));
    }

    /// Answers those whose answer has come meanwhile.
    pub(super) fn answer_held<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        for (cause, token) in std::mem::take(&mut self.held) {
            match self.aggregate.answer(cause) {
                Some(Answer::Ready(reply)) => context.reply(Some(token), reply),
                Some(Answer::Pending) => self.held.push((cause, token)),
                // It is not in the journal as that was read: it has to be sent again.
                None => context.turn_away(Some(token)),
            }
        }
    }

    pub(super) const fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }
}
