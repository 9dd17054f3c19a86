//! One player, one connection; and another gateway after the first has ended.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{Client, ClientError, ClientEvent, Down, Ended, Login};
use common::{Gateway, Room, WAYS, Way, connect, follow, guarded, next, password, watch};
use servers::Signal;
use std::time::Duration;
use testkit::GUARD;
use tokio::time::sleep;
use wire::{
    Action, Chips, HandNo, PlayerCommand, Refusal, TableId,
    client::{ClientMessage, Closing, ServerMessage},
    second_factor::{SecondFactorReply, SecondFactorRequest},
};

const TABLE: TableId = TableId(7);

fn act(turn: u32) -> ClientMessage {
    PlayerCommand::act(HandNo(1), turn, Action::Fold).at(TABLE)
}

async fn end(client: &mut Client) -> Ended {
    let ended = next(client, "the end", |event| match event {
        ClientEvent::Closed(ended) => Some(ended.clone()),
        _ => None,
    })
    .await;
    assert_eq!(client.next().await, None);
    ended
}

async fn is_online(client: &Client) {
    let answer = guarded("an answer", client.request(ClientMessage::Balance)).await.unwrap();
    assert!(matches!(answer, ServerMessage::Balance { .. }));
}

#[tokio::test]
async fn a_second_connection_closes_the_first_on_any_gateway() {
    let room = Room::open().await;
    let gateways = [room.gateway("gateway-1", &[]).await, room.gateway("gateway-2", &[]).await];
    let mut online: Option<Client> = None;
    for (i, way) in WAYS.into_iter().chain(WAYS).enumerate() {
        let gateway = &gateways[usize::from(matches!(i, 1 | 2 | 4))];
        let mut now = connect(&[gateway], way, password("ann")).await;
        if let Some(mut before) = online.take() {
            assert_eq!(end(&mut before).await, Ended::ByNode(Closing::OnlineElsewhere));
            let answer = before.request(ClientMessage::Balance).await;
            assert!(matches!(answer, Err(ClientError::Ended(_))), "{answer:?}");
        }
        is_online(&now).await;
        next(&mut now, "the connection", |event| matches!(event, ClientEvent::Up { .. }).then_some(())).await;
        online = Some(now);
    }
    let bob = connect(&[&gateways[0]], Way::Tcp, password("bob")).await;
    is_online(&bob).await;
    is_online(online.as_ref().unwrap()).await;
}

#[tokio::test]
async fn a_ban_works_at_once() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut ann = connect(&[&gateway], Way::Ws, password("ann")).await;
    let bob = connect(&[&gateway], Way::Ws, password("bob")).await;
    room.cashier.ban("ann").await;
    assert_eq!(end(&mut ann).await, Ended::ByNode(Closing::Banned));
    let again = Client::connect(client::Options::new(vec![gateway.address(Way::Tcp)], password("ann"))).await;
    assert!(
        matches!(again, Err(ClientError::Ended(Ended::LogInRefused(Refusal::Banned)))),
        "{:?}",
        again.err()
    );
    is_online(&bob).await;
}

#[tokio::test]
async fn sessions_that_the_administrator_ends_are_closed_at_once() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        let mut ann = connect(&[&gateway], way, password("ann")).await;
        room.cashier.end_sessions("ann").await;
        assert_eq!(end(&mut ann).await, Ended::ByNode(Closing::SessionEnded));
    }
}

#[tokio::test]
async fn sessions_that_ended_while_the_gateway_was_cut_off_are_closed_when_it_is_back() {
    let mut room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        let mut ann = connect(&[&gateway], way, password("ann")).await;
        let mut bob = connect(&[&gateway], way, password(&format!("bob {way:?}"))).await;
        let carl = connect(&[&gateway], way, password("carl")).await;
        room.stage.nats.kill().await.unwrap();
        room.cashier.end_sessions_unheard("ann");
        room.cashier.ban_unheard(&format!("bob {way:?}"));
        room.stage.nats.restart().await.unwrap();
        assert_eq!(end(&mut ann).await, Ended::ByNode(Closing::SessionEnded));
        assert_eq!(end(&mut bob).await, Ended::ByNode(Closing::Banned));
        is_online(&carl).await;
    }
}

#[tokio::test]
async fn the_cashier_learns_address_and_device_of_a_log_in() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let device = format!("device {}", room.cashier.player("ann"));
    for way in WAYS {
        let first = connect(&[&gateway], way, password("ann")).await;
        assert_eq!(first.device().as_deref(), Some(device.as_str()));
        let mut options = client::Options::new(vec![gateway.address(way)], password("ann"));
        options.device = first.device();
        let _again = guarded("a connection", Client::connect(options)).await.unwrap();
        let home = Some("127.0.0.1".to_owned());
        let last_two = room.cashier.origins().split_off(room.cashier.origins().len() - 2);
        assert_eq!(last_two, [(home.clone(), None), (home, Some(device.clone()))]);
    }
}

