//! Returns a table's records from its first one on, from the archive and the journal.
//!
//! Invariant: the journal is read before the archive. A record that has left the journal was in the
//! archive before, so none is missing between the two, also if the journal is trimmed meanwhile.

use bus::{Bus, JournalError, Patience, RequestError, TableStreams};
use futures::{Stream, TryStreamExt};
use poker::table::TableRecord;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use wire::{
    HandNo, Refusal, TableId, TournamentId,
    archive::{ArchiveAnswer, ArchiveQuery, ArchivedHand, MOST_NAMED, Proof, TableProof},
    codec::{self, CodecError},
    event::TableEvent,
    subject,
};

/// Time limits of a request to an archivist: a restart of its database fits.
const PATIENCE: Patience = Patience { each: Duration::from_secs(4), total: Duration::from_secs(12) };

/// The reason why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No archivist answers.
    #[error(
        "no archivist answers ({0}): archived records cannot be read: check that an archivist runs (`pokerctl nodes`)"
    )]
    Archive(#[from] RequestError),
    /// An archivist refuses the query.
    #[error("the archive: {0}")]
    Refused(Refusal),
    /// The answer is of a kind that does not fit the query.
    #[error("an archivist's answer does not fit the query: check that all programs have the same version")]
    Unexpected,
    /// A record cannot be decoded.
    #[error("table {table}: record {sequence} cannot be read: {source}")]
    Record {
        /// The table.
        table: TableId,
        /// The record's sequence.
        sequence: u64,
        /// The reason.
        source: CodecError,
    },
}

/// A record with its place in the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The record's sequence; a stream to which the table was moved has higher sequences.
    pub sequence: u64,
    /// Time when the server stored it, in milliseconds since 1970.
    pub stored_ms: u64,
    /// The record; archived ones have no snapshots.
    pub record: TableRecord,
}

/// Returns all records of a table in order; none if the table does not exist.
///
/// # Errors
/// When the journal or the archive cannot be read.
pub async fn table(bus: &Bus, table: TableId) -> Result<Vec<Placed>, HistoryError> {
    let kept = kept(bus, table).await?;
    with_archive(bus, table, kept).await
}

/// Returns the records that are still in a table's journal, in order.
///
/// # Errors
/// When the journal cannot be read.
pub async fn kept(bus: &Bus, table: TableId) -> Result<Vec<Placed>, HistoryError> {
    let journal = TableStreams::new(bus).journal(subject::table_partition(table)).await?;
    let kept = read(journal.walk(&subject::table_journal(table))).await?;
    Ok(kept.into_iter().next().map(|(_, records)| records).unwrap_or_default())
}

/// Returns the records of all tables, each table's in order.
///
/// # Errors
/// When a journal or the archive cannot be read.
pub async fn tables(bus: &Bus) -> Result<BTreeMap<TableId, Vec<Placed>>, HistoryError> {
    let mut kept = BTreeMap::<TableId, Vec<Placed>>::new();
    for journal in TableStreams::new(bus).all().await? {
        for (table, records) in read(journal.walk(subject::ALL_TABLE_JOURNALS)).await? {
            kept.entry(table).or_default().extend(records);
        }
    }
    // A table that was moved has records in several streams.
    kept.values_mut().for_each(|records| records.sort_by_key(|record| record.sequence));
    let known: BTreeSet<TableId> =
        archived_tables(bus).await?.into_iter().chain(kept.keys().copied()).collect();
    let mut tables = BTreeMap::new();
    for table in known {
        let records = with_archive(bus, table, kept.remove(&table).unwrap_or_default()).await?;
        tables.insert(table, records);
    }
    Ok(tables)
}

/// Returns a finished hand from the archive.
///
/// # Errors
/// [`HistoryError::Refused`] with [`Refusal::NoSuchHand`] when the hand is not in the archive;
/// others when no archivist answers.
pub async fn hand(bus: &Bus, table: TableId, hand: HandNo) -> Result<ArchivedHand, HistoryError> {
    match ask(bus, &ArchiveQuery::Hand { table, hand }).await? {
        ArchiveAnswer::Hand(hand) => Ok(*hand),
        other => Err(unexpected(other)),
    }
}

/// Returns how far the journals are checked and archived, and the violations that were found.
///
/// # Errors
/// When no archivist answers.
pub async fn proof(bus: &Bus) -> Result<Proof, HistoryError> {
    match ask(bus, &ArchiveQuery::Proof).await? {
        ArchiveAnswer::Proof(proof) => Ok(proof),
        other => Err(unexpected(other)),
    }
}

/// Returns the archived parts of tables that are open, as far as the archive knows.
///
/// # Errors
/// When no archivist answers.
pub async fn open_tables(bus: &Bus) -> Result<Vec<TableProof>, HistoryError> {
    let (mut all, mut more) = (Vec::<TableProof>::new(), true);
    while more {
        let after = all.last().map_or(TableId(0), |last| last.table);
        let (tables, further) = table_proofs_in(ask(bus, &ArchiveQuery::OpenTables { after }).await?)?;
        more = further && !tables.is_empty();
        all.extend(tables);
    }
    Ok(all)
}

