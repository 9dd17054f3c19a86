//! `replay`: recorded hands, thousands at once, each compared with its record.

use super::{Args, PER_GATEWAY};
use crate::{
    fleet::{self, Size},
    replay::{
        hands::{self, Recorded},
        replay_fleet::ReplayFleet,
    },
    usage,
};
use anyhow::Context;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Hands at once. When fewer are recorded, each is played at several tables.
const HANDS: usize = 2_500;
/// Connections of this process at most: 20,000 open files are allowed.
const PLAYERS: usize = 18_000;
/// Names the folder of recorded hands that are not part of the project.
const CONFORMANCE: &str = "POKER_CONFORMANCE_DIR";
/// The folder of the project's own hands.
const GOLDEN: &str = "lib/poker/tests/golden";

/// Measures every size.
///
/// # Errors
/// When there are no hands or a fleet cannot be started, and unless every hand ends as recorded.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let (source, recorded) = recorded()?;
    for at_once in args.sizes(&[HANDS]) {
        let hands: Vec<Recorded> = recorded.iter().cycle().take(at_once).cloned().collect();
        measure(args, source, recorded.len(), &hands).await?;
    }
    Ok(())
}

/// Returns the recorded hands, and the name of their source.
fn recorded() -> anyhow::Result<(&'static str, Vec<Recorded>)> {
    if let Some(folder) = std::env::var_os(CONFORMANCE).filter(|folder| !folder.is_empty()) {
        return Ok(("conformance", hands::read(&[PathBuf::from(folder)])?));
    }
    eprintln!("replay: {CONFORMANCE} is not set: only the project's own hands in {GOLDEN} are played");
    let config = servers::find::nats_config()?;
    let home = config.parent().context("the project's folder is not found")?;
    Ok(("golden", hands::read(&[home.join(GOLDEN)])?))
}

async fn measure(args: &Args, source: &str, recorded: usize, hands: &[Recorded]) -> anyhow::Result<()> {
    let seats = hands.iter().filter_map(|hand| hand.hand.as_ref().ok());
    let players: usize = seats.map(|hand| hand.script.players.len()).sum();
    let gateways = args.gateways.unwrap_or_else(|| players.min(PLAYERS).div_ceil(PER_GATEWAY - 500).max(2));
    let size = Size {
        gateways,
        table_workers: args.table_workers,
        bot_workers: 0,
        archivists: args.archivists,
        scripted_decks: true,
    };
    let mut up = size.start(PER_GATEWAY, args.idle_ms).await?;
    let described = up.described()?;
    let admin = fleet::admin(&described).await?;
    let tally = ReplayFleet::new(&described, &admin, "tcp", PLAYERS)?.play(hands).await?;
    let memory = usage::of_fleet(&described, &[std::process::id()]);
    drop(admin);
    up.stop().await?;
    let mut line = json!({
        "bench": "replay",
        "source": source,
        "recorded": recorded,
        "gateways": gateways,
        "table_workers": args.table_workers,
        "memory": memory,
    });
    if let (Some(line), Value::Object(own)) = (line.as_object_mut(), tally.line()) {
        line.extend(own);
    }
    println!("{line}");
    tally.judge()
}
