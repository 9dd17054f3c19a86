//! Application of events. It cannot fail: an event that names an unknown player or table is
//! ignored.

use crate::{
    entry::{Entry, EntryStatus},
    ground::Ground,
    played::Played,
    state::Tournament,
    table::Table,
};
use wire::{
    Chips, PlayerId, SeatNo, TableId,
    tournament::{Instruction, Phase, Place, Report, TournamentEvent},
};

impl Tournament {
    /// Takes note of the time of a record, before its events are applied. `resumed` is that of the
    /// record.
    pub fn wrote(&mut self, at_ms: u64, resumed: bool) {
        if self.core.phase == Phase::Running
            && let Some(played) = &mut self.core.played
        {
            played.wrote(at_ms, resumed);
        }
    }

    /// Applies an event.
    pub fn evolve(&mut self, event: &TournamentEvent) {
        match event {
            TournamentEvent::Created { config, at_ms } => {
                self.core.config = Some(config.clone());
                self.core.created_ms = *at_ms;
            }
            TournamentEvent::EntryReserved { player, name, bot } => {
                self.entry_reserved(*player, name, *bot);
            }
            TournamentEvent::EntryConfirmed { player } => self.entry_confirmed(*player),
            TournamentEvent::EntryRefused { player, .. } => self.entry_refused(*player),
            TournamentEvent::EntryWithdrawn { player } => self.entry_withdrawn(*player),
            TournamentEvent::EntryRefunded { player } => {
                self.unresolved.remove(player);
                self.entries.remove(player);
            }
            TournamentEvent::Started { at_ms, seed, counts_time } => {
                self.core.phase = Phase::Running;
                self.core.played = counts_time.then(|| Played::begun(*at_ms));
                self.core.started_ms = *at_ms;
                self.core.seed = Some(*seed);
                self.core.left = self.core.paid;
                let stack = self.config().map_or(Chips::ZERO, |config| config.starting_stack);
                for entry in self.entries.values_mut().filter(|entry| entry.stage.is_in_field()) {
                    entry.stack = stack;
                }
            }
            TournamentEvent::TableOpened { table, config } => {
                self.core.opened += 1;
                self.tables.insert(*table, Table::new(self.core.opened, config.clone()));
            }
            TournamentEvent::Settled => self.core.settled = true,
            TournamentEvent::Cancelled => self.cancelled(),
            TournamentEvent::HandReported { .. }
            | TournamentEvent::Busted { .. }
            | TournamentEvent::Instructed { .. }
            | TournamentEvent::InstructionApplied { .. }
            | TournamentEvent::MoveOrdered { .. }
            | TournamentEvent::Finished { .. } => play(self, event),
        }
    }

    fn entry_reserved(&mut self, player: PlayerId, name: &str, bot: bool) {
        let number = self.core.reservations;
        self.core.reservations += 1;
        self.core.bots += u32::from(bot);
        self.core.held += 1;
        self.unresolved.insert(player);
        let (stage, stack, moves) = (EntryStatus::Reserved, Chips::ZERO, 0);
        self.entries.insert(player, Entry { number, name: name.to_owned(), bot, stage, stack, moves });
    }

    fn entry_confirmed(&mut self, player: PlayerId) {
        if let Some(entry) = self.entries.get_mut(&player)
            && entry.stage == EntryStatus::Reserved
        {
            entry.stage = EntryStatus::Paid;
            self.core.paid += 1;
            self.unresolved.remove(&player);
        }
    }

    fn entry_refused(&mut self, player: PlayerId) {
        self.unresolved.remove(&player);
        if self.entries.remove(&player).is_some() {
            self.core.held = self.core.held.saturating_sub(1);
        }
    }

    fn entry_withdrawn(&mut self, player: PlayerId) {
        if let Some(entry) = self.entries.get_mut(&player)
            && entry.stage == EntryStatus::Paid
        {
            entry.stage = EntryStatus::Withdrawn;
            self.core.paid = self.core.paid.saturating_sub(1);
            self.core.held = self.core.held.saturating_sub(1);
            self.unresolved.insert(player);
        }
    }

    /// Cancels the tournament and withdraws paid entries. Entries that are still at the cashier are
    /// withdrawn when its answer says that they are paid.
    fn cancelled(&mut self) {
        self.core.phase = Phase::Cancelled;
        let paid: Vec<PlayerId> =
            self.entries.iter().filter(|(_, e)| e.stage == EntryStatus::Paid).map(|(p, _)| *p).collect();
        for player in paid {
            self.entry_withdrawn(player);
        }
    }
}