#[tokio::test]
async fn a_player_changes_the_password_and_sees_and_ends_sessions() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        let client = connect(&[&gateway], way, password("ann")).await;
        let ask = async |message| guarded("an answer", client.request(message)).await;
        let change =
            |old: &str| ClientMessage::ChangePassword { old: old.into(), new: "lamps".into(), code: None };
        let wrong = ask(change("wrong")).await;
        assert!(matches!(wrong, Err(ClientError::Refused(Refusal::BadCredentials))), "{wrong:?}");
        assert_eq!(ask(change("right")).await.unwrap(), ServerMessage::Done);
        let sessions = ask(ClientMessage::Sessions).await.unwrap();
        assert!(matches!(&sessions, ServerMessage::Sessions(list) if !list.is_empty()), "{sessions:?}");
        assert_eq!(ask(ClientMessage::EndSession { session: 7 }).await.unwrap(), ServerMessage::Done);
        let visitor = connect(&[&gateway], way, Login::Visitor).await;
        for message in [ClientMessage::Sessions, ClientMessage::EndSession { session: 7 }, change("right")] {
            let answer = guarded("a refusal", visitor.request(message)).await;
            assert!(matches!(answer, Err(ClientError::Refused(Refusal::VisitorsOnlyLook))), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_log_in_with_a_second_factor_needs_its_code() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        let mut options = client::Options::new(vec![gateway.address(way)], password("cody"));
        let refused = Client::connect(options.clone()).await.err();
        assert!(matches!(refused, Some(ClientError::Ended(Ended::LogInRefused(Refusal::CodeNeeded)))));
        options.code = Some("287082".into());
        let client = Client::connect(options).await.unwrap();
        let ask = async |request| {
            guarded("an answer", client.request(ClientMessage::SecondFactor(request))).await.unwrap()
        };
        let begun = ask(SecondFactorRequest::Begin).await;
        assert!(matches!(&begun, ServerMessage::SecondFactor(SecondFactorReply::Secret { .. })), "{begun:?}");
        let (password, code) = ("cody's password".to_owned(), "287082".to_owned());
        let confirm = SecondFactorRequest::Confirm { password: password.clone(), code: code.clone() };
        let codes = SecondFactorReply::RecoveryCodes(vec![code.clone()]);
        assert_eq!(ask(confirm).await, ServerMessage::SecondFactor(codes));
        assert_eq!(ask(SecondFactorRequest::End { password, code }).await, ServerMessage::Done);
        let visitor = connect(&[&gateway], way, Login::Visitor).await;
        let begin = ClientMessage::SecondFactor(SecondFactorRequest::Begin);
        let answer = guarded("a refusal", visitor.request(begin)).await;
        assert!(matches!(answer, Err(ClientError::Refused(Refusal::VisitorsOnlyLook))), "{answer:?}");
    }
}

#[tokio::test]
async fn logging_in_and_out() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 2).await;
    room.tables.seat_secretly(TABLE, room.cashier.player("ann"), 3);
    for way in WAYS {
        let wrong = Login::Password { name: "ann".into(), password: "guess".into() };
        let refused = Client::connect(client::Options::new(vec![gateway.address(way)], wrong)).await;
        assert!(matches!(refused, Err(ClientError::Ended(Ended::LogInRefused(Refusal::BadCredentials)))));

        let client = connect(&[&gateway], way, Login::Visitor).await;
        let login = ClientMessage::LogIn {
            name: "ann".into(),
            password: "ann's password".into(),
            device: None,
            code: None,
        };
        // A request right after the log-in waits for it.
        let (welcome, balance) =
            tokio::join!(client.request(login.clone()), client.request(ClientMessage::Balance));
        match welcome.unwrap() {
            ServerMessage::Welcome { player, name, seats, .. } => {
                assert_eq!(player, room.cashier.player("ann"));
                assert_eq!((name.as_str(), seats), ("ann", vec![TABLE]));
            }
            other => panic!("{other:?}"),
        }
        let balance = balance.unwrap();
        assert_eq!(balance, ServerMessage::Balance { balance: Chips(1_000), in_play: Chips(1) });
        let twice = guarded("a refusal", client.request(login)).await;
        assert!(matches!(twice, Err(ClientError::Refused(Refusal::BadMessage { .. }))), "{twice:?}");

        let token = client.token().unwrap();
        assert_eq!(
            guarded("an answer", client.request(ClientMessage::LogOut)).await.unwrap(),
            ServerMessage::Done
        );
        let answer = guarded("a refusal", client.request(ClientMessage::Balance)).await;
        assert!(matches!(answer, Err(ClientError::Refused(Refusal::VisitorsOnlyLook))), "{answer:?}");
        let options = client::Options::new(vec![gateway.address(way)], Login::Token(token));
        let resumed = Client::connect(options).await;
        assert!(matches!(resumed, Err(ClientError::Ended(Ended::LogInRefused(Refusal::SessionExpired)))));
    }
}

