//! Reads every journal from its first record in the stream.

use super::VerifyError;
use audit::{Links, Report, TableCheck, TableOutcome, TournamentCheck, TournamentOutcome};
use bus::{Bus, Extent, Journal, TableStreams};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Arc,
};
use wire::subject;

/// Partitions that are read at the same time.
const AT_ONCE: usize = 4;

/// Journals of one kind, and their streams.
pub struct Journals<O> {
    /// The result of each journal.
    pub outcomes: Vec<O>,
    /// The links between the records of each journal, and the journal's stream; in the order of
    /// `outcomes`.
    pub links: Vec<(Links, String)>,
    /// The first and last sequence of each stream, read after its journals.
    pub extents: BTreeMap<String, Extent>,
}

/// The functions that read journals of one kind.
struct Reading<I, C, O> {
    parse: fn(&str) -> Option<I>,
    begin: fn(I) -> C,
    bytes: fn(&mut C, u64, &[u8], &mut Report),
    outcome: fn(C) -> O,
}

/// The result of one partition.
type Part<O> = (Vec<(O, Links)>, Report);

/// Reads the journals of all tables.
///
/// # Errors
/// When a journal cannot be read.
pub async fn tables(bus: &Bus, report: &mut Report) -> Result<Journals<TableOutcome>, VerifyError> {
    let reading = Reading {
        parse: subject::parse_table_journal,
        begin: TableCheck::from_first_snapshot,
        bytes: TableCheck::bytes,
        outcome: TableCheck::outcome,
    };
    let streams = TableStreams::new(bus);
    let mut parts = Vec::new();
    for partition in 0..subject::TABLE_PARTITIONS {
        parts.push((streams.journal(partition).await?, subject::table_journals(partition)));
    }
    let mut journals = all(parts, reading, report).await?;
    for journal in streams.all().await? {
        journals.extents.insert(journal.stream().to_owned(), journal.extent().await?);
    }
    Ok(journals)
}

/// Reads the journals of all tournaments.
///
/// # Errors
/// When a journal cannot be read.
pub async fn tournaments(bus: &Bus, report: &mut Report) -> Result<Journals<TournamentOutcome>, VerifyError> {
    let reading = Reading {
        parse: subject::parse_tournament_journal,
        begin: TournamentCheck::from_first_snapshot,
        bytes: TournamentCheck::bytes,
        outcome: TournamentCheck::outcome,
    };
    let journal = Journal::open(bus, subject::TOURNAMENTS_STREAM).await?;
    let partitions = 0..subject::TOURNAMENT_PARTITIONS;
    let parts = partitions.map(|partition| (journal.clone(), subject::tournament_journals(partition)));
    let mut journals = all(parts.collect(), reading, report).await?;
    journals.extents.insert(journal.stream().to_owned(), journal.extent().await?);
    Ok(journals)
}

/// Reads journals by their streams and subjects, each pair in its own task.
async fn all<I, C, O>(
    parts: Vec<(Journal, String)>,
    reading: Reading<I, C, O>,
    report: &mut Report,
) -> Result<Journals<O>, VerifyError>
where
    I: Copy + Eq + Hash + Send + Sync + 'static,
    C: Send + 'static,
    O: Send + 'static,
{
    let mut journals = Journals { outcomes: Vec::new(), links: Vec::new(), extents: BTreeMap::new() };
    let reading = Arc::new(reading);
    let tasks = parts.into_iter().map(|(journal, filter)| (journal, filter, Arc::clone(&reading)));
    let tasks = tasks.map(|(journal, filter, reading)| async move {
        let stream = journal.stream().to_owned();
        let part = tokio::spawn(part(journal, filter, reading)).await??;
        Ok::<_, VerifyError>((stream, part))
    });
    let mut done = stream::iter(tasks).buffer_unordered(AT_ONCE);
    while let Some((stream, (read, part))) = done.try_next().await? {
        report.merge(part);
        for (outcome, links) in read {
            journals.outcomes.push(outcome);
            journals.links.push((links, stream.clone()));
        }
    }
    Ok(journals)
}

async fn part<I: Copy + Eq + Hash, C, O>(
    journal: Journal,
    filter: String,
    reading: Arc<Reading<I, C, O>>,
) -> Result<Part<O>, VerifyError> {
    let mut report = Report::default();
    let mut read: HashMap<I, (C, Links)> = HashMap::new();
    let mut records = std::pin::pin!(journal.walk(&filter));
    while let Some(stored) = records.try_next().await? {
        let Some(id) = (reading.parse)(&stored.subject) else { continue };
        let (check, links) = read.entry(id).or_insert_with(|| ((reading.begin)(id), Links::default()));
        if links.record(stored.sequence, stored.previous) {
            *check = (reading.begin)(id);
        }
        (reading.bytes)(check, stored.sequence, &stored.payload, &mut report);
    }
    let read = read.into_values().map(|(check, links)| ((reading.outcome)(check), links));
    Ok((read.collect(), report))
}
