//! `pokerctl table`: shows, creates and closes tables, and prints their records.

mod create;
mod log;
mod show;

use crate::{
    ask::AskError,
    context::{ConnectError, Context},
};
use clap::Subcommand;
use wire::TableId;

/// Options of `table`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show a table as a visitor sees it
    Show {
        /// The table's number
        table: TableId,
    },
    /// Print a table's records, hidden cards of finished hands included
    Log(log::Args),
    /// Create a cash table
    Create(Box<create::Args>),
    /// Close a cash table after the current hand; all players are paid back
    Close {
        /// The table's number
        table: TableId,
    },
}

/// The reason why a table cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The table's owner does not answer, or refuses.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The archive and the journal cannot be read.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// Neither the archive nor a journal has the table.
    #[error("table {0} has no journal and is not in the archive: `pokerctl tables` lists all tables")]
    NoJournal(TableId),
    /// There are not as many seats.
    #[error("--bots {bots}: the table has only {seats} seats; raise --seats, or ask for fewer bots")]
    TooManyBots {
        /// Seats that bots were to take.
        bots: u8,
        /// Seats of the table.
        seats: u8,
    },
    /// The range of hands is empty.
    #[error("--from {from} is after --to {to}: give a first hand that is not after the last")]
    NoHands {
        /// The first hand asked for.
        from: u64,
        /// The last hand asked for.
        to: u64,
    },
}

/// Runs the command.
///
/// # Errors
/// When the fleet cannot be reached, or the table's owner does not answer or refuses.
pub async fn run(args: Args, context: &Context) -> Result<(), TableError> {
    match args.what {
        What::Show { table } => show::run(table, context).await,
        What::Log(args) => log::run(&args, context).await,
        What::Create(args) => create::run(*args, context).await,
        What::Close { table } => create::close(table, context).await,
    }
}
