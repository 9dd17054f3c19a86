//! The load generator on a whole fleet: its counts agree with the fleet's, and it sees no violation
//! through the death of processes.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::{path::PathBuf, process::Stdio, time::Duration};
use testkit::{Fleet, FleetSize};
use tokio::process::Command;

fn swarm() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("swarm");
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --bins` first", path.display());
    path
}

/// Plays on a fleet; fails when the load generator fails.
async fn play(fleet: &Fleet, args: &[&str]) -> Value {
    let mut command = Command::new(swarm());
    command.arg("play").arg("--data-dir").arg(fleet.data()).args(args);
    let output = command.stderr(Stdio::piped()).kill_on_drop(true).output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    println!("{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_small_room_plays_over_every_kind_of_connection_and_through_deaths() {
    let fleet =
        Fleet::start(FleetSize { bot_workers: 1, coordinators: 1, ..FleetSize::default() }).await.unwrap();
    for wire in ["tcp", "ws", "ws+json"] {
        let room = ["--tables", "4", "--players", "4", "--railbirds", "3", "--wire", wire];
        let line = play(&fleet, &[&room[..], &["--seconds", "2", "--warm-up-seconds", "1"]].concat()).await;
        assert_eq!((&line["players"], &line["railbirds"]), (&19.into(), &3.into()), "{line}");
        assert_eq!(
            (&line["violations"], &line["dropped"], &line["refused"]),
            (&0.into(), &0.into(), &0.into()),
            "{line}"
        );
        assert!(line["actions"].as_u64().unwrap() > 50, "{line}");
        assert!(line["hands"].as_u64().unwrap() > 5, "{line}");
        assert!(line["seen_by_all"]["p50_ms"].as_f64().unwrap() > 0.0, "{line}");
    }

    let args = ["--tables", "6", "--railbirds", "6", "--seconds", "12", "--think-ms", "100"];
    let playing = play(&fleet, &args);
    let killing = async {
        tokio::time::sleep(Duration::from_secs(6)).await;
        fleet.kill("gateway-1").unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        fleet.kill("table-worker-1").unwrap();
    };
    let (line, ()) = tokio::join!(playing, killing);
    assert_eq!(line["violations"], 0, "{line}");
    assert!(
        line["dropped"].as_u64().unwrap() > 0,
        "no player lost its connection when its gateway died: {line}"
    );
    assert!(line["actions"].as_u64().unwrap() > 100, "{line}");
    fleet.verify().await.unwrap();
    fleet.stop().await.unwrap();
}
