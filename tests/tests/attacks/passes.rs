//! An attacker with the gateways' password sends commands in the names of players who have not
//! logged in on the attacker's process: without a pass, and with passes that do not hold.

use crate::ONE_FLEET;
use anyhow::{Context, ensure};
use bus::{Bus, Patience};
use passes::{Signer, layout::Statement};
use std::time::Duration;
use testkit::{Fleet, FleetSize, PASSWORD, log_in_as_gateway, quick_tournament, table_journals};
use wire::{
    Action, Chips, CommandId, ConnectionId, HandNo, PlayerCommand, PlayerId, Refusal, TableId, TournamentId,
    pass::Pass,
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// Patience for one answer.
const PATIENCE: Patience = Patience { each: Duration::from_secs(10), total: Duration::from_secs(60) };
/// The time for which passes of the fleet are valid, in seconds: those that expire do so while the
/// test waits.
const VALID: u32 = 20;

/// A fleet, the attacker's connection, and the accounts.
struct Scene {
    fleet: Fleet,
    gateway: Bus,
    table: TableId,
    tournament: TournamentId,
    victim: PlayerId,
}

impl Scene {
    async fn open() -> anyhow::Result<Self> {
        let environment = [("CASHIER_PASS_SECONDS", VALID.to_string())];
        let fleet = Fleet::start_in(FleetSize::default(), &environment).await?;
        let made = fleet.pokerctl(&["table", "create", "attacked", "--bots", "3", "--json"]).await?;
        let table: TableId =
            serde_json::from_str::<serde_json::Value>(&made)?["table"].to_string().parse()?;
        let tournament = fleet.tournament(quick_tournament(12, 12)).await?;
        let victim = fleet.account("victim", Chips(100_000)).await?;
        fleet.account("attacker", Chips(100_000)).await?;
        let gateway = fleet.bus("gateway").await?;
        Ok(Self { fleet, gateway, table, tournament, victim })
    }

    /// Returns the pass of a log-in.
    async fn pass(&self, name: &str) -> anyhow::Result<Pass> {
        let session = log_in_as_gateway(&self.gateway, name, PASSWORD).await?;
        Ok(session.pass.context("no pass")?.pass)
    }

    /// Sends a command to the table in the victim's name, and returns the answer, after refusals
    /// between two owners.
    async fn table(&self, id: u64, command: TableCommand, pass: Option<&Pass>) -> anyhow::Result<TableReply> {
        let request = TableRequest {
            table: self.table,
            id: CommandId(id),
            player: Some(self.victim),
            command,
            on_feed: false,
            pass: pass.cloned(),
        };
        let subject = subject::table_commands_of(self.table, Sender::Gateway);
        loop {
            let reply = self.gateway.request(subject.clone(), &request, PATIENCE).await?;
            if !matches!(reply, TableReply::Refused(Refusal::Unavailable { .. })) {
                return Ok(reply);
            }
        }
    }

    /// Does the same with a command to the tournament.
    async fn tournament(
        &self,
        command: TournamentCommand,
        pass: Option<&Pass>,
    ) -> anyhow::Result<TournamentReply> {
        let (tournament, player, pass) = (self.tournament, Some(self.victim), pass.cloned());
        let request = TournamentRequest { tournament, id: CommandId(1), player, command, pass };
        let subject = subject::tournament_commands_of(tournament, Sender::Gateway);
        loop {
            let reply = self.gateway.request(subject.clone(), &request, PATIENCE).await?;
            if !matches!(reply, TournamentReply::Refused(Refusal::Unavailable { .. })) {
                return Ok(reply);
            }
        }
    }

    /// Sends every kind of command of a player with this pass, and checks that each is refused
    /// because of this fault of the pass.
    async fn attack(&self, pass: Option<&Pass>, fault: &str) -> anyhow::Result<()> {
        let connection = || ConnectionId("attacker.1".to_owned());
        let commands = [
            PlayerCommand::Sit { seat: None, buy_in: Chips(5_000) }.by("victim"),
            PlayerCommand::act(HandNo(1), 1, Action::Fold).by(""),
            PlayerCommand::Leave.by("victim"),
            PlayerCommand::Say { text: "hello".to_owned() }.by("victim"),
            TableCommand::Online { connection: connection() },
            TableCommand::Gone { connection: connection() },
            // The answer would have the victim's hidden cards.
            TableCommand::Resync { since: None },
        ];
        for command in commands {
            let asked = format!("{command:?}, and {fault},");
            let reply = self.table(1, command, pass).await?;
            let is_refused =
                matches!(&reply, TableReply::Refused(Refusal::PassNeeded { reason }) if reason == fault);
            ensure!(is_refused, "{asked} is answered with {reply:?}");
        }
        let register = || TournamentCommand::Register { name: "victim".to_owned() };
        for command in [register(), TournamentCommand::Unregister, TournamentCommand::Show { limit: 5 }] {
            let asked = format!("{command:?}, and {fault},");
            let reply = self.tournament(command, pass).await?;
            let is_refused =
                matches!(&reply, TournamentReply::Refused(Refusal::PassNeeded { reason }) if reason == fault);
            ensure!(is_refused, "{asked} is answered with {reply:?}");
        }
        Ok(())
    }
}

/// Returns a pass for the victim that the attacker has signed, under the name of the key of another
/// pass.
fn forged(victim: PlayerId, like: &Pass) -> Pass {
    let signer = Signer::new(&[7; 32]);
    let statement = Statement { player: victim, gateway: 1, expires_ms: bus::clock::now_ms() + 60_000 };
    let Pass(mut bytes) = signer.sign(&statement);
    bytes[1..9].copy_from_slice(&like.0[1..9]);
    Pass(bytes)
}

/// Returns another player's pass in which the player is replaced.
fn altered(victim: PlayerId, pass: &Pass) -> Pass {
    let mut bytes = pass.0.clone();
    bytes[9..17].copy_from_slice(&victim.0.to_be_bytes());
    Pass(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_speaks_for_no_player_who_has_not_logged_in() -> anyhow::Result<()> {
    let _alone = ONE_FLEET.lock().await;
    let scene = Scene::open().await?;
    let expired = scene.pass("victim").await?;
    let given = tokio::time::Instant::now();
    let others = scene.pass("attacker").await?;
    scene.attack(None, "the pass is missing").await?;
    scene.attack(Some(&others), "the pass is another player's").await?;
    scene.attack(Some(&altered(scene.victim, &others)), "the pass has a wrong signature").await?;
    scene.attack(Some(&forged(scene.victim, &others)), "the pass has a wrong signature").await?;
    tokio::time::sleep_until(given + Duration::from_secs(u64::from(VALID) + 1)).await;
    scene.attack(Some(&expired), "the pass has expired").await?;

    let journals = table_journals(&scene.fleet.admin).await?;
    let records = journals.get(&scene.table).context("no journal")?;
    let of_victim = |record: &poker::table::TableRecord| {
        record.cause.is_some_and(|cause| cause.player == Some(scene.victim))
    };
    ensure!(!records.iter().any(|(_, record)| of_victim(record)), "a command of the victim is on record");

    // The same commands with the pass of a log-in: they are refused for no other reason.
    let pass = scene.pass("victim").await?;
    let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(5_000) }.by("victim");
    let reply = scene.table(1, sit, Some(&pass)).await?;
    ensure!(matches!(reply, TableReply::Seat { .. }), "with the pass of a log-in: {reply:?}");
    let register = TournamentCommand::Register { name: "victim".to_owned() };
    let reply = scene.tournament(register, Some(&pass)).await?;
    ensure!(reply == TournamentReply::Done, "with the pass of a log-in: {reply:?}");
    scene.fleet.stop().await
}
