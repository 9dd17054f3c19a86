//! Players in tests: accounts, a program that plays for an account, and tournaments that end soon.

use crate::{Fleet, Sightings};
use anyhow::{Context, bail, ensure};
use client::{Address, Client, ClientError, ClientEvent, Handle, Login, Options};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use wire::{
    Action, Chips, Legal, PlayerCommand, PlayerId, PostingId, Refusal, SeatNo, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply},
    client::{ClientMessage, ServerMessage},
    event::Event,
    tournament::{LevelSpec, Payout, Standings, TournamentCommand, TournamentConfig, TournamentReply},
};

/// The password of all accounts that tests create.
pub const PASSWORD: &str = "correct horse battery";

/// A player with an account and a connection.
pub struct Hero {
    /// The account.
    pub player: PlayerId,
    /// The connection.
    pub client: Client,
    seats: BTreeMap<TableId, SeatNo>,
    /// Whether the player only checks and folds, so that the chips last.
    is_careful: bool,
    report: HeroReport,
}

/// The result of a player's tournament.
#[derive(Clone, Debug, Default)]
pub struct HeroReport {
    /// The events that were seen.
    pub sightings: Sightings,
    /// Place and prize in the tournament.
    pub placed: Option<(u32, Chips)>,
    /// Hands in which own hole cards arrived.
    pub dealt: u32,
    /// Actions that the table accepted.
    pub actions: u32,
    /// Number of connections.
    pub connections: u32,
}

impl Fleet {
    /// Creates an account with money.
    ///
    /// # Errors
    /// When the cashier refuses, or does not answer.
    pub async fn account(&self, name: &str, money: Chips) -> anyhow::Result<PlayerId> {
        let create = AdminRequest::CreatePlayer { name: name.to_owned(), password: PASSWORD.to_owned() };
        let CashierReply::Player(details) = self.cashier(create).await? else {
            bail!("the cashier made no account");
        };
        let player = details.account.player;
        let posting = PostingId(format!("test-credit.{player}"));
        self.cashier(AdminRequest::Credit { posting, player, amount: money }).await?;
        Ok(player)
    }

    /// Creates a tournament.
    ///
    /// # Errors
    /// When the coordinator refuses, or does not answer.
    pub async fn tournament(&self, config: TournamentConfig) -> anyhow::Result<TournamentId> {
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let tournament = TournamentId::short(seconds.as_nanos() as u64);
        match self.ask_tournament(tournament, TournamentCommand::Create { config }).await? {
            TournamentReply::Refused(refusal) => bail!("no tournament: {refusal}"),
            _ => Ok(tournament),
        }
    }

    /// Returns a tournament's standings.
    ///
    /// # Errors
    /// When no coordinator answers.
    pub async fn standings(&self, tournament: TournamentId) -> anyhow::Result<Standings> {
        match self.ask_tournament(tournament, TournamentCommand::Show { limit: 1_000 }).await? {
            TournamentReply::Standings(standings) => Ok(*standings),
            reply => bail!("no standings but {reply:?}"),
        }
    }

