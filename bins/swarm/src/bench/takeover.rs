//! `takeover`: kills a table worker, and measures how long its tables are without an owner and when
//! they go on.

use super::{Args, bench_fleet::BenchFleet};
use crate::{plan::Order, usage::round};
use anyhow::{Context, ensure};
use bus::Peers;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::time::{Duration, Instant};
use supervisor::Fleet;
use wire::{fleet::Role, subject::TABLE_PARTITIONS};

const TABLES: usize = 27_000;
/// Tables without an owner after this time count as stuck.
const HANGS: Duration = Duration::from_secs(60);

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started, the tables do not go on, or violations were found.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut room = args.room(tables)?;
        room.think_ms = super::THINK_MS;
        let gateways = args.gateways_for(&room);
        let mut stage = BenchFleet::seated(args, &room, gateways).await?;
        let peers = Peers::watch(&stage.admin).await?;
        let before = stage.measure(&room, Duration::from_secs(5)).await?;
        stage.crew.order(Order::Measure).await?;
        let Killed { incarnation, at: killed } = kill(&stage.described, &peers)?;
        let owned = owned_again(&peers, incarnation, killed).await?;
        let rest = args.time().saturating_sub(killed.elapsed());
        stage.crew.play_for(rest, "playing").await?;
        let counted = stage.crew.counted().await?;
        let seen = counted.seen.percentiles();
        stage.close().await?;
        ensure!(counted.counts.violations == 0, "{}", counted.told.join("\n"));
        let own = json!({
            "think_ms": room.think_ms,
            "owned_again_ms": owned.as_millis() as u64,
            "longest_action_ms": round(seen.max_ms),
            "after_kill_seen_by_all": seen,
            "after_kill_refused": counted.counts.refused,
            "after_kill_dropped": counted.counts.dropped,
        });
        before.tell("takeover", &room, gateways, own)?;
    }
    Ok(())
}

/// A table worker that was killed.
pub(super) struct Killed {
    /// The name in its heartbeats; none if no heartbeat was received.
    pub(super) incarnation: Option<u64>,
    pub(super) at: Instant,
}

/// Kills the first table worker (SIGKILL).
///
/// # Errors
/// When the fleet has none, or it is gone.
pub(super) fn kill(fleet: &Fleet, peers: &Peers) -> anyhow::Result<Killed> {
    let victim = fleet.nodes.iter().find(|node| node.role == Role::TableWorker.name());
    let victim = victim.context("the fleet has no table worker")?;
    let beats = peers.alive(Role::TableWorker);
    let incarnation =
        beats.iter().find(|beat| beat.node.as_str() == victim.node).map(|beat| beat.incarnation);
    let pid = victim.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    kill_process(pid.context("the table worker is gone")?, Signal::KILL)?;
    Ok(Killed { incarnation, at: Instant::now() })
}

/// Waits until the other workers, or the one that is started in the killed one's place, own every
/// partition. Returns how long that took.
///
/// # Errors
/// When they do not.
pub(super) async fn owned_again(
    peers: &Peers,
    victim: Option<u64>,
    killed: Instant,
) -> anyhow::Result<Duration> {
    loop {
        let workers = peers.alive(Role::TableWorker);
        let others = workers.iter().filter(|beat| Some(beat.incarnation) != victim);
        let partitions: u32 = others.map(|beat| beat.load.partitions).sum();
        if partitions >= u32::from(TABLE_PARTITIONS) {
            return Ok(killed.elapsed());
        }
        ensure!(killed.elapsed() < HANGS, "only {partitions} partitions have an owner again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
