//! The list of this coordinator's tournaments, for queries and for its heartbeat.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};
use tournament::Tournament;
use wire::{
    Epoch, TournamentId,
    fleet::Load,
    tournament::{CoordinatorsAnswer, CoordinatorsQuery, Phase, TournamentSummary},
};

/// Most tournaments in an answer to a query.
const MOST_LISTED: usize = 1_000;

/// The list that all tasks of this coordinator share.
#[derive(Default)]
pub struct Lobby {
    /// The number of owned partitions.
    pub partitions: AtomicU32,
    lines: Mutex<BTreeMap<TournamentId, Line>>,
}

struct Line {
    epoch: Epoch,
    created_ms: u64,
    summary: TournamentSummary,
}

impl Lobby {
    /// Updates a tournament's line, under the epoch of its owner. A task whose tenure has ended
    /// without its knowledge changes no line of a later epoch.
    pub fn update(&self, tournament: &Tournament, epoch: Epoch) {
        let Some(summary) = tournament.summary() else { return };
        let created_ms = tournament.created_ms();
        let mut lines = self.lines();
        if lines.get(&tournament.id()).is_none_or(|line| line.epoch <= epoch) {
            lines.insert(tournament.id(), Line { epoch, created_ms, summary });
        }
    }

    /// Removes a tournament that this coordinator no longer owns under `epoch`. A line of another
    /// epoch stays.
    pub fn forget(&self, tournament: TournamentId, epoch: Epoch) {
        let mut lines = self.lines();
        if lines.get(&tournament).is_some_and(|line| line.epoch == epoch) {
            lines.remove(&tournament);
        }
    }

    /// Returns this coordinator's part of the answer to a query.
    pub fn answer(&self, query: &CoordinatorsQuery) -> CoordinatorsAnswer {
        let CoordinatorsQuery::Tournaments { limit } = query;
        let lines = self.lines();
        let mut newest: Vec<&Line> = lines.values().collect();
        newest.sort_by_key(|line| (Reverse(line.created_ms), line.summary.tournament));
        newest.truncate(usize::from(*limit).min(MOST_LISTED));
        CoordinatorsAnswer::Tournaments(newest.into_iter().map(|line| line.summary.clone()).collect())
    }

    /// Returns the load for the heartbeat: partitions, and tournaments that have not ended.
    pub fn load(&self) -> Load {
        let open = |line: &&Line| matches!(line.summary.phase, Phase::Registering | Phase::Running);
        let tables = self.lines().values().filter(open).count() as u32;
        Load { partitions: self.partitions.load(Relaxed), tables, ..Load::default() }
    }

    /// Locks the list. It is complete after every statement, so a panic in another task leaves it
    /// usable.
    fn lines(&self) -> MutexGuard<'_, BTreeMap<TournamentId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        Chips,
        tournament::{LevelSpec, Payout, TournamentConfig, TournamentEvent},
    };

    fn tournament(id: u64, at_ms: u64) -> Tournament {
        let level = LevelSpec { small_blind: Chips(1), big_blind: Chips(2), ante: Chips(0), seconds: 60 };
        let config = TournamentConfig {
            name: format!("number {id}"),
            variant: "NT".to_owned(),
            seats: 6,
            max_entries: 10,
            min_entries: 2,
            buy_in: Chips(1),
            fee: Chips(0),
            starting_stack: Chips(100),
            levels: vec![level],
            start_ms: None,
            bots: 0,
            payout: Payout::Standard,
            action_ms: 1_000,
            hand_pause_ms: 0,
            bot_pace_ms: 0,
            absence: wire::table::Absence::default(),
        };
        let mut tournament = Tournament::new(TournamentId(id));
        tournament.evolve(&TournamentEvent::Created { config, at_ms });
        tournament
    }

    #[test]
    fn the_newest_tournaments_come_first_and_only_open_ones_count_as_load() {
        let lobby = Lobby::default();
        for (id, at_ms) in [(1, 50), (2, 70), (3, 60)] {
            lobby.update(&tournament(id, at_ms), Epoch(7));
        }
        let listed = |limit| {
            let CoordinatorsAnswer::Tournaments(all) =
                lobby.answer(&CoordinatorsQuery::Tournaments { limit });
            all.into_iter().map(|summary| summary.tournament.0).collect::<Vec<_>>()
        };
        assert_eq!(listed(10), [2, 3, 1]);
        assert_eq!(listed(2), [2, 3]);
        let mut off = tournament(3, 60);
        off.evolve(&TournamentEvent::Cancelled);
        lobby.update(&off, Epoch(8));
        assert_eq!(lobby.load().tables, 2);
        lobby.forget(TournamentId(3), Epoch(7));
        lobby.update(&tournament(3, 60), Epoch(7));
        assert_eq!((listed(10).len(), lobby.load().tables), (3, 2), "epoch 8 stays");
        lobby.forget(TournamentId(1), Epoch(7));
        assert_eq!((listed(10).len(), lobby.load().tables), (2, 1));
    }
}
