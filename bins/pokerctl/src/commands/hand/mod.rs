//! `pokerctl hand`: hand files replayed, compared, made and shown, and shuffles verified.

mod check;
mod ohh;
mod oracle;
mod played;
mod random;
mod show;
mod verify;

use crate::context::{ConnectError, Context};
use poker::phh::{Phh, PhhError};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use wire::{HandNo, TableId, text::Quoted};

/// Options of `hand`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Replay PHH files (.phh, .phhs) and compare finishing stacks; prints one line of JSON
    Check(check::Args),
    /// Compare with hands that another engine has played, one JSON object per line; prints one line of JSON
    Oracle(oracle::Args),
    /// Write PHH files as Open Hand History, one JSON object per hand, for hand trackers
    Ohh(ohh::Args),
    /// Play random legal hands and print them, one JSON object per line, for another engine to judge
    Random(random::Args),
    /// Tell a hand readably, street by street: one of the fleet (TABLE.HAND), or those of a PHH file
    Show(show::Args),
    /// Verify the shuffle of a finished hand of the running fleet
    Verify(verify::Args),
}

/// Why a hand command failed.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file makes no sense.
    #[error("{path}: {error}")]
    Phh {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: PhhError,
    },
    /// The output cannot be written.
    #[error("cannot write the hands: {0}")]
    Write(#[from] io::Error),
    /// There is no such player.
    #[error(
        "there is no player {}: give a name as the file has it, or a number from 1 for the first left of the button",
        Quoted(.0)
    )]
    Hero(String),
    /// There is no such variant.
    #[error("there is no variant {}; known are {}", Quoted(.0), codes())]
    Variant(String),
    /// A random hand could not be made into a line.
    #[error("hand {number} of seed {seed}: {reason}")]
    Random {
        /// Which hand.
        number: u64,
        /// The seed.
        seed: u64,
        /// What is wrong.
        reason: String,
    },
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Neither archive nor journal can be read.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// A hand that is on record cannot be set up again.
    #[error("hand {id} cannot be set up again: {error}")]
    SetUp {
        /// Which hand.
        id: String,
        /// Why not.
        error: poker::table::StartError,
    },
    /// The table has no such hand.
    #[error(
        "table {table} has no finished hand {hand}, neither in the archive nor in its journal: see `pokerctl table log {table}`"
    )]
    NoHand {
        /// The table.
        table: TableId,
        /// The hand.
        hand: HandNo,
    },
}

/// Carries a hand command out; false when something differs.
///
/// # Errors
/// When files cannot be read or the fleet cannot be reached.
pub async fn run(args: &Args, context: &Context) -> Result<bool, HandError> {
    match &args.what {
        What::Check(args) => check::run(args),
        What::Oracle(args) => oracle::run(args),
        What::Ohh(args) => ohh::run(args).map(|()| true),
        What::Random(args) => random::run(args).map(|()| true),
        What::Show(args) => show::run(args, context).await.map(|()| true),
        What::Verify(args) => verify::run(args, context).await,
    }
}

fn read(path: &Path) -> Result<String, HandError> {
    fs::read_to_string(path).map_err(|error| HandError::Read { path: path.to_owned(), error })
}

/// The hands of a file, each with a name for messages. A `.phhs` file has several.
fn hands(path: &Path) -> Result<Vec<(String, Phh)>, HandError> {
    let text = read(path)?;
    let file = path.display().to_string();
    let parsed = if path.extension().is_some_and(|extension| extension == "phhs") {
        let named = |(name, hand)| (format!("{file} [{name}]"), hand);
        Phh::parse_all(&text).map(|hands| hands.into_iter().map(named).collect())
    } else {
        Phh::parse(&text).map(|hand| vec![(file.clone(), hand)])
    };
    parsed.map_err(|error| HandError::Phh { path: path.to_owned(), error })
}

fn codes() -> String {
    poker::variant::ALL.iter().map(|variant| variant.code).collect::<Vec<_>>().join(", ")
}
