//! The memory of answered commands, and the state that a journal's records add up to. A repeat of a
//! command gets the first answer, also from the next owner, because the memory is rebuilt from the
//! records' causes. A command of a player whose answer is forgotten is never carried out again
//! ([`EndedRuns`]).

use crate::state::Tournament;
use host::EndedRuns;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use wire::{
    Chips, CommandId, PlayerId, Refusal, TournamentId,
    journal::{Cause, Record},
    tournament::TournamentEvent,
};

/// Commands remembered per player: a client has one or two of them unanswered.
const PER_PLAYER: usize = 4;
/// Commands of the administrator remembered.
const PER_ADMINISTRATOR: usize = 16;
/// Players without an entry (refused or withdrawn) whose commands are remembered, in addition to
/// players with one.
const WITHOUT_ENTRY: usize = 1_024;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The entry is held; the final answer follows the cashier's.
    Pending,
    /// The command is carried out.
    Done,
    /// The command is refused, possibly after it was pending.
    Refused(Refusal),
}

/// A remembered command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RememberedCommand {
    id: CommandId,
    at_ms: u64,
    answer: Answer,
}

/// A tournament and its remembered answers: the content of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    tournament: Tournament,
    players: BTreeMap<PlayerId, VecDeque<RememberedCommand>>,
    administrator: VecDeque<RememberedCommand>,
    /// Programs of players none of whose answers is remembered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ended: BTreeMap<PlayerId, EndedRuns>,
}

impl Saved {
    /// Returns a tournament before its first record.
    #[must_use]
    pub fn new(id: TournamentId) -> Self {
        Self {
            tournament: Tournament::new(id),
            players: BTreeMap::new(),
            administrator: VecDeque::new(),
            ended: BTreeMap::new(),
        }
    }

    /// Returns the tournament.
    #[must_use]
    pub const fn tournament(&self) -> &Tournament {
        &self.tournament
    }

    /// Applies a record: its snapshot when it has one, otherwise its events.
    pub fn carry_out(&mut self, record: Record<TournamentEvent, Self>) {
        match record.state {
            Some(state) => *self = state,
            None => self.evolve(&record),
        }
    }

    /// Applies the events of a record and remembers the command that caused them. The record's
    /// snapshot is not used.
    pub fn evolve(&mut self, record: &Record<TournamentEvent, Self>) {
        let Record { at_ms, resumed, cause, ref events, .. } = *record;
        self.tournament.wrote(at_ms, resumed);
        for event in events {
            self.tournament.evolve(event);
            self.complete(event);
        }
        if let (Some(cause), Some(event)) = (cause, events.first()) {
            self.remember(cause, at_ms, event);
        }
    }

    /// Has levels go by the owner's clock from now on, as in a snapshot of an earlier version.
    pub const fn stop_counting_time(&mut self) {
        self.tournament.core.played = None;
    }

    /// Returns the answer to a command that was carried out and is still remembered. Reports and
    /// confirmations are not remembered: their numbers show that they are repeats.
    #[must_use]
    pub fn answer(&self, cause: Cause) -> Option<&Answer> {
        let remembered = match cause.player {
            Some(player) => self.players.get(&player)?,
            None => &self.administrator,
        };
        remembered.iter().rev().find(|answered| answered.id == cause.id).map(|answered| &answered.answer)
    }

    /// Returns whether a player's command that is not remembered comes after a later one of the
    /// same program, or its ids do not count up.
    #[must_use]
    pub fn is_out_of_date(&self, cause: Cause) -> bool {
        let Some(player) = cause.player else { return false };
        let Some(remembered) = self.players.get(&player) else { return false };
        let none = EndedRuns::default();
        self.ended.get(&player).unwrap_or(&none).is_out_of_date(ids(remembered), cause.id)
    }

    fn remember(&mut self, cause: Cause, at_ms: u64, event: &TournamentEvent) {
        let answer = match event {
            TournamentEvent::EntryReserved { bot: false, .. } => Answer::Pending,
            TournamentEvent::EntryWithdrawn { .. }
            | TournamentEvent::Created { .. }
            | TournamentEvent::Cancelled => Answer::Done,
            _ => return,
        };
        let (remembered, most) = match cause.player {
            Some(player) => (self.players.entry(player).or_default(), PER_PLAYER),
            None => (&mut self.administrator, PER_ADMINISTRATOR),
        };
        let oldest = if remembered.len() == most { remembered.pop_front() } else { None };
        remembered.push_back(RememberedCommand { id: cause.id, at_ms, answer });
        if let Some(player) = cause.player {
            let mut ended = self.ended.remove(&player).unwrap_or_default();
            if let Some(oldest) = oldest {
                ended.forgotten(oldest.id, ids(remembered));
            }
            ended.remembered(cause.id);
            if !ended.is_empty() {
                self.ended.insert(player, ended);
            }
        }
        self.forget();
    }

    /// Replaces the pending answer of a player once the cashier has decided about the entry.
    fn complete(&mut self, event: &TournamentEvent) {
        let (player, answer) = match event {
            TournamentEvent::EntryConfirmed { player } => (player, Answer::Done),
            // The entry was paid too late: the event before this one, in the same record, confirmed
            // it.
            TournamentEvent::EntryWithdrawn { player }
                if self.tournament.phase() != wire::tournament::Phase::Registering =>
            {
                (player, Answer::Refused(Refusal::RegistrationClosed))
            }
            TournamentEvent::EntryRefused { player, refusal } => {
                let refusal = refusal.clone().unwrap_or(Refusal::InsufficientFunds { balance: Chips::ZERO });
                (player, Answer::Refused(refusal))
            }
            _ => return,
        };
        let last = self.players.get_mut(player).and_then(|remembered| remembered.back_mut());
        if let Some(last) = last
            && (last.answer == Answer::Pending || matches!(answer, Answer::Refused(_)))
        {
            last.answer = answer;
        }
    }

    /// Bounds the memory: forgets first the players without an entry whose last command is the
    /// oldest.
    fn forget(&mut self) {
        let has_entry = |player: &PlayerId| self.tournament.stage(*player).is_some();
        let most = self.tournament.entries.len() + WITHOUT_ENTRY;
        if self.players.len() <= most {
            return;
        }
        let outside = self.players.iter().filter(|(player, _)| !has_entry(player));
        let mut oldest: Vec<(u64, PlayerId)> = outside
            .map(|(player, remembered)| (remembered.back().map_or(0, |last| last.at_ms), *player))
            .collect();
        oldest.sort_unstable();
        for (_, player) in oldest.into_iter().take(WITHOUT_ENTRY / 4) {
            self.players.remove(&player);
            self.ended.remove(&player);
        }
    }
}

fn ids(remembered: &VecDeque<RememberedCommand>) -> impl Iterator<Item = CommandId> + Clone {
    remembered.iter().map(|command| command.id)
}
