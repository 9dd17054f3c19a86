//! Outages of servers: nats-server down, JetStream out of storage, PostgreSQL down. Hands wait or
//! continue as far as possible, players are told, no time runs out, no acknowledged command is
//! lost, and play resumes by itself.
//!
//! The ignored tests (`make trouble`) are the same with outages of one and of ten minutes.

use anyhow::{Context, bail, ensure};
use client::{Client, ClientError, ClientEvent, Handle, Login, Options};
use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};
use testkit::{Fleet, FleetSize, Folders, nobody_timed_out, quick_tournament, table_journals};
use tokio::time::{Instant, sleep, timeout_at};
use wire::{
    Action, Chips, HandNo, Legal, PlayerCommand, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply},
    client::{ClientMessage, ServerMessage, Service},
    event::Event,
    tournament::TournamentConfig,
};

/// Limit of all waits.
const LIMIT: Duration = Duration::from_secs(180);
/// Time to act, in milliseconds: shorter than the outages, so that every clock would run out.
const ACTION_MS: u32 = 6_000;
const SHORT: Duration = Duration::from_secs(12);
const MINUTE: Duration = Duration::from_secs(60);
const TEN_MINUTES: Duration = Duration::from_secs(600);
const MONEY: Chips = Chips(50_000);
const BUY_IN: Chips = Chips(10_000);

/// A person at a cash table who checks or folds at once, and notes service notices and hands.
struct Guest {
    client: Client,
    player: PlayerId,
    table: TableId,
    seat: Option<SeatNo>,
    hand: HandNo,
    hands: u32,
    told: Vec<Service>,
}

impl Guest {
    async fn sit(fleet: &Fleet, name: &str, table: TableId) -> anyhow::Result<Self> {
        let mut guest = Self::come(fleet, name, table).await?;
        match guest.client.request(PlayerCommand::Sit { seat: None, buy_in: BUY_IN }.at(table)).await? {
            ServerMessage::Seated { seat, .. } => guest.seat = Some(seat),
            other => bail!("no seat but {other:?}"),
        }
        Ok(guest)
    }

    async fn come(fleet: &Fleet, name: &str, table: TableId) -> anyhow::Result<Self> {
        let player = fleet.account(name, MONEY).await?;
        let login = Login::Password { name: name.to_owned(), password: testkit::PASSWORD.to_owned() };
        let client = Client::connect(options(fleet, login)?).await?;
        Ok(Self { client, player, table, seat: None, hand: HandNo(0), hands: 0, told: Vec::new() })
    }

    /// Plays until the condition holds.
    async fn until(&mut self, what: &str, limit: Duration, so: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + limit;
        while !so(self) {
            let event = timeout_at(end, self.client.next()).await;
            let event = event.with_context(|| format!("not in time: {what}; {:?}", self.told))?;
            self.take(event.context("the connection ended")?);
        }
        Ok(())
    }

    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Service(service) => self.told.push(service),
            ClientEvent::Event { event: Event::HandStarted(start), .. } => self.hand = start.hand,
            ClientEvent::Event { event: Event::HandEnded { .. }, .. } => self.hands += 1,
            ClientEvent::Event { event: Event::Turn { seat, turn, legal, .. }, .. } => {
                self.act(seat, turn, &legal);
            }
            ClientEvent::LostSeat { .. } => self.seat = None,
            ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. } => {
                if let Some(hand) = view.hand {
                    self.hand = hand.hand;
                    if let Some(turn) = hand.turn {
                        self.act(turn.seat, turn.turn, &turn.legal);
                    }
                }
            }
            _ => {}
        }
    }

    /// Does not wait for the answer, which comes after the outage; the journals show the result.
    fn act(&self, seat: SeatNo, turn: u32, legal: &Legal) {
        if self.seat == Some(seat) {
            let action = if legal.check { Action::Check } else { Action::Fold };
            let act = PlayerCommand::act(self.hand, turn, action).at(self.table);
            tokio::spawn(act_after_the_outage(self.client.handle(), act));
        }
    }

    fn is_told(&self, is: impl Fn(&Service) -> bool) -> bool {
        self.told.last().is_some_and(is)
    }

    /// Watches the table for this long and checks that it waits: the connection lives, no service
    /// is reported as restored, and only the hand that was being written ends.
    async fn stands_still(&mut self, time: Duration) -> anyhow::Result<()> {
        let (end, hands) = (Instant::now() + time, self.hands);
        while let Ok(event) = timeout_at(end, self.client.next()).await {
            self.take(event.context("the connection ended")?);
            ensure!(self.hands <= hands + 1, "hands were played without storage");
            ensure!(self.is_told(|now| !now.tables), "the tables are reported to work: {:?}", self.told);
        }
        // Only an answer shows that the table was silent and not the connection.
        let answer = ask(self.client.handle(), ClientMessage::Ping).await?;
        ensure!(answer == ServerMessage::Pong, "the ping was answered with {answer:?}");
        Ok(())
    }

    /// Waits until all services are reported to work and hands are played.
    async fn goes_on(&mut self) -> anyhow::Result<()> {
        self.until("all services work again", LIMIT, |guest| guest.is_told(|now| *now == Service::WHOLE))
            .await?;
        let hands = self.hands + 3;
        self.until("hands after the outage", LIMIT, |guest| guest.hands >= hands).await
    }
}

