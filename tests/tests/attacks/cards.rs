//! A visitor who wants to know folded cards, and a table worker that would choose the deck: what a
//! table tells its viewers of its decks.

use crate::ONE_FLEET;
use anyhow::{Context, ensure};
use client::{Client, ClientEvent, Login, Options};
use poker::dealing;
use std::{process::Stdio, time::Duration};
use testkit::{Fleet, FleetSize, table_journals};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};
use wire::{
    Action, Card, Chips, HandNo, PlayerCommand, TableId,
    client::{ClientMessage, ServerMessage},
    event::{Event, HandEvent, Seed, TableEvent},
};

/// A guard against hangs.
const LIMIT: Duration = Duration::from_secs(180);
/// Hands that a viewer verifies.
const HANDS: usize = 6;

/// What a viewer saw of finished hands.
#[derive(Default)]
struct Seen {
    /// The ends of hands.
    ends: Vec<Event>,
    /// Hands that were verified, and the contributions of players to their decks.
    verified: usize,
    contributions: usize,
    /// The number of the first verified hand.
    first: Option<u64>,
}

/// Follows a table until enough hands were verified; a player calls every bet.
async fn follow(mut client: Client, table: TableId) -> anyhow::Result<Seen> {
    let (player, mut seat) = (client.player(), None);
    let mut hand = HandNo(0);
    let mut seen = Seen::default();
    while seen.verified < HANDS {
        match timeout(LIMIT, client.next()).await?.context("the connection ended")? {
            ClientEvent::Table { view, .. } => {
                seat = view.seats.iter().find(|seat| Some(seat.player) == player).map(|seat| seat.seat);
            }
            ClientEvent::Event { event: Event::Seated { seat: no, player: sits, .. }, .. } => {
                seat = if Some(sits) == player { Some(no) } else { seat };
            }
            ClientEvent::Event { event: Event::HandStarted(start), .. } => hand = start.hand,
            ClientEvent::Event { event: Event::Turn { seat: no, turn, legal, .. }, .. }
                if Some(no) == seat =>
            {
                let action = if legal.check { Action::Check } else { Action::Call };
                client.request(PlayerCommand::act(hand, turn, action).at(table)).await?;
            }
            ClientEvent::Event { event: event @ Event::HandEnded { .. }, .. } => seen.ends.push(event),
            ClientEvent::Verified { hand, verdict, .. } => {
                let verdict = verdict.with_context(|| format!("hand {hand} was not dealt as committed"))?;
                seen.first.get_or_insert(hand.0);
                seen.verified += 1;
                seen.contributions += verdict.contributions;
            }
            _ => {}
        }
    }
    Ok(seen)
}

/// A hand in the journal: its deck, and the cards that were dealt face down and never shown.
struct Hand {
    no: HandNo,
    deck: [Card; 52],
    hidden: Vec<Card>,
    seeds: [Option<Seed>; 2],
}

fn hands(events: &[TableEvent]) -> Vec<Hand> {
    let mut hands: Vec<Hand> = Vec::new();
    for event in events {
        match (event, hands.last_mut()) {
            (TableEvent::HandStarted { start, seed, next_seed, .. }, _) => hands.push(Hand {
                no: start.hand,
                deck: dealing::deck(seed, start),
                hidden: Vec::new(),
                seeds: [Some(*seed), *next_seed],
            }),
            (TableEvent::Hand(HandEvent::Dealt { down, .. }), Some(hand)) => hand.hidden.extend(down),
            (TableEvent::Hand(HandEvent::Shown { cards, .. }), Some(hand)) => {
                hand.hidden.retain(|card| !cards.contains(card));
            }
            _ => {}
        }
    }
    hands
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_verify_every_deck_and_learn_no_folded_card() -> anyhow::Result<()> {
    let _alone = ONE_FLEET.lock().await;
    let fleet = Fleet::start(FleetSize::default()).await?;
    let pace = ["--action-ms", "20000", "--hand-pause-ms", "100", "--bot-pace-ms", "50", "--json"];
    let made = fleet.pokerctl(&[&["table", "create", "decks", "--bots", "4"], &pace[..]].concat()).await?;
    let table: TableId = serde_json::from_str::<serde_json::Value>(&made)?["table"].to_string().parse()?;
    fleet.account("ada", Chips(20_000)).await?;
    let login = Login::Password { name: "ada".to_owned(), password: testkit::PASSWORD.to_owned() };
    let ada = Client::connect(Options::new(fleet.tcp()?, login)).await?;
    let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(20_000) }.at(table);
    ensure!(matches!(ada.request(sit).await?, ServerMessage::Seated { .. }), "no seat");
    let visitor = Client::connect(Options::new(fleet.tcp()?, Login::Visitor)).await?;
    visitor.request(ClientMessage::Watch { table, since: None }).await?;
    let (player, visitor) = tokio::try_join!(follow(ada, table), follow(visitor, table))?;
    ensure!(player.contributions > 0 && visitor.contributions > 0, "no player took part in a deck");

    let journals = table_journals(&fleet.admin).await?;
    let records = journals.get(&table).context("no journal")?;
    let events: Vec<TableEvent> = records.iter().flat_map(|(_, record)| record.events.clone()).collect();
    let hands = hands(&events);
    let told = serde_json::to_string(&visitor.ends)?;
    for seed in hands.iter().flat_map(|hand| hand.seeds).flatten() {
        ensure!(
            !told.contains(&seed.to_string()),
            "a seed is public: every folded card can be computed from it"
        );
    }
    for end in &visitor.ends {
        let Event::HandEnded { hand, opening, .. } = end else { continue };
        let opening = opening.as_ref().context("the deck is not opened")?;
        let played = hands.iter().find(|played| played.no == *hand).context("no such hand")?;
        for open in &opening.cards {
            let card = played.deck[usize::from(open.place)];
            ensure!(!played.hidden.contains(&card), "hand {hand}: {card} was never shown and is opened");
        }
        ensure!(
            opening.cards.len() + opening.hidden.len() > played.hidden.len(),
            "hand {hand} is not opened"
        );
    }

    // The administrator verifies with the seed, and a program in another language without it.
    let id = format!("{table}.{}", visitor.first.context("no hand")?);
    let verified = fleet.pokerctl(&["--json", "hand", "verify", &id]).await?;
    let verdict: serde_json::Value = serde_json::from_str(&verified)?;
    ensure!(verdict["commitment_holds"] == true && verdict["deal_holds"] == true, "{verdict}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/verify-shuffle");
    let mut python = Command::new("python3")
        .args([script, "--opening", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    python.stdin.take().context("no input")?.write_all(verified.as_bytes()).await?;
    ensure!(python.wait_with_output().await?.status.success(), "the Python verifier disagrees");
    fleet.verify().await?;
    fleet.stop().await
}