/// Returns how far these tables are archived; those that the archive does not know are left out.
///
/// # Errors
/// When no archivist answers.
pub async fn table_proofs(bus: &Bus, tables: &[TableId]) -> Result<Vec<TableProof>, HistoryError> {
    let mut all = Vec::new();
    for named in tables.chunks(MOST_NAMED) {
        let query = ArchiveQuery::TableProofs { tables: named.to_vec() };
        all.extend(table_proofs_in(ask(bus, &query).await?)?.0);
    }
    Ok(all)
}

/// Returns the finished tournaments in the archive: their journals may be gone.
///
/// # Errors
/// When no archivist answers.
pub async fn tournaments(bus: &Bus) -> Result<Vec<TournamentId>, HistoryError> {
    let (mut all, mut more) = (Vec::new(), true);
    while more {
        let after = all.last().copied().unwrap_or(TournamentId(0));
        match ask(bus, &ArchiveQuery::Tournaments { after }).await? {
            ArchiveAnswer::Tournaments { tournaments, more: further } => {
                more = further && !tournaments.is_empty();
                all.extend(tournaments);
            }
            other => return Err(unexpected(other)),
        }
    }
    Ok(all)
}

fn table_proofs_in(answer: ArchiveAnswer) -> Result<(Vec<TableProof>, bool), HistoryError> {
    match answer {
        ArchiveAnswer::TableProofs { tables, more } => Ok((tables, more)),
        other => Err(unexpected(other)),
    }
}

/// Adds the archived records before those that are left in the journal.
async fn with_archive(bus: &Bus, table: TableId, kept: Vec<Placed>) -> Result<Vec<Placed>, HistoryError> {
    if kept.first().is_some_and(|first| begins(&first.record)) {
        return Ok(kept);
    }
    let before = kept.first().map_or(u64::MAX, |first| first.sequence);
    let (mut all, mut more) = (Vec::<Placed>::new(), true);
    while more {
        let after = all.last().map_or(0, |last| last.sequence);
        let (records, further) = match ask(bus, &ArchiveQuery::Records { table, after }).await? {
            ArchiveAnswer::Records { records, more } => (records, more),
            other => return Err(unexpected(other)),
        };
        more = further && !records.is_empty();
        for record in records {
            let (sequence, stored_ms) = (record.sequence, record.stored_ms);
            if sequence >= before {
                more = false;
                break;
            }
            all.push(Placed { sequence, stored_ms, record: record.into_record() });
        }
    }
    all.extend(kept);
    Ok(all)
}

async fn archived_tables(bus: &Bus) -> Result<Vec<TableId>, HistoryError> {
    let (mut all, mut more) = (Vec::new(), true);
    while more {
        let after = all.last().copied().unwrap_or(TableId(0));
        match ask(bus, &ArchiveQuery::Tables { after }).await? {
            ArchiveAnswer::Tables { tables, more: further } => {
                more = further && !tables.is_empty();
                all.extend(tables);
            }
            other => return Err(unexpected(other)),
        }
    }
    Ok(all)
}

async fn read(
    records: impl Stream<Item = Result<bus::Stored, JournalError>>,
) -> Result<BTreeMap<TableId, Vec<Placed>>, HistoryError> {
    let mut tables = BTreeMap::<TableId, Vec<Placed>>::new();
    let mut records = std::pin::pin!(records);
    while let Some(stored) = records.try_next().await? {
        let Some(table) = subject::parse_table_journal(&stored.subject) else { continue };
        let (sequence, stored_ms) = (stored.sequence, stored.time_ms);
        let record = codec::decode(&stored.payload).map_err(|source| HistoryError::Record {
            table,
            sequence,
            source,
        })?;
        tables.entry(table).or_default().push(Placed { sequence, stored_ms, record });
    }
    Ok(tables)
}

/// Returns whether a record is a table's first one.
fn begins(record: &TableRecord) -> bool {
    matches!(record.events.first(), Some(TableEvent::Created { .. }))
}

async fn ask(bus: &Bus, query: &ArchiveQuery) -> Result<ArchiveAnswer, HistoryError> {
    Ok(bus.request(subject::QUERY_ARCHIVE.to_owned(), query, PATIENCE).await?)
}

fn unexpected(answer: ArchiveAnswer) -> HistoryError {
    match answer {
        ArchiveAnswer::Refused(refusal) => HistoryError::Refused(refusal),
        ArchiveAnswer::Proof(_)
        | ArchiveAnswer::Tables { .. }
        | ArchiveAnswer::Records { .. }
        | ArchiveAnswer::TableProofs { .. }
        | ArchiveAnswer::Tournaments { .. }
        | ArchiveAnswer::Hand(_) => HistoryError::Unexpected,
    }
}
