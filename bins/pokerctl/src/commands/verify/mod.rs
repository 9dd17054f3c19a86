//! `pokerctl verify`: reads every journal and the ledger of a fleet, running or idle, and checks
//! what must always hold.
//!
//! The checks are those of `lib/audit`. Here is what they are fed with, and the comparison with the
//! ledger.

mod ledger;
mod verified;

use crate::{
    ask::AskError,
    context::{ConnectError, Context},
    grid::json_line,
};
use audit::{Report, TableCheck, TableOutcome, TournamentCheck, TournamentOutcome};
use bus::{Bus, Journal, JournalError, TableStreams};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};
use wire::subject;

pub use verified::Verified;

/// Partitions that are read at the same time.
const AT_ONCE: usize = 4;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave the cashier's ledger out (when no database runs)
    #[arg(long)]
    pub without_ledger: bool,
}

/// Why a verification could not be carried out. A violation is no error: see [`Verified`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The cashier does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A part of the verification broke down.
    #[error("the verification broke down: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Verifies and prints what was found. Whether nothing is violated.
///
/// # Errors
/// When the fleet cannot be reached or a journal cannot be read.
pub async fn run(args: &Args, context: &Context) -> Result<bool, VerifyError> {
    let bus = context.bus().await?;
    let verified = verify(&bus, !args.without_ledger).await?;
    if context.json {
        json_line(&verified);
    } else {
        verified.print();
    }
    Ok(verified.report.violations == 0)
}

/// Reads all journals and, if wanted, the ledger, and checks everything.
///
/// # Errors
/// When a journal cannot be read or the cashier does not answer.
pub async fn verify(bus: &Bus, with_ledger: bool) -> Result<Verified, VerifyError> {
    let began = Instant::now();
    let mut verified = Verified::default();
    let tables = tables(bus, &mut verified.report).await?;
    // After the tables: a tournament knows everything that its tables have carried out.
    let tournaments = tournaments(bus, &mut verified.report).await?;
    verified.count(&tables, &tournaments);
    let archived = HashSet::new();
    let report = &mut verified.report;
    audit::compare_tables_with_tournaments(&tables, &tournaments, &archived, report);
    if with_ledger {
        let money = tables.iter().filter_map(|table| Some((table.table, table.money?)));
        let expected = ledger::Expected { tables: money.collect(), tournaments };
        ledger::check(bus, expected, report).await?;
    }
    verified.seconds = began.elapsed().as_secs_f64();
    Ok(verified)
}

async fn tables(bus: &Bus, report: &mut Report) -> Result<Vec<TableOutcome>, VerifyError> {
    let streams = TableStreams::new(bus);
    let partitions = (0..subject::TABLE_PARTITIONS).map(|partition| {
        let streams = streams.clone();
        async move { tokio::spawn(tables_of(streams, partition)).await? }
    });
    let mut all = Vec::new();
    let mut done = stream::iter(partitions).buffer_unordered(AT_ONCE);
    while let Some((outcomes, part)) = done.try_next().await? {
        report.merge(part);
        all.extend(outcomes);
    }
    Ok(all)
}

async fn tables_of(
    streams: TableStreams,
    partition: u16,
) -> Result<(Vec<TableOutcome>, Report), VerifyError> {
    let journal = streams.journal(partition).await?;
    let mut report = Report::default();
    let mut checks = HashMap::new();
    let mut records = std::pin::pin!(journal.walk(&subject::table_journals(partition)));
    while let Some(stored) = records.next().await {
        let stored = stored?;
        if let Some(id) = subject::parse_table_journal(&stored.subject) {
            let check = checks.entry(id).or_insert_with(|| TableCheck::from_first_snapshot(id));
            check.bytes(stored.sequence, &stored.payload, &mut report);
        }
    }
    Ok((checks.into_values().map(TableCheck::outcome).collect(), report))
}

async fn tournaments(bus: &Bus, report: &mut Report) -> Result<Vec<TournamentOutcome>, VerifyError> {
    let journal = Journal::open(bus, subject::TOURNAMENTS_STREAM).await?;
    let partitions = (0..subject::TOURNAMENT_PARTITIONS).map(|partition| {
        let journal = journal.clone();
        async move { tokio::spawn(tournaments_of(journal, partition)).await? }
    });
    let mut all = Vec::new();
    let mut done = stream::iter(partitions).buffer_unordered(AT_ONCE);
    while let Some((outcomes, part)) = done.try_next().await? {
        report.merge(part);
        all.extend(outcomes);
    }
    Ok(all)
}

async fn tournaments_of(
    journal: Journal,
    partition: u16,
) -> Result<(Vec<TournamentOutcome>, Report), VerifyError> {
    let mut report = Report::default();
    let mut checks = HashMap::new();
    let mut records = std::pin::pin!(journal.walk(&subject::tournament_journals(partition)));
    while let Some(stored) = records.next().await {
        let stored = stored?;
        if let Some(id) = subject::parse_tournament_journal(&stored.subject) {
            let check = checks.entry(id).or_insert_with(|| TournamentCheck::from_first_snapshot(id));
            check.bytes(stored.sequence, &stored.payload, &mut report);
        }
    }
    Ok((checks.into_values().map(TournamentCheck::outcome).collect(), report))
}
