//! Connections that misbehave: each is told why it is closed, and the others are not disturbed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::Login;
use common::{
    Gateway, Room, WAYS, Way, connect, eventually, follow, guarded, password,
    raw::{RawTcp, RawWs, frame},
    watch,
};
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, Message},
};
use wire::{
    Refusal, TableId,
    client::{ClientMessage, Closing, MAX_CLIENT_FRAME, SUBPROTOCOL_JSON, ServerMessage},
};

const TABLE: TableId = TableId(7);

fn bad_messages(refused: &[Refusal]) -> usize {
    refused.iter().filter(|refusal| matches!(refusal, Refusal::BadMessage { .. })).count()
}

#[tokio::test]
async fn malformed_messages_are_refused_and_then_the_connection_is_closed() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;

    let mut tcp = RawTcp::connect(&gateway).await;
    for _ in 0..5 {
        tcp.send_bytes(b"\xc1nonsense").await.unwrap();
    }
    let (refused, closing) = tcp.until_closed().await;
    assert_eq!((bad_messages(&refused), closing), (5, Some(Closing::Malformed)));

    let mut json = RawWs::connect(&gateway, true).await;
    json.send(Message::text("{}")).await;
    json.send(Message::text("[[[[")).await;
    json.send(Message::binary(vec![1, 2])).await;
    json.send(Message::text(r#"{"v":1,"id":9,"m":{"Fly":{}}}"#)).await;
    json.send(Message::text(r#"{"v":7,"id":9,"m":"Ping"}"#)).await;
    let (refused, closing, code) = json.until_closed().await;
    assert_eq!((bad_messages(&refused), closing), (5, Some(Closing::Malformed)));
    assert!(refused.iter().any(|refusal| refusal.to_string().contains("version 7")), "{refused:?}");
    assert_eq!(code, Some(1007));

    let mut msgpack = RawWs::connect(&gateway, false).await;
    for _ in 0..5 {
        msgpack.send(Message::text("{}")).await;
    }
    let (refused, closing, code) = msgpack.until_closed().await;
    assert_eq!((bad_messages(&refused), closing, code), (5, Some(Closing::Malformed), Some(1007)));
}

#[tokio::test]
async fn a_request_that_cannot_be_decoded_is_answered_by_its_id() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut tcp = RawTcp::connect(&gateway).await;
    let request = serde_json::json!({ "v": 1, "id": 41, "m": { "Fly": {} } });
    tcp.send_bytes(&wire::codec::encode(&request).unwrap()).await.unwrap();
    let answer = tcp.receive().await.unwrap();
    assert_eq!(answer.re, Some(wire::CommandId(41)));
    tcp.send(42, ClientMessage::Ping).await.unwrap();
    assert_eq!(tcp.receive().await.unwrap().m, ServerMessage::Pong, "the connection is still there");
}

#[tokio::test]
async fn frames_that_are_too_large_close_the_connection() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let name = "x".repeat(MAX_CLIENT_FRAME);
    let login = ClientMessage::LogIn { name, password: String::new(), device: None, code: None };

    let mut tcp = RawTcp::connect(&gateway).await;
    tcp.send(1, login.clone()).await.unwrap();
    assert_eq!(tcp.until_closed().await.1, Some(Closing::FrameTooLarge));
    let mut tcp = RawTcp::connect(&gateway).await;
    tcp.0.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    assert_eq!(tcp.until_closed().await.1, Some(Closing::FrameTooLarge));

    let text = serde_json::to_string(&frame(1, login)).unwrap();
    for message in [Message::text(text), Message::text("x".repeat(4 << 20))] {
        let mut ws = RawWs::connect(&gateway, true).await;
        let sent = tokio_tungstenite::tungstenite::Result::Ok(());
        // The gateway may close before all of it is sent.
        let _ = futures::SinkExt::send(&mut ws.0, message).await.and(sent);
        let (_, closing, code) = ws.until_closed().await;
        assert_eq!((closing, code), (Some(Closing::FrameTooLarge), Some(1009)));
    }
}

#[tokio::test]
async fn a_client_that_sends_too_fast_is_told_so_and_in_the_end_closed() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut tcp = RawTcp::connect(&gateway).await;
    for id in 0..150 {
        tcp.send(id, ClientMessage::Ping).await.unwrap();
    }
    let (mut pongs, mut refused) = (0, 0);
    for _ in 0..150 {
        match tcp.receive().await.unwrap().m {
            ServerMessage::Pong => pongs += 1,
            ServerMessage::Refused { refusal: Refusal::TooFast, .. } => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(pongs >= 100 && refused > 0, "{pongs} answered, {refused} refused");

    let mut id = 1_000;
    while tcp.send(id, ClientMessage::Ping).await.is_ok() && id < 2_000 {
        id += 1;
    }
    let (refused, closing) = tcp.until_closed().await;
    assert_eq!(closing, Some(Closing::TooFast));
    assert!(refused.iter().all(|refusal| *refusal == Refusal::TooFast));

    let mut ws = RawWs::connect(&gateway, true).await;
    let ping = serde_json::to_string(&frame(1, ClientMessage::Ping)).unwrap();
    for _ in 0..500 {
        if futures::SinkExt::send(&mut ws.0, Message::text(ping.clone())).await.is_err() {
            break;
        }
    }
    let (_, closing, code) = ws.until_closed().await;
    assert_eq!((closing, code), (Some(Closing::TooFast), Some(4003)));
}

#[tokio::test]
async fn silence_closes_and_pings_keep_alive() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &["--idle-ms", "600"]).await;
    let started = Instant::now();
    let client = connect(&[&gateway], Way::Tcp, Login::Visitor).await;
    let mut tcp = RawTcp::connect(&gateway).await;
    let mut ws = RawWs::connect(&gateway, false).await;
    assert_eq!(tcp.until_closed().await.1, Some(Closing::Idle));
    let (_, closing, code) = ws.until_closed().await;
    assert_eq!((closing, code), (Some(Closing::Idle), Some(4004)));
    assert!(started.elapsed() >= Duration::from_millis(600));
    sleep(Duration::from_millis(1_200)).await;
    let mut client = client;
    assert!(matches!(client.next().await, Some(client::ClientEvent::Up { .. })));
    assert_eq!(guarded("an answer", client.request(ClientMessage::Ping)).await.unwrap(), ServerMessage::Pong);
    let quiet = tokio::time::timeout(Duration::from_millis(50), client.next()).await;
    assert!(quiet.is_err(), "the connection was lost meanwhile: {quiet:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_disturbs_no_other_one() {
    let room = Room::open().await;
    // No connection is to be closed for its silence, however slow the machine is.
    let gateway = room.gateway("gateway-1", &["--idle-ms", "600000"]).await;
    room.tables.open(TABLE);
    let mut sleeper = RawTcp::connect(&gateway).await;
    sleeper.send(1, ClientMessage::Watch { table: TABLE, since: None }).await.unwrap();
    let mut ws_sleeper = RawWs::connect(&gateway, true).await;
    let watching = frame(1, ClientMessage::Watch { table: TABLE, since: None });
    ws_sleeper.send(Message::text(serde_json::to_string(&watching).unwrap())).await;
    let mut others = Vec::new();
    for way in WAYS {
        let mut client = connect(&[&gateway], way, Login::Visitor).await;
        watch(&mut client, TABLE).await;
        others.push(client);
    }
    eventually("all five connections", || (room.connections(&gateway) == Some(5)).then_some(())).await;
    let mut last = 0;
    let (mut slowest, started) = (Duration::ZERO, Instant::now());
    // Far more than the kernel's buffers on both sides hold.
    while started.elapsed() < testkit::GUARD {
        let sent = Instant::now();
        let now = room.tables.happen(TABLE, 2_000).await;
        for client in &mut others {
            follow(client, TABLE, last, now).await;
        }
        last = now;
        slowest = slowest.max(sent.elapsed());
        if room.connections(&gateway) == Some(3) {
            break;
        }
    }
    assert_eq!(room.connections(&gateway), Some(3), "the sleepers are gone, the others are there");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    let mut closing = None;
    while let Some(frame) = sleeper.receive().await {
        if let ServerMessage::Closing { reason, .. } = frame.m {
            closing = Some(reason);
        }
    }
    // The last frames reach only clients that begin to read in time.
    assert!(matches!(closing, None | Some(Closing::TooSlow)), "{closing:?}");
}

#[tokio::test]
async fn a_full_gateway_names_others() {
    let room = Room::open().await;
    let full = room.gateway("gateway-1", &["--max-connections", "2"]).await;
    let free = room.gateway("gateway-2", &["--max-connections", "50"]).await;
    let other = room.gateway("gateway-3", &["--max-connections", "50"]).await;
    let mut kept = vec![connect(&[&full], Way::Tcp, Login::Visitor).await];
    kept.push(connect(&[&full], Way::Json, Login::Visitor).await);
    for _ in 0..3 {
        kept.push(connect(&[&other], Way::Ws, Login::Visitor).await);
    }
    eventually("the load", || {
        (room.connections(&other) == Some(3) && room.connections(&full) == Some(2)).then_some(())
    })
    .await;
    // The full gateway hears heartbeats at other moments than this test.
    sleep(Duration::from_millis(500)).await;

    let mut refused = RawTcp::connect_silently(&full).await;
    match refused.receive().await.unwrap().m {
        ServerMessage::Closing { reason, mut elsewhere } => {
            assert_eq!(reason, Closing::NodeFull);
            let tcp = |gateway: &Gateway| format!("tcp://{}", gateway.tcp);
            // The first one is drawn by free capacity.
            let mut both = [tcp(&free), tcp(&other)];
            both.sort();
            elsewhere.sort();
            assert_eq!(elsewhere, both);
        }
        other => panic!("{other:?}"),
    }
    let mut ws = RawWs::connect(&full, true).await;
    let (_, closing, code) = ws.until_closed().await;
    assert_eq!((closing, code), (Some(Closing::NodeFull), Some(1013)));

    for way in WAYS {
        let mut client = connect(&[&full], way, password(&format!("{way:?}"))).await;
        let node = common::next(&mut client, "a connection", |event| match event {
            client::ClientEvent::Up { node, .. } => Some(node.clone()),
            _ => None,
        })
        .await;
        assert_ne!(node, "gateway-1");
    }
    drop(kept);
    eventually("room", || (room.connections(&full) == Some(0)).then_some(())).await;
    RawTcp::connect(&full).await;
}

#[tokio::test]
async fn a_websocket_without_a_known_subprotocol_is_refused() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for protocol in [None, Some("chess.v1")] {
        match RawWs::try_connect(&gateway, protocol).await {
            Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 400),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a WebSocket without a known subprotocol was accepted"),
        }
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_unless_it_is_allowed() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &["--web-origins", "https://poker.example.org"]).await;
    let connect = async |origin: &str| {
        let request =
            RawWs::request(&gateway).with_sub_protocol(SUBPROTOCOL_JSON).with_header("origin", origin);
        let stream = TcpStream::connect(&gateway.ws).await.unwrap();
        client_async(request, stream).await.map(drop)
    };
    connect("https://poker.example.org").await.unwrap();
    connect(&format!("http://{}", gateway.ws)).await.unwrap();
    match connect("https://evil.example").await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}