/// Returns options with which refusals are reported soon.
fn options(fleet: &Fleet, login: Login) -> anyhow::Result<Options> {
    Ok(Options { refusal_patience: Duration::from_secs(2), ..Options::new(fleet.tcp()?, login) })
}

async fn ask(handle: Handle, message: ClientMessage) -> Result<ServerMessage, ClientError> {
    handle.request(message).await
}

/// Repeats an action for as long as it is refused for now: an outage on a busy machine may outlast
/// the gateway's patience, and a person would press the button again.
async fn act_after_the_outage(handle: Handle, act: ClientMessage) {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end && refused(ask(handle.clone(), act.clone()).await).is_ok() {
        sleep(Duration::from_millis(200)).await;
    }
}

/// Makes a cash table with bots and free seats.
async fn table(fleet: &Fleet, bots: &str) -> anyhow::Result<TableId> {
    let action = ACTION_MS.to_string();
    let pace = ["--action-ms", &action, "--hand-pause-ms", "200", "--bot-pace-ms", "300", "--json"];
    let made = fleet.pokerctl(&[&["table", "create", "trouble", "--bots", bots], &pace[..]].concat()).await?;
    let made: serde_json::Value = serde_json::from_str(made.trim())?;
    Ok(serde_json::from_value(made["table"].clone())?)
}

/// Makes tables with bots, a tournament of bots, and a guest who has played a hand.
async fn full_house(fleet: &Fleet) -> anyhow::Result<(Guest, TournamentId)> {
    for _ in 0..6 {
        table(fleet, "6").await?;
    }
    let mut guest = Guest::sit(fleet, "gus", table(fleet, "4").await?).await?;
    let config = TournamentConfig { action_ms: ACTION_MS, ..quick_tournament(18, 0) };
    let tournament = fleet.tournament(config).await?;
    guest.until("a hand", LIMIT, |guest| guest.hands >= 1).await?;
    Ok((guest, tournament))
}

/// Checks the conditions that must hold after every outage. The guest plays on until the
/// tournament has ended: its turns would run out else.
async fn all_is_well(fleet: Fleet, mut guest: Guest, tournament: TournamentId) -> anyhow::Result<()> {
    tokio::select! {
        settled = fleet.until_settled(tournament, LIMIT) => drop(settled?),
        ended = guest.until("the end of the connection", 2 * LIMIT, |_| false) => ended?,
    }
    nobody_timed_out(&table_journals(&fleet.admin).await?)?;
    fleet.verify().await?;
    fleet.stop().await
}

async fn nats_is_gone(time: Duration) -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let (mut guest, tournament) = full_house(&fleet).await?;
    let still = guest.until("the tables stand still", LIMIT, |guest| guest.is_told(|now| !now.tables));
    fleet.nats_away(time, still).await?;
    guest.goes_on().await?;
    all_is_well(fleet, guest, tournament).await
}

async fn storage_is_full(time: Duration) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    small_home(home.path())?;
    let folders = Folders { home: Some(home.path()), ..Folders::default() };
    let fleet = Fleet::start_from(FleetSize::default(), folders).await?;
    let (mut guest, tournament) = full_house(&fleet).await?;
    let filler = home.path().join("filler");
    fill(&fleet, &filler).await?;
    guest.until("the tables stand still", LIMIT, |guest| guest.is_told(|now| !now.tables)).await?;
    guest.stands_still(time).await?;
    empty(&fleet, &filler).await?;
    guest.goes_on().await?;
    all_is_well(fleet, guest, tournament).await
}

