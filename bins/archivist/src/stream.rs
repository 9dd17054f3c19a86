//! Archives one stream of tables' journals: reads it in order, checks the records, writes them to
//! the database, then trims the stream.
//!
//! Invariant: a record leaves the stream only after the transaction that archives it was committed.
//! Of each table that has not ended, the last two snapshots and the records after them stay.

use crate::{
    batch::{Archive, Batch},
    context::Context,
    error::ArchiveError,
    pack::Packer,
    store::{self, Packed},
    table::FollowedTable,
};
use audit::{Location, Report, Rule};
use bus::{Journal, Stored, TableStreams};
use futures::TryStreamExt;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use wire::{TableId, subject};

/// All records of a stream, also those without a table that moves of partitions have left.
const ALL: &str = ">";
/// Pause after all records were read. The hands that end meanwhile share the cost of a request to
/// the stream and of a transaction.
const PAUSE: Duration = Duration::from_secs(2);
/// Finished hands after which a batch is written, so that they share the cost of its statements.
const MOST_PIECES: usize = 500;
/// Records after which a batch is written, also without a finished hand.
const MOST_RECORDS: u64 = 20_000;
/// Longest time until a batch is written.
const LONGEST: Duration = Duration::from_secs(2);
/// Number of records that must be removable before the stream is trimmed, because the server
/// rewrites the block of its file at the cut.
const WORTH_TRIMMING: u64 = 4_096;
/// Interval between two attempts to trim the stream.
const TRIM: Duration = Duration::from_secs(2);

/// The archivist of one stream.
pub struct StreamArchivist {
    pub(crate) context: Arc<Context>,
    pub(crate) streams: TableStreams,
    pub(crate) name: String,
    pub(crate) journal: Journal,
    packer: Packer,
    /// The partitions that are archived here, with their journals.
    pub(crate) gained: HashMap<u16, Journal>,
    /// Those that have no record left in earlier streams.
    pub(crate) cleared: BTreeSet<u16>,
    /// The partitions that were moved to other streams.
    pub(crate) moved: BTreeSet<u16>,
    /// Those that have no record left in this stream.
    pub(crate) emptied: BTreeSet<u16>,
    /// The state of the archive of the partitions' tables when this stream gained them; an entry is
    /// removed when its table is met.
    pub(crate) known: HashMap<TableId, Archive>,
    pub(crate) tables: HashMap<TableId, FollowedTable>,
    batch: Batch,
    since: Instant,
    /// Sequence up to which all records are archived.
    archived_to: u64,
    /// Sequence up to which an earlier owner has reported violations.
    told_to: u64,
    /// Sequence of the stream's first record, as far as this process knows.
    first: u64,
    /// The same when this began.
    began_with: u64,
    trimmed: Instant,
}

impl StreamArchivist {
    /// Starts with the stream's first record, because the checks need the tables' snapshots.
    ///
    /// # Errors
    /// When the stream or the database does not answer.
    pub async fn begin(context: Arc<Context>, name: String, journal: Journal) -> Result<Self, ArchiveError> {
        let read_to = store::read_to(&context.database, &name).await?;
        let first = journal.extent().await?.first;
        let mut archivist = Self {
            streams: TableStreams::new(&context.bus),
            context,
            name,
            journal,
            packer: Packer::new()?,
            gained: HashMap::new(),
            cleared: BTreeSet::new(),
            moved: BTreeSet::new(),
            emptied: BTreeSet::new(),
            known: HashMap::new(),
            tables: HashMap::new(),
            batch: Batch { read_to: first.saturating_sub(1), ..Batch::default() },
            since: Instant::now(),
            archived_to: read_to,
            told_to: read_to,
            first,
            began_with: first,
            trimmed: Instant::now(),
        };
        archivist.look_at_partitions().await?;
        Ok(archivist)
    }

