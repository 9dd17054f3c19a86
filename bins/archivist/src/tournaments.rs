//! Archives the tournaments' journals. A tournament's journal stays complete until the tournament
//! is over, and is then removed as a whole.

use crate::{
    batch::{Batch, FinishedTournament, TournamentPart, TournamentTable},
    context::Context,
    error::ArchiveError,
    pack::Packer,
    store::{self, Packed},
};
use audit::{Chain, Report, TournamentCheck, TournamentRecord, tally};
use bus::{Journal, Stored};
use futures::TryStreamExt;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use wire::{
    TableId, TournamentId,
    archive::Archived,
    codec, subject,
    tournament::{Phase, TournamentEvent},
};

/// All tournaments' journals.
const ALL: &str = "journal.tournament.>";
/// Pause after all records were read.
const PAUSE: Duration = Duration::from_millis(500);
/// Number of records in a part. All archivists cut at the same places, so that a part is archived
/// once.
const PART: usize = 500;

/// A tournament by the records of its journal that were read so far.
struct FollowedTournament {
    id: TournamentId,
    check: TournamentCheck,
    pending: Vec<Archived<TournamentEvent>>,
    parts: u32,
    records: u64,
    tables: BTreeMap<TableId, (Chain, Chain)>,
    unreadable: bool,
    over: Option<Instant>,
    /// Number of described violations.
    told: usize,
}

impl FollowedTournament {
    fn new(id: TournamentId) -> Self {
        Self {
            id,
            check: TournamentCheck::new(id),
            pending: Vec::new(),
            parts: 0,
            records: 0,
            tables: BTreeMap::new(),
            unreadable: false,
            over: None,
            told: 0,
        }
    }

    fn record(
        &mut self,
        stored: &Stored,
        packer: &mut Packer,
        batch: &mut Batch,
        report: &mut Report,
    ) -> Result<(), ArchiveError> {
        let record: TournamentRecord = match codec::decode(&stored.payload) {
            Ok(record) => record,
            Err(error) => {
                self.unreadable = true;
                self.check.unreadable(stored.sequence, &error.to_string(), report);
                return Ok(());
            }
        };
        self.check.record(stored.sequence, &record, report);
        // The chains have them; kept in the check, they would grow without bound.
        drop((self.check.take_reported_hands(), self.check.take_told_instructions()));
        record.events.iter().for_each(|event| self.chain(event));
        self.records += 1;
        let at_ms = record.at_ms;
        self.pending.push(Archived::new(stored.sequence, stored.time_ms, record));
        let over = self.over.is_none() && self.is_over();
        if over || self.pending.len() == PART {
            let body = packer.pack(&std::mem::take(&mut self.pending))?;
            batch.parts.push(TournamentPart { tournament: self.id, part: self.parts, ended_ms: at_ms, body });
            self.parts += 1;
        }
        if over {
            self.over = Some(Instant::now());
            batch.tournaments.extend(self.finished(at_ms));
        }
        Ok(())
    }

    fn chain(&mut self, event: &TournamentEvent) {
        if let TournamentEvent::HandReported { report, .. } = event {
            let (hands, _) = self.tables.entry(report.table).or_default();
            hands.add(&tally::reported_hand(report).to_bytes());
        } else if let TournamentEvent::Instructed { table, instruction } = event {
            let (_, instructions) = self.tables.entry(*table).or_default();
            instructions.add(&tally::instruction(instruction).to_bytes());
        }
    }

    fn is_over(&self) -> bool {
        let Some(here) = self.check.tournament() else { return false };
        matches!(here.phase(), Phase::Finished | Phase::Cancelled) && here.effects().next().is_none()
    }

