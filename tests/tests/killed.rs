//! Processes are killed in the middle of hands: tournaments end all the same, and no client sees a
//! wrong event.

use anyhow::{bail, ensure};
use bus::{Bus, Cursor, TableStreams};
use poker::table::{self, Table, TableRecord};
use std::time::Duration;
use testkit::{Fleet, FleetSize, Watcher, check_against_journals, quick_tournament};
use wire::{
    Chips, CommandId, Epoch, PlayerCommand, PlayerId, Refusal, TableId, TournamentId, VERSION, codec,
    event::TableEvent,
    subject,
    table::{TableCommand, TableReply},
    tournament::{Phase, Standings},
};

const LIMIT: Duration = Duration::from_secs(240);
const ENTRIES: u16 = 24;

/// Waits until this many hands have been played.
async fn under_way(fleet: &Fleet, tournament: TournamentId, hands: u64) -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    while fleet.standings(tournament).await?.hands < hands {
        ensure!(began.elapsed() < LIMIT, "no {hands} hands are played");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Checks that every entry has a place, prizes add up, and all chips are the winner's at the end.
fn complete(standings: &Standings) -> anyhow::Result<()> {
    ensure!(standings.phase == Phase::Finished, "{:?}", standings.phase);
    ensure!(standings.players.len() == usize::from(ENTRIES));
    let mut places: Vec<u32> = standings.players.iter().map(|standing| standing.place).collect();
    places.sort_unstable();
    for (due, place) in (1..).zip(&places) {
        // Players who share a place have the better number.
        ensure!(*place <= due && places.iter().filter(|p| *p <= place).count() >= due as usize, "{places:?}");
    }
    let prizes: Chips = standings.players.iter().map(|standing| standing.prize).sum();
    ensure!(prizes == standings.prize_pool && prizes == Chips(u64::from(ENTRIES) * 1_000));
    Ok(())
}

async fn ends_well(fleet: &Fleet, tournament: TournamentId) -> anyhow::Result<()> {
    let standings = fleet.until_settled(tournament, LIMIT).await?;
    complete(&standings)?;
    fleet.verify().await
}

#[tokio::test(flavor = "multi_thread")]
async fn table_workers_are_killed_in_the_middle_of_hands() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let tournament = fleet.tournament(quick_tournament(ENTRIES, 1)).await?;
    let watcher = Watcher::start(fleet.ws()?, tournament);
    let hero = fleet.hero("ida", fleet.tcp()?, Chips(5_000)).await?;
    let playing = tokio::spawn(hero.play(tournament, LIMIT));
    under_way(&fleet, tournament, 8).await?;
    fleet.kill("table-worker-1")?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    fleet.kill("table-worker-2")?;
    let report = playing.await??;
    ends_well(&fleet, tournament).await?;
    let seen = watcher.finish().await?;
    ensure!(seen.restarts == 0 && report.sightings.restarts == 0, "events were missed");
    let watched = check_against_journals(&fleet.admin, &seen, true).await?;
    let played = check_against_journals(&fleet.admin, &report.sightings, false).await?;
    ensure!(watched > 500 && played > 20, "{watched} events watched, {played} played");
    fleet.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_killed_and_its_players_go_on_in_the_same_hand() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let tournament = fleet.tournament(quick_tournament(ENTRIES, 2)).await?;
    // Both prefer the first gateway, so both lose their connection.
    let watcher = Watcher::start(fleet.ws()?, tournament);
    let tcp = fleet.hero("gail", fleet.tcp()?, Chips(5_000)).await?;
    let json = fleet.hero("jane", fleet.ws_json()?, Chips(5_000)).await?;
    let tcp = tokio::spawn(tcp.play(tournament, LIMIT));
    let json = tokio::spawn(json.play(tournament, LIMIT));
    under_way(&fleet, tournament, 8).await?;
    fleet.kill("gateway-1")?;
    for report in [tcp.await??, json.await??] {
        ensure!(report.connections >= 2, "the player never lost the connection; out in {:?}", report.placed);
        ensure!(report.sightings.restarts == 0, "the current hand was not replayed");
        check_against_journals(&fleet.admin, &report.sightings, false).await?;
    }
    ends_well(&fleet, tournament).await?;
    check_against_journals(&fleet.admin, &watcher.finish().await?, true).await?;
    fleet.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinators_and_the_nats_server_are_killed() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let tournament = fleet.tournament(quick_tournament(ENTRIES, 1)).await?;
    let hero = fleet.hero("nora", fleet.tcp()?, Chips(5_000)).await?;
    let playing = tokio::spawn(hero.play(tournament, LIMIT));
    under_way(&fleet, tournament, 8).await?;
    // One of the two owns the tournament.
    fleet.kill("coordinator-1")?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    fleet.kill("coordinator-2")?;
    under_way(&fleet, tournament, 30).await?;
    fleet.kill_nats().await?;
    let report = playing.await??;
    check_against_journals(&fleet.admin, &report.sightings, false).await?;
    ends_well(&fleet, tournament).await?;
    fleet.stop().await
}