/// Makes a copy of the project's server configuration with little storage for JetStream.
fn small_home(home: &Path) -> anyhow::Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    for folder in ["streams", "buckets", "consumers"] {
        fs::create_dir_all(home.join("nats").join(folder))?;
        for file in fs::read_dir(project.join("nats").join(folder))? {
            let file = file?;
            fs::copy(file.path(), home.join("nats").join(folder).join(file.file_name()))?;
        }
    }
    fs::copy(project.join("nats/tables.json"), home.join("nats/tables.json"))?;
    let config = fs::read_to_string(project.join("nats/server.conf"))?;
    let small = config.replace("store_dir: $NATS_STORE", "store_dir: $NATS_STORE\n  max_file_store: 48MB");
    ensure!(small != config, "the server's configuration has changed");
    fs::write(home.join("nats/server.conf"), small)?;
    symlink(project.join("schemas"), home.join("schemas"))?;
    Ok(())
}

/// Fills the storage with a stream of its own.
async fn fill(fleet: &Fleet, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("streams"))?;
    // The administrator may publish there, and no process subscribes.
    let stream = r#"{"name": "FILLER", "subjects": ["drain.filler.*"], "storage": "file"}"#;
    fs::write(folder.join("streams/FILLER.json"), stream)?;
    bus::admin::apply(&fleet.admin, folder).await?;
    for _ in 0..64 {
        fleet.admin.publish("drain.filler.x".to_owned(), vec![7; 1 << 20].into()).await?;
    }
    fleet.admin.flush().await;
    Ok(())
}

/// Frees the storage again.
async fn empty(fleet: &Fleet, folder: &Path) -> anyhow::Result<()> {
    let stream = r#"{"name": "FILLER", "subjects": ["drain.filler.*"], "storage": "file", "max_msgs": 1}"#;
    fs::write(folder.join("streams/FILLER.json"), stream)?;
    bus::admin::apply(&fleet.admin, folder).await?;
    Ok(())
}

async fn postgres_is_gone(time: Duration) -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let (mut guest, tournament) = full_house(&fleet).await?;
    let table = guest.table;
    let late = Guest::come(&fleet, "liv", table).await?;
    let visitor = Client::connect(options(&fleet, Login::Visitor)?).await?;
    let outage = async {
        guest
            .until("the cashier is reported unavailable", LIMIT, |guest| {
                guest.is_told(|now| !now.money && now.tables)
            })
            .await?;
        let hands = guest.hands + 2;
        guest.until("hands meanwhile", LIMIT, |guest| guest.hands >= hands).await?;
        // The guest leaves first, because from then on it need not act in time.
        guest.client.request(PlayerCommand::Leave.at(table)).await?;
        guest.until("the seat is given up", LIMIT, |guest| guest.seat.is_none()).await?;
        let sit = PlayerCommand::Sit { seat: None, buy_in: BUY_IN }.at(table);
        refused(late.client.request(sit).await)?;
        let password = testkit::PASSWORD.to_owned();
        refused(
            visitor
                .request(ClientMessage::LogIn { name: "liv".to_owned(), password, device: None, code: None })
                .await,
        )
    };
    fleet.postgres_away(time, outage).await?;
    guest.until("money moves", LIMIT, |guest| guest.is_told(|now| *now == Service::WHOLE)).await?;
    let end = Instant::now() + LIMIT;
    while in_play(&fleet, guest.player).await? > Chips::ZERO {
        ensure!(Instant::now() < end, "the player who left is not paid out");
        sleep(Duration::from_millis(200)).await;
    }
    all_is_well(fleet, guest, tournament).await
}

/// Returns a player's chips at tables, by the ledger.
async fn in_play(fleet: &Fleet, player: PlayerId) -> anyhow::Result<Chips> {
    match fleet.cashier(AdminRequest::ShowPlayer { player: player.to_string() }).await? {
        CashierReply::Player(details) => Ok(details.in_play),
        other => bail!("no player but {other:?}"),
    }
}

/// Checks that a request was refused for now, by name.
fn refused(answer: Result<ServerMessage, ClientError>) -> anyhow::Result<()> {
    match answer {
        Err(ClientError::Refused(Refusal::Unavailable { .. })) => Ok(()),
        other => bail!("the request was not refused for now: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nats_server_is_down_for_a_while() -> anyhow::Result<()> {
    nats_is_gone(SHORT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_is_out_of_storage_for_a_while() -> anyhow::Result<()> {
    storage_is_full(SHORT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_down_for_a_while() -> anyhow::Result<()> {
    postgres_is_gone(SHORT).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make trouble`"]
async fn the_nats_server_is_down_for_a_minute() -> anyhow::Result<()> {
    nats_is_gone(MINUTE).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make trouble`"]
async fn jetstream_is_out_of_storage_for_a_minute() -> anyhow::Result<()> {
    storage_is_full(MINUTE).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes: `make trouble`"]
async fn postgresql_is_down_for_ten_minutes() -> anyhow::Result<()> {
    postgres_is_gone(TEN_MINUTES).await
}
