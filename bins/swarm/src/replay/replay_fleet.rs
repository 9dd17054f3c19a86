//! Players and tables for many recorded hands: as many at once as connections allow, and further
//! ones in rounds.
//!
//! Invariants: no player acts in a round before all of them are seated; a connection plays at one
//! table at a time.

use super::{
    hands::Recorded,
    table::{self, CLOSE, CREATE, Done, Playable, Round, Table},
    tally::{self, Tally, Verdict},
};
use crate::room::{self, TableError};
use anyhow::{Context, bail, ensure};
use bus::Bus;
use client::{Address, Client, Login, Options};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use supervisor::Fleet;
use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
};
use wire::{Refusal, TableId, cashier::Session, table::TableCommand};

/// Connections and tables that are made at the same time.
const AT_ONCE: usize = 64;
/// Time limit of a connection while thousands are being made.
const PATIENCE: Duration = Duration::from_secs(60);
/// Capacity of a player's queue of events: more than a hand has.
const QUEUE: usize = 1_024;

/// A fleet that plays recorded hands.
pub struct ReplayFleet<'a> {
    admin: &'a Bus,
    addresses: Vec<Address>,
    /// Most players at once.
    most: usize,
    players: Vec<Client>,
}

impl<'a> ReplayFleet<'a> {
    /// Prepares to play on this fleet, over this kind of connection (`tcp`, `ws` or `ws+json`),
    /// with at most this many players at once.
    ///
    /// # Errors
    /// When no gateway listens for this kind.
    pub fn new(fleet: &Fleet, admin: &'a Bus, wire: &str, most: usize) -> anyhow::Result<Self> {
        let listening = if wire == "tcp" { "tcp://" } else { "ws://" };
        let own = |text: String| text.replacen(listening, &format!("{wire}://"), 1).parse();
        let addresses: Vec<Address> =
            fleet.addresses(listening).into_iter().map(own).collect::<Result<_, _>>()?;
        ensure!(!addresses.is_empty(), "no gateway of the fleet listens on {listening}");
        Ok(Self { admin, addresses, most, players: Vec::new() })
    }

