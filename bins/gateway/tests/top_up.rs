//! Chips that a player brings to a seat pass a gateway: they need money, and no other command waits
//! for them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{ClientError, ClientEvent};
use common::{Room, Way, connect, guarded, next, password, watch};
use std::time::Duration;
use tokio::time::sleep;
use wire::{
    Action, Chips, HandNo, PlayerCommand, Refusal, TableId,
    client::{ClientMessage, ServerMessage},
};

const TABLE: TableId = TableId(31);

fn top_up() -> ClientMessage {
    PlayerCommand::TopUp { amount: Chips(500) }.at(TABLE)
}

#[tokio::test]
async fn a_turn_does_not_wait_for_chips_that_are_on_their_way() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 1).await;
    let mut client = connect(&[&gateway], Way::Tcp, password("ann")).await;
    watch(&mut client, TABLE).await;
    room.tables.hold_chips(true);
    let handle = client.handle();
    let chips = tokio::spawn(async move { handle.request(top_up()).await });
    sleep(Duration::from_millis(200)).await;
    let act = PlayerCommand::act(HandNo(1), 7, Action::Check).at(TABLE);
    assert_eq!(guarded("the action's answer", client.request(act)).await.unwrap(), ServerMessage::Done);
    assert!(!chips.is_finished(), "the chips are not there yet");
    room.tables.hold_chips(false);
    assert_eq!(guarded("the chips' answer", chips).await.unwrap().unwrap(), ServerMessage::Done);
}

#[tokio::test]
async fn no_chips_are_asked_for_while_no_cashier_is_there() {
    let mut room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 1).await;
    let addresses = vec![gateway.address(Way::Tcp)];
    let options = client::Options {
        refusal_patience: Duration::from_millis(500),
        ..client::Options::new(addresses, password("ann"))
    };
    let mut client = guarded("a connection", client::Client::connect(options)).await.unwrap();
    room.lose_cashier();
    next(&mut client, "the news that no money moves", |event| match event {
        ClientEvent::Service(service) if !service.money => Some(()),
        _ => None,
    })
    .await;
    let answer = guarded("a refusal", client.request(top_up())).await;
    assert!(matches!(answer, Err(ClientError::Refused(Refusal::Unavailable { .. }))), "{answer:?}");
}
