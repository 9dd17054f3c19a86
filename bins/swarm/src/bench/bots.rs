//! `bots`: decisions per second at tables where only bots sit and nobody waits, with more and more bot workers.

use super::{Args, PER_GATEWAY};
use crate::{
    fleet::{Size, Started},
    room,
    usage::{self, round},
};
use bus::Peers;
use serde_json::json;
use std::time::{Duration, Instant};
use wire::fleet::Role;

const TABLES: usize = 100;
const WORKERS: [usize; 3] = [1, 2, 4];
/// Time for heartbeats to be heard.
const SETTLE: Duration = Duration::from_secs(2);

/// Measures.
///
/// # Errors
/// When a fleet cannot be started or refuses the tables.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut first = None;
        for bot_workers in WORKERS {
            let size =
                Size { gateways: 1, table_workers: args.table_workers, bot_workers, scripted_decks: false };
            let fleet = Started::start(size, PER_GATEWAY).await?;
            let described = fleet.described()?;
            let admin = described.admin().await?;
            let room = args.room(tables)?;
            room::bots(&admin, &room, room.seed()?).await?;
            let peers = Peers::watch(&admin).await?;
            tokio::time::sleep(SETTLE).await;
            let (began, before, cpu) = (Instant::now(), made(&peers), usage::of_fleet(&described, &[]));
            tokio::time::sleep(args.time()).await;
            let decisions = made(&peers) - before;
            let per_s = round(decisions as f64 / began.elapsed().as_secs_f64());
            let after = usage::of_fleet(&described, &[]);
            fleet.stop().await?;
            let one = *first.get_or_insert(per_s);
            let line = json!({
                "bench": "bots",
                "tables": tables,
                "bot_workers": bot_workers,
                "seed": room.seed,
                "decisions_per_s": per_s,
                "over_one_worker": round(per_s / one),
                "cpu_ms_per_1000": usage::cpu_ms_per_1000(&cpu, &after, decisions),
            });
            println!("{line}");
        }
    }
    Ok(())
}

/// Decisions made so far.
fn made(peers: &Peers) -> u64 {
    peers.alive(Role::BotWorker).iter().map(|beat| beat.load.actions).sum()
}
