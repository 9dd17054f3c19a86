//! A player brings chips to a seat of a real fleet: between hands, during one, and while a table
//! worker and the cashier fail. Every chip is where the ledger says.

use anyhow::{Context, bail, ensure};
use bus::Patience;
use client::{Client, ClientError, ClientEvent, Login, Options, TableMirror};
use servers::Signal;
use std::time::Duration;
use testkit::{Fleet, FleetSize};
use tokio::time::{Instant, timeout_at};
use wire::{
    Action, Chips, CommandId, HandNo, PlayerCommand, PlayerId, Refusal, TableId,
    cashier::{AdminRequest, CashierReply},
    client::ServerMessage,
    event::TableEvent,
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
    view::SeatView,
};

/// A guard against hangs.
const LIMIT: Duration = Duration::from_secs(180);
const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(4) };
const MONEY: Chips = Chips(9_000);
const BUY_IN: Chips = Chips(4_000);
/// The id of the command that is repeated.
const ID: CommandId = CommandId(7_000_000);

/// Creates a cash table with bots, blinds of 50 and 100, and at most 20,000 chips at each seat.
async fn table(fleet: &Fleet) -> anyhow::Result<TableId> {
    let pace = ["--action-ms", "60000", "--hand-pause-ms", "100", "--bot-pace-ms", "50", "--json"];
    let made = fleet.pokerctl(&[&["table", "create", "chips", "--bots", "3"], &pace[..]].concat()).await?;
    let made: serde_json::Value = serde_json::from_str(made.trim())?;
    Ok(serde_json::from_value(made["table"].clone())?)
}

/// A person who plays carefully, and sees the table.
struct Person {
    client: Client,
    player: PlayerId,
    table: TableId,
    mirror: Option<TableMirror>,
}

impl Person {
    async fn sit(fleet: &Fleet, name: &str, table: TableId) -> anyhow::Result<Self> {
        let player = fleet.account(name, MONEY).await?;
        let login = Login::Password { name: name.to_owned(), password: testkit::PASSWORD.to_owned() };
        let client = Client::connect(Options::new(fleet.tcp()?, login)).await?;
        let sit = PlayerCommand::Sit { seat: None, buy_in: BUY_IN }.at(table);
        ensure!(matches!(client.request(sit).await?, ServerMessage::Seated { .. }), "no seat");
        Ok(Self { client, player, table, mirror: None })
    }

    fn seat(&self) -> Option<&SeatView> {
        self.mirror.as_ref()?.seat_of(self.player)
    }

    fn is_in_turn(&self) -> bool {
        let turn = || self.mirror.as_ref()?.view().hand.as_ref()?.turn.as_ref();
        turn().is_some_and(|turn| self.seat().is_some_and(|seat| seat.seat == turn.seat))
    }

    /// Returns the hand and the number of the turn that the table waits for.
    fn turn(&self) -> Option<(HandNo, u32)> {
        let hand = self.mirror.as_ref()?.view().hand.as_ref()?;
        Some((hand.hand, hand.turn.as_ref()?.turn))
    }

    async fn top_up(&self, amount: u64) -> Result<ServerMessage, ClientError> {
        self.client.request(PlayerCommand::TopUp { amount: Chips(amount) }.at(self.table)).await
    }

    /// Handles the client's events until the condition holds.
    async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + LIMIT;
        while !so(self) {
            let event = timeout_at(end, self.client.next())
                .await
                .with_context(|| format!("not within {LIMIT:?}: {what}"))?;
            match event.context("the connection ended")? {
                ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. } => {
                    self.mirror = Some(TableMirror::new(*view));
                }
                ClientEvent::Event { number, event, .. } => {
                    let mirror = self.mirror.as_mut().context("an event before a view")?;
                    ensure!(mirror.apply(number, &event), "event {number} is not the next one");
                }
                ClientEvent::Up { .. }
                | ClientEvent::Down(_)
                | ClientEvent::Cards(_)
                | ClientEvent::Verified { .. }
                | ClientEvent::GivenSeat { .. }
                | ClientEvent::LostSeat { .. }
                | ClientEvent::Placed { .. }
                | ClientEvent::Service(_)
                | ClientEvent::Closed(_) => {}
            }
        }
        Ok(())
    }

    /// Checks or folds, and handles the client's events until the turn is over.
    async fn check_or_fold(&mut self) -> anyhow::Result<()> {
        let hand = self.mirror.as_ref().and_then(|mirror| mirror.view().hand.as_ref()).context("no hand")?;
        let turn = hand.turn.as_ref().context("no turn")?;
        let action = if turn.legal.check { Action::Check } else { Action::Fold };
        let acted = (hand.hand, turn.turn);
        let act = PlayerCommand::act(acted.0, acted.1, action);
        self.client.request(act.at(self.table)).await?;
        self.until("the end of the turn", |person| person.turn() != Some(acted)).await
    }
}