/// Applies the events of play to a tournament or to a draft of it, so that planning within one
/// decision and applying stored events are the same code.
pub(crate) fn play(ground: &mut impl Ground, event: &TournamentEvent) {
    match event {
        TournamentEvent::HandReported { report, .. } => hand_reported(ground, report),
        TournamentEvent::Busted { player, place, prize } => busted(ground, *player, *place, *prize),
        TournamentEvent::Instructed { table, instruction } => instructed(ground, *table, instruction),
        TournamentEvent::InstructionApplied { table, number } => applied(ground, *table, *number),
        TournamentEvent::MoveOrdered { player, from, to, seat } => {
            move_ordered(ground, *player, *from, *to, *seat);
        }
        TournamentEvent::Finished { places, at_ms } => finished(ground, places, *at_ms),
        _ => {}
    }
}

fn hand_reported(ground: &mut impl Ground, report: &Report) {
    ground.core().hands += 1;
    ground.core().actions += u64::from(report.actions);
    for result in &report.results {
        if let Some(entry) = ground.entry(result.player) {
            entry.stack = result.after;
        }
    }
    if let Some(table) = ground.table(report.table) {
        table.hand = report.hand;
        table.button = report.button;
        table.big_blind = report.big_blind;
        table.asked = true;
    }
}

fn busted(ground: &mut impl Ground, player: PlayerId, place: u32, prize: Chips) {
    let Some(entry) = ground.entry(player) else { return };
    let table = entry.stage.table();
    entry.stage = EntryStatus::Placed { place, prize };
    ground.core().left = ground.core().left.saturating_sub(1);
    if let Some(table) = table.and_then(|id| ground.table(id)) {
        table.seats.retain(|_, seated| *seated != player);
    }
}

fn instructed(ground: &mut impl Ground, id: TableId, instruction: &Instruction) {
    let Some(table) = ground.table(id) else { return };
    table.push = !table.asked;
    table.asked = false;
    table.told = Some(instruction.clone());
    for arrival in &instruction.add {
        table.coming.remove(&arrival.seat);
        table.seats.insert(arrival.seat, arrival.player);
    }
    for arrival in &instruction.add {
        if let Some(entry) = ground.entry(arrival.player) {
            entry.stage = EntryStatus::Seated { table: id };
        }
    }
}

fn applied(ground: &mut impl Ground, id: TableId, number: u64) {
    let Some(table) = ground.table(id) else { return };
    table.applied = number;
    table.push = false;
    table.config = None;
    let gone = std::mem::take(&mut table.leaving);
    let closes = table.is_closing();
    for player in gone {
        if let Some(entry) = ground.entry(player)
            && let EntryStatus::Leaving { from, to, seat } = entry.stage
        {
            entry.stage = EntryStatus::Travelling { from, to, seat };
        }
    }
    if closes {
        ground.close(id);
    }
}

/// Moves a player: one who is on the way already gets a new destination; any other is ordered to
/// leave.
fn move_ordered(ground: &mut impl Ground, player: PlayerId, from: TableId, to: TableId, seat: SeatNo) {
    let Some(entry) = ground.entry(player) else { return };
    let before = entry.stage;
    entry.stage = match before {
        EntryStatus::Travelling { from, .. } => EntryStatus::Travelling { from, to, seat },
        _ => EntryStatus::Leaving { from, to, seat },
    };
    match before {
        EntryStatus::Leaving { to: old, seat: held, .. }
        | EntryStatus::Travelling { to: old, seat: held, .. } => {
            if let Some(table) = ground.table(old) {
                table.coming.remove(&held);
            }
        }
        _ => {
            entry.moves = entry.moves.saturating_add(1);
            if let Some(table) = ground.table(from) {
                table.seats.retain(|_, seated| *seated != player);
                table.leaving.insert(player);
            }
        }
    }
    ground.core().moves += 1;
    if let Some(table) = ground.table(to) {
        table.coming.insert(seat, player);
    }
}

fn finished(ground: &mut impl Ground, places: &[Place], at_ms: u64) {
    ground.core().phase = Phase::Finished;
    ground.core().finished_ms = at_ms;
    for place in places {
        if let Some(entry) = ground.entry(place.player) {
            entry.stage = EntryStatus::Placed { place: place.place, prize: place.prize };
        }
    }
}
