//! The model of a rude client, which says as many lines as it can, under ids that do not count up
//! and come again, asks for tables that do not exist, and registers for tournaments without money.
//! Its requests may break no invariant, and keep no table and no tournament from its end.

use crate::chance::Chance;
use tournament::{Command, TournamentOrder};
use wire::{CommandId, PlayerCommand, PlayerId, TableId, TournamentId, table::TableCommand};

/// Number of the first rude player.
const FIRST: u64 = 5_000_000;
/// Distance between the ids of two of the programs that the client pretends to be.
const PROGRAM: u64 = 1 << 38;
/// Number of these programs: more than a table remembers.
const PROGRAMS: u64 = 12;

/// A rude client.
pub(crate) struct Rude {
    pub(crate) player: PlayerId,
    tables: Vec<TableId>,
    tournaments: Vec<TournamentId>,
    /// Whether its ids count up.
    counts: bool,
    next: u64,
}

impl Rude {
    /// Makes the client of this number; its ids count up or do not.
    pub(crate) fn new(number: u64, counts: bool, tables: &[TableId], tournaments: &[TournamentId]) -> Self {
        let (tables, tournaments) = (tables.to_vec(), tournaments.to_vec());
        Self { player: PlayerId(FIRST + number), tables, tournaments, counts, next: 0 }
    }

    /// Returns the id of the next command.
    pub(crate) fn id(&mut self, chance: &mut Chance) -> CommandId {
        self.next += 1;
        let again = PROGRAM * (1 + chance.below(PROGRAMS)) + chance.below(3);
        CommandId(if self.counts { self.next } else { again })
    }

    /// Returns the next command to a tournament, if it sends one now.
    pub(crate) fn tournament_command(&self, chance: &mut Chance) -> Option<(TournamentId, TournamentOrder)> {
        let tournament = chance.pick(&self.tournaments).copied().filter(|_| chance.below(8) == 0)?;
        let (player, name) = (self.player, "rude".to_owned());
        let register = chance.below(2) == 0;
        let command =
            if register { Command::Register { player, name } } else { Command::Unregister { player } };
        Some((tournament, TournamentOrder::Do(command)))
    }

    /// Returns the next command to a table.
    pub(crate) fn table_command(&self, chance: &mut Chance) -> Option<(TableId, TableCommand)> {
        if chance.below(4) == 0 {
            let invented = TableId((1 << 35) + chance.below(1 << 30));
            return Some((invented, TableCommand::Resync { since: None }));
        }
        let table = chance.pick(&self.tables).copied()?;
        let say = PlayerCommand::Say { text: "rude".to_owned() };
        Some((table, say.by("rude")))
    }
}
