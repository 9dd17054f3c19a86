//! `pokerctl verify`: reads every journal, the archive's findings and the ledger of a fleet,
//! running or idle, and checks the invariants.
//!
//! The checks are those of `lib/audit`. This module reads their input, and compares the journals
//! with the ledger.

mod archive;
mod journals;
mod ledger;
mod verified;

use crate::{
    ask::AskError,
    context::{ConnectError, Context},
    grid::json_line,
};
use archive::Archive;
use bus::{Bus, JournalError};
use history::HistoryError;
use std::time::Instant;

pub use verified::Verified;

/// Options of `verify`.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Args {
    /// Do not check the cashier's ledger (when no database runs)
    #[arg(long)]
    pub without_ledger: bool,
    /// Fail when no archivist answers. Without this option only the journals are checked then, and
    /// the output says that trimmed records are not proved
    #[arg(long)]
    pub require_archive: bool,
}

/// The reason why a verification is not complete. A violation is no error: see [`Verified`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The archive does not answer, and it is required.
    #[error(transparent)]
    Archive(#[from] HistoryError),
    /// The cashier does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A task of the verification panicked.
    #[error("a task of the verification panicked: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Verifies the fleet and prints the result. Returns whether no invariant is violated.
///
/// # Errors
/// When the fleet cannot be reached, a journal cannot be read, or the archive does not answer and
/// is required.
pub async fn run(args: &Args, context: &Context) -> Result<bool, VerifyError> {
    let bus = context.bus().await?;
    let verified = verify(&bus, *args).await?;
    if context.json {
        json_line(&verified);
    } else {
        verified.print();
    }
    Ok(verified.report.violations == 0)
}

/// Reads all journals, the archive's proofs of them and, unless excluded, the ledger, and checks
/// them.
///
/// # Errors
/// When a journal cannot be read, the cashier does not answer, or the archive does not answer and
/// is required.
pub async fn verify(bus: &Bus, args: Args) -> Result<Verified, VerifyError> {
    let began = Instant::now();
    let mut verified = Verified::default();
    let report = &mut verified.report;
    // The archive is read after the tables: records that were trimmed by then are archived.
    // Tournaments are read last: their journals then contain all that their tables have reported.
    let tables = journals::tables(bus, report).await?;
    let archive = Archive::ask(bus, &tables, args.require_archive).await?;
    let tournaments = journals::tournaments(bus, report).await?;
    archive.check(bus, &tables, &tournaments, report).await?;
    let archived = archive.tournaments();
    audit::compare_tables_with_tournaments(&tables.outcomes, &tournaments.outcomes, &archived, report);
    verified.count(&tables.outcomes, &tournaments.outcomes);
    verified.archive = archive.summary(&tables, &tournaments);
    if !args.without_ledger {
        let money = tables.outcomes.iter().filter_map(|table| Some((table.table, table.money?)));
        let expected = ledger::Expected { tables: money.collect(), tournaments: tournaments.outcomes };
        ledger::check(bus, expected, &mut verified.report).await?;
    }
    verified.seconds = began.elapsed().as_secs_f64();
    Ok(verified)
}
