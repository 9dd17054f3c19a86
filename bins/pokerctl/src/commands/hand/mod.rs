//! `pokerctl hand`: replays, compares, makes and shows hands, and verifies shuffles.

mod check;
mod ohh;
mod oracle;
mod played;
mod random;
mod show;
mod verify;

use crate::{
    context::{ConnectError, Context},
    words,
};
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
    /// Compare with hands of another engine, one JSON object per line; prints one line of JSON
    Oracle(oracle::Args),
    /// Write PHH files as Open Hand History, one JSON object per hand, for hand trackers
    Ohh(ohh::Args),
    /// Play random legal hands and print them, one JSON object per line, for another engine to
    /// judge
    Random(random::Args),
    /// Print a hand in words, street by street: one of the fleet (TABLE.HAND), or those of a PHH
    /// file
    Show(show::Args),
    /// Verify the shuffle of a finished hand of the running fleet
    Verify(verify::Args),
}

/// The reason why a hand command failed.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The argument is neither.
    #[error("{} is neither a hand of the fleet, as TABLE.HAND, nor a file", Quoted(.0))]
    NoHandOrFile(String),
    /// A file is no valid hand file.
    #[error("{path}: {error}")]
    Phh {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: PhhError,
    },
    /// The output cannot be written.
    #[error("cannot write the hands: {0}")]
    Write(#[from] io::Error),
    /// The file has no player of this name or number.
    #[error(
        "there is no player {}: give a name from the file, or a number (1 is the first seat left of the button)",
        Quoted(.0)
    )]
    Hero(String),
    /// No variant has this code.
    #[error("there is no variant {}; known codes are {}", Quoted(.0), words::variant_codes())]
    Variant(String),
    /// A random hand could not be played or written as a line.
    #[error("hand {number} of seed {seed}: {reason}")]
    Random {
        /// The number of the hand, from 1.
        number: u64,
        /// The seed.
        seed: u64,
        /// The reason.
        reason: String,
    },
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The archive and the journal cannot be read.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// A recorded hand cannot be set up again.
    #[error("hand {id} cannot be set up again: {error}")]
    SetUp {
        /// The hand.
        id: String,
        /// The reason.
        error: poker::table::StartError,
    },
    /// The table has no finished hand of this number.
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

/// Runs a hand command. Returns false when a comparison or a verification fails.
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

/// Reads the hands of a file, each with a name for messages. A `.phhs` file has several.
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
