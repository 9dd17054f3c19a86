//! Real coordinators on a real server, with a simulated cashier and simulated tables: the tests
//! check their answers when coordinators are killed, replaced and stopped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails like a test"
)]

mod cashier;
mod fleet;
mod tables;

use fleet::{Fleet, config};
use futures::StreamExt;
use servers::Signal;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use testkit::GUARD;
use wire::{
    Chips, CommandId, PlayerId, Refusal,
    client::{ServerFrame, ServerMessage},
    codec, subject,
    tournament::{CoordinatorsAnswer, CoordinatorsQuery, Phase, TournamentCommand, TournamentReply},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_tournament_survives_the_death_of_its_coordinators() {
    let mut fleet = Fleet::start(2).await;
    let tournament = fleet.create(tournament_of(60)).await;
    let hero = PlayerId(1_000_001);
    let gateway = fleet.stage.bus("gateway").await.unwrap();
    let mut feed = gateway.subscribe(subject::player_feed(hero)).await.unwrap();
    gateway.flush().await;
    assert_eq!(fleet.register(tournament, hero, 1).await, TournamentReply::Done);
    for hands in [15, 45, 75] {
        fleet.until(tournament, |standings| standings.hands >= hands).await;
        let owner = fleet.owner_of(tournament).await;
        fleet.signal(owner, Signal::KILL);
        fleet.until(tournament, |standings| standings.hands > hands + 10).await;
        fleet.start_coordinator(owner).await;
    }
    // This coordinator is only thought dead: it wakes up and still believes that it owns the
    // tournament.
    let sleeper = fleet.owner_of(tournament).await;
    fleet.signal(sleeper, Signal::STOP);
    fleet.until(tournament, |standings| standings.hands > 110).await;
    fleet.signal(sleeper, Signal::CONT);
    let standings = fleet.until(tournament, |standings| standings.settled).await;
    assert_eq!(standings.phase, Phase::Finished);
    assert_eq!(standings.players.len(), 60);
    let places = fleet.cashier.settled(tournament);
    let players: BTreeSet<PlayerId> = places.iter().map(|place| place.player).collect();
    assert_eq!((places.len(), players.len()), (60, 60));
    assert_eq!(places.iter().map(|place| place.prize).sum::<Chips>(), Chips(60 * 100));
    assert_eq!(fleet.cashier.pool(tournament), 60 * 100);
    let recorded = places.iter().find(|place| place.player == hero).unwrap();
    let told = loop {
        let message = tokio::time::timeout(GUARD, feed.next()).await.expect("told the place").unwrap();
        let frame: ServerFrame = codec::decode(&message.payload).unwrap();
        if let ServerMessage::Placed { place, prize, .. } = frame.m {
            break (place, prize);
        }
    };
    assert_eq!(told, (recorded.place, recorded.prize));
    fleet.tables.until_all_closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_also_from_the_next_owner() {
    let fleet = Fleet::start(2).await;
    let tournament = fleet.create(config(6, 6, 0)).await;
    let (rich, poor) = (PlayerId(1), PlayerId(2));
    fleet.cashier.impoverish(poor);
    let refused = TournamentReply::Refused(Refusal::InsufficientFunds { balance: Chips(7) });
    assert_eq!(fleet.register(tournament, rich, 10).await, TournamentReply::Done);
    assert_eq!(fleet.register(tournament, poor, 20).await, refused);
    let owner = fleet.owner_of(tournament).await;
    fleet.signal(owner, Signal::KILL);
    fleet.cashier.enrich(poor);
    assert_eq!(fleet.register(tournament, rich, 10).await, TournamentReply::Done);
    assert_eq!(fleet.register(tournament, poor, 20).await, refused, "the first answer, not a new try");
    assert_eq!(
        fleet.register(tournament, rich, 11).await,
        TournamentReply::Refused(Refusal::AlreadyRegistered)
    );
    assert_eq!(fleet.register(tournament, poor, 21).await, TournamentReply::Done);
    // The player withdraws and registers again: refunded once, paid twice.
    let unregister = || fleet.ask(tournament, Some(rich), CommandId(12), TournamentCommand::Unregister);
    assert_eq!(unregister().await, TournamentReply::Done);
    assert_eq!(unregister().await, TournamentReply::Done);
    fleet.cashier.until_refunded(tournament, rich).await;
    assert_eq!(fleet.register(tournament, rich, 13).await, TournamentReply::Done);
    assert_eq!(fleet.cashier.pool(tournament), 200);
    assert_eq!(
        fleet.ask(tournament, None, CommandId(5), TournamentCommand::Cancel).await,
        TournamentReply::Done
    );
    for player in [rich, poor] {
        fleet.cashier.until_refunded(tournament, player).await;
    }
    assert_eq!(fleet.cashier.pool(tournament), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_bots_register_together() {
    let fleet = Fleet::start(1).await;
    fleet.cashier.slow_down(Duration::from_millis(10));
    let began = Instant::now();
    let tournament = fleet.create(config(6, 3_001, 3_000)).await;
    fleet.until(tournament, |standings| standings.stats.entries == 3_000).await;
    // One after the other, the entries would take longer at the cashier alone.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let records = fleet.records(tournament).await;
    assert!(records < 600, "{records} records for 3,000 entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_stop_hands_over() {
    let mut fleet = Fleet::start(2).await;
    let tournament = fleet.create(config(6, 6, 0)).await;
    assert_eq!(fleet.register(tournament, PlayerId(1), 1).await, TournamentReply::Done);
    let owner = fleet.owner_of(tournament).await;
    fleet.terminate(owner).await;
    let began = Instant::now();
    assert_eq!(fleet.register(tournament, PlayerId(2), 1).await, TournamentReply::Done);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let answers: Vec<CoordinatorsAnswer> = fleet
        .stage
        .admin
        .gather(subject::QUERY_TOURNAMENTS, &CoordinatorsQuery::Tournaments { limit: 10 }, 1, GUARD)
        .await
        .unwrap();
    let CoordinatorsAnswer::Tournaments(listed) = &answers[0];
    assert_eq!((listed.len(), listed[0].tournament, listed[0].entries), (1, tournament, 2));
    let unknown = wire::TournamentId(tournament.0 ^ 1);
    let reply = fleet.ask(unknown, None, CommandId(1), TournamentCommand::Show { limit: 1 }).await;
    assert_eq!(reply, TournamentReply::Refused(Refusal::NoSuchTournament));
}

fn tournament_of(entries: u32) -> wire::tournament::TournamentConfig {
    config(6, entries, entries - 1)
}
