//! Players over real sockets.

mod chips;
mod player;
mod shared;
pub(crate) mod table;
pub mod worker;

use crate::{
    crew::Crew,
    fleet,
    plan::Order,
    room::{self, RoomArgs},
    usage,
};
use anyhow::ensure;
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// Options of `play`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the fleet
    #[arg(long, env = "POKER_DATA_DIR", default_value = ".local/data")]
    data_dir: PathBuf,
    #[command(flatten)]
    room: RoomArgs,
    /// Time that is measured, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Time of play before the measurement, in seconds
    #[arg(long, default_value_t = 3)]
    warm_up_seconds: u64,
}

/// Plays on a fleet that is up.
///
/// # Errors
/// When the fleet refuses a request, or violations were found.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let described = fleet::ready(&args.data_dir)?;
    let seed = args.room.seed()?;
    eprintln!("swarm: seed {seed}");
    let admin = fleet::admin(&described).await?;
    let plans = room::prepare(&admin, &args.room, seed, &described.addresses(args.room.scheme())).await?;
    let mut crew = Crew::start(plans).await?;
    seat(&mut crew).await?;
    crew.order(Order::Play).await?;
    crew.play_for(Duration::from_secs(args.warm_up_seconds), "warming up").await?;
    crew.order(Order::Measure).await?;
    let before = usage::of_fleet(&described, &crew.pids());
    let began = std::time::Instant::now();
    crew.play_for(Duration::from_secs(args.seconds), "playing").await?;
    let counted = crew.counted().await?;
    let seconds = began.elapsed().as_secs_f64();
    let after = usage::of_fleet(&described, &crew.pids());
    crew.end().await;
    for line in &counted.told {
        eprintln!("swarm: {line}");
    }
    let counts = counted.counts;
    let line = json!({
        "tables": args.room.tables,
        "players": args.room.connections(),
        "railbirds": args.room.railbirds,
        "seed": seed,
        "seconds": usage::round(seconds),
        "actions": counts.actions,
        "actions_per_s": usage::round(counts.actions as f64 / seconds),
        "hands": counts.hands,
        "seen_by_all": counted.seen.percentiles(),
        "answered": counted.answered.percentiles(),
        "dropped": counts.dropped,
        "slow": counts.slow,
        "refused": counts.refused,
        "violations": counts.violations,
        "cpu_ms_per_1000_actions": usage::cpu_ms_per_1000(&usage::between(&before, &after), counts.actions),
        "memory": after,
    });
    println!("{line}");
    ensure!(counts.violations == 0, "{} violations, seed {seed}", counts.violations);
    Ok(())
}

/// Connects all players and seats them; no player acts yet.
///
/// # Errors
/// When a player gets no seat.
pub async fn seat(crew: &mut Crew) -> anyhow::Result<()> {
    crew.all(Order::Connect, "connecting", |counts| counts.connected).await?;
    crew.all(Order::Sit, "sitting down", |counts| counts.seated).await
}