/// An owner that has been replaced may write once more before it notices. Its successor finds that
/// record, of a new table or of a known one, although it has read all journals before.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_of_a_former_owner_is_found() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let known = fleet.pokerctl(&["table", "create", "known", "--json"]).await?;
    let known: TableId = serde_json::from_str::<serde_json::Value>(&known)?["table"].to_string().parse()?;
    let TableReply::Resync(resync) = ask(&fleet, known, TableCommand::Resync { since: None }).await? else {
        bail!("the table is not known");
    };
    let late = TableId(known.0 + 1);
    let gone = ask(&fleet, late, TableCommand::Resync { since: None }).await?;
    ensure!(gone == TableReply::Refused(Refusal::NoSuchTable), "{gone:?}");

    let config = resync.view.config;
    let old_owner = fleet.bus("table-worker").await?;
    let mut created = record(table::create(late, &config, &[])?);
    let mut state = Table::new(late, config);
    state.apply(&created);
    created.state = Some(state);
    write(&old_owner, late, &created).await?;
    let found = ask(&fleet, late, TableCommand::Resync { since: None }).await?;
    ensure!(matches!(found, TableReply::Resync(_)), "{found:?}");

    // The same with a table that the successor knows and has not written to yet.
    fleet.kill("table-worker-1")?;
    fleet.kill("table-worker-2")?;
    ask(&fleet, known, TableCommand::Resync { since: None }).await?;
    write(&old_owner, known, &record(vec![TableEvent::Closed])).await?;
    let sit = PlayerCommand::Sit { seat: None, buy_in: Chips::ZERO }.by("ann");
    let refused = fleet.ask_table(known, Some(PlayerId(1)), CommandId(1), sit).await?;
    ensure!(refused == TableReply::Refused(Refusal::TableClosed), "{refused:?}");
    fleet.stop().await
}

fn record(events: Vec<TableEvent>) -> TableRecord {
    TableRecord { v: VERSION, epoch: Epoch(1), at_ms: 1, resumed: false, cause: None, events, state: None }
}

async fn write(owner: &Bus, table: TableId, record: &TableRecord) -> anyhow::Result<()> {
    let journal = TableStreams::new(owner).journal(subject::table_partition(table)).await?;
    let subject = subject::table_journal(table);
    let known = journal.recover_one(&subject).await?;
    let cursor = known.map_or_else(|| Cursor::new(subject), |known| known.cursor);
    journal.append(&cursor, codec::encode(record)?.into(), record.state.is_some()).await?;
    Ok(())
}

async fn ask(fleet: &Fleet, table: TableId, command: TableCommand) -> anyhow::Result<TableReply> {
    fleet.ask_table(table, None, CommandId(1), command).await
}
