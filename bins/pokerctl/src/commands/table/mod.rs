//! `pokerctl table`: one table.

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
    /// Print a table's journal, record by record, hidden cards included
    Log(log::Args),
    /// Create a cash table
    Create(Box<create::Args>),
    /// Close a cash table after the hand; everybody is paid back
    Close {
        /// The table's number
        table: TableId,
    },
}

/// Why a table cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The table does not answer as needed.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Neither archive nor journal can be read.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// Neither knows the table.
    #[error(
        "table {0} has no journal and is not in the archive: `pokerctl tables` lists the tables there are"
    )]
    NoJournal(TableId),
    /// The range of hands is empty.
    #[error("there is no hand from {from} to {to}")]
    NoHands {
        /// First hand asked for.
        from: u64,
        /// Last hand asked for.
        to: u64,
    },
}

/// Carries the subcommand out.
///
/// # Errors
/// When the fleet cannot be reached or the table does not answer as needed.
pub async fn run(args: Args, context: &Context) -> Result<(), TableError> {
    match args.what {
        What::Show { table } => show::run(table, context).await,
        What::Log(args) => log::run(&args, context).await,
        What::Create(args) => create::run(*args, context).await,
        What::Close { table } => create::close(table, context).await,
    }
}
