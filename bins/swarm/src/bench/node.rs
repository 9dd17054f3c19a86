//! `node`: WebSocket players on one gateway: memory per idle connection, cost per action, latency.

use super::{Args, bench_fleet::BenchFleet};
use crate::{
    plan::Order,
    usage::{Roles, round},
};
use serde_json::json;
use std::time::Duration;

const TABLES: usize = 3_600;
/// Time until memory for opening connections is freed.
const SETTLE: Duration = Duration::from_secs(5);

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started, or violations were found.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut room = args.room(tables)?;
        room.wire = "ws".to_owned();
        room.think_ms = super::THINK_MS;
        let mut stage = BenchFleet::open(args, &room, 1).await?;
        let empty = stage.usage();
        stage.crew.all(Order::Connect, "connecting", |counts| counts.connected).await?;
        tokio::time::sleep(SETTLE).await;
        let idle = stage.usage();
        stage.crew.all(Order::Sit, "sitting down", |counts| counts.seated).await?;
        tokio::time::sleep(SETTLE).await;
        let seated = stage.usage();
        let fleet = stage.measure(&room, args.time()).await?;
        let playing = stage.usage();
        stage.close().await?;
        let each = |then: &Roles| round((gateway(then) - gateway(&empty)) * 1_024.0 / room.seats() as f64);
        let own = json!({
            "think_ms": room.think_ms,
            "kib_per_idle_connection": each(&idle),
            "kib_per_seated_connection": each(&seated),
            "kib_per_playing_connection": each(&playing),
            "cores": fleet.cores(),
        });
        fleet.tell("node", &room, 1, own)?;
    }
    Ok(())
}

fn gateway(roles: &Roles) -> f64 {
    roles.get("gateway").map_or(0.0, |usage| usage.rss_mib)
}
