//! Unknown events of a newer table worker reach viewers of this version: the viewers count them, go
//! on, and see the table once more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{Client, ClientEvent, Login};
use common::{Room, WAYS, connect, follow, guarded, next, password, watch};
use serde_json::json;
use wire::{
    TableId,
    client::{ClientMessage, ServerMessage},
    event::Event,
};

const TABLE: TableId = TableId(31);

/// Returns the next event of the table, of any kind.
async fn event(client: &mut Client, what: &str) -> (u64, Event) {
    next(client, what, |event| match event {
        ClientEvent::Event { number, event, .. } => Some((*number, event.clone())),
        ClientEvent::Down(down) => panic!("{down:?}"),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn an_event_that_no_gateway_and_no_client_knows_does_no_harm() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 3).await;
    let newer = [
        json!("LightsOut"),
        json!({ "Sold": { "seat": 3, "to": [null, { "name": "ann" }] } }),
        json!({ "Acted": { "seat": 1, "action": { "Conjure": 5 }, "added": 5, "stack": 90 } }),
    ];
    for way in WAYS {
        println!("{way:?}");
        let mut client = connect(&[&gateway], way, Login::Visitor).await;
        let mut last = watch(&mut client, TABLE).await.event_no;
        for document in &newer {
            let asked = room.tables.resyncs();
            let number = room.tables.happen_as(TABLE, document.clone()).await;
            let (seen, event) = event(&mut client, "the event of a newer worker").await;
            assert_eq!((seen, number), (last + 1, last + 1), "it has its number");
            assert!(matches!(event, Event::Unknown(_)), "{event:?}");
            assert_eq!(serde_json::to_value(&event).unwrap(), *document, "unchanged");
            let view = next(&mut client, "the table once more", |event| match event {
                ClientEvent::Restarted { view, .. } => Some(view.clone()),
                ClientEvent::Down(down) => panic!("{down:?}"),
                _ => None,
            })
            .await;
            assert_eq!(view.event_no, number);
            last = room.tables.happen(TABLE, 3).await;
            follow(&mut client, TABLE, number, last).await;
            assert_eq!(room.tables.resyncs(), asked + 1, "the table was asked once");
        }
        let resync = ClientMessage::Resync { table: TABLE, since: Some(0) };
        let answer = guarded("the table", client.request(resync)).await.unwrap();
        let ServerMessage::Table { events: Some(events), .. } = answer else { panic!("{answer:?}") };
        let unknown = events.events.iter().filter(|event| matches!(event, Event::Unknown(_)));
        let unknown: Vec<_> = unknown.map(|event| serde_json::to_value(event).unwrap()).collect();
        assert_eq!(unknown[unknown.len() - newer.len()..], newer, "the answer of the table has them, too");
    }
}

#[tokio::test]
async fn a_message_that_a_client_does_not_know_is_skipped_and_the_connection_goes_on() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 1).await;
    for (way, name) in WAYS.into_iter().zip(["ann", "bob", "cy"]) {
        let mut client = connect(&[&gateway], way, password(name)).await;
        let player = client.player().unwrap();
        let last = watch(&mut client, TABLE).await.event_no;
        room.tables.tell_as(player, json!({ "Praised": { "by": 3 } })).await;
        room.tables.tell_as(player, json!({ "LostSeat": { "table": TABLE, "reason": "Abducted" } })).await;
        let to = room.tables.happen(TABLE, 2).await;
        for number in last + 1..=to {
            assert_eq!(event(&mut client, "an event on the same connection").await.0, number);
        }
        let pong = guarded("an answer", client.request(ClientMessage::Ping)).await.unwrap();
        assert_eq!(pong, ServerMessage::Pong);
    }
}
