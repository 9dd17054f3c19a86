//! Requests of the administrator to a fleet, repeated while their answers are passing refusals: a
//! fleet that has just started, or lost a process, hands partitions over.

use crate::Fleet;
use anyhow::{bail, ensure};
use bus::{Bus, Patience};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use wire::{
    CommandId, PlayerId, Refusal, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply},
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// The wait for one answer, and for a final one.
const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(60) };
const PAUSE: Duration = Duration::from_millis(20);

impl Fleet {
    /// Sends a command to a table, on behalf of `player` if there is one, and returns the final
    /// answer, which may be a refusal.
    ///
    /// # Errors
    /// When there is none within a minute.
    pub async fn ask_table(
        &self,
        table: TableId,
        player: Option<PlayerId>,
        id: CommandId,
        command: TableCommand,
    ) -> anyhow::Result<TableReply> {
        let request = TableRequest { table, id, player, command, on_feed: false, pass: None };
        ask_table_as(&self.admin, Sender::Admin, &request).await
    }

    /// Sends a command to a tournament as the administrator, and returns the final answer, which
    /// may be a refusal.
    ///
    /// # Errors
    /// When there is none within a minute.
    pub async fn ask_tournament(
        &self,
        tournament: TournamentId,
        command: TournamentCommand,
    ) -> anyhow::Result<TournamentReply> {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let id = CommandId::from_random(nanos as u64);
        let request = TournamentRequest { tournament, id, player: None, command, pass: None };
        let subject = subject::tournament_commands_of(tournament, Sender::Admin);
        let refusal = |reply: &TournamentReply| match reply {
            TournamentReply::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        };
        ask(&self.admin, subject, &request, refusal).await
    }

    /// Sends a request to the cashier as the administrator.
    ///
    /// # Errors
    /// When the cashier refuses, or gives no final answer within a minute.
    pub async fn cashier(&self, request: AdminRequest) -> anyhow::Result<CashierReply> {
        let refusal = |reply: &CashierReply| match reply {
            CashierReply::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        };
        match ask(&self.admin, subject::CASHIER_ADMIN.to_owned(), &request, refusal).await? {
            CashierReply::Refused(refusal) => bail!("{request:?}: {refusal}"),
            reply => Ok(reply),
        }
    }
}

/// Sends a command to a table with a process's credentials, under the subject of this sender, and
/// returns the final answer, which may be a refusal.
///
/// # Errors
/// When there is none within a minute.
pub async fn ask_table_as(bus: &Bus, sender: Sender, request: &TableRequest) -> anyhow::Result<TableReply> {
    let refusal = |reply: &TableReply| match reply {
        TableReply::Refused(refusal) => Some(refusal.clone()),
        _ => None,
    };
    ask(bus, subject::table_commands_of(request.table, sender), request, refusal).await
}

async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
    bus: &Bus,
    subject: String,
    request: &Q,
    refusal: impl Fn(&A) -> Option<Refusal>,
) -> anyhow::Result<A> {
    let until = Instant::now() + PATIENCE.total;
    loop {
        let reply = bus.request(subject.clone(), request, PATIENCE).await?;
        let Some(passing) = refusal(&reply).filter(Refusal::is_transient) else { return Ok(reply) };
        ensure!(Instant::now() < until, "{subject}: no final answer: {passing}");
        sleep(PAUSE).await;
    }
}
