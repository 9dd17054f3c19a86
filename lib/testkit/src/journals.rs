//! Reads the journals of all tables as the administrator.

use anyhow::ensure;
use bus::Bus;
use history::Placed;
use poker::table::TableRecord;
use std::collections::{BTreeMap, BTreeSet};
use wire::{SeatNo, TableId, event::TableEvent};

/// Each table's records in order, with the times when they were stored, in milliseconds since 1970.
pub type TableJournals = BTreeMap<TableId, Vec<(u64, TableRecord)>>;

/// Returns all records of all tables, archived or not.
///
/// # Errors
/// When a journal cannot be read.
pub async fn table_journals(admin: &Bus) -> anyhow::Result<TableJournals> {
    let tables = history::tables(admin).await?;
    let records =
        |placed: Vec<Placed>| placed.into_iter().map(|placed| (placed.stored_ms, placed.record)).collect();
    Ok(tables.into_iter().map(|(table, placed)| (table, records(placed))).collect())
}

/// Fails if a player's time ran out: where all players act at once, only an outage can be the
/// reason. Players who leave are excepted.
///
/// # Errors
/// When a time ran out; names the first such record of each table.
pub fn nobody_timed_out(journals: &TableJournals) -> anyhow::Result<()> {
    let late: Vec<_> = journals
        .iter()
        .filter_map(|(table, records)| {
            let mut leaving = BTreeSet::new();
            let (time_ms, record) = records.iter().find(|(_, record)| times_out(record, &mut leaving))?;
            Some(format!("table {table}, stored at {time_ms}: {:?}", record.events))
        })
        .collect();
    ensure!(late.is_empty(), "time ran out:\n{}", late.join("\n"));
    Ok(())
}

/// Returns whether a player's time ran out who was not about to leave.
fn times_out(record: &TableRecord, leaving: &mut BTreeSet<SeatNo>) -> bool {
    record.events.iter().any(|event| {
        match event {
            TableEvent::LeaveAsked { seat } => drop(leaving.insert(*seat)),
            TableEvent::Unseated { seat, .. } => drop(leaving.remove(seat)),
            TableEvent::TimedOut { seat } => return !leaving.contains(seat),
            _ => {}
        }
        false
    })
}
