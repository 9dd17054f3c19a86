//! Streams are added to a fleet while its tables are played: hands go on, no event is missed and no
//! time runs out.

use anyhow::ensure;
use bus::{Patience, TableStreams};
use std::{fs, path::Path, time::Duration};
use testkit::{
    Fleet, FleetSize, Watcher, check_against_journals, nobody_timed_out, quick_tournament, table_journals,
};
use tokio::time::{Instant, sleep};
use wire::{
    Chips, TournamentId,
    archive::{ArchiveAnswer, ArchiveQuery, Proof},
    subject,
};

/// A guard against hangs.
const LIMIT: Duration = Duration::from_secs(240);
const ENTRIES: u16 = 30;
const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(20) };

/// Writes a home with the project's files and so many streams of tables.
fn home_with_streams(home: &Path, streams: u16) -> anyhow::Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    fs::create_dir_all(home.join("nats"))?;
    for entry in ["streams", "buckets", "consumers", "server.conf"] {
        std::os::unix::fs::symlink(project.join("nats").join(entry), home.join("nats").join(entry))?;
    }
    std::os::unix::fs::symlink(project.join("schemas"), home.join("schemas"))?;
    let tables = fs::read_to_string(project.join("nats/tables.json"))?;
    let more = tables.replace("\"streams\": 8", &format!("\"streams\": {streams}"));
    ensure!(more != tables, "nats/tables.json has changed");
    Ok(fs::write(home.join("nats/tables.json"), more)?)
}

async fn hands(fleet: &Fleet, tournament: TournamentId) -> anyhow::Result<u64> {
    Ok(fleet.standings(tournament).await?.hands)
}

async fn until_hands(fleet: &Fleet, tournament: TournamentId, wanted: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    while hands(fleet, tournament).await? < wanted {
        ensure!(began.elapsed() < LIMIT, "no {wanted} hands are played");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn proof(fleet: &Fleet) -> anyhow::Result<Proof> {
    match fleet.admin.request(subject::QUERY_ARCHIVE.to_owned(), &ArchiveQuery::Proof, PATIENCE).await? {
        ArchiveAnswer::Proof(proof) => Ok(proof),
        other => anyhow::bail!("no proof but {other:?}"),
    }
}

/// Waits until the archivists have read each stream to where it ends now.
async fn until_archived(fleet: &Fleet) -> anyhow::Result<Proof> {
    let mut ends = Vec::new();
    for journal in TableStreams::new(&fleet.admin).all().await? {
        ends.push((journal.stream(), journal.extent().await?.last));
    }
    let began = Instant::now();
    loop {
        let proof = proof(fleet).await?;
        let read_to =
            |name: &str| proof.streams.iter().find(|stream| stream.name == name).map_or(0, |s| s.read_to);
        if ends.iter().all(|(name, end)| read_to(name) >= *end) {
            return Ok(proof);
        }
        ensure!(began.elapsed() < LIMIT, "not archived to {ends:?}: {proof:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_added_while_tables_are_played() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let pace = ["--hand-pause-ms", "100", "--bot-pace-ms", "100"];
    for name in ["one", "two", "three", "four"] {
        fleet.pokerctl(&[&["table", "create", name, "--bots", "6"], &pace[..]].concat()).await?;
    }
    let tournament = fleet.tournament(quick_tournament(ENTRIES, 1)).await?;
    let watcher = Watcher::start(fleet.ws()?, tournament);
    let hero = fleet.hero("nell", fleet.ws_json()?, Chips(5_000)).await?;
    let playing = tokio::spawn(hero.play(tournament, LIMIT));
    until_hands(&fleet, tournament, 8).await?;

    // Almost all tables are in a partition that is moved.
    let home = tempfile::tempdir()?;
    home_with_streams(home.path(), 60)?;
    let folder = home.path().display().to_string();
    let began = Instant::now();
    let applied = fleet.pokerctl(&["apply", "--home", &folder, "--json"]).await?;
    let applied: serde_json::Value = serde_json::from_str(&applied)?;
    println!("moved in {:?}: {applied}", began.elapsed());
    ensure!(applied["moved"].as_u64().is_some_and(|moved| moved > 200), "{applied}");
    let at_move = hands(&fleet, tournament).await?;
    until_hands(&fleet, tournament, at_move + 5).await?;

    let report = playing.await??;
    fleet.until_settled(tournament, LIMIT).await?;
    let seen = watcher.finish().await?;
    ensure!(seen.restarts == 0 && report.sightings.restarts == 0, "events were missed");
    check_against_journals(&fleet.admin, &seen, true).await?;
    check_against_journals(&fleet.admin, &report.sightings, false).await?;
    nobody_timed_out(&table_journals(&fleet.admin).await?)?;
    let proof = until_archived(&fleet).await?;
    ensure!(proof.violations == 0 && proof.streams.len() > 60, "{proof:?}");
    ensure!(proof.hands >= at_move + 5, "{proof:?}");
    fleet.verify().await?;
    fleet.stop().await
}