    /// Reads new records, archives them and trims the stream, then pauses; repeats without end.
    ///
    /// # Errors
    /// When the stream or the database does not answer.
    pub async fn run(mut self) -> Result<(), ArchiveError> {
        loop {
            self.read().await?;
            self.write().await?;
            if self.trimmed.elapsed() >= TRIM {
                self.trim().await?;
                self.trimmed = Instant::now();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read(&mut self) -> Result<(), ArchiveError> {
        let mut records = std::pin::pin!(self.journal.walk_from(ALL, self.batch.read_to + 1));
        while let Some(stored) = records.try_next().await? {
            self.take(&stored).await?;
            if self.is_full() {
                self.write().await?;
            }
        }
        Ok(())
    }

    /// Returns the violation if records of the same journal are missing before this one: they left
    /// the stream before they were archived.
    ///
    /// # Errors
    /// [`ArchiveError::Overtaken`] when another archivist has archived and trimmed them.
    async fn gap_before(&self, id: TableId, stored: &Stored) -> Result<Option<String>, ArchiveError> {
        let archived = || self.known.get(&id).map_or(0, |archive| archive.archived_to);
        let known = self.tables.get(&id).map_or_else(archived, FollowedTable::known_to);
        let Some(previous) = stored.previous.filter(|&previous| previous > known) else {
            return Ok(None);
        };
        if previous >= self.began_with && self.journal.extent().await?.first > previous {
            return Err(ArchiveError::Overtaken { stream: self.name.clone(), sequence: previous });
        }
        Ok(Some(format!(
            "the records after record {known} up to record {previous} were gone before they were archived"
        )))
    }

    async fn take(&mut self, stored: &Stored) -> Result<(), ArchiveError> {
        let table = subject::parse_table_journal(&stored.subject);
        let partition =
            table.map(subject::table_partition).filter(|partition| !self.moved.contains(partition));
        if let Some(partition) = partition
            && !self.gained.contains_key(&partition)
        {
            self.gain(vec![partition]).await?;
        }
        self.batch.read_to = stored.sequence;
        self.batch.records += u64::from(stored.sequence > self.archived_to);
        if let (Some(table), Some(partition)) = (table, partition)
            && self.gained.contains_key(&partition)
        {
            if let Some(what) = self.gap_before(table, stored).await?
                && stored.sequence > self.told_to
            {
                let mut report = Report::default();
                report.violation(Location::Table(table), Some(stored.sequence), Rule::Archive, what);
                self.context.tell(&self.name, &mut report, &mut 0);
                self.batch.violations.extend(report.found);
            }
            self.follow(table, stored, Some(self.told_to));
        }
        Ok(())
    }

    /// Checks a table's next record, and adds the piece that can be archived now. Violations up to
    /// `told_to` have been reported before; without it, those up to the last archived record.
    pub(crate) fn follow(&mut self, id: TableId, stored: &Stored, told_to: Option<u64>) {
        let known = &mut self.known;
        let table = self
            .tables
            .entry(id)
            .or_insert_with(|| FollowedTable::new(id, known.remove(&id).unwrap_or_default()));
        let told_to = told_to.unwrap_or(table.archived_to());
        let mut report = Report::default();
        let piece = table.record(stored.sequence, stored.time_ms, &stored.payload, &mut report);
        self.batch.pieces.extend(piece);
        if stored.sequence > told_to && report.violations > 0 {
            self.context.tell(&self.name, &mut report, table.told());
            self.batch.violations.extend(report.found);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.batch.pieces.len() >= MOST_PIECES
            || self.batch.records >= MOST_RECORDS
            || !self.batch.pieces.is_empty() && self.since.elapsed() >= LONGEST
    }

    /// Archives the records that were read.
    pub(crate) async fn write(&mut self) -> Result<(), ArchiveError> {
        self.since = Instant::now();
        let read_to = self.batch.read_to;
        let news = !self.batch.pieces.is_empty() || !self.batch.violations.is_empty();
        if !news && read_to <= self.archived_to {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Batch { read_to, ..Batch::default() });
        let packed = Arc::new(Packed::new(&self.name, batch, &mut self.packer)?);
        store::write(&self.context.database, &packed).await?;
        self.context.count(&packed);
        self.archived_to = self.archived_to.max(read_to);
        Ok(())
    }

    /// Removes archived records from the stream: all before the first one that a table still needs,
    /// and the journals of tables that have ended long enough ago.
    async fn trim(&mut self) -> Result<(), ArchiveError> {
        self.cut_stretches().await?;
        self.remove_closed().await?;
        self.clear_earlier().await?;
        // Just before the trim, because records of a moved partition must be kept for its new
        // stream.
        self.look_at_partitions().await?;
        let needed = self.tables.values().filter_map(FollowedTable::needed_from).min();
        let mark = needed.unwrap_or(u64::MAX).min(self.archived_to + 1);
        if mark < self.first + WORTH_TRIMMING {
            return Ok(());
        }
        let mark = self.needed_by_moved().await?.unwrap_or(u64::MAX).min(mark);
        if mark < self.first + WORTH_TRIMMING {
            return Ok(());
        }
        let removed = self.journal.trim_before(mark).await?;
        self.first = mark;
        store::trimmed(&self.context.database, &self.name, mark).await?;
        tracing::debug!(stream = self.name, before = mark, removed, "the stream is trimmed");
        Ok(())
    }

    /// Archives stretches that alone keep the stream from being trimmed further.
    async fn cut_stretches(&mut self) -> Result<(), ArchiveError> {
        let due = self.tables.values_mut().filter(|table| table.is_stretch_due());
        self.batch.pieces.extend(due.filter_map(FollowedTable::cut));
        self.write().await
    }

    async fn remove_closed(&mut self) -> Result<(), ArchiveError> {
        let linger = self.context.linger;
        let over = |table: &FollowedTable| table.over_since().is_some_and(|since| since.elapsed() >= linger);
        let closed: Vec<TableId> =
            self.tables.iter().filter(|(_, table)| over(table)).map(|(id, _)| *id).collect();
        for id in closed {
            if let Some(journal) = self.gained.get(&subject::table_partition(id)) {
                journal.remove(&subject::table_journal(id)).await?;
            }
            self.tables.remove(&id);
        }
        Ok(())
    }
}
