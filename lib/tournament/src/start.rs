//! The start: the time when it is due, the seat draw, and the opening of tables.

use crate::{
    config,
    draw::Draw,
    state::{Core, Tournament},
};
use wire::{
    PlayerId, Refusal, SeatNo, TableId,
    event::Seed,
    table::Level,
    tournament::{Arrival, Instruction, Phase, Then, TournamentEvent},
};

/// The time that a start waits for entries that are still being paid and for bots that are still
/// being entered, in milliseconds. It bounds how long a cashier that does not answer delays the
/// other players.
pub const ENTRY_GRACE_MS: u64 = 30_000;

impl Tournament {
    /// Returns the time when [`crate::Command::Start`] is due, in milliseconds since 1970 (possibly
    /// in the past); `None` while only a command can make it due.
    ///
    /// With a starting time it is that time, or the time when the entries held then are paid, at
    /// most [`ENTRY_GRACE_MS`] later. Without one it is the time when all entries are taken and
    /// paid.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let config = self.core.config.as_ref()?;
        if self.core.phase != Phase::Registering {
            return None;
        }
        match config.start_ms {
            None => (self.core.paid == config.max_entries).then_some(self.core.created_ms),
            Some(start_ms) => {
                let all_paid = self.core.held == self.core.paid && self.core.bots_to_come() == 0;
                Some(if all_paid { start_ms } else { start_ms.saturating_add(ENTRY_GRACE_MS) })
            }
        }
    }

    pub(crate) fn start(&self, seed: Seed, now_ms: u64) -> Result<Vec<TournamentEvent>, Refusal> {
        if self.core.phase != Phase::Registering {
            return Err(Refusal::TournamentPast);
        }
        if self.next_deadline_ms().is_none_or(|due_ms| now_ms < due_ms) {
            return Err(Refusal::NotAtThisStage);
        }
        let fewest = self.core.config.as_ref().map_or(2, |config| config.min_entries.max(2));
        if self.core.paid < fewest {
            return Ok(vec![TournamentEvent::Cancelled]);
        }
        Ok(vec![TournamentEvent::Started { at_ms: now_ms, seed, counts_time: true }])
    }

    /// Opens the next tables under the given ids and seats the players whom the draw put there. Ids
    /// that are in use are skipped, as are ids beyond the number of tables still to open.
    pub(crate) fn open(&self, ids: &[TableId], level: Level) -> Vec<TournamentEvent> {
        let (Some(config), Some(seed)) = (&self.core.config, &self.core.seed) else { return Vec::new() };
        if self.core.phase != Phase::Running {
            return Vec::new();
        }
        let seating = self.seating(seed);
        let mut fresh: Vec<TableId> = Vec::new();
        for id in ids {
            if !self.tables.contains_key(id) && !self.closed.contains(id) && !fresh.contains(id) {
                fresh.push(*id);
            }
        }
        fresh.truncate(self.core.unopened() as usize);
        let mut events = Vec::new();
        let tables = self.open_tables() + fresh.len();
        for (number, (table, arrivals)) in (self.core.opened..).zip(fresh.into_iter().zip(seating)) {
            let config = config::table_config(self.id(), config, number + 1, level);
            events.push(TournamentEvent::TableOpened { table, config });
            let instruction = Instruction {
                number: 1,
                level,
                remove: Vec::new(),
                then: if arrivals.len() < 2 { Then::Wait } else { Then::Play },
                add: arrivals,
                stats: self.core.stats(tables),
            };
            events.push(TournamentEvent::Instructed { table, instruction });
        }
        events
    }

    /// Draws seats (TDA 7), table by table, from the next table to open on. The result depends on
    /// the field and the seed alone, so that it is the same for every batch of tables. The numbers
    /// of players differ by at most one.
    fn seating(&self, seed: &Seed) -> Vec<Vec<Arrival>> {
        let stack = self.core.config.as_ref().map(|config| config.starting_stack).unwrap_or_default();
        let field = self.entries.iter().filter(|(_, entry)| entry.stage.is_in_field());
        let mut players: Vec<PlayerId> = field.map(|(&player, _)| player).collect();
        let mut draw = Draw::new(seed, 0);
        draw.shuffle(&mut players);
        let tables = self.core.first_tables().max(1) as usize;
        let mut seating = Vec::new();
        for table in 0..tables {
            let mut seats: Vec<SeatNo> = (0..self.core.seats()).collect();
            draw.shuffle(&mut seats);
            let here = players.iter().skip(table).step_by(tables);
            let drawn = here.zip(seats).filter_map(|(&player, seat)| {
                let entry = self.entries.get(&player)?;
                Some(Arrival { player, name: entry.name.clone(), bot: entry.bot, stack, seat })
            });
            let mut arrivals: Vec<Arrival> = drawn.collect();
            arrivals.sort_by_key(|arrival| arrival.seat);
            seating.push(arrivals);
        }
        seating.split_off(self.core.opened.min(tables as u32) as usize)
    }
}

impl Core {
    /// Returns the number of tables that are still to be opened.
    pub(crate) fn unopened(&self) -> u32 {
        match self.phase {
            Phase::Running => self.first_tables().saturating_sub(self.opened),
            _ => 0,
        }
    }
}
