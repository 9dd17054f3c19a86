//! `pokerctl verify`: reads every journal and the ledger of a fleet, running or idle, and checks what must always hold.
//!
//! The checks are those of `lib/audit`. Here is what they are fed with, and the comparison with the ledger.

mod ledger;

use crate::{
    ask::AskError,
    context::{ConnectError, Context},
    grid::{json_line, say},
};
use audit::{Report, TableCheck, TableOutcome, TournamentCheck, TournamentOutcome};
use bus::{Bus, Journal, JournalError, TableStreams};
use futures::{StreamExt, TryStreamExt, stream};
use std::{collections::HashMap, time::Instant};
use wire::subject;

/// Partitions that are read at the same time.
const AT_ONCE: usize = 4;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave the cashier's ledger out (when no database runs)
    #[arg(long)]
    pub without_ledger: bool,
}

/// Why a verification could not be carried out. A violation is no error: see [`Report`].
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
    let report = verify(&bus, !args.without_ledger).await?;
    if context.json {
        json_line(&report);
    } else {
        print(&report);
    }
    Ok(report.violations == 0)
}

/// Reads all journals and, if wanted, the ledger, and checks everything.
///
/// # Errors
/// When a journal cannot be read or the cashier does not answer.
pub async fn verify(bus: &Bus, with_ledger: bool) -> Result<Report, VerifyError> {
    let began = Instant::now();
    let mut report = Report::default();
    let tables = tables(bus, &mut report).await?;
    // After the tables: a tournament knows everything that its tables have carried out.
    let tournaments = tournaments(bus, &mut report).await?;
    audit::compare_tables_with_tournaments(&tables, &tournaments, &mut report);
    if with_ledger {
        let money = tables.iter().filter_map(|table| Some((table.table, table.money?)));
        let expected = ledger::Expected { tables: money.collect(), tournaments };
        ledger::check(bus, expected, &mut report).await?;
    }
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
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
            let check = checks.entry(id).or_insert_with(|| TableCheck::new(id));
            check.bytes(stored.sequence, &stored.payload, &mut report);
        }
    }
    report.tables = checks.len() as u64;
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
    report.tournaments = all.len() as u64;
    report.finished_tournaments = all.iter().filter(|outcome| outcome.places.is_some()).count() as u64;
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
            let check = checks.entry(id).or_insert_with(|| TournamentCheck::new(id));
            check.bytes(stored.sequence, &stored.payload, &mut report);
        }
    }
    Ok((checks.into_values().map(TournamentCheck::outcome).collect(), report))
}

fn print(report: &Report) {
    for violation in &report.found {
        say(violation);
    }
    let undescribed = report.violations - report.found.len() as u64;
    if undescribed > 0 {
        say(format!("and {undescribed} more"));
    }
    say(format!(
        "{} tables, {} tournaments ({} finished), {} records, {} snapshots, {} hands{}, {} actions: {} in {:.1} s",
        report.tables,
        report.tournaments,
        report.finished_tournaments,
        report.records,
        report.snapshots,
        report.hands,
        match report.scripted_hands {
            0 => String::new(),
            scripted => format!(" ({scripted} scripted, not shuffled)"),
        },
        report.actions,
        match report.violations {
            0 => "nothing is violated".to_owned(),
            1 => "1 violation".to_owned(),
            more => format!("{more} violations"),
        },
        report.seconds,
    ));
}
