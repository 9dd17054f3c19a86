//! Players lose their connection in every way and go on where they were: over TCP, over WebSocket
//! with MessagePack and with JSON, in one fleet. The events that all clients saw are compared with
//! the journals.

mod person;
mod relay;

use anyhow::{Context, ensure};
use client::{Address, ClientEvent, Ended, Login};
use person::{LIMIT, Person};
use relay::Relay;
use std::time::Duration;
use testkit::{Fleet, FleetSize, check_against_journals};
use tokio::{task::JoinSet, time::sleep};
use wire::{
    PlayerCommand, TableId,
    client::{Closing, ServerMessage},
    event::Event,
    table::Absence,
};

/// The three kinds of connection to a gateway.
#[derive(Clone, Copy, Debug)]
enum Way {
    Tcp,
    Ws,
    Json,
}

const WAYS: [Way; 3] = [Way::Tcp, Way::Ws, Way::Json];

/// A short grace, and a limit that is never reached.
const SHORT: Absence = Absence { grace_ms: 500, limit_ms: 120_000 };
/// A grace that is never reached either.
const LONG: Absence = Absence { grace_ms: 60_000, limit_ms: 120_000 };

/// Returns the gateways' addresses, in the order of their names.
fn addresses(fleet: &Fleet, way: Way) -> anyhow::Result<Vec<Address>> {
    match way {
        Way::Tcp => fleet.tcp(),
        Way::Ws => fleet.ws(),
        Way::Json => fleet.ws_json(),
    }
}

/// Seats a player and waits until the player has the action in the middle of a hand.
async fn in_turn(
    fleet: &Fleet,
    name: String,
    addresses: Vec<Address>,
    absence: Absence,
) -> anyhow::Result<Person> {
    let table = person::cash_table(fleet, 2, absence).await?;
    let mut person = Person::sit(fleet, &name, addresses, table).await?;
    person.own_turn().await?;
    Ok(person)
}

/// A player opens a second connection, idle or in the middle of a hand: the first is told why and
/// closed, the second gets the whole hand and goes on.
async fn second_connection(fleet: &Fleet, way: Way, bots: u8) -> anyhow::Result<()> {
    let nodes = addresses(fleet, way)?;
    let table = person::cash_table(fleet, bots, SHORT).await?;
    let mut first =
        Person::sit(fleet, &format!("second-{way:?}-{bots}"), vec![nodes[0].clone()], table).await?;
    if bots > 0 {
        first.own_turn().await?;
    }
    let token = first.client.token().context("no token")?;
    let mut second = first.again(Login::Token(token), vec![nodes[1].clone()]).await?;
    let why = first.until("the end", |event| matches!(event, ClientEvent::Closed(_))).await?;
    ensure!(why == ClientEvent::Closed(Ended::ByNode(Closing::OnlineElsewhere)), "{why:?}");
    if bots > 0 {
        second.own_turn().await?;
        let seen = second.seen.events.get(&table).context("no event of the hand was sent")?;
        let (_, begin) = seen.first().context("no event of the hand was sent")?;
        ensure!(matches!(begin, Event::HandStarted(_)), "{way:?}: the hand begins with {begin:?}");
        ensure!(second.cards.is_some(), "no cards");
        for _ in 0..3 {
            second.own_turn().await?;
            second.act().await?;
        }
    } else {
        let view = second.mirror.as_ref().map(|mirror| mirror.view().clone());
        let seat = view.and_then(|view| view.seats.first().cloned()).context("the seat is gone")?;
        ensure!(seat.player == second.player && !seat.disconnected);
    }
    let seen = second.seen.events.values().flatten();
    ensure!(
        seen.clone().all(|(_, event)| !matches!(event, Event::Disconnected { .. })),
        "the player was reported as gone"
    );
    check_against_journals(&fleet.admin, &first.seen, false).await?;
    check_against_journals(&fleet.admin, &second.seen, false).await?;
    Ok(())
}

/// A program dies silently: the other players see it, the hand goes on without the player, and the
/// seat is kept until the return.
async fn died_silently(fleet: &Fleet, way: Way) -> anyhow::Result<()> {
    let node = addresses(fleet, way)?[1].clone();
    let relay = Relay::start(&node).await?;
    let person = in_turn(fleet, format!("died-{way:?}"), vec![relay.address.clone()], SHORT).await?;
    let (table, seat) = (person.table, person.seat);
    let mut visitor = Person::visit(vec![node.clone()], table).await?;
    relay.freeze();
    let token = person.client.token().context("no token")?;
    let again = person.stop();
    let happens = |wanted: fn(&Event) -> Option<u8>| {
        move |event: &ClientEvent| match event {
            ClientEvent::Event { event, .. } => wanted(event) == Some(seat),
            _ => false,
        }
    };
    let gone = happens(|event| match event {
        Event::Disconnected { seat, .. } => Some(*seat),
        _ => None,
    });
    let folded = happens(|event| match event {
        Event::TimedOut { seat } => Some(*seat),
        _ => None,
    });
    let back = happens(|event| match event {
        Event::Reconnected { seat, .. } => Some(*seat),
        _ => None,
    });
    visitor.until("the player to be reported as gone", gone).await?;
    visitor.until("the hand to go on", folded).await?;
    let mut person = again.connect(Login::Token(token), vec![node]).await?;
    visitor.until("the player to be reported as back", back).await?;
    person.own_turn().await?;
    person.act().await?;
    check_against_journals(&fleet.admin, &visitor.seen, false).await?;
    check_against_journals(&fleet.admin, &person.seen, false).await?;
    Ok(())
}

