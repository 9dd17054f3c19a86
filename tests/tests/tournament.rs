//! A person plays a tournament to the end among bots, over every kind of connection, and gets the
//! prize.

use anyhow::{Context, ensure};
use client::Address;
use std::time::Duration;
use testkit::{Fleet, FleetSize, check_against_journals, quick_tournament};
use wire::{Chips, cashier::AdminRequest, cashier::CashierReply, tournament::Phase};

const LIMIT: Duration = Duration::from_secs(240);

async fn plays_to_the_end(fleet: &Fleet, name: &str, addresses: Vec<Address>) -> anyhow::Result<()> {
    let tournament = fleet.tournament(quick_tournament(9, 1)).await?;
    let hero = fleet.hero(name, addresses, Chips(5_000)).await?;
    let player = hero.player;
    let report = hero.play(tournament, LIMIT).await?;
    let standings = fleet.until_settled(tournament, LIMIT).await?;
    let (place, prize) = report.placed.context("no place")?;
    ensure!(standings.phase == Phase::Finished && standings.players.len() == 9, "{standings:?}");
    let recorded = standings.players.iter().find(|standing| standing.player == player);
    let recorded = recorded.context("the person is not among the places")?;
    ensure!((recorded.place, recorded.prize) == (place, prize), "told {place}, recorded {recorded:?}");
    ensure!(
        prize > Chips::ZERO && report.dealt > 0 && report.actions > 0,
        "{:?}, {} hands",
        report.placed,
        report.dealt
    );
    let CashierReply::Player(details) =
        fleet.cashier(AdminRequest::ShowPlayer { player: player.to_string() }).await?
    else {
        anyhow::bail!("no such player");
    };
    // 5,000 minus buy-in and fee, plus the prize.
    ensure!(details.balance == 5_000 - 1_100 + i64::try_from(prize.0)?, "{details:?} after {prize}");
    let compared = check_against_journals(&fleet.admin, &report.sightings, false).await?;
    let restarts = report.sightings.restarts;
    ensure!(compared > 20 && restarts == 0, "{compared} events, {restarts} restarts");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_plays_a_tournament_over_tcp_and_websocket() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let (tcp, json, ws) = (fleet.tcp()?, fleet.ws_json()?, fleet.ws()?);
    tokio::try_join!(
        plays_to_the_end(&fleet, "tara", tcp),
        plays_to_the_end(&fleet, "jason", json),
        plays_to_the_end(&fleet, "wsevolod", ws),
    )?;
    fleet.verify().await?;
    fleet.stop().await
}