    /// Waits until a tournament's places are recorded and its prizes paid.
    ///
    /// # Errors
    /// When that takes longer than `limit` (a guard against hangs).
    pub async fn until_settled(
        &self,
        tournament: TournamentId,
        limit: Duration,
    ) -> anyhow::Result<Standings> {
        let began = Instant::now();
        loop {
            let standings = self.standings(tournament).await?;
            if standings.settled {
                return Ok(standings);
            }
            ensure!(
                began.elapsed() < limit,
                "the tournament does not end: {:?} {:?}",
                standings.phase,
                standings.stats
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Creates an account with money and connects with it.
    ///
    /// # Errors
    /// When the account cannot be created, or the connection cannot be opened.
    pub async fn hero(&self, name: &str, addresses: Vec<Address>, money: Chips) -> anyhow::Result<Hero> {
        let player = self.account(name, money).await?;
        let login = Login::Password { name: name.to_owned(), password: PASSWORD.to_owned() };
        let client = Client::connect(Options::new(addresses, login)).await?;
        Ok(Hero { player, client, seats: BTreeMap::new(), is_careful: false, report: HeroReport::default() })
    }
}

impl Hero {
    /// Plays a tournament to its end: registers, then plays carefully in the first hands and
    /// recklessly later.
    ///
    /// # Errors
    /// When registration is refused, the connection ends, or the tournament does not end within
    /// `limit` (a guard against hangs).
    pub async fn play(mut self, tournament: TournamentId, limit: Duration) -> anyhow::Result<HeroReport> {
        let handle = self.client.handle();
        match handle.request(ClientMessage::Register { tournament }).await? {
            ServerMessage::Done => {}
            reply => bail!("registering was answered with {reply:?}"),
        }
        let end = tokio::time::Instant::now() + limit;
        while self.report.placed.is_none() {
            let event = tokio::time::timeout_at(end, self.client.next())
                .await
                .with_context(|| format!("no end of the tournament; {:?}", self.report.placed))?
                .context("the connection ended")?;
            self.take(&handle, event).await?;
        }
        Ok(self.report)
    }

    /// Takes a seat at a cash table, and plays carefully from now on.
    ///
    /// # Errors
    /// When the table refuses.
    pub async fn sit(&mut self, table: TableId, buy_in: Chips) -> anyhow::Result<()> {
        let sit = PlayerCommand::Sit { seat: None, buy_in }.at(table);
        self.is_careful = true;
        match self.client.handle().request(sit).await? {
            ServerMessage::Seated { table, seat } => drop(self.seats.insert(table, seat)),
            reply => bail!("sitting down was answered with {reply:?}"),
        }
        Ok(())
    }

    /// Plays at the player's tables for a time, and returns the number of actions that the tables
    /// accepted.
    ///
    /// # Errors
    /// When an action is refused though its turn is not over, or the connection ends.
    pub async fn play_for(&mut self, time: Duration) -> anyhow::Result<u32> {
        let (handle, before) = (self.client.handle(), self.report.actions);
        let end = tokio::time::Instant::now() + time;
        while let Ok(event) = tokio::time::timeout_at(end, self.client.next()).await {
            self.take(&handle, event.context("the connection ended")?).await?;
        }
        Ok(self.report.actions - before)
    }

    async fn take(&mut self, handle: &Handle, event: ClientEvent) -> anyhow::Result<()> {
        self.report.sightings.see(&event);
        match event {
            ClientEvent::Up { .. } => self.report.connections += 1,
            ClientEvent::GivenSeat { table, seat, .. } => drop(self.seats.insert(table, seat)),
            ClientEvent::LostSeat { table, .. } => drop(self.seats.remove(&table)),
            ClientEvent::Cards(_) => self.report.dealt += 1,
            ClientEvent::Placed { place, prize, .. } => self.report.placed = Some((place, prize)),
            ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. } => {
                if let Some(seat) = view.seats.iter().find(|seat| seat.player == self.player) {
                    self.seats.insert(view.table, seat.seat);
                }
                let hand = view.hand.as_ref();
                if let Some((hand, turn)) = hand.and_then(|hand| Some((hand.hand, hand.turn.as_ref()?))) {
                    self.act(handle, view.table, hand, (turn.seat, turn.turn), &turn.legal).await?;
                }
            }
            ClientEvent::Event { table, event: Event::Turn { seat, turn, legal, .. }, .. } => {
                let hand = self.hand_at(table);
                self.act(handle, table, hand, (seat, turn), &legal).await?;
            }
            ClientEvent::Closed(ended) => bail!("the connection was closed: {ended:?}"),
            _ => {}
        }
        Ok(())
    }

    fn hand_at(&self, table: TableId) -> wire::HandNo {
        let events = self.report.sightings.events.get(&table);
        let started = events.into_iter().flatten().rev().find_map(|(_, event)| match event {
            Event::HandStarted(start) => Some(start.hand),
            _ => None,
        });
        started.unwrap_or(wire::HandNo(0))
    }

    async fn act(
        &mut self,
        handle: &Handle,
        table: TableId,
        hand: wire::HandNo,
        (seat, turn): (SeatNo, u32),
        legal: &Legal,
    ) -> anyhow::Result<()> {
        if self.seats.get(&table) != Some(&seat) {
            return Ok(());
        }
        let action = if self.is_careful { careful(legal) } else { choose(hand, legal) };
        match handle.request(PlayerCommand::act(hand, turn, action).at(table)).await {
            Ok(ServerMessage::Done) => self.report.actions += 1,
            Ok(other) => bail!("an action was answered with {other:?}"),
            // Finding another gateway on a busy machine may outlast the turn.
            Err(ClientError::Refused(refusal)) if is_too_late(&refusal) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Returns whether an action was refused because its turn was over when it arrived.
fn is_too_late(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::TurnPassed { .. } | Refusal::NoHand | Refusal::NotSeated | Refusal::TableClosed
    )
}

/// Returns the action that risks no chips.
fn careful(legal: &Legal) -> Action {
    if legal.check { Action::Check } else { Action::Fold }
}

/// Returns the next action: careful in the first hands, so that no player is out before the test
/// has begun; reckless later, so that the tournament ends.
fn choose(hand: wire::HandNo, legal: &Legal) -> Action {
    const CAREFUL_HANDS: u64 = 12;
    match (legal.raise, legal.bet) {
        _ if hand.0 <= CAREFUL_HANDS => careful(legal),
        (Some(raise), _) if hand.0.is_multiple_of(7) => Action::RaiseTo(raise.max),
        (_, Some(bet)) if hand.0.is_multiple_of(5) => Action::Bet(bet.min),
        _ if legal.check => Action::Check,
        _ if legal.call.is_some() => Action::Call,
        _ => Action::Fold,
    }
}

/// Returns a six-handed no-limit tournament with short levels: `people` entries of people, the
/// others of bots. All places are paid, so that each place shows in a balance. It starts when it is
/// full.
#[must_use]
pub fn quick_tournament(entries: u16, people: u16) -> TournamentConfig {
    let each = 10_000 / entries;
    let mut shares = vec![each; usize::from(entries)];
    shares[0] += 10_000 - each * entries;
    let level = |big_blind: u64| LevelSpec {
        small_blind: Chips(big_blind / 2),
        big_blind: Chips(big_blind),
        ante: Chips::ZERO,
        seconds: 6,
    };
    TournamentConfig {
        name: "quick".to_owned(),
        variant: "NT".to_owned(),
        seats: 6,
        max_entries: u32::from(entries),
        min_entries: 2,
        buy_in: Chips(1_000),
        fee: Chips(100),
        starting_stack: Chips(1_500),
        levels: [20, 40, 60, 100, 160, 240, 400, 600, 1_000, 2_000, 4_000, 8_000].map(level).to_vec(),
        start_ms: None,
        bots: u32::from(entries - people),
        payout: Payout::Shares(shares),
        action_ms: 8_000,
        hand_pause_ms: 20,
        bot_pace_ms: 0,
        absence: wire::table::Absence::default(),
    }
}
