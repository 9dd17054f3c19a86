//! Clients that cost a gateway more than they should: each costs only itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use common::{Gateway, Room, guarded, raw::RawTcp, tables::TOO_MUCH};
use futures::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use wire::{
    PlayerCommand, Refusal, TableId, TournamentId,
    client::{ClientMessage, ServerMessage},
    fleet::Role,
    tournament::TournamentReply,
};

#[tokio::test]
async fn a_websocket_handshake_ends_in_time_although_the_client_reads_no_answers() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut client = TcpStream::connect(&gateway.ws).await.unwrap();
    let requests = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n".repeat(1_000);
    // Once the answers fill all buffers, the gateway waits to write, and so does the client, until
    // the connection is closed.
    guarded("the end of the handshake", async {
        while client.write_all(requests.as_bytes()).await.is_ok() {}
    })
    .await;
}

/// Lets a coordinator take every command; returns the number of those that it has taken.
async fn coordinator(room: &Room) -> Arc<AtomicUsize> {
    let bus = room.stage.bus(Role::Coordinator.name()).await.unwrap();
    let mut commands = bus.serve("command.tournament.*.*".to_owned(), None).await.unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tokio::spawn(async move {
        let _bus = bus;
        while let Some(command) = commands.next().await {
            counted.fetch_add(1, Relaxed);
            command.answer(&TournamentReply::Done).await.unwrap();
        }
    });
    taken
}

/// Logs in, without the snapshots and events of seats.
async fn logged_in(gateway: &Gateway, name: &str) -> RawTcp {
    let mut tcp = RawTcp::connect(gateway).await;
    let login = ClientMessage::LogIn {
        name: name.into(),
        password: format!("{name}'s password"),
        device: None,
        code: None,
    };
    assert!(matches!(tcp.ask(1, login).await, ServerMessage::Welcome { .. }));
    tcp
}

#[tokio::test]
async fn a_line_beyond_a_tables_limits_is_refused_at_once_and_the_next_command_does_not_wait() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let table = TableId(31);
    room.tables.open(table);
    let mut ann = logged_in(&gateway, "ann").await;
    let say = |text: &str| PlayerCommand::Say { text: text.to_owned() }.at(table);
    let answer = ann.ask(2, say(TOO_MUCH)).await;
    let ServerMessage::Refused { refusal, text } = &answer else { panic!("{answer:?}") };
    assert_eq!(*refusal, Refusal::TooMuchTalk);
    assert!(text.contains("wait a few seconds"), "{text}");
    assert_eq!(room.tables.refused_lines(table), 1, "the gateway does not repeat it");
    assert_eq!(ann.ask(3, say("hello")).await, ServerMessage::Done);
    assert_eq!(room.tables.refused_lines(table), 1);
}

#[tokio::test]
async fn an_account_that_registers_and_withdraws_all_the_time_is_refused_on_every_connection() {
    let room = Room::open().await;
    let taken = coordinator(&room).await;
    let gateway = room.gateway("gateway-1", &["--entries-per-minute", "10"]).await;
    let tournament = TournamentId(5);
    let (mut done, started) = (0, Instant::now());
    for _connection in 0..2 {
        let mut ann = logged_in(&gateway, "ann").await;
        for id in 2..20 {
            let register = ClientMessage::Register { tournament };
            let message = if id % 2 == 0 { register } else { ClientMessage::Unregister { tournament } };
            match ann.ask(id, message).await {
                ServerMessage::Done => done += 1,
                ServerMessage::Refused { refusal: Refusal::TooFast, .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(ann.ask(30, ClientMessage::Ping).await, ServerMessage::Pong, "others are answered");
    }
    // Ten at once, and one every six seconds.
    let most = 11 + started.elapsed().as_secs() as usize / 6;
    assert!((10..=most).contains(&done), "{done} were carried out, at most {most} may be");
    assert_eq!(taken.load(Relaxed), done, "a refused request goes no further");
    let mut bob = logged_in(&gateway, "bob").await;
    assert_eq!(bob.ask(2, ClientMessage::Register { tournament }).await, ServerMessage::Done);
}
