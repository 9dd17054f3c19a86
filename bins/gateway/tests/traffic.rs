//! Clients that ask for much, and those that do not read what they asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::Login;
use common::{Room, WAYS, connect, guarded, raw::RawTcp};
use futures::StreamExt;
use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use wire::{
    Chips, TableId, TournamentId,
    client::{ClientMessage, ServerMessage},
    fleet::Role,
    subject,
    tournament::{CoordinatorsAnswer, Phase, TournamentSummary},
};

/// Lines of a full lobby, for tables and tournaments each.
const LINES: u64 = 1_000;
/// Bytes in a second that a visitor may draw.
const PER_SECOND: usize = 131_072;

/// Opens so many tables and tournaments that the lobby is full.
async fn fill_lobby(room: &Room) {
    (1..=LINES).for_each(|table| room.tables.open(TableId(table)));
    let tournaments = (1..=LINES).map(|id| TournamentSummary {
        tournament: TournamentId(id),
        name: format!("tournament {id}"),
        variant: "NT".into(),
        phase: Phase::Registering,
        entries: 0,
        max_entries: 9,
        players_left: 0,
        buy_in: Chips(10),
        fee: Chips(1),
    });
    let answer = CoordinatorsAnswer::Tournaments(tournaments.collect());
    let bus = room.stage.bus(Role::Coordinator.name()).await.unwrap();
    let mut queries = bus.serve(subject::QUERY_TOURNAMENTS.to_owned(), None).await.unwrap();
    tokio::spawn(async move {
        let _bus = bus;
        while let Some(query) = queries.next().await {
            query.answer(&answer).await.unwrap();
        }
    });
}

#[tokio::test]
async fn a_visitor_draws_only_so_many_bytes_in_a_second() {
    let room = Room::open().await;
    fill_lobby(&room).await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut visitor = RawTcp::connect(&gateway).await;
    visitor.send(1, ClientMessage::Lobby).await.unwrap();
    let lobby = visitor.skip().await.unwrap();
    assert!(lobby > 100_000, "{lobby} bytes are no full lobby");
    let (started, mut drawn, mut id) = (Instant::now(), lobby, 1);
    while started.elapsed() < Duration::from_secs(5) {
        id += 1;
        visitor.send(id, ClientMessage::Lobby).await.unwrap();
        drawn += visitor.skip().await.unwrap();
    }
    // Eight seconds' bytes at once, and the last answer may exceed them.
    let most = PER_SECOND * (9 + started.elapsed().as_secs() as usize) + lobby;
    assert!(drawn <= most, "{drawn} bytes were drawn, {most} may be");
    visitor.send(id + 1, ClientMessage::Lobby).await.unwrap();
    assert_eq!(visitor.ask(id + 2, ClientMessage::Ping).await, ServerMessage::Pong);
}

#[tokio::test]
async fn the_lobby_comes_in_pages_on_every_kind_of_connection() {
    let room = Room::open().await;
    fill_lobby(&room).await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        let client = connect(&[&gateway], way, Login::Visitor).await;
        let mut seen = BTreeSet::new();
        for page in 0..10 {
            match guarded("a page", client.request(ClientMessage::LobbyPage { page })).await.unwrap() {
                ServerMessage::LobbyPage { page: answered, pages, tables, tournaments } => {
                    assert_eq!((answered, pages, tournaments.len()), (page, 10, 100));
                    seen.extend(tables.into_iter().map(|line| line.table));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen.len(), LINES as usize);
    }
}

/// Returns the most memory that a process has had, in MB.
fn peak_mb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1_024 / 1_000_000
}

#[tokio::test]
async fn five_hundred_clients_that_do_not_read_take_less_than_256_mb() {
    let room = Room::open().await;
    fill_lobby(&room).await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut silent = Vec::new();
    for n in 0..500_u16 {
        let [_, rest] = (n % 100 + 1).to_be_bytes();
        let mut client = RawTcp::connect_narrow(&gateway, [127, 2, (n / 100) as u8, rest]).await;
        for id in 0..60 {
            client.send(id, ClientMessage::Lobby).await.unwrap();
        }
        silent.push(client);
    }
    // Nothing tells when the gateway has done all that it will do for them.
    sleep(Duration::from_secs(8)).await;
    let mut newcomer = RawTcp::connect(&gateway).await;
    let lobby = guarded("the lobby", newcomer.ask(1, ClientMessage::Lobby)).await;
    assert!(matches!(lobby, ServerMessage::Lobby { tables, .. } if tables.len() == LINES as usize));
    let peak = peak_mb(gateway.child.id().unwrap());
    println!("the gateway has taken {peak} MB at most");
    assert!(peak < 256, "the gateway has taken {peak} MB");
}

#[tokio::test]
async fn when_too_much_waits_the_clients_that_do_not_read_are_closed_and_one_that_reads_is_not() {
    let room = Room::open().await;
    fill_lobby(&room).await;
    let gateway = room.gateway("gateway-1", &["--max-waiting-mib", "2"]).await;
    let mut reader = RawTcp::connect(&gateway).await;
    let mut silent = Vec::new();
    for n in 1..=100 {
        let mut client = RawTcp::connect_narrow(&gateway, [127, 3, 0, n]).await;
        for id in 0..4 {
            client.send(id, ClientMessage::Lobby).await.unwrap();
        }
        silent.push(client);
    }
    for id in 1.. {
        let lobby = reader.ask(id, ClientMessage::LobbyPage { page: 0 }).await;
        assert!(matches!(lobby, ServerMessage::LobbyPage { .. }), "{lobby:?}");
        if room.connections(&gateway).is_some_and(|open| open < 60) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
