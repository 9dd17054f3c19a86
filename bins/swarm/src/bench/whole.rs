//! `room`: the most tables that one machine carries at human pace.

use super::{Args, bench_fleet::BenchFleet};
use serde_json::json;

/// The size of the room in the literature, and smaller ones to try when it is too large.
const TABLES: [usize; 6] = [27_000, 24_000, 20_000, 13_500, 9_000, 3_000];
/// The literature has 136,000 players at 27,000 tables: a visitor at every 27th table, besides five
/// players at each.
const TABLES_PER_RAILBIRD: usize = 27;
/// Longest time that 99 of 100 actions may take until all players have seen them.
const P99_MS: f64 = 100.0;

/// Measures smaller and smaller rooms until one holds.
///
/// # Errors
/// When a fleet cannot be started, or violations were found.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&TABLES) {
        let mut room = args.room(tables)?;
        room.think_ms = super::THINK_MS;
        room.railbirds = tables / TABLES_PER_RAILBIRD;
        let gateways = args.gateways_for(&room);
        let mut stage = BenchFleet::seated(args, &room, gateways).await?;
        let fleet = stage.measure(&room, args.time()).await?;
        let memory = stage.usage();
        stage.close().await?;
        let holds = fleet.counted.seen.percentiles().p99_ms < P99_MS && fleet.counted.counts.slow == 0;
        let own = json!({
            "think_ms": room.think_ms,
            "idle_ms": args.idle_ms,
            "holds": holds,
            "cores": fleet.cores(),
            "memory": memory,
        });
        fleet.tell("room", &room, gateways, own)?;
        if holds {
            break;
        }
    }
    Ok(())
}
