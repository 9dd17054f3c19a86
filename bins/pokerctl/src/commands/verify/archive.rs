//! Reads the archive's findings, and checks that the journals continue where the archive ends.

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

/// The archivists' answers.
pub enum Archive {
    /// The answers to all requests.
    Answered(Box<Answers>),
    /// No archivist answered; the reason.
    NoAnswer(String),
}

/// The archivists' answers to one verification.
pub struct Answers {
    proof: Proof,
    tables: BTreeMap<TableId, ArchivedTable>,
    /// Tables that are open by the archive, and had no journal when the journals were read.
    without_journal: Vec<TableId>,
    tournaments: HashSet<TournamentId>,
}

/// The source of each part of the proof: archive or journal.
#[derive(Debug, Default, Serialize)]
pub struct ArchiveSummary {
    /// Whether an archivist has answered. If not, only the journals were checked.
    pub answered: bool,
    /// The reason, if none has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Finished hands in the archive.
    pub hands: u64,
    /// Violations recorded in the archive; they are part of the total.
    pub violations: u64,
    /// Finished tournaments in the archive that are not yet compared with their tables.
    pub uncrossed: u64,
    /// Journals without their first records, all of which are in the archive.
    pub joined: u64,
    /// The streams of tables and tournaments.
    pub streams: Vec<StreamSummary>,
}

impl ArchiveSummary {
    /// Returns the summary as lines for people.
    pub fn lines(&self) -> Vec<String> {
        if let Some(reason) = &self.reason {
            return vec![format!(
                "{reason}. Only the journals were checked: records that were trimmed are not proved"
            )];
        }
        let used = self.streams.iter().filter(|stream| stream.journal_to > 0);
        let mut lines: Vec<String> = used.map(StreamSummary::line).collect();
        lines.push(format!(
            "archive: {} and {}; {} where it ends",
            counted(self.hands, "hand", "hands"),
            counted(self.violations, "recorded violation", "recorded violations"),
            counted(self.joined, "journal continues", "journals continue"),
        ));
        lines
    }
}

impl StreamSummary {
    fn line(&self) -> String {
        let archive = match self.archived_to {
            0 => "no record archived".to_owned(),
            to => format!("archive to record {}", number(to)),
        };
        let journal = match self.journal_from {
            from if from > self.journal_to => "journals empty".to_owned(),
            from => format!("journals from record {} to {}", number(from), number(self.journal_to)),
        };
        format!("{}: {archive}; {journal}", self.stream)
    }
}

/// The source of the proof of one stream's records.
#[derive(Debug, Serialize)]
pub struct StreamSummary {
    /// The stream's name.
    pub stream: String,
    /// Sequence of the last archived record; 0 if no record is archived.
    pub archived_to: u64,
    /// Sequence of the first record in the stream.
    pub journal_from: u64,
    /// Sequence of the last record in the stream.
    pub journal_to: u64,
}

impl Archive {
    /// Asks the archivists for their proofs of these tables. The tables' journals have just been
    /// read.
    ///
    /// # Errors
    /// When no archivist answers or the archive cannot be read, if the archive is `required`.
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

    /// Reports the violations that the archive has recorded, and journals that do not continue
    /// where the archive ends.
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
                let what = format!(
                    "there is no journal; it is archived to record {archived_to}, and the table is open"
                );
                report.violation(Location::Table(*table), None, Rule::Archive, what);
            }
        }
        Ok(())
    }

    /// Returns the sequence of a table's last archived record: 0 if no record is archived, none if
    /// no archivist answered.
    fn archived_to(&self, table: TableId) -> Option<u64> {
        match self {
            Self::Answered(answers) => Some(answers.tables.get(&table).map_or(0, |known| known.archived_to)),
            Self::NoAnswer(_) => None,
        }
    }

    /// Returns the tournaments whose journals are archived, and may be purged.
    pub fn tournaments(&self) -> HashSet<TournamentId> {
        match self {
            Self::Answered(answers) => answers.tournaments.clone(),
            Self::NoAnswer(_) => HashSet::new(),
        }
    }

    /// Returns the source of each part of the proof.
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

/// Reads the journal of a table again that had no journal when the journals were read. Returns the
/// sequence of its last archived record, if the table still has no journal and is not over: then
/// the journal is lost.
async fn lost(bus: &Bus, table: TableId) -> Result<Option<u64>, VerifyError> {
    let journal = TableStreams::new(bus).journal(subject::table_partition(table)).await?;
    if journal.recover_one(&subject::table_journal(table)).await?.is_some() {
        return Ok(None);
    }
    let proofs = history::table_proofs(bus, &[table]).await?;
    Ok(proofs.first().filter(|proof| !proof.over).map(|proof| proof.archived_to))
}
