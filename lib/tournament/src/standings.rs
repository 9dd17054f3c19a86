//! The standings of a tournament, for players and for the lobby.

use crate::{
    entry::{Entry, EntryStatus},
    state::Tournament,
    table::Table,
};
use std::cmp::Reverse;
use wire::{
    Chips, PlayerId, TableId,
    tournament::{Phase, Standing, Standings, TournamentSummary},
};

impl Tournament {
    /// Returns the standings with at most `limit` players; `None` before the tournament is created.
    /// Their level is that of the last record's time.
    #[must_use]
    pub fn standings(&self, limit: u32, now_ms: u64) -> Option<Standings> {
        let config = self.core.config.clone()?;
        let open = self.tables.iter().filter(|(_, table)| !table.is_closing());
        let count = open.clone().count();
        let there = open.filter(|(_, table)| table.is_there());
        let mut tables: Vec<(u32, TableId)> = there.map(|(&id, table)| (table.number, id)).collect();
        tables.sort_unstable();
        Some(Standings {
            tournament: self.id(),
            phase: self.core.phase,
            level: self.core.level(now_ms, true),
            stats: self.core.stats(count),
            prize_pool: config.buy_in.times(u64::from(self.core.paid)),
            config,
            hands: self.core.hands,
            actions: self.core.actions,
            started_ms: self.core.started_ms,
            settled: self.core.settled,
            tables: tables.into_iter().map(|(_, id)| id).collect(),
            players: self.ranking(limit as usize),
        })
    }

    /// Returns the tournament's line in the lobby; `None` before it is created.
    #[must_use]
    pub fn summary(&self) -> Option<TournamentSummary> {
        let config = self.core.config.as_ref()?;
        let stats = self.core.stats(0);
        Some(TournamentSummary {
            tournament: self.id(),
            name: config.name.clone(),
            variant: config.variant.clone(),
            phase: self.core.phase,
            entries: stats.entries,
            max_entries: config.max_entries,
            players_left: stats.players_left,
            buy_in: config.buy_in,
            fee: config.fee,
        })
    }

    /// Ranks players: those left by chips, then those who are bust by place. Before the start the
    /// order is that of registration.
    fn ranking(&self, limit: usize) -> Vec<Standing> {
        let field = self.entries.iter().filter(|(_, entry)| entry.stage.is_in_field());
        let mut field: Vec<(PlayerId, &Entry)> = field.map(|(&player, entry)| (player, entry)).collect();
        if field.len() > limit {
            // The whole field is not sorted, because it may have 100,000 players.
            field.select_nth_unstable_by_key(limit, |(player, entry)| order(*player, entry));
            field.truncate(limit);
        }
        field.sort_unstable_by_key(|(player, entry)| order(*player, entry));
        (1..).zip(field).map(|(rank, (player, entry))| self.standing(rank, player, entry)).collect()
    }

    fn standing(&self, rank: u32, player: PlayerId, entry: &Entry) -> Standing {
        let (place, prize) = match entry.stage {
            EntryStatus::Placed { place, prize } => (place, prize),
            _ => (rank, Chips::ZERO),
        };
        let playing = self.core.phase == Phase::Running;
        Standing {
            place,
            player,
            name: entry.name.clone(),
            bot: entry.bot,
            stack: entry.stack,
            table: entry
                .stage
                .table()
                .filter(|id| playing && self.tables.get(id).is_some_and(Table::is_there)),
            prize,
        }
    }
}

/// Returns the sort key: smaller is better.
fn order(player: PlayerId, entry: &Entry) -> (u32, Reverse<Chips>, u32, PlayerId) {
    let place = match entry.stage {
        EntryStatus::Placed { place, .. } => place,
        _ => 0,
    };
    (place, Reverse(entry.stack), entry.number, player)
}
