//! Session passes of players who play on: they are renewed, an outage of the cashier that is
//! shorter than their remaining time stops no play, and nor does another key.

use anyhow::{Context, ensure};
use bus::Patience;
use servers::Signal;
use std::time::Duration;
use testkit::{Fleet, FleetSize, Hero, PASSWORD, log_in_as_gateway, nobody_timed_out, table_journals};
use tokio::time::Instant;
use tokio_postgres::NoTls;
use wire::{
    Chips, CommandId, Refusal, TableId,
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
};

/// The time for which passes are valid that are to be renewed. Gateways renew them at half of it.
const VALID: Duration = Duration::from_secs(16);
/// An outage of the cashier: with the time until the gateway repeats its request, less than the
/// other half.
const OUTAGE: Duration = Duration::from_secs(4);
/// How often owners read the cashiers' keys (`LOOK` of the crate `passes`).
const LOOK: Duration = Duration::from_secs(10);
/// Patience for one answer.
const PATIENCE: Patience = Patience { each: Duration::from_secs(10), total: Duration::from_secs(60) };
/// Guard against hangs.
const LIMIT: Duration = Duration::from_secs(60);
const CASHIER: &str = "cashier-1";

/// A fleet with a player at a table of bots.
struct Room {
    fleet: Fleet,
    hero: Hero,
    table: TableId,
}

impl Room {
    /// Opens a fleet whose passes are valid for this time.
    async fn open(valid: Duration) -> anyhow::Result<Self> {
        let environment = [("CASHIER_PASS_SECONDS", valid.as_secs().to_string())];
        let fleet = Fleet::start_in(FleetSize::default(), &environment).await?;
        let pace = ["--bot-pace-ms", "50", "--hand-pause-ms", "100", "--action-ms", "30000", "--json"];
        let create = [&["table", "create", "renewals", "--bots", "2"], &pace[..]].concat();
        let made: serde_json::Value = serde_json::from_str(&fleet.pokerctl(&create).await?)?;
        let table: TableId = serde_json::from_value(made["table"].clone())?;
        let mut hero = fleet.hero("renate", fleet.tcp()?, Chips(1_000_000)).await?;
        hero.sit(table, Chips(20_000)).await?;
        Ok(Self { fleet, hero, table })
    }

    /// Kills the cashier, and plays until another process is there.
    async fn replace_cashier(&mut self) -> anyhow::Result<()> {
        let pid = self.fleet.signal(CASHIER, Signal::KILL)?;
        let began = Instant::now();
        while self.fleet.pid(CASHIER).is_none_or(|now| now == pid) {
            ensure!(began.elapsed() < LIMIT, "the cashier is not started again");
            self.hero.play_for(Duration::from_millis(200)).await?;
        }
        Ok(())
    }

    async fn close(self) -> anyhow::Result<()> {
        nobody_timed_out(&table_journals(&self.fleet.admin).await?)?;
        self.fleet.verify().await?;
        self.fleet.stop().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn play_goes_on_while_passes_are_renewed_and_while_the_cashier_is_away() -> anyhow::Result<()> {
    let mut room = Room::open(VALID).await?;
    // Beyond the first pass's time no action is accepted without a second one.
    let renewed = room.hero.play_for(VALID + VALID / 4).await?;
    room.fleet.signal(CASHIER, Signal::STOP)?;
    let alone = room.hero.play_for(OUTAGE).await;
    room.fleet.signal(CASHIER, Signal::CONT)?;
    let (alone, after) = (alone?, room.hero.play_for(VALID / 2).await?);
    // Another process of the cashier signs with the same key.
    room.replace_cashier().await?;
    let again = room.hero.play_for(VALID + VALID / 4).await?;
    let played = [renewed, alone, after, again];
    ensure!(played.iter().all(|&actions| actions > 0), "accepted actions in each part: {played:?}");
    room.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_of_the_cashiers_voids_all_passes_and_no_player_notices() -> anyhow::Result<()> {
    // No pass is renewed because of its time.
    let mut room = Room::open(20 * LIMIT).await?;
    let gateway = room.fleet.bus("gateway").await?;
    let of_before = log_in_as_gateway(&gateway, "renate", PASSWORD).await?.pass.context("no pass")?.pass;
    let (database, connection) = tokio_postgres::connect(&room.fleet.database_url()?, NoTls).await?;
    tokio::spawn(connection);
    database.execute("DELETE FROM pass_key", &[]).await?;
    room.replace_cashier().await?;
    // Owners look for another key at least so often; then they refuse the pass that the gateway
    // has.
    let played = room.hero.play_for(LOOK + Duration::from_secs(3)).await?;
    ensure!(played > 0, "no action was accepted");
    let after = room.hero.play_for(Duration::from_secs(3)).await?;
    ensure!(after > 0, "no action was accepted under the other key");
    let request = TableRequest {
        table: room.table,
        id: CommandId(1),
        player: Some(room.hero.player),
        command: TableCommand::Resync { since: None },
        on_feed: false,
        pass: Some(of_before),
    };
    let subject = subject::table_commands_of(room.table, Sender::Gateway);
    let reply: TableReply = gateway.request(subject, &request, PATIENCE).await?;
    let is_void =
        matches!(&reply, TableReply::Refused(Refusal::PassNeeded { reason }) if reason.contains("key"));
    ensure!(is_void, "the pass of the key before is answered with {reply:?}");
    room.close().await
}