/// Watches a table, then loses the gateway by `lose`, while the table goes on and a command is
/// under way.
async fn goes_on_elsewhere(room: &Room, gateways: [&mut Gateway; 2], lose: impl AsyncFnOnce(&mut Gateway)) {
    let [first, second] = gateways;
    room.tables.happen(TABLE, 3).await;
    let mut clients = Vec::new();
    for way in WAYS {
        let name = format!("{way:?}");
        let mut client = connect(&[first, second], way, password(&name)).await;
        let seen = watch(&mut client, TABLE).await.event_no;
        clients.push((client, room.cashier.player(&name), seen));
    }
    let last = room.tables.happen(TABLE, 2).await;
    for (client, _, seen) in &mut clients {
        follow(client, TABLE, *seen, last).await;
    }
    // No answer comes before the gateway has ended.
    room.tables.silence(true);
    let mut answers = Vec::new();
    for (client, ..) in &clients {
        let handle = client.handle();
        answers.push(tokio::spawn(async move { handle.request(act(1)).await }));
    }
    sleep(Duration::from_millis(300)).await;
    lose(first).await;
    room.tables.happen_unheard(TABLE, 3);
    room.tables.silence(false);
    for answer in answers {
        let answer = guarded("an answer", answer).await.unwrap();
        assert_eq!(answer.unwrap(), ServerMessage::Done);
    }
    let end = room.tables.happen(TABLE, 1).await;
    for (client, player, _) in &mut clients {
        follow(client, TABLE, last, end).await;
        let acted = room.tables.acted(TABLE).iter().filter(|(p, _)| p == player).count();
        assert_eq!(acted, 1, "exactly once");
    }
}

#[tokio::test]
async fn when_a_gateway_is_killed_its_players_go_on_through_another() {
    let room = Room::open().await;
    let mut first = room.gateway("gateway-1", &[]).await;
    let mut second = room.gateway("gateway-2", &[]).await;
    goes_on_elsewhere(&room, [&mut first, &mut second], async |gateway| {
        gateway.child.kill().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn when_a_gateway_stops_its_players_go_on_through_another() {
    let room = Room::open().await;
    let mut first = room.gateway("gateway-1", &[]).await;
    let mut second = room.gateway("gateway-2", &[]).await;
    goes_on_elsewhere(&room, [&mut first, &mut second], async |gateway| {
        let status = gateway.child.stop(GUARD).await.unwrap();
        assert_eq!(status.code(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_stopping_gateway_names_other_gateways() {
    let room = Room::open().await;
    let mut first = room.gateway("gateway-1", &[]).await;
    let second = room.gateway("gateway-2", &[]).await;
    // This client knows only the first gateway.
    let mut client = connect(&[&first], Way::Json, password("ann")).await;
    let mut raw = common::raw::RawTcp::connect(&first).await;
    sleep(Duration::from_millis(500)).await;
    first.child.signal(Signal::TERM);
    match raw.receive().await.unwrap().m {
        ServerMessage::Closing { reason, elsewhere } => {
            assert_eq!(reason, Closing::NodeStopping);
            assert_eq!(elsewhere, [format!("tcp://{}", second.tcp)]);
        }
        other => panic!("{other:?}"),
    }
    let status = guarded("the end of the process", first.child.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    let down = next(&mut client, "the loss", |event| match event {
        ClientEvent::Down(down) => Some(down.clone()),
        _ => None,
    })
    .await;
    assert_eq!(down, Down::ByNode(Closing::NodeStopping));
    let node = next(&mut client, "another node", |event| match event {
        ClientEvent::Up { node, .. } => Some(node.clone()),
        _ => None,
    })
    .await;
    assert_eq!(node, "gateway-2");
    is_online(&client).await;
}

#[tokio::test]
async fn an_expired_session_is_opened_again_with_the_password() {
    let room = Room::open().await;
    let mut first = room.gateway("gateway-1", &[]).await;
    let second = room.gateway("gateway-2", &[]).await;
    let client = connect(&[&first, &second], Way::Tcp, password("ann")).await;
    room.cashier.forget_sessions();
    first.child.kill().await.unwrap();
    is_online(&client).await;
}
