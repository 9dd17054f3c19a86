//! Tables out of their journals: the last snapshot and the records after it.

use crate::{feed, feed::History, hosted::Hosted};
use anyhow::Context;
use bus::{Cursor, Journal, Last, Recovered};
use poker::table::{Table, TableRecord};
use wire::{Epoch, TableId, codec, subject};

/// A recovered table, with the last record once more for those who may have missed its events.
pub struct Loaded {
    pub hosted: Box<Hosted>,
    pub last: TableRecord,
}

/// The table whose last record this is. None when its journal makes no sense: that must not stop the partition's other tables.
///
/// # Errors
/// When the journal cannot be read.
pub async fn complete(journal: &Journal, last: Last) -> anyhow::Result<Option<Loaded>> {
    let subject = last.subject().to_owned();
    let loaded = load(journal.complete(last).await?);
    let explain = |error: &anyhow::Error| {
        tracing::error!(%subject, error = format!("{error:#}"), "a table cannot be loaded");
    };
    Ok(loaded.inspect_err(explain).ok())
}

/// One table, or nothing when it has no journal.
pub async fn load_table(journal: &Journal, table: TableId) -> anyhow::Result<Option<Loaded>> {
    journal.recover_one(&subject::table_journal(table)).await?.map(load).transpose()
}

/// A table whose first record is still to be written.
pub fn unborn(table: Table) -> Box<Hosted> {
    let cursor = Cursor::new(subject::table_journal(table.id()));
    Box::new(Hosted::new(table, cursor, History::default(), 0))
}

/// A table out of its records.
pub fn load(recovered: Recovered) -> anyhow::Result<Loaded> {
    let Recovered { cursor, records } = recovered;
    let id = subject::parse_table_journal(&cursor.subject).context("not the subject of a table's journal")?;
    let decode = |stored: &bus::Stored| {
        codec::decode::<TableRecord>(&stored.payload).with_context(|| format!("record {}", stored.sequence))
    };
    let mut records = records.iter().map(decode).collect::<anyhow::Result<Vec<_>>>()?;
    let told = records.first_mut().and_then(|first| first.state.as_mut()).map(Table::take_told);
    let table = Table::replay(id, &records)?;
    let mut history = History::default();
    let mut last = table.event_no();
    for record in &records {
        last -= feed::public(&record.events).len() as u64;
    }
    history.remember(&told.unwrap_or_default(), last);
    for record in &records {
        let public = feed::public(&record.events);
        last += public.len() as u64;
        history.remember(&public, last);
    }
    let tail = records.len();
    let last = records.pop().context("the journal is empty")?;
    Ok(Loaded { hosted: Box::new(Hosted::new(table, cursor, history, tail)), last })
}

impl Loaded {
    /// The ownership under which the table was last written.
    pub const fn epoch(&self) -> Epoch {
        self.last.epoch
    }
}
