//! The entries and seats of a tournament, kept from its events alone: a second check beside the
//! director's replay.
//!
//! Invariant: a player is at a table from the instruction that seats them until the table has
//! confirmed the one that removes them, or until they are bust.

use crate::report::{Fault, Rule};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tournament::{EntryInventory, EntryStanding, Tournament};
use wire::{
    Chips, PlayerId, SeatNo, TableId,
    tournament::{Instruction, Phase, TournamentEvent},
};

/// The field of a tournament.
#[derive(Default)]
pub struct Field {
    entries: BTreeMap<PlayerId, Entry>,
    reservations: u32,
    /// Players at the start.
    start: Option<BTreeSet<PlayerId>>,
    /// The seats of players. A player who was ordered to leave before the snapshot with which the
    /// check began has no known seat.
    seats: HashMap<PlayerId, (TableId, Option<SeatNo>)>,
    /// Players whom a table was told to remove, by the number of the instruction.
    leaving: HashMap<(TableId, u64), Vec<PlayerId>>,
    busts: BTreeMap<PlayerId, (u32, Chips)>,
    settled: bool,
}

struct Entry {
    number: u32,
    stage: EntryStatus,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryStatus {
    Reserved,
    Paid,
    Withdrawn,
}

impl Field {
    /// Returns the field of a tournament in a snapshot.
    pub fn of(tournament: &Tournament) -> Self {
        let counted = tournament.inventory();
        let mut field =
            Self { reservations: counted.reservations, settled: counted.settled, ..Self::default() };
        let mut taking_part = BTreeSet::new();
        for EntryInventory { player, number, standing } in counted.entries {
            let stage = match standing {
                EntryStanding::Reserved => EntryStatus::Reserved,
                EntryStanding::Withdrawn => EntryStatus::Withdrawn,
                EntryStanding::Paid | EntryStanding::Placed { .. } => EntryStatus::Paid,
            };
            if let EntryStanding::Placed { place, prize } = standing
                && place > 1
            {
                field.busts.insert(player, (place, prize));
            }
            if stage == EntryStatus::Paid {
                taking_part.insert(player);
            }
            field.entries.insert(player, Entry { number, stage });
        }
        field.start = matches!(tournament.phase(), Phase::Running | Phase::Finished).then_some(taking_part);
        for table in counted.tables {
            let places = table.players.into_iter().map(|(player, seat)| (player, (table.table, seat)));
            field.seats.extend(places);
            field.leaving.insert((table.table, table.told), table.leaving);
        }
        field
    }

    /// Applies an event and returns the faults in it.
    pub fn enter(&mut self, event: &TournamentEvent) -> Vec<Fault> {
        let mut faults = Vec::new();
        match event {
            TournamentEvent::EntryReserved { player, .. } => {
                let entry = Entry { number: self.reservations, stage: EntryStatus::Reserved };
                self.reservations += 1;
                if self.entries.insert(*player, entry).is_some() {
                    faults.push((Rule::Seats, format!("player {player} has two entries")));
                }
            }
            TournamentEvent::EntryConfirmed { player } => self.stage(*player, EntryStatus::Paid),
            TournamentEvent::EntryWithdrawn { player } => self.stage(*player, EntryStatus::Withdrawn),
            TournamentEvent::EntryRefused { player, .. } | TournamentEvent::EntryRefunded { player } => {
                self.entries.remove(player);
            }
            TournamentEvent::Cancelled => {
                for entry in self.entries.values_mut().filter(|entry| entry.stage == EntryStatus::Paid) {
                    entry.stage = EntryStatus::Withdrawn;
                }
            }
            TournamentEvent::Started { .. } => {
                let paid = self.entries.iter().filter(|(_, entry)| entry.stage == EntryStatus::Paid);
                self.start = Some(paid.map(|(player, _)| *player).collect());
            }
            TournamentEvent::Instructed { table, instruction } => {
                self.instructed(*table, instruction, &mut faults);
            }
            TournamentEvent::InstructionApplied { table, number } => {
                for player in self.leaving.remove(&(*table, *number)).into_iter().flatten() {
                    self.seats.remove(&player);
                }
            }
            TournamentEvent::Busted { player, place, prize } => {
                self.seats.remove(player);
                if self.busts.insert(*player, (*place, *prize)).is_some() {
                    faults.push((Rule::Places, format!("player {player} is bust twice")));
                }
            }
            TournamentEvent::Settled => self.settled = true,
            TournamentEvent::Created { .. }
            | TournamentEvent::TableOpened { .. }
            | TournamentEvent::HandReported { .. }
            | TournamentEvent::MoveOrdered { .. }
            | TournamentEvent::Finished { .. } => {}
        }
        faults
    }

    fn stage(&mut self, player: PlayerId, stage: EntryStatus) {
        if let Some(entry) = self.entries.get_mut(&player) {
            entry.stage = stage;
        }
    }

    fn instructed(&mut self, table: TableId, instruction: &Instruction, faults: &mut Vec<Fault>) {
        let number = instruction.number;
        for player in &instruction.remove {
            if self.seats.get(player).map(|(at, _)| *at) != Some(table) {
                faults.push((
                    Rule::Seats,
                    format!("player {player} is told to leave table {table} and does not sit there"),
                ));
            }
        }
        let leave_here = |seat: &PlayerId| instruction.remove.contains(seat);
        for arrival in &instruction.add {
            let player = arrival.player;
            if let Some((at, _)) = self.seats.get(&player) {
                let what = format!("player {player} is seated at table {table} and still sits at table {at}");
                faults.push((Rule::Seats, what));
            }
            let holder = self
                .seats
                .iter()
                .find(|(other, place)| **place == (table, Some(arrival.seat)) && !leave_here(other));
            if let Some((other, _)) = holder {
                let seat = arrival.seat;
                faults.push((
                    Rule::Seats,
                    format!("table {table}: seat {seat} of player {other} is given away"),
                ));
            }
            self.seats.insert(player, (table, Some(arrival.seat)));
        }
        if !instruction.remove.is_empty() {
            self.leaving.insert((table, number), instruction.remove.clone());
        }
    }

    /// Returns the number of the player's reservation, counted over the whole tournament.
    pub fn entry_number(&self, player: PlayerId) -> Option<u32> {
        self.entries.get(&player).map(|entry| entry.number)
    }

    /// Returns the number of players at the start; 0 before it.
    pub fn started_with(&self) -> usize {
        self.start.as_ref().map_or(0, BTreeSet::len)
    }

    /// Returns the players at the start; none before it.
    pub fn players_at_start(&self) -> BTreeSet<PlayerId> {
        self.start.clone().unwrap_or_default()
    }

    /// Returns the place and prize of each bust player.
    pub fn busts(&self) -> &BTreeMap<PlayerId, (u32, Chips)> {
        &self.busts
    }

    /// Returns whether the cashier has recorded the places.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Returns the number of entries whose money is in the pool, and of those whose money may be.
    pub fn entries_paid(&self) -> (u64, u64) {
        let count = |wanted: fn(EntryStatus) -> bool| {
            self.entries.values().filter(|entry| wanted(entry.stage)).count() as u64
        };
        (count(|stage| stage == EntryStatus::Paid), count(|stage| stage != EntryStatus::Paid))
    }
}
