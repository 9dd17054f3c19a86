//! Short runs with fixed seeds: several kinds of faults each, and no violations.

use anyhow::ensure;
use clap::Parser;
use soak::{Options, Report, fault_kind::FaultKind, run};

async fn short(args: &[&str]) -> anyhow::Result<Report> {
    let options = Options::try_parse_from(["soak"].iter().chain(args))?;
    let (report, trace) = run(&options).await?;
    ensure!(report.violations == 0, "{}\n{report:?}", trace.join("\n"));
    Ok(report)
}

fn hit(report: &Report, kind: FaultKind) -> u32 {
    report.faults.get(&kind.to_string()).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_fault_happens_once_and_no_acknowledged_command_is_lost() -> anyhow::Result<()> {
    let report = short(&[
        // Each kind comes once before the draws begin, and needs its time to show.
        "--seconds=48",
        "--seed=7",
        "--tables=6",
        "--players=24",
        "--tournaments=1",
        "--tournament-players=2",
        "--visitors=4",
        "--think-most-ms=900",
        "--fault-ms=700",
        "--chat-ms=250",
    ])
    .await?;
    let missing: Vec<FaultKind> = FaultKind::all().filter(|kind| hit(&report, *kind) == 0).collect();
    ensure!(missing.is_empty(), "never happened: {missing:?}; {report:?}");
    ensure!(report.verified > 20, "few hands were verified: {report:?}");
    ensure!(report.acknowledged > 1_000 && report.lines > 600 && report.events > 10_000, "{report:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_was_paused_and_replaced_writes_no_record_and_sends_no_news() -> anyhow::Result<()> {
    let report = short(&[
        "--seconds=20",
        "--seed=3",
        "--tables=12",
        "--players=48",
        "--tournaments=0",
        "--think-most-ms=700",
        "--action-ms=2500",
        "--only=zombie_table_worker",
    ])
    .await?;
    ensure!(hit(&report, FaultKind::ZombieTableWorker) >= 2, "{report:?}");
    // Late owners did try to write: each late record was refused, or the checks would have found it
    // in the journals and at the players.
    ensure!(report.late_writes_refused > 0, "no replaced owner tried to write: {report:?}");
    Ok(())
}
