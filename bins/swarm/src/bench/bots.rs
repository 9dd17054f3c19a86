//! `bots`: decisions per second at tables of bots that do not wait, with more and more bot workers;
//! and their rollouts per second and core beside a bare loop.

use super::{Args, PER_GATEWAY, bare};
use crate::{
    fleet::{self, Size},
    room,
    usage::{self, round},
};
use bus::Peers;
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use wire::fleet::Role;

const TABLES: usize = 100;
const WORKERS: [usize; 3] = [1, 2, 4];
/// How long the bare loop runs.
const BARE: Duration = Duration::from_secs(3);
/// Time for heartbeats to be heard.
const SETTLE: Duration = Duration::from_secs(2);

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started or refuses the tables.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let bare = tokio::task::spawn_blocking(|| bare::rollouts_per_s(BARE)).await?;
    for tables in args.sizes(&[TABLES]) {
        let mut first = None;
        for bot_workers in WORKERS {
            let size = Size {
                gateways: 1,
                table_workers: args.table_workers,
                bot_workers,
                archivists: args.archivists,
                scripted_decks: false,
            };
            let mut up = size.start(PER_GATEWAY, args.idle_ms).await?;
            let described = up.described()?;
            let admin = fleet::admin(&described).await?;
            let room = args.room(tables)?;
            room::bots(&admin, &room, room.seed()?).await?;
            let peers = Peers::watch(&admin).await?;
            tokio::time::sleep(SETTLE).await;
            let (began, before, cpu) = (Instant::now(), made(&peers), usage::of_fleet(&described, &[]));
            tokio::time::sleep(args.time()).await;
            let now = made(&peers);
            let by_worker: Vec<u64> =
                now.iter().map(|(node, now)| now.0 - before.get(node).map_or(0, |was| was.0)).collect();
            let decisions: u64 = by_worker.iter().sum();
            let rollouts = sum_of_rollouts(&now) - sum_of_rollouts(&before);
            let per_s = round(decisions as f64 / began.elapsed().as_secs_f64());
            let used = usage::between(&cpu, &usage::of_fleet(&described, &[]));
            up.stop().await?;
            let busy = used.get(Role::BotWorker.name()).map_or(0.0, |usage| usage.cpu_s);
            let per_core = rollouts as f64 / busy.max(f64::EPSILON);
            let one = *first.get_or_insert(per_s);
            let line = json!({
                "bench": "bots",
                "tables": tables,
                "bot_workers": bot_workers,
                "seed": room.seed,
                "decisions_per_s": per_s,
                "over_one_worker": round(per_s / one),
                "by_worker": by_worker,
                "rollouts_per_core_s": round(per_core),
                "baseline_rollouts_per_core_s": round(bare),
                "ratio": round(per_core / bare),
                "cpu_ms_per_1000": usage::cpu_ms_per_1000(&used, decisions),
            });
            println!("{line}");
        }
    }
    Ok(())
}

/// Returns the decisions and rollouts of each worker so far.
fn made(peers: &Peers) -> BTreeMap<String, (u64, u64)> {
    let beats = peers.alive(Role::BotWorker).into_iter();
    beats.map(|beat| (beat.node.as_str().to_owned(), (beat.load.actions, beat.load.rollouts))).collect()
}

fn sum_of_rollouts(made: &BTreeMap<String, (u64, u64)>) -> u64 {
    made.values().map(|made| made.1).sum()
}
