//! The events and answers that a player gets, over every kind of connection.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{Client, ClientError, ClientEvent, Login};
use common::{Room, WAYS, Way, connect, follow, guarded, next, password, watch};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use wire::{
    Action, Chips, HandNo, PlayerCommand, Refusal, TableId,
    client::{ClientMessage, PrivateCards, ServerMessage},
};

const TABLE: TableId = TableId(7);

fn act(table: TableId, turn: u32) -> ClientMessage {
    PlayerCommand::act(HandNo(1), turn, Action::Check).at(table)
}

async fn cards(client: &mut Client) -> PrivateCards {
    next(client, "cards", |event| match event {
        ClientEvent::Cards(cards) => Some(cards.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn every_viewer_sees_every_event_once_and_in_order_though_messages_are_lost() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 3).await;
    let mut clients = Vec::new();
    for (way, login) in
        WAYS.into_iter().flat_map(|way| [(way, Login::Visitor), (way, password(&format!("{way:?}")))])
    {
        let mut client = connect(&[&gateway], way, login).await;
        assert_eq!(watch(&mut client, TABLE).await.event_no, 3);
        clients.push(client);
    }
    let resyncs = room.tables.resyncs();
    for round in 0..20 {
        room.tables.happen(TABLE, 1 + round % 4).await;
        if round % 3 == 0 {
            room.tables.happen_unheard(TABLE, 2);
        }
        if round % 5 == 0 {
            room.tables.repeat(TABLE, 2..=4).await;
        }
    }
    let last = room.tables.happen(TABLE, 1).await;
    for client in &mut clients {
        follow(client, TABLE, 3, last).await;
    }
    let asked = room.tables.resyncs() - resyncs;
    assert!((1..=10).contains(&asked), "each gap is asked for once for all viewers, not {asked} times");
}

/// A viewer gets its command's answer with the events: if it were lost, the command would be
/// repeated after a second.
#[tokio::test]
async fn the_events_are_the_answer_to_a_viewers_command() {
    const TURNS: u32 = 10;
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut seen = room.tables.happen(TABLE, 2).await;
    let mut acts = 0;
    for way in WAYS {
        let mut client = connect(&[&gateway], way, password(&format!("{way:?}"))).await;
        // No connection here watches the table yet, so the answer comes by itself.
        assert_eq!(guarded("an answer", client.request(act(TABLE, 0))).await.unwrap(), ServerMessage::Done);
        assert_eq!(watch(&mut client, TABLE).await.event_no, seen + 1);
        for turn in 1..=TURNS {
            let answer = guarded("an answer", client.request(act(TABLE, turn))).await;
            assert_eq!(answer.unwrap(), ServerMessage::Done);
        }
        let last = seen + 1 + u64::from(TURNS);
        follow(&mut client, TABLE, seen + 1, last).await;
        (seen, acts) = (last, acts + u64::from(TURNS));
    }
    assert_eq!(room.tables.ridden_and_repeated(), (acts, 0));
}

/// The other players get the event in the next batch.
#[tokio::test]
async fn at_a_busy_table_the_player_who_is_to_act_is_told_first() {
    const ROUNDS: u32 = 20;
    /// A fraction of the batch delay; both players would be told within less.
    const LATER: Duration = Duration::from_millis(5);
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut seen = room.tables.happen(TABLE, 1).await;
    for way in WAYS {
        let [first, other] = [format!("{way:?} acts"), format!("{way:?} waits")];
        let mut acts = connect(&[&gateway], way, password(&first)).await;
        let mut waits = connect(&[&gateway], way, password(&other)).await;
        assert_eq!(watch(&mut waits, TABLE).await.event_no, seen);
        assert_eq!(watch(&mut acts, TABLE).await.event_no, seen);
        let mut told_first = 0;
        for _ in 0..ROUNDS {
            let before = room.tables.happen(TABLE, 1).await;
            follow(&mut acts, TABLE, seen, before).await;
            follow(&mut waits, TABLE, seen, before).await;
            seen = room.tables.ask_to_act(TABLE, room.cashier.player(&first)).await;
            follow(&mut acts, TABLE, before, seen).await;
            let told = Instant::now();
            follow(&mut waits, TABLE, before, seen).await;
            told_first += u32::from(told.elapsed() >= LATER);
        }
        assert!(told_first > ROUNDS / 2, "told first {told_first} times of {ROUNDS}");
    }
}

#[tokio::test]
async fn events_that_the_table_has_forgotten_are_replaced_by_a_snapshot() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for way in WAYS {
        room.tables.happen(TABLE, 2).await;
        let mut client = connect(&[&gateway], way, Login::Visitor).await;
        watch(&mut client, TABLE).await;
        room.tables.happen_unheard(TABLE, 3);
        room.tables.forget(TABLE);
        let last = room.tables.happen(TABLE, 1).await;
        let restarted = next(&mut client, "a new start", |event| match event {
            ClientEvent::Restarted { view, .. } => Some(view.event_no),
            ClientEvent::Event { number, .. } => panic!("event {number} out of the blue"),
            _ => None,
        })
        .await;
        assert!(restarted >= last - 1);
        let end = room.tables.happen(TABLE, 2).await;
        follow(&mut client, TABLE, restarted, end).await;
    }
}

#[tokio::test]
async fn a_seat_is_watched_and_cards_go_to_their_player_only() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.open(TABLE);
    let mut players = Vec::new();
    for (seat, way) in WAYS.into_iter().enumerate() {
        let name = format!("{way:?}");
        let mut client = connect(&[&gateway], way, password(&name)).await;
        let player = room.cashier.player(&name);
        assert_eq!(client.player(), Some(player));
        let seat = seat as u8;
        let sit = PlayerCommand::Sit { seat: Some(seat), buy_in: Chips(100) }.at(TABLE);
        let answer = guarded("a seat", client.request(sit)).await.unwrap();
        assert_eq!(answer, ServerMessage::Seated { table: TABLE, seat });
        let view = next(&mut client, "the table", |event| match event {
            ClientEvent::Table { view, .. } => Some(view.clone()),
            _ => None,
        })
        .await;
        assert!(view.seats.iter().any(|s| s.player == player && s.seat == seat));
        players.push((client, player, view.event_no));
    }
    let seated = players.len() as u64;
    for (client, _, seen) in &mut players {
        follow(client, TABLE, *seen, seated).await;
        *seen = seated;
    }
    for hand in 1..=3 {
        let hands: Vec<_> = players.iter().map(|(_, player, _)| (*player, hand * 100 + player.0)).collect();
        let (event, dealt) = room.tables.deal(TABLE, &hands).await;
        for ((client, _, seen), dealt) in players.iter_mut().zip(dealt) {
            follow(client, TABLE, *seen, event).await;
            *seen = event;
            assert_eq!(cards(client).await, dealt);
        }
    }
    let last = room.tables.happen(TABLE, 2).await;
    for (client, _, seen) in &mut players {
        follow(client, TABLE, *seen, last).await;
    }
}

