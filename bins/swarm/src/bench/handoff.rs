//! `hand-off`: all players connect to the first gateway; once it is full it names others, the least
//! loaded first.

use super::{Args, PER_GATEWAY, bench_fleet::BenchFleet};
use crate::{plan::Order, usage::round};
use bus::Peers;
use serde_json::json;
use std::time::{Duration, Instant};
use wire::fleet::Role;

/// Five players each: a little less than the gateways take together.
const TABLES: usize = 3_000;
const GATEWAYS: usize = 4;
/// Time for the last heartbeats to be heard.
const SETTLE: Duration = Duration::from_secs(1);

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started, or a player finds no gateway.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut room = args.room(tables)?;
        room.first_node_only = true;
        let gateways = args.gateways.unwrap_or(GATEWAYS);
        let most = (room.seats() * 10).div_ceil(gateways * 9).min(PER_GATEWAY);
        let mut stage = BenchFleet::open_with(args, &room, gateways, most).await?;
        let peers = Peers::watch(&stage.admin).await?;
        let began = Instant::now();
        stage.crew.all(Order::Connect, "connecting", |counts| counts.connected).await?;
        let seconds = began.elapsed().as_secs_f64();
        tokio::time::sleep(SETTLE).await;
        let mut beats = peers.alive(Role::Gateway);
        beats.sort_by(|a, b| a.node.as_str().cmp(b.node.as_str()));
        let filled: Vec<u32> = beats.iter().map(|beat| beat.load.connections).collect();
        let counts = stage.crew.progress();
        stage.close().await?;
        let line = json!({
            "bench": "hand-off",
            "players": room.seats(),
            "gateways": gateways,
            "max_connections": most,
            "seconds": round(seconds),
            "connections_per_s": round(room.seats() as f64 / seconds),
            "turned_away": counts.turned_away,
            "connections": filled,
            "fullest_of_others": round(spread(filled.get(1..).unwrap_or_default())),
        });
        println!("{line}");
    }
    Ok(())
}

/// Returns the ratio of the fullest to the emptiest gateway.
fn spread(filled: &[u32]) -> f64 {
    let fullest = filled.iter().copied().max().unwrap_or_default();
    let emptiest = filled.iter().copied().min().unwrap_or_default();
    f64::from(fullest) / f64::from(emptiest.max(1))
}
