//! `growth`: the cost of an action for every role as the number of tables grows, at the same number
//! of actions per second.

use super::{Args, bench_fleet::BenchFleet};
use serde_json::json;

const TABLES: [usize; 4] = [100, 1_000, 10_000, 27_000];
/// Actions per second, for every number of tables: far from any limit, so that only the cost
/// changes.
const PER_S: usize = 1_000;

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started, or violations were found.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&TABLES) {
        let mut room = args.room(tables)?;
        // One player of each table thinks at any time. The mean of these times is a fifth more than
        // the median.
        room.think_ms = u32::try_from(tables * 1_000 / PER_S * 5 / 6)?.max(1);
        let gateways = args.gateways_for(&room);
        let mut stage = BenchFleet::seated(args, &room, gateways).await?;
        let at_rest = stage.rest(args.time()).await?;
        let fleet = stage.measure(&room, args.time()).await?;
        let memory = stage.usage();
        stage.close().await?;
        let own = json!({ "think_ms": room.think_ms, "at_rest_cpu_ms_per_s": at_rest, "memory": memory });
        fleet.tell("growth", &room, gateways, own)?;
    }
    Ok(())
}
