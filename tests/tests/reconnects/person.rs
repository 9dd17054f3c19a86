//! A person at one cash table, driven by a test step by step.

use anyhow::{Context, bail, ensure};
use client::{Address, Client, ClientEvent, Login, Options, TableMirror};
use std::time::Duration;
use testkit::{Fleet, Sightings};
use tokio::time::timeout;
use wire::{
    Action, Chips, CommandId, HandNo, PlayerCommand, PlayerId, SeatNo, TableId,
    cashier::{AdminRequest, CashierReply},
    client::{ClientMessage, PrivateCards, ServerMessage},
    table::{Absence, HouseBot, Level, TableCommand, TableConfig, TableReply},
};

/// Limit of all waits; generous, for busy machines.
pub const LIMIT: Duration = Duration::from_secs(240);
const BUY_IN: Chips = Chips(10_000);

/// Opens a cash table with bots and very long times to act.
pub async fn cash_table(fleet: &Fleet, bots: u8, absence: Absence) -> anyhow::Result<TableId> {
    let accounts = match fleet.cashier(AdminRequest::Bots { count: u32::from(bots) }).await? {
        CashierReply::Bots(accounts) => accounts,
        reply => bail!("{reply:?}"),
    };
    let bot = |account: wire::cashier::Account| HouseBot {
        player: account.player,
        name: account.name,
        buy_in: BUY_IN,
    };
    let config = TableConfig {
        name: "reconnects".to_owned(),
        action_ms: 120_000,
        hand_pause_ms: 50,
        bot_pace_ms: 0,
        absence,
        ..TableConfig::cash(Level::cash(Chips(1), Chips(2)), Chips(100)..=BUY_IN)
    };
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let table = TableId::short(nanos as u64);
    let command = TableCommand::Create { config, bots: accounts.into_iter().map(bot).collect() };
    match fleet.ask_table(table, None, CommandId(1), command).await? {
        TableReply::Refused(refusal) => bail!("no table: {refusal}"),
        _ => Ok(table),
    }
}

/// A connected person at one table.
pub struct Person {
    pub client: Client,
    pub player: PlayerId,
    pub table: TableId,
    pub seat: SeatNo,
    /// All events seen at the table.
    pub seen: Sightings,
    pub mirror: Option<TableMirror>,
    pub cards: Option<PrivateCards>,
}

/// A person who is not connected.
pub struct Gone {
    player: PlayerId,
    table: TableId,
    seat: SeatNo,
}

impl Person {
    /// Connects a new person who takes a seat.
    pub async fn sit(
        fleet: &Fleet,
        name: &str,
        addresses: Vec<Address>,
        table: TableId,
    ) -> anyhow::Result<Self> {
        let name: String = name.chars().take(20).collect();
        let hero = fleet.hero(&name, addresses, BUY_IN).await?;
        let asked = PlayerCommand::Sit { seat: None, buy_in: BUY_IN }.at(table);
        let ServerMessage::Seated { seat, .. } = hero.client.request(asked).await? else {
            bail!("no seat");
        };
        let mut person = Self::of(hero.client, Gone { player: hero.player, table, seat });
        person.until("the table", |event| matches!(event, ClientEvent::Table { .. })).await?;
        Ok(person)
    }

    /// Connects a visitor who watches a table.
    pub async fn visit(addresses: Vec<Address>, table: TableId) -> anyhow::Result<Self> {
        let client = Client::connect(Options::new(addresses, Login::Visitor)).await?;
        client.request(ClientMessage::Watch { table, since: None }).await?;
        Ok(Self::of(client, Gone { player: PlayerId(0), table, seat: 0 }))
    }

    fn of(client: Client, Gone { player, table, seat }: Gone) -> Self {
        Self { client, player, table, seat, seen: Sightings::default(), mirror: None, cards: None }
    }

    /// Connects the same person a second time.
    pub async fn again(&self, login: Login, addresses: Vec<Address>) -> anyhow::Result<Self> {
        let Self { player, table, seat, .. } = *self;
        Gone { player, table, seat }.connect(login, addresses).await
    }

    /// Ends the program without closing the connection properly.
    pub fn stop(self) -> Gone {
        Gone { player: self.player, table: self.table, seat: self.seat }
    }

    /// Waits for the event that `wanted` looks for; events before it are taken in.
    pub async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&ClientEvent) -> bool,
    ) -> anyhow::Result<ClientEvent> {
        loop {
            let event = timeout(LIMIT, self.client.next()).await;
            let event = event.with_context(|| format!("{what} does not come"))?;
            let event = event.with_context(|| format!("no more events, {what} is missing"))?;
            self.take(&event)?;
            if wanted(&event) {
                return Ok(event);
            }
            if let ClientEvent::Closed(why) = event {
                bail!("closed ({why:?}), {what} is missing");
            }
        }
    }

    fn take(&mut self, event: &ClientEvent) -> anyhow::Result<()> {
        self.seen.see(event);
        match event {
            ClientEvent::Table { view, cards, .. } | ClientEvent::Restarted { view, cards, .. } => {
                self.mirror = Some(TableMirror::new((**view).clone()));
                self.cards.clone_from(cards);
            }
            ClientEvent::Event { number, event, .. } => {
                let mirror = self.mirror.as_mut().context("events before the table")?;
                ensure!(mirror.apply(*number, event), "event {number} is not the next one");
            }
            ClientEvent::Cards(cards) => self.cards = Some(cards.clone()),
            _ => {}
        }
        Ok(())
    }

    /// Waits for the person's turn; returns hand and turn.
    pub async fn own_turn(&mut self) -> anyhow::Result<(HandNo, u32)> {
        loop {
            if let Some((hand, turn, _)) = self.turn() {
                return Ok((hand, turn));
            }
            self.until("the own turn", |_| true).await?;
        }
    }

    fn turn(&self) -> Option<(HandNo, u32, Action)> {
        let hand = self.mirror.as_ref()?.view().hand.as_ref()?;
        let turn = hand.turn.as_ref().filter(|turn| turn.seat == self.seat)?;
        let action = if turn.legal.check { Action::Check } else { Action::Fold };
        Some((hand.hand, turn.turn, action))
    }

    /// Checks or folds in turn, and waits until the action is seen.
    pub async fn act(&mut self) -> anyhow::Result<()> {
        let (hand, turn, action) = self.turn().context("it is not our turn")?;
        let asked = PlayerCommand::act(hand, turn, action).at(self.table);
        let done = self.client.request(asked).await?;
        ensure!(done == ServerMessage::Done, "{done:?}");
        let seat = self.seat;
        let acted = move |event: &ClientEvent| {
            let ClientEvent::Event { event: wire::event::Event::Acted { seat: who, .. }, .. } = event else {
                return false;
            };
            *who == seat
        };
        self.until("the own action", acted).await?;
        Ok(())
    }
}

impl Gone {
    /// Connects again, with the same seat, and waits for the table's view.
    pub async fn connect(self, login: Login, addresses: Vec<Address>) -> anyhow::Result<Person> {
        let client = Client::connect(Options::new(addresses, login)).await?;
        let mut person = Person::of(client, self);
        person.until("the table", |event| matches!(event, ClientEvent::Table { .. })).await?;
        Ok(person)
    }
}
