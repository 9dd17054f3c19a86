//! A rolling upgrade and a rollback: every process of every role is restarted as the next version,
//! one by one, while a tournament is played, and then back. The next version writes one more field
//! in every structure of every message and record (`scripts/build-next`); both versions read each
//! other's journals, requests, heartbeats and frames.

use anyhow::{Context, ensure};
use bus::TableStreams;
use futures::StreamExt;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};
use testkit::{
    Fleet, FleetSize, Folders, Watcher, check_against_journals, nobody_timed_out, program_beside,
    quick_tournament, table_journals,
};
use wire::{Chips, TournamentId, fleet::Role, subject, tournament::Phase};

const LIMIT: Duration = Duration::from_secs(240);
const ENTRIES: u16 = 30;
/// The field that the next version writes.
const FIELD: &[u8] = b"field_of_the_next_version";

/// The programs of a fleet, which can be replaced while it runs.
struct Programs {
    folder: PathBuf,
    old: PathBuf,
    next: PathBuf,
}

impl Programs {
    fn link(folder: &Path) -> anyhow::Result<Self> {
        let pokerctl = program_beside("pokerctl")?;
        let old = pokerctl.parent().context("no build folder")?.to_owned();
        let next = old.with_file_name("next");
        ensure!(next.join("cashier").exists(), "{} is missing: run scripts/build-next", next.display());
        // It finds the other programs by this path.
        fs::copy(&pokerctl, folder.join("pokerctl"))?;
        let programs = Self { folder: folder.to_owned(), old, next };
        Role::ALL.into_iter().try_for_each(|role| programs.set(role, false))?;
        Ok(programs)
    }

    /// Sets the version of a role from its next start on.
    fn set(&self, role: Role, next: bool) -> anyhow::Result<()> {
        let version = if next { &self.next } else { &self.old };
        let fresh = self.folder.join("fresh");
        symlink(version.join(role.name()), &fresh)?;
        Ok(fs::rename(fresh, self.folder.join(role.name()))?)
    }
}

/// Restarts every process, one by one, as the other version.
async fn roll(fleet: &Fleet, programs: &Programs, next: bool) -> anyhow::Result<()> {
    for role in
        [Role::Cashier, Role::Archivist, Role::Coordinator, Role::TableWorker, Role::BotWorker, Role::Gateway]
    {
        programs.set(role, next)?;
        for number in 1..=2 {
            let node = format!("{}-{number}", role.name());
            if matches!(role, Role::Cashier | Role::Archivist) && number > 1 {
                continue;
            }
            fleet.pokerctl(&["drain", "--force", &node]).await?;
            fleet.pokerctl(&["undrain"]).await?;
        }
    }
    let nodes = fleet.pokerctl(&["nodes", "--json"]).await?;
    let (count, rolled) = (nodes.lines().count(), nodes.matches("+next").count());
    ensure!(count == 10 && rolled == if next { count } else { 0 }, "{rolled} of {count} are next:\n{nodes}");
    Ok(())
}

/// Rolls while a tournament is played, and waits for the tournament's end.
async fn roll_in_a_tournament(
    fleet: &Fleet,
    programs: &Programs,
    next: bool,
    name: &str,
) -> anyhow::Result<TournamentId> {
    let tournament = fleet.tournament(quick_tournament(ENTRIES, 1)).await?;
    let watcher = Watcher::start(fleet.ws()?, tournament);
    let hero = fleet.hero(name, fleet.ws_json()?, Chips(5_000)).await?;
    let playing = tokio::spawn(hero.play(tournament, LIMIT));
    while fleet.standings(tournament).await?.phase != Phase::Running {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    roll(fleet, programs, next).await?;
    let report = playing.await??;
    let standings = fleet.until_settled(tournament, LIMIT).await?;
    ensure!(standings.players.len() == usize::from(ENTRIES), "{standings:?}");
    let seen = watcher.finish().await?;
    ensure!(seen.restarts == 0 && report.sightings.restarts == 0, "events were missed");
    check_against_journals(&fleet.admin, &seen, true).await?;
    check_against_journals(&fleet.admin, &report.sightings, false).await?;
    Ok(tournament)
}

/// Counts how often tables' journals change from records of one version to records of the other,
/// over all tables.
async fn changes_of_version(fleet: &Fleet) -> anyhow::Result<(u32, u32)> {
    let (mut up, mut down) = (0, 0);
    for journal in TableStreams::new(&fleet.admin).all().await? {
        let mut records = std::pin::pin!(journal.walk(subject::ALL_TABLE_JOURNALS));
        let mut last = std::collections::HashMap::new();
        while let Some(stored) = records.next().await {
            let stored = stored?;
            let next = stored.payload.windows(FIELD.len()).any(|bytes| bytes == FIELD);
            match (last.insert(stored.subject, next), next) {
                (Some(false), true) => up += 1,
                (Some(true), false) => down += 1,
                _ => {}
            }
        }
    }
    Ok((up, down))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_upgraded_and_rolled_back_in_the_middle_of_tournaments() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let programs = Programs::link(folder.path())?;
    let folders = Folders { programs: Some(folder.path()), ..Folders::default() };
    let fleet = Fleet::start_from(FleetSize::default(), folders).await?;
    // These tables exist through both, so each version takes them over from the other.
    let pace = ["--hand-pause-ms", "100", "--bot-pace-ms", "100"];
    for name in ["one", "two", "three", "four"] {
        fleet.pokerctl(&[&["table", "create", name, "--bots", "6"], &pace[..]].concat()).await?;
    }
    roll_in_a_tournament(&fleet, &programs, true, "nell").await?;
    fleet.verify().await?;
    roll_in_a_tournament(&fleet, &programs, false, "otto").await?;
    nobody_timed_out(&table_journals(&fleet.admin).await?)?;
    let (up, down) = changes_of_version(&fleet).await?;
    ensure!(up >= 4 && down >= 4, "journals went to the next version {up} times and back {down} times");
    fleet.verify().await?;
    fleet.stop().await
}
