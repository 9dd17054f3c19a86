//! Commands whose answer comes with a later record, and refusals that are remembered.

use super::{Context, host::Host};
use crate::{Aggregate, Answer, Around};
use wire::{Refusal, journal::Cause};

/// Refusals that one aggregate remembers: about as many as commands are queued at a time.
const MAX_REFUSALS: usize = 256;
/// Refusals of one player that one aggregate remembers: a client has as many commands unanswered,
/// and one player's refusals must not drive out those of others.
const MAX_REFUSALS_OF_PLAYER: usize = wire::client::MAX_UNANSWERED;
/// Commands of one aggregate that are held until a later record answers them.
pub const MAX_HELD: usize = 4_096;
/// Repeats of one command that are held; beyond, the oldest is dropped, as its sender has given it
/// up.
const MAX_REPEATS: usize = 4;

impl<A: Aggregate, R> Host<A, R> {
    /// Returns the remembered refusal of the same command.
    pub(super) fn refusal(&self, cause: Cause) -> Option<&Refusal> {
        self.refusals.iter().rev().find(|(known, _)| *known == cause).map(|(_, refusal)| refusal)
    }

    /// Remembers the refusal of a player's command. Transient refusals are not remembered, and
    /// neither are those of the fleet's own commands: they may be accepted later.
    pub(super) fn refused(&mut self, cause: Cause, refusal: &Refusal) {
        if refusal.is_transient() || cause.player.is_none() || self.refusal(cause).is_some() {
            return;
        }
        let of_player = |(known, _): &(Cause, Refusal)| known.player == cause.player;
        let count = self.refusals.iter().filter(|known| of_player(known)).count();
        if count >= MAX_REFUSALS_OF_PLAYER
            && let Some(oldest) = self.refusals.iter().position(of_player)
        {
            self.refusals.remove(oldest);
        } else if self.refusals.len() == MAX_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back((cause, refusal.clone()));
    }

    /// Holds a command until a later record answers it.
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

    /// Answers held commands whose answer is known by now.
    pub(super) fn answer_held<W: Around>(&mut self, context: &mut Context<'_, A, R, W>) {
        for (cause, token) in std::mem::take(&mut self.held) {
            match self.aggregate.answer(cause) {
                Some(Answer::Ready(reply)) => context.reply(Some(token), reply),
                Some(Answer::Pending) => self.held.push((cause, token)),
                // The journal, as it was read again, does not have the command: its sender has to
                // repeat it.
                None => context.turn_away(Some(token)),
            }
        }
    }

    pub(super) const fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }
}