    fn finished(&mut self, ended_ms: u64) -> Option<FinishedTournament> {
        let here = self.check.tournament()?;
        let config = here.config()?;
        let tables = std::mem::take(&mut self.tables).into_iter();
        Some(FinishedTournament {
            tournament: self.id,
            name: config.name.clone(),
            variant: config.variant.clone(),
            created_ms: here.created_ms(),
            ended_ms,
            players: u32::try_from(self.check.started_with()).unwrap_or(u32::MAX),
            records: self.records,
            parts: self.parts,
            tables: tables
                .map(|(table, (hands, instructions))| TournamentTable { table, hands, instructions })
                .collect(),
        })
    }
}

/// The archivist of the tournaments' stream.
pub struct TournamentArchivist {
    context: Arc<Context>,
    journal: Journal,
    packer: Packer,
    tournaments: HashMap<TournamentId, FollowedTournament>,
    batch: Batch,
    archived_to: u64,
}

impl TournamentArchivist {
    /// Starts with the stream's first record: journals of running tournaments are complete.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(context: Arc<Context>, journal: Journal) -> Result<Self, ArchiveError> {
        let archived_to = store::read_to(&context.database, subject::TOURNAMENTS_STREAM).await?;
        Ok(Self {
            context,
            journal,
            packer: Packer::new()?,
            tournaments: HashMap::new(),
            batch: Batch::default(),
            archived_to,
        })
    }

    /// Reads new records, archives them and removes the journals of finished tournaments, then
    /// pauses; repeats without end.
    ///
    /// # Errors
    /// When the stream or the database does not answer.
    pub async fn run(mut self) -> Result<(), ArchiveError> {
        loop {
            self.read().await?;
            self.remove_finished().await?;
            crate::crossing::cross(&self.context).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read(&mut self) -> Result<(), ArchiveError> {
        let mut records = std::pin::pin!(self.journal.walk_from(ALL, self.batch.read_to + 1));
        while let Some(stored) = records.try_next().await? {
            self.take(&stored)?;
            if self.batch.parts.len() >= PART {
                self.write().await?;
            }
        }
        self.write().await
    }

    fn take(&mut self, stored: &Stored) -> Result<(), ArchiveError> {
        self.batch.read_to = stored.sequence;
        self.batch.records += u64::from(stored.sequence > self.archived_to);
        let Some(id) = subject::parse_tournament_journal(&stored.subject) else {
            return Ok(());
        };
        let tournament = self.tournaments.entry(id).or_insert_with(|| FollowedTournament::new(id));
        let mut report = Report::default();
        tournament.record(stored, &mut self.packer, &mut self.batch, &mut report)?;
        if stored.sequence > self.archived_to && report.violations > 0 {
            self.context.tell(subject::TOURNAMENTS_STREAM, &mut report, &mut tournament.told);
            self.batch.violations.extend(report.found);
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), ArchiveError> {
        let read_to = self.batch.read_to;
        if self.batch.parts.is_empty() && self.batch.violations.is_empty() && read_to <= self.archived_to {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Batch { read_to, ..Batch::default() });
        let packed = Arc::new(Packed::new(subject::TOURNAMENTS_STREAM, batch, &mut self.packer)?);
        store::write(&self.context.database, &packed).await?;
        self.context.count(&packed);
        self.archived_to = self.archived_to.max(read_to);
        Ok(())
    }

    /// Removes the journals of tournaments that ended long enough ago. A journal with a record that
    /// cannot be decoded stays.
    async fn remove_finished(&mut self) -> Result<(), ArchiveError> {
        // Longer than its tables' journals, because a table's journal without its tournament's
        // would count as a fault.
        let linger = self.context.linger * 2;
        let over = |tournament: &FollowedTournament| {
            !tournament.unreadable && tournament.over.is_some_and(|since| since.elapsed() >= linger)
        };
        let finished: Vec<TournamentId> =
            self.tournaments.values().filter(|tournament| over(tournament)).map(|found| found.id).collect();
        for id in finished {
            self.journal.remove(&subject::tournament_journal(id)).await?;
            self.tournaments.remove(&id);
        }
        Ok(())
    }
}
