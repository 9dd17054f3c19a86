//! The instructions of tables at rest: breaking, balancing, playing on or waiting.
//!
//! A table is at rest while its report has no answer or while it waits for an instruction. Players
//! can only be moved from a table at rest. After every report and confirmation all tables at rest
//! are planned again, so a table only waits for an event that will come: a confirmation, or the end
//! of a hand at another table.

use crate::{draft::Draft, draw::Draw, entry::EntryStatus, table::Table};
use wire::{
    PlayerId, TableId,
    table::Level,
    tournament::{Arrival, Instruction, Phase, Then, TournamentEvent},
};

/// The number of players below the largest table at which a table stops (TDA 11-D).
const SHORT: usize = 3;

/// The facts about all tables that one instruction depends on.
struct Outlook {
    /// Players at the largest table.
    largest: usize,
    /// Tables that stay open.
    open: usize,
    /// The level of the next hands.
    level: Level,
}

/// Decides all moves and instructions that are possible now.
pub(crate) fn plan(draft: &mut Draft<'_>, level: Level) {
    let broken = if draft.state().phase == Phase::Running && draft.state().unopened() == 0 {
        let (stay, doomed) = split(draft);
        if doomed.is_empty() {
            even_out(draft, &stay);
        }
        break_tables(draft, &doomed, &stay)
    } else {
        Vec::new()
    };
    let outlook = outlook(draft, broken.len(), level);
    let others: Vec<TableId> = at_rest(draft).filter(|id| !broken.contains(id)).collect();
    for id in broken {
        instruct(draft, id, Then::Close, &outlook);
    }
    for id in others {
        let Some(table) = draft.see_table(id) else { continue };
        let then = then(draft, table, &outlook);
        let changes = !table.leaving.is_empty() || arrivals(draft, table).next().is_some();
        if table.asked || changes || then != Then::Wait {
            instruct(draft, id, then, &outlook);
        }
    }
}

fn outlook(draft: &Draft<'_>, broken: usize, level: Level) -> Outlook {
    let (mut largest, mut open) = (0, 0);
    for (_, table) in draft.see_tables().filter(|(_, table)| !table.is_closing()) {
        largest = largest.max(table.heads());
        open += 1;
    }
    let open = if draft.state().phase == Phase::Running { open - broken } else { 0 };
    Outlook { largest, open, level }
}

/// Returns the open tables by number in two parts: those that are needed to seat all players, and
/// those that can be broken.
fn split(draft: &Draft<'_>) -> (Vec<TableId>, Vec<TableId>) {
    let open = draft.see_tables().filter(|(_, table)| !table.is_closing());
    let mut numbered: Vec<(u32, TableId)> = open.map(|(id, table)| (table.number, id)).collect();
    numbered.sort_unstable();
    let needed = draft.state().left.div_ceil(u32::from(draft.state().seats())).max(1) as usize;
    let mut stay: Vec<TableId> = numbered.into_iter().map(|(_, id)| id).collect();
    let doomed = stay.split_off(needed.min(stay.len()));
    (stay, doomed)
}

fn at_rest<'a>(draft: &'a Draft<'_>) -> impl Iterator<Item = TableId> + 'a {
    draft.see_tables().filter(|(_, table)| table.is_at_rest()).map(|(id, _)| id)
}

/// Breaks those of the tables that are at rest and returns them: no player is left there once they
/// have carried out their next instruction.
fn break_tables(draft: &mut Draft<'_>, doomed: &[TableId], stay: &[TableId]) -> Vec<TableId> {
    let mut broken = Vec::new();
    for &id in doomed {
        if draft.see_table(id).is_some_and(Table::is_at_rest) && break_table(draft, id, stay).is_some() {
            broken.push(id);
        }
    }
    broken
}

/// Breaks a table (TDA 10): each player there or on the way there gets a free seat by draw at one
/// of the tables with the fewest players. There are enough seats: the players left fit into the
/// tables that stay.
fn break_table(draft: &mut Draft<'_>, id: TableId, stay: &[TableId]) -> Option<()> {
    let table = draft.see_table(id)?;
    let mut players: Vec<PlayerId> = table.seats.values().chain(table.coming.values()).copied().collect();
    let mut draw = Draw::new(draft.state().seed.as_ref()?, draft.state().moves + 1);
    draw.shuffle(&mut players);
    for player in players {
        let to = draw.one(&emptiest(draft, stay).1)?;
        let seat = draw.one(&draft.see_table(to)?.free_seats(draft.state().seats()))?;
        draft.push(TournamentEvent::MoveOrdered { player, from: origin(draft, player, id), to, seat });
    }
    Some(())
}