#[tokio::test]
async fn a_given_seat_is_watched_by_itself_and_a_lost_message_about_it_is_noticed() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    for (i, way) in WAYS.into_iter().enumerate() {
        let (told, untold) = (TableId(100 + i as u64), TableId(200 + i as u64));
        let name = format!("{way:?}");
        let mut client = connect(&[&gateway], way, password(&name)).await;
        let player = room.cashier.player(&name);
        room.tables.happen(told, 5).await;
        room.tables.give_seat(told, player, 2).await;
        room.tables.open(untold);
        room.tables.seat_secretly(untold, player, 4);
        for (table, seat) in [(told, 2), (untold, 4)] {
            let given = next(&mut client, "the seat", |event| match event {
                ClientEvent::GivenSeat { table, seat, .. } => Some((*table, *seat)),
                _ => None,
            })
            .await;
            assert_eq!(given, (table, seat));
            let view = next(&mut client, "the table", |event| match event {
                ClientEvent::Table { view, .. } => Some(view.clone()),
                _ => None,
            })
            .await;
            assert_eq!(view.table, table);
            let last = room.tables.happen(table, 1).await;
            follow(&mut client, table, view.event_no, last).await;
        }
        let seats = guarded("the seats", client.request(ClientMessage::Seats)).await.unwrap();
        assert_eq!(seats, ServerMessage::Seats(vec![told, untold]));
    }
}

#[tokio::test]
async fn commands_outlast_a_silent_owner_and_keep_their_order() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let other = TableId(8);
    room.tables.open(TABLE);
    room.tables.open(other);
    for way in WAYS {
        let name = format!("{way:?}");
        let client = connect(&[&gateway], way, password(&name)).await;
        let player = room.cashier.player(&name);
        room.tables.silence(true);
        let handle = client.handle();
        let mut answers = Vec::new();
        for turn in 0..10 {
            let handle = handle.clone();
            answers.push(tokio::spawn(async move { handle.request(act(TABLE, turn)).await }));
            // One task may overtake another on the way to the client's queue.
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(1_500)).await;
        room.tables.silence(false);
        for answer in answers {
            let answer = guarded("an answer", answer).await.unwrap();
            assert_eq!(answer.unwrap(), ServerMessage::Done);
        }
        let acted: Vec<u32> = room
            .tables
            .acted(TABLE)
            .into_iter()
            .filter(|(p, _)| *p == player)
            .map(|(_, turn)| turn)
            .collect();
        assert_eq!(acted, (0..10).collect::<Vec<_>>(), "each once, in order");
        assert_eq!(guarded("an answer", client.request(act(other, 1))).await.unwrap(), ServerMessage::Done);
    }
}

