//! What the archive has proved, and whether the journals go on where it ends.

use super::{VerifyError, journals::Journals};
use crate::words::{counted, number};
use audit::{ArchivedTable, Chain, Location, Report, Rule, TableOutcome, TournamentOutcome};
use bus::{Bus, Extent, TableStreams};
use history::HistoryError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use wire::{
    TableId, TournamentId,
    archive::{Proof, TableProof},
    subject,
};

/// What the archivists answered.
pub enum Archive {
    /// All that was asked.
    Answered(Box<Answers>),
    /// Nothing, and why.
    NoAnswer(String),
}

/// See [`Archive`].
pub struct Answers {
    proof: Proof,
    tables: BTreeMap<TableId, ArchivedTable>,
    /// Tables that are not over by the archive and have no journal as it was read.
    without_journal: Vec<TableId>,
    tournaments: HashSet<TournamentId>,
}

/// From where each part of the proof comes.
#[derive(Debug, Default, Serialize)]
pub struct ArchiveSummary {
    /// Whether an archivist has answered. If not, journals were checked alone.
    pub answered: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Finished hands in the archive.
    pub hands: u64,
    /// Violations that are recorded there; they count among all.
    pub violations: u64,
    /// Finished tournaments there whose tables were not compared with them yet.
    pub uncrossed: u64,
    /// Journals whose beginning is gone, and is archived up to where they go on.
    pub joined: u64,
    /// Each stream.
    pub streams: Vec<StreamSummary>,
}

impl ArchiveSummary {
    /// Returns it as lines for people.
    pub fn lines(&self) -> Vec<String> {
        if let Some(reason) = &self.reason {
            return vec![format!(
                "{reason}. The journals were checked alone: what has left them is not proved"
            )];
        }
        let used = self.streams.iter().filter(|stream| stream.journal_to > 0);
        let mut lines: Vec<String> = used.map(StreamSummary::line).collect();
        lines.push(format!(
            "archive: {} and {}; {} on where it ends",
            counted(self.hands, "hand", "hands"),
            counted(self.violations, "recorded violation", "recorded violations"),
            counted(self.joined, "journal goes", "journals go"),
        ));
        lines
    }
}

impl StreamSummary {
    fn line(&self) -> String {
        let archive = match self.archived_to {
            0 => "nothing archived".to_owned(),
            to => format!("archive to record {}", number(to)),
        };
        let journal = match self.journal_from {
            from if from > self.journal_to => "journals empty".to_owned(),
            from => format!("journals from record {} to {}", number(from), number(self.journal_to)),
        };
        format!("{}: {archive}; {journal}", self.stream)
    }
}

/// From where the proof of one stream comes.
#[derive(Debug, Serialize)]
pub struct StreamSummary {
    /// The stream's name.
    pub stream: String,
    /// Sequence of the last record that is archived; 0: none is.
    pub archived_to: u64,
    /// Sequences of the first and the last record of the journals.
    pub journal_from: u64,
    /// See `journal_from`.
    pub journal_to: u64,
}

impl Archive {
    /// Asks what the archive has of these tables' journals, which have just been read.
    ///
    /// # Errors
    /// When no archivist answers, or the archive is away, if it is `required`.
    pub async fn ask(
        bus: &Bus,
        tables: &Journals<TableOutcome>,
        required: bool,
    ) -> Result<Self, HistoryError> {
        match answers(bus, tables).await {
            Ok(answers) => Ok(Self::Answered(Box::new(answers))),
            Err(error) if required => Err(error),
            Err(error) => Ok(Self::NoAnswer(error.to_string())),
        }
    }

    /// Reports what the archive has recorded, and where journals do not go on where it ends.
    ///
    /// # Errors
    /// When a journal or the archive cannot be read.
    pub async fn check(
        &self,
        bus: &Bus,
        tables: &Journals<TableOutcome>,
        tournaments: &Journals<TournamentOutcome>,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        for (table, (links, stream)) in tables.outcomes.iter().zip(&tables.links) {
            let first = tables.extents.get(stream).map_or(0, |extent| extent.first);
            links.check(Location::Table(table.table), first, self.archived_to(table.table), report);
        }
        for (tournament, (links, _)) in tournaments.outcomes.iter().zip(&tournaments.links) {
            // A tournament's journal is never trimmed.
            links.check(Location::Tournament(tournament.tournament), 0, None, report);
        }
        let Self::Answered(answers) = self else { return Ok(()) };
        report.recorded(answers.proof.violations, &answers.proof.described);
        audit::compare_tables_with_archive(&tables.outcomes, &answers.tables, report);
        audit::compare_tournaments_with_archive(&tournaments.outcomes, &answers.tables, report);
        for table in &answers.without_journal {
            if let Some(archived_to) = lost(bus, *table).await? {
                let what =
                    format!("there is no journal; archive to record {archived_to}, and the table is open");
                report.violation(Location::Table(*table), None, Rule::Archive, what);
            }
        }
        Ok(())
    }

