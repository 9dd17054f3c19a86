//! Recorded hands played again by a fleet: `swarm replay`. The decks are scripted, which only a
//! fleet takes that was started for it; sockets, seats, buy-ins and turns are those of any player.

pub mod hands;
mod player;
pub mod replay_fleet;
mod table;
pub mod tally;

use crate::fleet;
use replay_fleet::ReplayFleet;
use std::path::PathBuf;

/// Options of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Hand files (.phh or .phhs), or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder of the fleet, which runs with --scripted-decks
    #[arg(long, env = "POKER_DATA_DIR", default_value = ".local/data")]
    data_dir: PathBuf,
    /// Most players at once, each on a connection of its own; hands beyond are played in further
    /// rounds
    #[arg(long, value_name = "N", default_value_t = 15_000)]
    players: usize,
    /// How players connect: tcp, ws or ws+json
    #[arg(long, default_value = "tcp", value_parser = ["tcp", "ws", "ws+json"])]
    wire: String,
}

/// Plays the hands on a fleet that is up; prints one line of JSON.
///
/// # Errors
/// When files cannot be read, no fleet is up or it takes no scripts, and when a hand does not end
/// as recorded.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let hands = hands::read(&args.files)?;
    let described = fleet::ready(&args.data_dir)?;
    let admin = fleet::admin(&described).await?;
    let tally = ReplayFleet::new(&described, &admin, &args.wire, args.players)?.play(&hands).await?;
    println!("{}", tally.line());
    tally.judge()
}
