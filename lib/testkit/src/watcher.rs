//! Watches tables from outside and compares the events with the journals.

use anyhow::{Context, ensure};
use bus::Bus;
use client::{Client, ClientEvent, Login, Options};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};
use wire::{
    TableId, TournamentId, client::ClientMessage, client::ServerMessage, event::Event, event::Unseating,
};

const ENDED: &str = "the watcher's connection ended";
/// Guard against hangs: tables close within milliseconds.
const CLOSES_WITHIN: Duration = Duration::from_secs(30);

/// The events that a client saw of the tables it followed, in order.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// For each table, numbers and events.
    pub events: BTreeMap<TableId, Vec<(u64, Event)>>,
    /// For each table, the number of the last event before the first one seen.
    pub from: BTreeMap<TableId, u64>,
    /// Where following began again, after the tournament had moved the player away and later back:
    /// the table, and the number of the last event before.
    pub returns: BTreeSet<(TableId, u64)>,
    /// How often a table could not replay missed events.
    pub restarts: u32,
    /// Tables that the player was moved away from.
    away: BTreeSet<TableId>,
    /// Tables that were seen closed.
    closed: BTreeSet<TableId>,
}

impl Sightings {
    /// Adds an event of the client.
    pub fn see(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. } if view.closed => {
                self.closed.insert(view.table);
            }
            ClientEvent::Event { table, event: Event::Closed, .. } => drop(self.closed.insert(*table)),
            _ => {}
        }
        match event {
            ClientEvent::Table { view, .. } if self.away.remove(&view.table) => {
                self.returns.insert((view.table, view.event_no));
                self.from.entry(view.table).or_insert(view.event_no);
            }
            ClientEvent::Table { view, so_far, .. } => {
                if !so_far.is_empty() && !self.from.contains_key(&view.table) {
                    self.events.insert(view.table, so_far.clone());
                }
                let first = so_far.first().map_or(view.event_no, |(number, _)| number - 1);
                self.from.entry(view.table).or_insert(first);
            }
            ClientEvent::LostSeat { table, reason: Unseating::Moved } => drop(self.away.insert(*table)),
            ClientEvent::Restarted { .. } => self.restarts += 1,
            ClientEvent::Event { table, number, event } => {
                self.events.entry(*table).or_default().push((*number, event.clone()));
            }
            _ => {}
        }
    }
}

/// A visitor that follows all tables of a tournament.
pub struct Watcher {
    over: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<Sightings>>,
}

impl Watcher {
    /// Starts watching.
    #[must_use]
    pub fn start(addresses: Vec<client::Address>, tournament: TournamentId) -> Self {
        let (over, is_over) = watch::channel(false);
        Self { over, task: tokio::spawn(follow(addresses, tournament, is_over)) }
    }

    /// Watches until the tables of a finished tournament are closed: prizes are paid before the
    /// last table has closed.
    ///
    /// # Errors
    /// When the watcher's connection ended, or a table does not close.
    pub async fn finish(self) -> anyhow::Result<Sightings> {
        self.over.send_replace(true);
        self.task.await?
    }
}

async fn follow(
    addresses: Vec<client::Address>,
    tournament: TournamentId,
    mut over: watch::Receiver<bool>,
) -> anyhow::Result<Sightings> {
    let mut client = Client::connect(Options::new(addresses, Login::Visitor)).await?;
    let handle = client.handle();
    let mut sightings = Sightings::default();
    let mut followed = BTreeSet::new();
    let mut look = tokio::time::interval(Duration::from_millis(500));
    while !*over.borrow_and_update() {
        tokio::select! {
            event = client.next() => sightings.see(&event.context(ENDED)?),
            _ = look.tick() => {
                let asked = ClientMessage::Standings { tournament, limit: 1 };
                if let Ok(ServerMessage::Standings(standings)) = handle.request(asked).await {
                    for table in standings.tables {
                        if followed.insert(table) {
                            handle.request(ClientMessage::Watch { table, since: None }).await?;
                        }
                    }
                }
            }
            _ = over.changed() => {}
        }
    }
    while let Some(open) = followed.difference(&sightings.closed).next() {
        let event = tokio::time::timeout(CLOSES_WITHIN, client.next()).await;
        sightings.see(&event.with_context(|| format!("table {open} does not close"))?.context(ENDED)?);
    }
    Ok(sightings)
}

/// Checks that the events seen are those in the journals, in order, without gaps or repeats, from
/// the first event seen to the last; and, with `to_the_end`, that the last events of closed tables
/// are not missing. Returns the number of events compared.
///
/// # Errors
/// Names the first difference.
pub async fn check_against_journals(
    admin: &Bus,
    seen: &Sightings,
    to_the_end: bool,
) -> anyhow::Result<usize> {
    let mut compared = 0;
    for (table, events) in &seen.events {
        let durable = public_events(admin, *table).await?;
        let first = events.first().map_or(0, |(number, _)| *number);
        if let Some(from) = seen.from.get(table).filter(|_| seen.restarts == 0) {
            ensure!(first == from + 1, "table {table}: the view was at {from}, the first event was {first}");
        }
        let mut expected = first;
        for (number, event) in events {
            let returned = *number > expected && seen.returns.contains(&(*table, number - 1));
            ensure!(
                *number == expected || returned,
                "table {table}: event {number} where {expected} was due"
            );
            expected = number + 1;
            let at = usize::try_from(number - 1)?;
            let journaled = durable.get(at).with_context(|| format!("table {table}: no event {number}"))?;
            ensure!(
                journaled == event,
                "table {table}, event {number}: saw {event:?}, journal has {journaled:?}"
            );
            compared += 1;
        }
        let last = events.last().map_or(0, |(number, _)| *number);
        ensure!(
            !to_the_end || last == durable.len() as u64,
            "table {table}: saw events up to {last} of {}",
            durable.len()
        );
    }
    Ok(compared)
}

async fn public_events(admin: &Bus, table: TableId) -> anyhow::Result<Vec<Event>> {
    let records = history::table(admin, table).await?;
    let events = records.iter().flat_map(|placed| &placed.record.events);
    Ok(events.filter_map(poker::table::public).collect())
}