    /// Plays all hands and compares them with their records.
    ///
    /// # Errors
    /// When the fleet takes no scripts, cannot be reached or refuses accounts or tables.
    pub async fn play(&mut self, hands: &[Recorded]) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let mut playable = Vec::with_capacity(hands.len());
        for Recorded { name, hand } in hands {
            match hand {
                Ok(scripted) => {
                    playable.push(Playable { name: Arc::clone(name), scripted: Arc::clone(scripted) });
                }
                Err(error) => tally.hand(name, Verdict::Refused(tally::reason(error))),
            }
        }
        let rounds = rounds(&playable, self.most);
        for round in &rounds {
            // Tables come first, because a fleet that takes no scripts refuses them.
            let tables = self.tables(round).await?;
            if self.players.is_empty() {
                self.connect(&playable, &rounds).await?;
            }
            self.round(round, &tables, &mut tally).await?;
            self.close(&tables).await?;
        }
        Ok(tally)
    }

    async fn tables(&self, hands: &[Playable]) -> anyhow::Result<Vec<TableId>> {
        let bar = bar(hands.len(), "tables");
        let making = hands.iter().map(|hand| {
            let create = TableCommand::Create { config: table::config(hand), bots: Vec::new() };
            async move {
                let table = TableId::short(random()?);
                match room::ask(self.admin, table, CREATE, create).await {
                    Ok(()) => anyhow::Ok(table),
                    Err(TableError::Refused { refusal: Refusal::ScriptedDecksOff, .. }) => {
                        bail!("the fleet deals no recorded hands: {}", Refusal::ScriptedDecksOff)
                    }
                    Err(error) => Err(error).context(hand.name.to_string()),
                }
            }
        });
        let tables = stream::iter(making).buffered(AT_ONCE).inspect_ok(|_| bar.inc(1)).try_collect().await;
        bar.finish_and_clear();
        tables
    }

    /// Connects as many players as the largest round has, each with enough money for all rounds.
    async fn connect(&mut self, hands: &[Playable], rounds: &[&[Playable]]) -> anyhow::Result<()> {
        let players = rounds.iter().map(|round| seats(round)).max().unwrap_or_default();
        let stacks = hands.iter().flat_map(|hand| &hand.scripted.script.players).map(|player| player.stack);
        let most = stacks.max().unwrap_or_default();
        let credit = most.times(rounds.len() as u64);
        // New accounts each time, because those of a former run have won and lost.
        let prefix = format!("r{:08x}", random()? as u32);
        let sessions = room::guests(self.admin, &prefix, players, credit).await?;
        let bar = bar(players, "connecting");
        let addresses = &self.addresses;
        let connecting = sessions.into_iter().enumerate().map(|(nth, session)| {
            // Each player begins with another gateway.
            let (before, from) = addresses.split_at(nth % addresses.len());
            connect([from, before].concat(), session)
        });
        let connected = stream::iter(connecting).buffered(AT_ONCE).inspect_ok(|_| bar.inc(1));
        self.players = connected.try_collect().await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn round(
        &mut self,
        hands: &[Playable],
        tables: &[TableId],
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        tally.at_once = tally.at_once.max(hands.len());
        tally.players = tally.players.max(seats(hands));
        let round = Arc::new(Round {
            admin: self.admin.clone(),
            barrier: Barrier::new(hands.len() + 1),
            chairs: Semaphore::new(AT_ONCE),
            seated: bar(hands.len(), "sitting down"),
        });
        let mut playing = JoinSet::new();
        for (hand, &id) in hands.iter().zip(tables) {
            let others = self.players.len().saturating_sub(hand.seats());
            let table = Table { id, hand: hand.clone(), players: self.players.split_off(others) };
            playing.spawn(table.play(Arc::clone(&round)));
        }
        round.barrier.wait().await;
        round.seated.finish_and_clear();
        let (began, bar) = (Instant::now(), bar(hands.len(), "playing"));
        let mut ended = began;
        while let Some(done) = playing.join_next().await {
            let Done { table, verdict, at } = done.context("a table's task panicked")?;
            ended = ended.max(at);
            if verdict == Verdict::Exact {
                tally.actions += table.hand.scripted.actions.len() as u64;
            }
            tally.hand(&table.hand.name, verdict);
            self.players.extend(table.players);
            bar.inc(1);
        }
        bar.finish_and_clear();
        tally.played += ended - began;
        Ok(())
    }

    /// Closes the tables, which pays all players out.
    async fn close(&self, tables: &[TableId]) -> anyhow::Result<()> {
        let bar = bar(tables.len(), "closing");
        let closing = tables.iter().map(|&table| room::ask(self.admin, table, CLOSE, TableCommand::Close));
        let mut closing = stream::iter(closing).buffer_unordered(AT_ONCE);
        while let Some(closed) = closing.next().await {
            closed?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }
}

async fn connect(addresses: Vec<Address>, session: Session) -> anyhow::Result<Client> {
    let usual = Options::new(addresses, Login::Token(session.token));
    let options = Options {
        connect_patience: PATIENCE,
        handshake_patience: PATIENCE,
        refusal_patience: PATIENCE,
        queue: QUEUE,
        ..usual
    };
    Ok(Client::connect(options).await?)
}

/// Returns the hands in rounds of at most this many players, or of one hand that has more.
fn rounds(hands: &[Playable], most: usize) -> Vec<&[Playable]> {
    let mut rounds = Vec::new();
    let (mut from, mut players) = (0, 0);
    for (nth, hand) in hands.iter().enumerate() {
        let more = hand.seats();
        if players + more > most && nth > from {
            rounds.push(&hands[from..nth]);
            (from, players) = (nth, 0);
        }
        players += more;
    }
    if from < hands.len() {
        rounds.push(&hands[from..]);
    }
    rounds
}

fn seats(hands: &[Playable]) -> usize {
    hands.iter().map(Playable::seats).sum()
}

fn random() -> anyhow::Result<u64> {
    getrandom::u64().context("no random numbers from the operating system")
}

fn bar(length: usize, words: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>12} {wide_bar} {pos}/{len} {per_sec} {elapsed}");
    let bar = ProgressBar::new(length as u64).with_message(words.to_owned());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