/// Returns the table that a player leaves: for a player who is on the way already, the one that the
/// player came from.
fn origin(draft: &Draft<'_>, player: PlayerId, table: TableId) -> TableId {
    match draft.see_entry(player).map(|entry| entry.stage) {
        Some(EntryStatus::Leaving { from, .. } | EntryStatus::Travelling { from, .. }) => from,
        _ => table,
    }
}

/// Returns the smallest number of players at any of the tables, players on the way included, and
/// the tables that have it.
fn emptiest(draft: &Draft<'_>, tables: &[TableId]) -> (usize, Vec<TableId>) {
    let heads = |id: &TableId| draft.see_table(*id).map_or(usize::MAX, Table::heads);
    let fewest = tables.iter().map(heads).min().unwrap_or(0);
    (fewest, tables.iter().copied().filter(|id| heads(id) == fewest).collect())
}

/// Balances (TDA 11-A): as long as a table at rest has at least two players more than the emptiest
/// one, it gives one up.
fn even_out(draft: &mut Draft<'_>, tables: &[TableId]) {
    while order_move(draft, tables).is_some() {}
}

/// Orders one move for the balance; among equally empty tables a waiting one comes first.
fn order_move(draft: &mut Draft<'_>, tables: &[TableId]) -> Option<()> {
    let (fewest, emptiest) = emptiest(draft, tables);
    let gives = |id: &&TableId| {
        draft.see_table(**id).is_some_and(|table| table.is_at_rest() && table.heads() >= fewest + 2)
    };
    let from = *tables.iter().find(gives)?;
    let waits = |id: &&TableId| draft.see_table(**id).is_some_and(Table::is_waiting);
    let to = *emptiest.iter().find(waits).or(emptiest.first())?;
    let player = mover(draft, draft.see_table(from)?)?;
    let seat = draft.see_table(to)?.worst_free_seat(draft.state().seats())?;
    draft.push(TournamentEvent::MoveOrdered { player, from: origin(draft, player, from), to, seat });
    Some(())
}

/// Returns the player who moves: one who is on the way to this table; otherwise the next big blind
/// (TDA 11-A), except players who have been moved at least twice more than another player at the
/// table.
fn mover(draft: &Draft<'_>, table: &Table) -> Option<PlayerId> {
    if let Some(player) = table.coming.values().next() {
        return Some(*player);
    }
    let moves = |player: &PlayerId| draft.see_entry(*player).map_or(0, |entry| entry.moves);
    let fewest = table.seats.values().map(moves).min()?;
    table.by_next_big_blind(draft.state().seats()).find(|player| moves(player) <= fewest + 1)
}

/// Makes the next instruction of a table at rest.
fn instruct(draft: &mut Draft<'_>, id: TableId, then: Then, outlook: &Outlook) {
    let Some(table) = draft.see_table(id) else { return };
    let instruction = Instruction {
        number: table.told_number() + 1,
        level: outlook.level,
        remove: table.leaving.iter().copied().collect(),
        add: arrivals(draft, table).collect(),
        then,
        stats: draft.state().stats(outlook.open),
    };
    draft.push(TournamentEvent::Instructed { table: id, instruction });
}

/// Returns the players who can be seated here now because they have left their old tables.
fn arrivals<'a>(draft: &'a Draft<'_>, table: &'a Table) -> impl Iterator<Item = Arrival> + 'a {
    table.coming.iter().filter_map(|(&seat, &player)| {
        let entry = draft.see_entry(player)?;
        let here = matches!(entry.stage, EntryStatus::Travelling { .. });
        here.then(|| Arrival { player, name: entry.name.clone(), bot: entry.bot, stack: entry.stack, seat })
    })
}

/// Returns a table's next step after all possible arrivals. A table that was stopped stays so while
/// a player is still on the way to it. At least one table always plays: the one with the most
/// players does not wait for others to come to rest, and players on the way arrive.
fn then(draft: &Draft<'_>, table: &Table, outlook: &Outlook) -> Then {
    if draft.state().phase != Phase::Running {
        return Then::Close;
    }
    let arriving = arrivals(draft, table).count();
    let present = table.seats.len() + arriving;
    let short = draft.state().unopened() == 0 && outlook.largest >= present + SHORT;
    let expecting = table.is_waiting() && arriving < table.coming.len();
    if present < 2 || short || expecting { Then::Wait } else { Then::Play }
}
