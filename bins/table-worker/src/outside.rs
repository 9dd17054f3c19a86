//! What is left to be done outside a table: money to move and hands to report. Each attempt ends with
//! what its answer means for the table, or is made again.

use bus::{Bus, Patience};
use host::EffectResult;
use poker::{hosted::TableOrder, table::Effect};
use std::time::Duration;
use wire::{
    CommandId, TableId, TournamentId,
    cashier::{CashierReply, TableMoneyRequest},
    subject,
    tournament::{Report, TournamentCommand, TournamentReply, TournamentRequest},
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };

/// Makes one attempt at an effect of a table; `tournament` is the one the table belongs to.
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
            tracing::warn!(tries, %refusal, "the cashier cannot move money now; asking again");
            return EffectResult::Failed;
        }
        (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::BuyIn { posting, .. }) => {
            TableOrder::MoneyArrived { posting, refusal: Some(refusal) }
        }
        (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::CashOut { posting, .. }) => {
            // Money owed to a player is never dropped: somebody has to look at this.
            tracing::error!(%posting, tries, %refusal, "the cashier refuses to pay back; asking again");
            return EffectResult::Failed;
        }
        (Ok(reply), _) => {
            tracing::error!(tries, %reply, "the cashier answers something else; asking again");
            return EffectResult::Failed;
        }
        (Err(error), _) => {
            tracing::warn!(tries, %error, "the cashier does not answer; asking again");
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
                "the coordinator refuses a report: the table waits; reporting again"
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
        // Whatever it answers, it has heard: a refusal means that the tournament is past that.
        Some(_) => EffectResult::Heard,
        None => EffectResult::Failed,
    }
}

/// The coordinator's answer; none when it has to be asked again.
async fn ask(
    bus: &Bus,
    tournament: TournamentId,
    id: CommandId,
    command: TournamentCommand,
    tries: u32,
) -> Option<TournamentReply> {
    let request = TournamentRequest { tournament, id, player: None, command };
    let subject = subject::tournament_commands(subject::tournament_partition(tournament));
    match bus.request(subject, &request, PATIENCE).await {
        Ok(TournamentReply::Refused(refusal)) if refusal.is_transient() => {
            tracing::debug!(%tournament, tries, %refusal, "no coordinator is certain; asking again");
            None
        }
        Ok(reply) => Some(reply),
        Err(error) => {
            tracing::warn!(%tournament, tries, %error, "no coordinator answers; asking again");
            None
        }
    }
}
