//! `pokerctl verify`: reads every journal, the archive's own findings and the ledger of a fleet, running or idle, and checks
//! what must always hold.
//!
//! The checks are those of `lib/audit`. Here is what they are fed with, and the comparison with the
//! ledger.

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
    /// Leave the cashier's ledger out (when no database runs)
    #[arg(long)]
    pub without_ledger: bool,
    /// Fail when no archivist answers. Otherwise the journals are then checked alone, and that is said: what has left
    /// them is not proved
    #[arg(long)]
    pub require_archive: bool,
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
    /// The archive does not answer, and it is required.
    #[error(transparent)]
    Archive(#[from] HistoryError),
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
/// When the fleet cannot be reached, a journal cannot be read, or the archive does not answer and is required.
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

/// Reads all journals, what the archive says of them and, if wanted, the ledger, and checks everything.
///
/// # Errors
/// When a journal cannot be read, the cashier does not answer, or the archive does not answer and is required.
pub async fn verify(bus: &Bus, args: Args) -> Result<Verified, VerifyError> {
    let began = Instant::now();
    let mut verified = Verified::default();
    let report = &mut verified.report;
    // The archive after the tables: what has left their journals by then is archived. The tournaments after both: they know
    // everything that their tables have carried out.
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
