//! A role sends commands that are another sender's: under the other sender's subject (refused by
//! the server) and under its own (refused by the owner).

use crate::ONE_FLEET;
use anyhow::{Context, ensure};
use bus::Patience;
use std::time::Duration;
use testkit::{Fleet, FleetSize, ask_table_as, quick_tournament, table_journals};
use wire::{
    Action, Chips, CommandId, HandNo, PlayerCommand, PlayerId, Refusal, TableId,
    cashier::AdminRequest,
    sender::Sender,
    subject,
    table::{HouseBot, Level, TableCommand, TableConfig, TableReply, TableRequest},
    tournament::{Report, TournamentCommand, TournamentReply, TournamentRequest},
};

/// An attempt that the server does not deliver is not answered.
const UNANSWERED: Patience = Patience { each: Duration::from_millis(500), total: Duration::from_millis(500) };
/// A player of whom the attackers know the account.
const VICTIM: PlayerId = PlayerId(4_711);

/// Returns whether a table's answer is that the sender has no right.
fn is_denied(reply: &TableReply) -> bool {
    matches!(reply, TableReply::Refused(Refusal::BadMessage { reason }) if reason.contains("right") || reason.contains("house bots"))
}

fn cash() -> TableConfig {
    TableConfig::cash(Level::cash(Chips(50), Chips(100)), Chips(1_000)..=Chips(500_000))
}

/// A table whose "house bot" is a player, with chips that the player never brought.
fn seats_the_victim() -> TableCommand {
    let bot = HouseBot { player: VICTIM, name: "victim".to_owned(), buy_in: Chips(500_000) };
    TableCommand::Create { config: cash(), bots: vec![bot] }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_commands_tables_beyond_its_part() -> anyhow::Result<()> {
    let _alone = ONE_FLEET.lock().await;
    let fleet = Fleet::start(FleetSize::default()).await?;
    let made = fleet.pokerctl(&["table", "create", "attacked", "--bots", "3", "--json"]).await?;
    let table: TableId = serde_json::from_str::<serde_json::Value>(&made)?["table"].to_string().parse()?;
    let fresh = TableId(table.0 + 1);
    let resync = || TableCommand::Resync { since: None };
    let leave = || PlayerCommand::Leave.by("victim");
    let sit = || PlayerCommand::Sit { seat: None, buy_in: Chips(1_000) }.by("victim");
    let fold = || PlayerCommand::act(HandNo(1), 1, Action::Fold).by("");
    let attacks: [(&str, Sender, TableId, Option<PlayerId>, TableCommand); 10] = [
        ("bot-worker", Sender::BotWorker, fresh, None, seats_the_victim()),
        ("bot-worker", Sender::BotWorker, table, None, TableCommand::Close),
        ("bot-worker", Sender::BotWorker, table, Some(VICTIM), resync()),
        ("bot-worker", Sender::BotWorker, table, Some(VICTIM), sit()),
        ("bot-worker", Sender::BotWorker, table, Some(VICTIM), fold()),
        ("gateway", Sender::Gateway, fresh, None, seats_the_victim()),
        ("gateway", Sender::Gateway, table, None, TableCommand::Close),
        ("gateway", Sender::Gateway, table, None, leave()),
        ("coordinator", Sender::Coordinator, fresh, None, seats_the_victim()),
        ("coordinator", Sender::Coordinator, table, Some(VICTIM), resync()),
    ];
    for (user, sender, target, player, command) in attacks {
        let bus = fleet.bus(user).await?;
        let id = CommandId::from_random(target.0 ^ 0x5eed);
        let request = TableRequest { table: target, id, player, command, on_feed: false, pass: None };
        let reply = ask_table_as(&bus, sender, &request).await?;
        ensure!(is_denied(&reply), "{user}: {:?} is answered with {reply:?}", request.command);
        // Under the administrator's subject the server does not deliver it.
        let subject = subject::table_commands_of(target, Sender::Admin);
        let reply: Result<TableReply, _> = bus.request(subject, &request, UNANSWERED).await;
        ensure!(reply.is_err(), "{user}: the administrator's subject is answered with {reply:?}");
    }
    let journals = table_journals(&fleet.admin).await?;
    ensure!(!journals.contains_key(&fresh), "a table was made");
    let records = journals.get(&table).context("no journal")?;
    let of_victim =
        |record: &poker::table::TableRecord| record.cause.is_some_and(|cause| cause.player == Some(VICTIM));
    ensure!(!records.iter().any(|(_, record)| of_victim(record)), "a command of the victim is on record");
    ensure!(fleet.cashier(AdminRequest::Audit).await.is_ok());
    fleet.verify().await?;
    fleet.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_report_decides_no_tournament() -> anyhow::Result<()> {
    let _alone = ONE_FLEET.lock().await;
    let fleet = Fleet::start(FleetSize::default()).await?;
    let tournament = fleet.tournament(quick_tournament(12, 0)).await?;
    let table = loop {
        let journals = table_journals(&fleet.admin).await?;
        if let Some(&table) = journals.keys().next() {
            break table;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let report = Report {
        table,
        hand: HandNo(1),
        applied: 1,
        button: 0,
        big_blind: 1,
        results: Vec::new(),
        actions: 1,
    };
    for (user, sender) in [("gateway", Sender::Gateway), ("bot-worker", Sender::BotWorker)] {
        let bus = fleet.bus(user).await?;
        for subject in [
            subject::tournament_commands_of(tournament, sender),
            subject::tournament_commands_of(tournament, Sender::TableWorker),
        ] {
            let command = TournamentCommand::Report(report.clone());
            let request =
                TournamentRequest { tournament, id: CommandId(3), player: None, command, pass: None };
            let reply: Result<TournamentReply, _> = bus.request(subject.clone(), &request, UNANSWERED).await;
            let is_denied =
                matches!(reply, Err(_) | Ok(TournamentReply::Refused(Refusal::BadMessage { .. })));
            ensure!(is_denied, "{user}: {subject} is answered with {reply:?}");
        }
    }
    fleet.until_settled(tournament, Duration::from_secs(240)).await?;
    fleet.verify().await?;
    fleet.stop().await
}
