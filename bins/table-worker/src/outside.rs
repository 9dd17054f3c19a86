//! Carries out a table's effects: moves money and sends reports. An attempt returns the table's
//! commands that follow from the answer, or that it has to be repeated.

use bus::{Bus, Patience};
use host::EffectResult;
use poker::{hosted::TableOrder, table::Effect};
use std::time::Duration;
use wire::{
    CommandId, TableId, TournamentId,
    cashier::{CashierReply, TableMoneyRequest},
    sender::Sender,
    subject,
    tournament::{Report, TournamentCommand, TournamentReply, TournamentRequest},
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };

/// Makes one attempt at an effect of a table; `tournament` is the table's tournament.
pub async fn attempt(
    bus: &Bus,
    table: TableId,
    tournament: Option<TournamentId>,
    effect: Effect,
    tries: u32,
) -> EffectResult<TableOrder> {
    match (effect, tournament) {
        (Effect::Money(request), _) => money(bus, request, tries).await,
        (Effect::Report(report), Some(tournament)) => send_report(bus, tournament, report, tries).await,
        (Effect::Applied(number), Some(tournament)) => confirm(bus, tournament, table, number, tries).await,
        (Effect::Report(_) | Effect::Applied(_), None) => EffectResult::Heard,
    }
}

async fn money(bus: &Bus, request: TableMoneyRequest, tries: u32) -> EffectResult<TableOrder> {
    let answer = bus.request(subject::CASHIER_TABLE.to_owned(), &request, PATIENCE).await;
    let order = match (answer, request) {
        (Ok(CashierReply::Done), TableMoneyRequest::BuyIn { posting, .. }) => {
            TableOrder::MoneyArrived { posting, refusal: None }
        }
        (Ok(CashierReply::Done), TableMoneyRequest::CashOut { posting, .. }) => TableOrder::PaidBack(posting),
        (Ok(CashierReply::Refused(refusal)), _) if refusal.is_transient() => {
            tracing::warn!(tries, %refusal, "the cashier cannot move money now: the player waits; the request is repeated");
            return EffectResult::Failed;
        }
        (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::BuyIn { posting, .. }) => {
            TableOrder::MoneyArrived { posting, refusal: Some(refusal) }
        }
        (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::CashOut { posting, .. }) => {
            // A debt to a player is never dropped; an administrator has to find the reason.
            tracing::error!(%posting, tries, %refusal, "the cashier refuses a cash-out: the player's chips are not paid back; the request is repeated; compare the table's journal with the ledger (`pokerctl verify`)");
            return EffectResult::Failed;
        }
        (Ok(reply), _) => {
            tracing::error!(tries, %reply, "the cashier's answer does not fit the request: no money is recorded as moved; the request is repeated");
            return EffectResult::Failed;
        }
        (Err(error), _) => {
            tracing::warn!(tries, %error, "the cashier does not answer: the player waits; the request is repeated");
            return EffectResult::Failed;
        }
    };
    EffectResult::Done(vec![order])
}

async fn send_report(
    bus: &Bus,
    tournament: TournamentId,
    report: Report,
    tries: u32,
) -> EffectResult<TableOrder> {
    let id = CommandId::from_random((report.table.0 << 20) ^ report.hand.0);
    let (table, hand) = (report.table, report.hand);
    match ask(bus, tournament, id, TournamentCommand::Report(report), tries).await {
        Some(TournamentReply::Instruction(instruction)) => {
            EffectResult::Done(vec![TableOrder::Instructed(instruction)])
        }
        Some(reply) => {
            tracing::error!(
                %tournament, %table, %hand, tries, %reply,
                "the coordinator refuses a report: the table waits; the report is repeated"
            );
            EffectResult::Failed
        }
        None => EffectResult::Failed,
    }
}

async fn confirm(
    bus: &Bus,
    tournament: TournamentId,
    table: TableId,
    number: u64,
    tries: u32,
) -> EffectResult<TableOrder> {
    let id = CommandId::from_random((table.0 << 20) ^ (number | 1 << 19));
    let applied = TournamentCommand::Applied { table, instruction: number };
    match ask(bus, tournament, id, applied, tries).await {
        // Any answer shows that the coordinator has the confirmation: a refusal means that the
        // tournament is past it.
        Some(_) => EffectResult::Heard,
        None => EffectResult::Failed,
    }
}

/// Returns the coordinator's answer; none if the request has to be repeated.
async fn ask(
    bus: &Bus,
    tournament: TournamentId,
    id: CommandId,
    command: TournamentCommand,
    tries: u32,
) -> Option<TournamentReply> {
    let request = TournamentRequest { tournament, id, player: None, command, pass: None };
    let subject = subject::tournament_commands_of(tournament, Sender::TableWorker);
    match bus.request(subject, &request, PATIENCE).await {
        Ok(TournamentReply::Refused(refusal)) if refusal.is_transient() => {
            tracing::debug!(%tournament, tries, %refusal, "no coordinator is certain of its claim: the request is repeated");
            None
        }
        Ok(reply) => Some(reply),
        Err(error) => {
            tracing::warn!(%tournament, tries, %error, "no coordinator answers: the table waits; the request is repeated");
            None
        }
    }
}
