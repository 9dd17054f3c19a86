//! Recorded hands on a whole fleet: they end as recorded, and are played only by a fleet that was
//! started for it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use testkit::{Fleet, FleetSize, table_journals};
use tokio::process::Command;

const SIZE: FleetSize = FleetSize { gateways: 1, table_workers: 2, bot_workers: 0, coordinators: 1 };

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lib/poker/tests/golden")
}

async fn replay(data: &Path, files: &[PathBuf], options: &[&str]) -> Output {
    let test = std::env::current_exe().unwrap();
    let swarm = test.parent().unwrap().parent().unwrap().join("swarm");
    assert!(swarm.exists(), "{} is missing: run `cargo build --workspace --bins` first", swarm.display());
    let mut command = Command::new(swarm);
    command.arg("replay").args(files).arg("--data-dir").arg(data).args(options);
    command.stderr(Stdio::piped()).kill_on_drop(true).output().await.unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn line(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no line of JSON: {}", told(output)))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn recorded_hands_end_as_recorded() {
    let fleet = Fleet::start_with(SIZE, &["--scripted-decks"]).await.unwrap();
    let files = std::fs::read_dir(golden()).unwrap().count();
    // The second run is in rounds, over another kind of connection.
    for options in [&[][..], &["--players", "6", "--wire", "ws+json"]] {
        let output = replay(&fleet.data(), &[golden()], options).await;
        let line = line(&output);
        assert!(output.status.success(), "{line}: {}", told(&output));
        assert_eq!(
            (&line["hands"], &line["exact"], &line["different"], &line["refused"]),
            (&files.into(), &files.into(), &0.into(), &0.into()),
            "{line}"
        );
        assert!(line["actions"].as_u64().unwrap() > 40 && line["hands_per_s"].as_f64().unwrap() > 0.0);
    }

    // A record that is wrong by one chip is noticed, and so is one that breaks the rules.
    let folder = tempfile::tempdir().unwrap();
    let hand = |name: &str, action: &str, stacks: &str| {
        let path = folder.path().join(name);
        let text = format!(
            "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [1, 2]\nmin_bet = 2\n\
             starting_stacks = [100, 100]\nactions = ['{action}']\nfinishing_stacks = {stacks}\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    };
    let wrong = hand("wrong.phh", "p2 f", "[100, 100]");
    let illegal = hand("illegal.phh", "p2 cbr 3", "[100, 100]");
    let output = replay(&fleet.data(), &[wrong, illegal, golden()], &[]).await;
    assert!(!output.status.success());
    let line = line(&output);
    assert_eq!((&line["different"], &line["refused"], &line["exact"]), (&1.into(), &1.into(), &files.into()));
    let how = line["differences"][0]["how"].as_str().unwrap();
    assert_eq!(how, "100 100 is recorded, 101 99 came out");
    assert_eq!(line["refusals"]["too small: the total must be at least 4"], 1, "{line}");

    // Money and journals are correct, and the journals say that the decks were not shuffled.
    let report: Value = json(&fleet.pokerctl(&["verify", "--json"]).await.unwrap());
    let played = 3 * files + 1;
    assert_eq!((&report["violations"], &report["scripted_hands"]), (&0.into(), &played.into()), "{report}");
    let journals = table_journals(&fleet.admin).await.unwrap();
    assert_eq!(journals.len(), played);
    let table = journals.keys().next().unwrap().to_string();
    let verdict: Value =
        json(&fleet.pokerctl(&["hand", "verify", &format!("{table}.1"), "--json"]).await.unwrap());
    assert_eq!((&verdict["scripted"], &verdict["deal_holds"]), (&true.into(), &true.into()), "{verdict}");
    assert!(verdict["commitment_holds"].is_null(), "{verdict}");
    fleet.stop().await.unwrap();
}

#[tokio::test]
async fn a_fleet_that_was_not_started_for_it_deals_no_recorded_hands() {
    let nowhere = tempfile::tempdir().unwrap();
    let output = replay(nowhere.path(), &[golden()], &[]).await;
    assert!(told(&output).contains("no fleet runs on "), "{}", told(&output));

    let fleet = Fleet::start(SIZE).await.unwrap();
    let output = replay(&fleet.data(), &[golden()], &[]).await;
    assert!(!output.status.success() && output.stdout.is_empty());
    let told = told(&output);
    assert!(told.contains("the fleet deals no recorded hands: scripted decks are off"), "{told}");
    assert!(told.contains("--scripted-decks"), "{told}");
    fleet.stop().await.unwrap();
}
