//! Processes of every role are drained and restarted in the middle of hands: no player notices, and
//! no record is lost.

use anyhow::{Context, ensure};
use poker::table::TableRecord;
use serde_json::Value;
use std::time::Duration;
use testkit::{
    Fleet, FleetSize, Watcher, check_against_journals, nobody_timed_out, quick_tournament, table_journals,
};
use wire::{
    Chips, PlayerId,
    event::{HandEvent, TableEvent},
    tournament::{Phase, TournamentConfig},
};

const LIMIT: Duration = Duration::from_secs(240);
const ENTRIES: u16 = 30;

/// Drains a process and starts it again.
async fn drain_and_undrain(fleet: &Fleet, node: &str) -> anyhow::Result<()> {
    let told = fleet.pokerctl(&["drain", node, "--json"]).await?;
    let told = told.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let last = told.last().context("`pokerctl drain` printed no line")?;
    ensure!(last["state"] == "gone" && last["node"] == node, "{told:?}");
    let ready = fleet.pokerctl(&["undrain", "--json"]).await?;
    let ready: Value = serde_json::from_str(ready.trim())?;
    ensure!(ready["state"] == "ready" && ready["node"] == node, "{ready}");
    Ok(())
}

/// Counts the records of actions that a player asked for.
fn actions_of(player: PlayerId, records: &[(u64, TableRecord)]) -> usize {
    let acted = |event: &TableEvent| matches!(event, TableEvent::Hand(HandEvent::Acted { .. }));
    let by_player = |record: &TableRecord| record.cause.is_some_and(|cause| cause.player == Some(player));
    records.iter().filter(|(_, record)| by_player(record) && record.events.iter().any(acted)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_is_drained_in_the_middle_of_hands() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    // Long enough that every role is drained before the tournament is over.
    let config =
        TournamentConfig { bot_pace_ms: 50, starting_stack: Chips(3_000), ..quick_tournament(ENTRIES, 1) };
    let tournament = fleet.tournament(config).await?;
    let watcher = Watcher::start(fleet.ws()?, tournament);
    let hero = fleet.hero("dora", fleet.tcp()?, Chips(5_000)).await?;
    let player = hero.player;
    let playing = tokio::spawn(hero.play(tournament, LIMIT));
    let mut drained = 0;
    for node in
        ["table-worker-1", "gateway-1", "coordinator-1", "bot-worker-1", "table-worker-2", "coordinator-2"]
    {
        if fleet.standings(tournament).await?.phase == Phase::Finished {
            break;
        }
        drain_and_undrain(&fleet, node).await?;
        drained += 1;
    }
    ensure!(drained >= 4, "the tournament was over after {drained}");
    let report = playing.await??;
    let standings = fleet.until_settled(tournament, LIMIT).await?;
    ensure!(standings.players.len() == usize::from(ENTRIES), "{standings:?}");
    let seen = watcher.finish().await?;
    ensure!(seen.restarts == 0 && report.sightings.restarts == 0, "events were missed");
    check_against_journals(&fleet.admin, &seen, true).await?;
    check_against_journals(&fleet.admin, &report.sightings, false).await?;
    let journals = table_journals(&fleet.admin).await?;
    nobody_timed_out(&journals)?;
    let acted: usize = journals.values().map(|records| actions_of(player, records)).sum();
    ensure!(acted == report.actions as usize, "{} actions answered, {acted} in journals", report.actions);
    fleet.verify().await?;
    fleet.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_be_drained_is_named_in_one_sentence() -> anyhow::Result<()> {
    let size = FleetSize { gateways: 1, table_workers: 1, bot_workers: 1, coordinators: 1 };
    let fleet = Fleet::start(size).await?;
    for (args, says) in [
        (&["drain", "gateway-9"][..], "no process is called gateway-9"),
        (&["drain", "table-worker-1"], "all tables would stand still"),
        (&["drain", "cashier-1"], "players could not log in"),
        (&["drain", "archivist-1"], "journals would grow"),
    ] {
        let refused = fleet.pokerctl(args).await.err().context("it was drained")?.to_string();
        ensure!(refused.contains(says), "{args:?}: {refused}");
    }
    fleet.pokerctl(&["drain", "--force", "cashier-1"]).await?;
    let nodes = fleet.pokerctl(&["nodes", "--json"]).await?;
    ensure!(!nodes.contains("cashier-1"), "a drained process stays down: {nodes}");
    fleet.pokerctl(&["undrain"]).await?;
    fleet.account("cora", Chips(10)).await?;
    fleet.stop().await
}

/// Measures how long a table takes no commands when its worker stops by plan: `make measure` prints
/// it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `make measure`"]
async fn outage_of_a_planned_stop() -> anyhow::Result<()> {
    const TABLES: usize = 300;
    let fleet = Fleet::start(FleetSize::default()).await?;
    for table in 0..TABLES {
        let name = format!("measured {table}");
        let pace = ["--hand-pause-ms", "300", "--bot-pace-ms", "300"];
        fleet.pokerctl(&[&["table", "create", &name, "--bots", "6"], &pace[..]].concat()).await?;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    drain_and_undrain(&fleet, "table-worker-1").await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (mut moved, mut ordinary) = (Vec::new(), Vec::new());
    for records in table_journals(&fleet.admin).await?.values() {
        for pair in records.windows(2) {
            let [(before, first), (after, second)] = pair else { continue };
            let paused = first.events.iter().any(|event| matches!(event, TableEvent::HandEnded { .. }));
            if !paused {
                let gap = after.saturating_sub(*before);
                if first.epoch == second.epoch { ordinary.push(gap) } else { moved.push(gap) }
            }
        }
    }
    for (what, gaps) in [("under one owner", &mut ordinary), ("across a planned stop", &mut moved)] {
        gaps.sort_unstable();
        let at = |part: usize| gaps.get(gaps.len().saturating_sub(1) * part / 1_000).copied().unwrap_or(0);
        println!(
            "{what}: {} gaps between two records of a hand, p50 {} ms, p99 {} ms, longest {} ms",
            gaps.len(),
            at(500),
            at(990),
            at(1_000)
        );
    }
    println!("(a bot takes at least 300 ms for an action, so an owner's own gaps are the measure)");
    fleet.stop().await
}
