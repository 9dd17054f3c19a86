//! What is left to be done outside a table: money to move and hands to report. Each is repeated until it is answered; the future
//! ends with what the answer means for the table.

use bus::{Bus, Patience};
use poker::table::Effect;
use std::time::Duration;
use wire::{
    CommandId, HandNo, PostingId, Refusal, TableId, TournamentId,
    cashier::{CashierReply, TableMoneyRequest},
    subject,
    tournament::{Instruction, Report, TournamentCommand, TournamentReply, TournamentRequest},
};

/// What an effect is about: at most one future per key runs at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Posting(PostingId),
    Report(HandNo),
    Applied(u64),
}

/// What came back.
pub enum Outcome {
    /// A buy-in or top-up arrived, or was refused.
    Arrived { posting: PostingId, refusal: Option<Refusal> },
    /// A cash-out was paid.
    PaidBack(PostingId),
    /// The coordinator's answer to a report.
    Instruction(Instruction),
    /// The coordinator has heard, and has nothing to say to it.
    Heard,
}

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };
const PAUSE: Duration = Duration::from_millis(500);

/// The key of an effect.
pub fn key(effect: &Effect) -> Key {
    match effect {
        Effect::Money(
            TableMoneyRequest::BuyIn { posting, .. } | TableMoneyRequest::CashOut { posting, .. },
        ) => Key::Posting(posting.clone()),
        Effect::Report(report) => Key::Report(report.hand),
        Effect::Applied(number) => Key::Applied(*number),
    }
}

/// Carries an effect out; `tournament` is the one the table belongs to.
pub async fn carry_out(
    bus: Bus,
    table: TableId,
    tournament: Option<TournamentId>,
    effect: Effect,
) -> Outcome {
    match (effect, tournament) {
        (Effect::Money(request), _) => money(&bus, request).await,
        (Effect::Report(report), Some(tournament)) => send_report(&bus, tournament, report).await,
        (Effect::Applied(number), Some(tournament)) => confirm(&bus, tournament, table, number).await,
        (Effect::Report(_) | Effect::Applied(_), None) => Outcome::Heard,
    }
}

async fn money(bus: &Bus, request: TableMoneyRequest) -> Outcome {
    loop {
        let answer: Result<CashierReply, _> =
            bus.request(subject::CASHIER_TABLE.to_owned(), &request, PATIENCE).await;
        match (answer, &request) {
            (Ok(CashierReply::Done), TableMoneyRequest::BuyIn { posting, .. }) => {
                return Outcome::Arrived { posting: posting.clone(), refusal: None };
            }
            (Ok(CashierReply::Done), TableMoneyRequest::CashOut { posting, .. }) => {
                return Outcome::PaidBack(posting.clone());
            }
            (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::BuyIn { posting, .. })
                if !refusal.is_transient() =>
            {
                return Outcome::Arrived { posting: posting.clone(), refusal: Some(refusal) };
            }
            (Ok(CashierReply::Refused(refusal)), TableMoneyRequest::CashOut { posting, .. })
                if !refusal.is_transient() =>
            {
                // Money owed to a player is never dropped: somebody has to look at this.
                tracing::error!(%posting, %refusal, "the cashier refuses to pay back; asking again");
            }
            (Ok(_), _) => {}
            (Err(error), _) => tracing::warn!(%error, "the cashier does not answer; asking again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn send_report(bus: &Bus, tournament: TournamentId, report: Report) -> Outcome {
    let id = CommandId::from_random((report.table.0 << 20) ^ report.hand.0);
    let (table, hand) = (report.table, report.hand);
    match ask(bus, tournament, id, TournamentCommand::Report(report)).await {
        TournamentReply::Instruction(instruction) => Outcome::Instruction(instruction),
        reply => {
            tracing::error!(%tournament, %table, %hand, %reply, "the coordinator refuses a report");
            Outcome::Heard
        }
    }
}

async fn confirm(bus: &Bus, tournament: TournamentId, table: TableId, number: u64) -> Outcome {
    let id = CommandId::from_random((table.0 << 20) ^ (number | 1 << 19));
    // Whatever it answers, it has heard: a refusal means that the tournament is past that.
    ask(bus, tournament, id, TournamentCommand::Applied { table, instruction: number }).await;
    Outcome::Heard
}

async fn ask(
    bus: &Bus,
    tournament: TournamentId,
    id: CommandId,
    command: TournamentCommand,
) -> TournamentReply {
    let request = TournamentRequest { tournament, id, player: None, command };
    let subject = subject::tournament_commands(subject::tournament_partition(tournament));
    loop {
        match bus.request(subject.clone(), &request, PATIENCE).await {
            Ok(TournamentReply::Refused(refusal)) if refusal.is_transient() => {}
            Ok(reply) => return reply,
            Err(error) => {
                tracing::warn!(%tournament, %error, "no coordinator answers; asking again")
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
