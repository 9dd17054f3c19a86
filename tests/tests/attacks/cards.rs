//! A visitor who wants to know folded cards, and a table worker that would choose the deck: what a
//! table tells its viewers of its decks.

use anyhow::{Context, ensure};
use client::{Client, ClientEvent, Login, Options};
use std::{process::Stdio, time::Duration};
use testkit::{Fleet, FleetSize, table_journals};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};
use wire::{
    Action, Card, Chips, PlayerCommand, TableId,
    client::{ClientMessage, ServerMessage},
    event::{Event, HandEvent, TableEvent},
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
    let mut hand = wire::HandNo(0);
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

/// Returns the cards that were dealt face down and never shown, in the hands of these ends.
fn hidden(records: &[TableEvent]) -> Vec<(u64, Vec<Card>)> {
    let (mut hands, mut hand, mut down) = (Vec::new(), 0, Vec::new());
    for event in records {
        match event {
            TableEvent::HandStarted { start, .. } => (hand, down) = (start.hand.0, Vec::new()),
            TableEvent::Hand(HandEvent::Dealt { down: dealt, .. }) => down.extend(dealt),
            TableEvent::Hand(HandEvent::Shown { cards, .. }) => down.retain(|card| !cards.contains(card)),
            TableEvent::HandEnded { .. } => hands.push((hand, std::mem::take(&mut down))),
            _ => {}
        }
    }
    hands
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_verify_every_deck_and_learn_no_folded_card() -> anyhow::Result<()> {
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
    let hidden = hidden(&events);
    for end in &visitor.ends {
        let Event::HandEnded { hand, seed, opening, .. } = end else { continue };
        ensure!(seed.is_none(), "hand {hand}: the seed is public: every folded card can be computed from it");
        let opening = opening.as_ref().context("the deck is not opened")?;
        let (_, hidden) = hidden.iter().find(|(no, _)| *no == hand.0).context("no such hand")?;
        let known = opening.cards.len();
        ensure!(opening.hidden.len() >= hidden.len(), "{known} places are open, {} hidden", hidden.len());
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