/// The network fails silently: the program goes on through another gateway by itself, in the same
/// turn.
async fn lost_network(fleet: &Fleet, way: Way) -> anyhow::Result<()> {
    let node = addresses(fleet, way)?[1].clone();
    let relay = Relay::start(&node).await?;
    let ways = vec![relay.address.clone(), node];
    let mut person = in_turn(fleet, format!("lost-{way:?}"), ways, LONG).await?;
    let turn = person.own_turn().await?;
    relay.freeze();
    person.until("another connection", |event| matches!(event, ClientEvent::Up { .. })).await?;
    ensure!(person.own_turn().await? == turn, "{way:?}: the turn has passed");
    person.act().await?;
    person.own_turn().await?;
    ensure!(person.seen.restarts == 0, "{way:?}: events were missed");
    check_against_journals(&fleet.admin, &person.seen, false).await?;
    Ok(())
}

/// Says numbered lines, one after the other.
async fn talk(handle: client::Handle, table: TableId, lines: u32) -> anyhow::Result<()> {
    for line in 1..=lines {
        let said = handle.request(PlayerCommand::Say { text: format!("line {line}") }.at(table)).await?;
        ensure!(said == ServerMessage::Done, "{said:?}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A gateway and the tables' owners die at the same time, with commands under way: each command is
/// carried out once, in order.
async fn all_at_once(fleet: &Fleet, people: Vec<Person>) -> anyhow::Result<()> {
    const LINES: u32 = 60;
    let mut talking = JoinSet::new();
    for person in &people {
        talking.spawn(talk(person.client.handle(), person.table, LINES));
    }
    sleep(Duration::from_millis(400)).await;
    for node in ["gateway-2", "table-worker-1", "table-worker-2"] {
        fleet.kill(node)?;
    }
    while let Some(talked) = talking.join_next().await {
        talked??;
    }
    for mut person in people {
        let last = format!("line {LINES}");
        person
            .until("the last line", |event| {
                matches!(event, ClientEvent::Event { event: Event::Said { text, .. }, .. } if *text == last)
            })
            .await?;
        let said: Vec<&String> = person.seen.events[&person.table]
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Said { text, .. } => Some(text),
                _ => None,
            })
            .collect();
        let expected: Vec<String> = (1..=LINES).map(|line| format!("line {line}")).collect();
        ensure!(said.iter().copied().eq(&expected), "{said:?}");
        ensure!(person.seen.restarts == 0, "events were missed");
        check_against_journals(&fleet.admin, &person.seen, false).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn players_go_on_after_every_kind_of_lost_connection() -> anyhow::Result<()> {
    let size = FleetSize { gateways: 2, table_workers: 2, bot_workers: 1, coordinators: 1 };
    // Tables take any amount of chat: the lines stand for commands that are always possible.
    let fleet = Fleet::start_with(size, &["--chat-rate", "100000"]).await?;
    let silent = async {
        tokio::try_join!(
            died_silently(&fleet, Way::Tcp),
            died_silently(&fleet, Way::Ws),
            died_silently(&fleet, Way::Json),
            lost_network(&fleet, Way::Tcp),
            lost_network(&fleet, Way::Ws),
            lost_network(&fleet, Way::Json),
        )
    };
    let others = async {
        for way in WAYS {
            tokio::try_join!(second_connection(&fleet, way, 0), second_connection(&fleet, way, 2))?;
        }
        // A gateway is killed: no player is folded, and all go on in the same turn.
        let mut people = Vec::new();
        for way in WAYS {
            people.push(in_turn(&fleet, format!("node-{way:?}"), addresses(&fleet, way)?, SHORT).await?);
        }
        fleet.kill("gateway-1")?;
        for person in &mut people {
            let turn = person.own_turn().await?;
            person.until("another node", |event| matches!(event, ClientEvent::Up { .. })).await?;
            ensure!(person.own_turn().await? == turn, "the turn has passed");
            person.act().await?;
            let seen = person.seen.events[&person.table].iter();
            let unwelcome =
                |event: &Event| matches!(event, Event::Disconnected { .. } | Event::TimedOut { .. });
            ensure!(seen.clone().all(|(_, event)| !unwelcome(event)), "folded because the gateway died");
        }
        Ok::<_, anyhow::Error>(people)
    };
    let (_, people) = tokio::time::timeout(LIMIT, async { tokio::try_join!(silent, others) }).await??;
    all_at_once(&fleet, people).await?;
    fleet.verify().await?;
    fleet.stop().await
}