    /// Sequence up to which a table's journal is archived: 0 when nothing of it is, none when that is not known.
    fn archived_to(&self, table: TableId) -> Option<u64> {
        match self {
            Self::Answered(answers) => Some(answers.tables.get(&table).map_or(0, |known| known.archived_to)),
            Self::NoAnswer(_) => None,
        }
    }

    /// Returns the tournaments whose journals are archived and may be gone.
    pub fn tournaments(&self) -> HashSet<TournamentId> {
        match self {
            Self::Answered(answers) => answers.tournaments.clone(),
            Self::NoAnswer(_) => HashSet::new(),
        }
    }

    /// Says from where each part of the proof comes.
    pub fn summary(
        &self,
        tables: &Journals<TableOutcome>,
        tournaments: &Journals<TournamentOutcome>,
    ) -> ArchiveSummary {
        let extents = tables.extents.iter().chain(&tournaments.extents);
        let stream = |(name, extent): (&String, &Extent)| StreamSummary {
            stream: name.clone(),
            archived_to: self.read_to(name),
            journal_from: extent.first,
            journal_to: extent.last,
        };
        let streams = extents.map(stream).collect();
        match self {
            Self::NoAnswer(reason) => {
                ArchiveSummary { reason: Some(reason.clone()), streams, ..ArchiveSummary::default() }
            }
            Self::Answered(answers) => ArchiveSummary {
                answered: true,
                reason: None,
                hands: answers.proof.hands,
                violations: answers.proof.violations,
                uncrossed: answers.proof.uncrossed,
                joined: answers.joined(tables),
                streams,
            },
        }
    }

    fn read_to(&self, stream: &str) -> u64 {
        let Self::Answered(answers) = self else { return 0 };
        let proof = answers.proof.streams.iter().find(|proof| proof.name == stream);
        proof.map_or(0, |proof| proof.read_to)
    }
}

impl Answers {
    fn joined(&self, tables: &Journals<TableOutcome>) -> u64 {
        let joins = |(table, (links, _)): &(&TableOutcome, &(audit::Links, String))| {
            let archived_to = self.tables.get(&table.table).map_or(0, |known| known.archived_to);
            !links.gaps().is_empty() && links.gaps().iter().all(|gap| gap.last <= archived_to)
        };
        tables.outcomes.iter().zip(&tables.links).filter(joins).count() as u64
    }
}

async fn answers(bus: &Bus, tables: &Journals<TableOutcome>) -> Result<Answers, HistoryError> {
    let proof = history::proof(bus).await?;
    let open = history::open_tables(bus).await?;
    let known: BTreeSet<TableId> = open.iter().map(|proof| proof.table).collect();
    let read: BTreeSet<TableId> = tables.outcomes.iter().map(|table| table.table).collect();
    let without_journal = known.difference(&read).copied().collect();
    let others: Vec<TableId> = read.difference(&known).copied().collect();
    let others = history::table_proofs(bus, &others).await?;
    let tables = open.iter().chain(&others).map(|proof| (proof.table, archived(proof))).collect();
    let tournaments = history::tournaments(bus).await?.into_iter().collect();
    Ok(Answers { proof, tables, without_journal, tournaments })
}

fn archived(proof: &TableProof) -> ArchivedTable {
    let TableProof { archived_to, hands, hands_sum, instructions, instructions_sum, .. } = proof;
    ArchivedTable {
        archived_to: *archived_to,
        hands: Chain::of_text(*hands, hands_sum),
        instructions: Chain::of_text(*instructions, instructions_sum),
    }
}

/// Looks again for the journal of a table that had none when the journals were read. Returns up to which record it is
/// archived, if the table is neither new nor over by now.
async fn lost(bus: &Bus, table: TableId) -> Result<Option<u64>, VerifyError> {
    let journal = TableStreams::new(bus).journal(subject::table_partition(table)).await?;
    if journal.recover_one(&subject::table_journal(table)).await?.is_some() {
        return Ok(None);
    }
    let proofs = history::table_proofs(bus, &[table]).await?;
    Ok(proofs.first().filter(|proof| !proof.over).map(|proof| proof.archived_to))
}