fn refused(answer: Result<ServerMessage, ClientError>) -> anyhow::Result<Refusal> {
    match answer {
        Err(ClientError::Refused(refusal)) => Ok(refusal),
        other => bail!("not refused: {other:?}"),
    }
}

/// Returns a player's balance and chips at tables, by the ledger.
async fn money(fleet: &Fleet, player: PlayerId) -> anyhow::Result<(i64, Chips)> {
    match fleet.cashier(AdminRequest::ShowPlayer { player: player.to_string() }).await? {
        CashierReply::Player(details) => Ok((details.balance, details.in_play)),
        other => bail!("no player but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_brings_chips_during_a_hand_and_plays_with_them_after_it() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let mut person = Person::sit(&fleet, "tia", table(&fleet).await?).await?;
    person.until("a turn", Person::is_in_turn).await?;
    let before = person.seat().context("no seat")?.stack;
    ensure!(person.top_up(1_000).await? == ServerMessage::Done, "the answer says that it is done");
    person
        .until("the chips wait", |person| person.seat().is_some_and(|seat| seat.waiting == Chips(1_000)))
        .await?;
    ensure!(person.seat().context("no seat")?.stack == before, "they are not played with");
    ensure!(refused(person.top_up(0).await)? == Refusal::NoChipsAsked);
    ensure!(refused(person.top_up(15_001).await)? == Refusal::TopUpTooLarge { most: Chips(15_000) });
    let poor = refused(person.top_up(5_000).await)?;
    ensure!(poor == Refusal::InsufficientFunds { balance: Chips(4_000) }, "{poor}");
    person.check_or_fold().await?;
    // Checked, perhaps: then there may be further turns in the hand.
    while person.seat().is_some_and(|seat| !seat.waiting.is_zero()) {
        let waits = |person: &Person| person.seat().is_some_and(|seat| !seat.waiting.is_zero());
        person.until("the end of the hand", |person| person.is_in_turn() || !waits(person)).await?;
        if waits(&person) {
            person.check_or_fold().await?;
        }
    }
    let after = person.seat().context("a refused top-up costs no seat")?.stack;
    ensure!(after >= before.plus(Chips(1_000)), "{after} chips after {before} and 1,000 more");
    ensure!(money(&fleet, person.player).await? == (4_000, Chips(5_000)));
    fleet.verify().await?;
    fleet.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_worker_killed_before_the_cashiers_answer_neither_loses_chips_nor_moves_them_twice()
-> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let table = table(&fleet).await?;
    let person = Person::sit(&fleet, "uma", table).await?;
    fleet.signal("cashier-1", Signal::STOP)?;
    let asked = ask(&fleet, person.player, table).await;
    ensure!(asked.is_err(), "there is no answer before the cashier's: {asked:?}");
    ensure!(counts(&fleet, person.player, table).await? == (1, 0), "the top-up is on record, and no chips");
    fleet.kill("table-worker-1")?;
    fleet.kill("table-worker-2")?;
    fleet.signal("cashier-1", Signal::CONT)?;
    let repeat = || fleet.ask_table(table, Some(person.player), ID, more());
    let answer = repeat().await?;
    ensure!(matches!(answer, TableReply::Done { .. }), "{answer:?}");
    ensure!(repeat().await? == answer, "a further repeat gets the same answer");
    ensure!(counts(&fleet, person.player, table).await? == (1, 1), "chips were moved once");
    ensure!(money(&fleet, person.player).await? == (4_000, Chips(5_000)));
    fleet.verify().await?;
    fleet.stop().await
}

fn more() -> TableCommand {
    PlayerCommand::TopUp { amount: Chips(1_000) }.by("")
}

/// Asks the table's owner for more chips, always as the same command, and once.
async fn ask(fleet: &Fleet, player: PlayerId, table: TableId) -> anyhow::Result<TableReply> {
    let request =
        TableRequest { table, id: ID, player: Some(player), command: more(), on_feed: false, pass: None };
    let subject = subject::table_commands_of(table, Sender::Admin);
    Ok(fleet.admin.request(subject, &request, PATIENCE).await?)
}

/// Returns how often a player has asked for chips, and how often chips came to the player's seat.
async fn counts(fleet: &Fleet, player: PlayerId, table: TableId) -> anyhow::Result<(usize, usize)> {
    let journals = testkit::table_journals(&fleet.admin).await?;
    let records = journals.get(&table).context("no journal")?;
    let events = || records.iter().flat_map(|(_, record)| &record.events);
    let seated = events().find_map(|event| match event {
        TableEvent::Seated { seat, player: seated, .. } if *seated == player => Some(*seat),
        _ => None,
    });
    let own = seated.context("no seat")?;
    let asked = |event: &&TableEvent| matches!(event, TableEvent::TopUpAsked { seat, .. } if *seat == own);
    let came = |event: &&TableEvent| matches!(event, TableEvent::ToppedUp { seat, .. } if *seat == own);
    Ok((events().filter(asked).count(), events().filter(came).count()))
}
