//! Low-priority commands of one aggregate: a queue of their own, and limits for each player and for
//! all players together. Chat at a table is one: however much is said, hands go on.

use super::queued::QueuedCommand;
use crate::{Limits, Rate};
use std::collections::{HashMap, VecDeque};
use wire::{PlayerId, journal::Cause};

/// Low-priority commands of one aggregate that may wait, e.g. while the server is away; further
/// ones are refused for now.
const MAX_LOW_QUEUED: usize = 64;
/// A low-priority command that has waited for this long, in milliseconds, goes before commands that
/// are not overdue: the sender's further commands wait for its answer. The limits keep such
/// commands few.
const LOW_WAIT_MS: u64 = 250;
/// Players whose rate is remembered beyond those that used it recently.
const SPARE_PLAYERS: usize = 64;

/// The low-priority commands that wait, and the rates that were used.
pub(super) struct LowPriority<C, R> {
    queue: VecDeque<Waiting<C, R>>,
    all: Used,
    players: HashMap<PlayerId, Used>,
}

struct Waiting<C, R> {
    queued: QueuedCommand<C, R>,
    since_ms: u64,
}

/// How much of a rate is used: the time, by the monotonic clock, at which all of it is free again.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    until_ms: u64,
}

impl Used {
    /// Returns whether one more is within the rate.
    const fn has_room(self, rate: Rate, mono_ms: u64) -> bool {
        let reserve_ms = rate.every_ms.saturating_mul(rate.burst.saturating_sub(1) as u64);
        self.until_ms <= mono_ms.saturating_add(reserve_ms)
    }

    fn add(&mut self, rate: Rate, mono_ms: u64) {
        self.until_ms = self.until_ms.max(mono_ms).saturating_add(rate.every_ms);
    }
}

impl<C, R> Default for LowPriority<C, R> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), all: Used::default(), players: HashMap::new() }
    }
}

impl<C, R> LowPriority<C, R> {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes out the next command; with `overdue`, only one that has waited for too long.
    pub(super) fn next(&mut self, overdue: bool, mono_ms: u64) -> Option<QueuedCommand<C, R>> {
        let goes =
            |first: &mut Waiting<C, R>| !overdue || first.since_ms.saturating_add(LOW_WAIT_MS) <= mono_ms;
        self.queue.pop_front_if(goes).map(|first| first.queued)
    }

    /// Returns whether no further command may wait.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MAX_LOW_QUEUED
    }

    pub(super) fn push(&mut self, queued: QueuedCommand<C, R>, mono_ms: u64) {
        self.queue.push_back(Waiting { queued, since_ms: mono_ms });
    }

    /// Takes all commands out.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = QueuedCommand<C, R>> + use<C, R> {
        std::mem::take(&mut self.queue).into_iter().map(|waiting| waiting.queued)
    }

    /// Returns whether this command waits.
    pub(super) fn has(&self, cause: Cause) -> bool {
        self.queue.iter().any(|waiting| waiting.queued.cause == Some(cause))
    }

    /// Counts one command of this player, if both rates have room for it.
    pub(super) fn admit(&mut self, player: Option<PlayerId>, limits: &Limits, mono_ms: u64) -> bool {
        let used = player.and_then(|player| self.players.get(&player)).copied().unwrap_or_default();
        if !used.has_room(limits.player, mono_ms) || !self.all.has_room(limits.aggregate, mono_ms) {
            return false;
        }
        self.all.add(limits.aggregate, mono_ms);
        if let Some(player) = player {
            self.players.entry(player).or_default().add(limits.player, mono_ms);
        }
        // The rate of all players bounds how many of them have used theirs at a time.
        if self.players.len() > SPARE_PLAYERS {
            self.players.retain(|_, used| used.until_ms > mono_ms);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Refusal;

    const PLAYER: Rate = Rate { every_ms: 500, burst: 3 };
    const ALL: Rate = Rate { every_ms: 100, burst: 5 };

    fn limits() -> Limits {
        Limits { player: PLAYER, aggregate: ALL, refusal: Refusal::TooMuchTalk }
    }

    #[test]
    fn a_player_has_a_burst_and_then_a_rate_and_all_players_together_too() {
        let mut low: LowPriority<(), ()> = LowPriority::default();
        let mut admitted = |player, mono_ms| low.admit(Some(PlayerId(player)), &limits(), mono_ms);
        assert_eq!(
            [0, 0, 0, 0, 499, 500, 501].map(|ms| admitted(1, 1_000 + ms)),
            [true, true, true, false, false, true, false]
        );
        let others: Vec<bool> = (2..9).map(|player| admitted(player, 1_500)).collect();
        assert_eq!(others.iter().filter(|admitted| **admitted).count(), 4, "{others:?}");
        assert!(admitted(9, 1_600));
    }

    #[test]
    fn players_whose_rate_is_free_again_are_forgotten() {
        let mut low: LowPriority<(), ()> = LowPriority::default();
        for player in 0..10_000 {
            assert!(low.admit(Some(PlayerId(player)), &limits(), player * ALL.every_ms));
        }
        assert!(low.players.len() <= SPARE_PLAYERS + 1);
    }
}