#[tokio::test]
async fn visitors_look_and_do_not_touch() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 2).await;
    for way in WAYS {
        let mut client = connect(&[&gateway], way, Login::Visitor).await;
        let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.at(TABLE);
        let forbidden = [
            sit,
            act(TABLE, 1),
            ClientMessage::Balance,
            ClientMessage::Seats,
            ClientMessage::Register { tournament: wire::TournamentId(1) },
            PlayerCommand::Leave.at(TABLE),
            PlayerCommand::TopUp { amount: Chips(10) }.at(TABLE),
            ClientMessage::LogOut,
        ];
        for message in forbidden {
            let answer = guarded("a refusal", client.request(message.clone())).await;
            assert!(
                matches!(answer, Err(ClientError::Refused(Refusal::VisitorsOnlyLook))),
                "{message:?}: {answer:?}"
            );
        }
        assert_eq!(watch(&mut client, TABLE).await.event_no, 2);
        match guarded("the lobby", client.request(ClientMessage::Lobby)).await.unwrap() {
            ServerMessage::Lobby { tables, .. } => assert_eq!(tables.len(), 1),
            other => panic!("{other:?}"),
        }
        let watch = ClientMessage::Watch { table: TableId(404), since: None };
        let answer = guarded("a refusal", client.request(watch)).await;
        assert!(matches!(answer, Err(ClientError::Refused(Refusal::NoSuchTable))), "{answer:?}");
        assert_eq!(
            guarded("an answer", client.request(ClientMessage::Ping)).await.unwrap(),
            ServerMessage::Pong
        );
    }
    assert!(room.tables.acted(TABLE).is_empty());
}

#[tokio::test]
async fn a_line_of_chat_that_hides_something_is_refused() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 2).await;
    let login = Login::Password { name: "ann".into(), password: "ann's password".into() };
    let mut client = connect(&[&gateway], WAYS[0], login).await;
    let handle = client.handle();
    let say = async |text: &str| {
        let line = PlayerCommand::Say { text: text.to_owned() }.at(TABLE);
        guarded("an answer", handle.request(line)).await
    };
    for hidden in ["pay\u{202e}lla", "ad\u{200b}min", "a\u{e0041}", "Z\u{300}\u{301}\u{302}\u{303}\u{304}"] {
        let answer = say(hidden).await;
        assert!(
            matches!(answer, Err(ClientError::Refused(Refusal::BadLine { .. }))),
            "{hidden:?}: {answer:?}"
        );
    }
    assert_eq!(watch(&mut client, TABLE).await.event_no, 2, "a line went to the table");
    for clear in ["nice hand, Käthe", "👩\u{200d}❤\u{fe0f}\u{200d}👨"] {
        assert_eq!(say(clear).await.unwrap(), ServerMessage::Done, "{clear:?}");
    }
}

#[tokio::test]
async fn a_closed_table_ends_and_an_unwatched_one_is_silent() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let closing = TableId(9);
    room.tables.open(TABLE);
    room.tables.open(closing);
    let mut client = connect(&[&gateway], Way::Json, Login::Visitor).await;
    watch(&mut client, TABLE).await;
    watch(&mut client, closing).await;
    let unwatch = ClientMessage::Unwatch { table: TABLE };
    assert_eq!(guarded("an answer", client.request(unwatch)).await.unwrap(), ServerMessage::Done);
    room.tables.happen(TABLE, 1).await;
    room.tables.close(closing).await;
    let event = next(&mut client, "the end", |event| match event {
        ClientEvent::Event { table, event, .. } => Some((*table, event.clone())),
        _ => None,
    })
    .await;
    assert_eq!(event, (closing, wire::event::Event::Closed));
}

#[tokio::test]
async fn events_during_an_outage_of_the_server_are_made_up_for() {
    let mut room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    room.tables.happen(TABLE, 2).await;
    let mut clients = Vec::new();
    for way in WAYS {
        let name = format!("{way:?}");
        let mut client = connect(&[&gateway], way, password(&name)).await;
        watch(&mut client, TABLE).await;
        clients.push((client, room.cashier.player(&name)));
    }
    room.stage.nats.kill().await.unwrap();
    let mut dealt = Vec::new();
    for (_, player) in &clients {
        dealt.push(room.tables.deal_unheard(TABLE, *player, player.0));
    }
    let last = room.tables.happen_unheard(TABLE, 4);
    room.stage.nats.restart().await.unwrap();
    for ((client, _), dealt) in clients.iter_mut().zip(dealt) {
        let (mut seen, mut held) = (2, None);
        guarded("all missed events", async {
            while seen < last || held.is_none() {
                match client.next().await.unwrap() {
                    ClientEvent::Event { number, .. } => {
                        assert_eq!(number, seen + 1);
                        seen = number;
                    }
                    ClientEvent::Cards(cards) => held = Some(cards),
                    ClientEvent::Up { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        })
        .await;
        assert_eq!(held, Some(dealt));
    }
}

#[tokio::test]
async fn a_gateway_tells_its_time() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let client = connect(&[&gateway], Way::Json, Login::Visitor).await;
    let from_ms = bus::clock::now_ms();
    let answer = guarded("an answer", client.request(ClientMessage::Time)).await.unwrap();
    let ServerMessage::Time { now_ms } = answer else { panic!("no time but {answer:?}") };
    // Both are on one machine, so only the correction of their clocks is between them.
    assert!(now_ms.abs_diff(from_ms) < 5_000, "{now_ms} at {from_ms}");
    assert!(client.now_ms().abs_diff(now_ms) < 5_000);
}
