//! What is left to be done outside a tournament: money to move, tables to choose, tables to tell. Each
//! attempt ends with what its answer means for the tournament, or is made again.

use crate::placement::Placement;
use bus::{Bus, Patience, RequestError};
use std::time::Duration;
use tournament::{Command, Effect, Payment};
use wire::{
    CommandId, Refusal, TableId, TournamentId,
    cashier::{Account, CashierReply, TournamentMoneyRequest},
    subject,
    table::{TableCommand, TableConfig, TableReply, TableRequest},
    tournament::Instruction,
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };
/// Tables change owners, so an answer that was lost with one is asked for again sooner.
const TABLE_PATIENCE: Patience = Patience { each: Duration::from_secs(1), total: Duration::from_secs(10) };
/// Bots entered by one record.
const BOTS_AT_ONCE: usize = 1_000;

/// What effects are carried out with.
#[derive(Clone)]
pub struct Outside {
    /// The connection.
    pub bus: Bus,
    /// Chooses ids of tables.
    pub placement: Placement,
}

impl Outside {
    /// Makes one attempt at an effect of this tournament. Returns the commands that its answer leads to;
    /// none when it has to be tried again.
    pub async fn attempt(self, tournament: TournamentId, effect: Effect, tries: u32) -> Option<Vec<Command>> {
        let at = At { tournament, tries };
        match effect {
            Effect::AskBots { count } => self.bots(at, count).await,
            Effect::Enter { player, entry, buy_in, fee } => {
                let request = TournamentMoneyRequest::Enter { tournament, player, entry, buy_in, fee };
                let refused = self.enter(at, &request).await?;
                Some(vec![Command::Paid(vec![Payment { player, entry, refused }])])
            }
            Effect::Refund { player, entry, buy_in, fee } => {
                let request = TournamentMoneyRequest::Refund { tournament, player, entry, buy_in, fee };
                self.owed(at, &request).await.then(|| vec![Command::Refunded(vec![player])])
            }
            Effect::OpenTables { count } => self.tables(at, count).await,
            Effect::Push { table, create, instruction } => {
                let number = instruction.number;
                let pushed = self.push(at, table, create, instruction).await;
                pushed.then(|| vec![Command::Applied { table, instruction: number }])
            }
            Effect::Settle { name, places, finished_ms } => {
                let request = TournamentMoneyRequest::Settle { tournament, name, places, finished_ms };
                self.owed(at, &request).await.then(|| vec![Command::Settled])
            }
        }
    }

    /// The cashier's answer; none when there is none.
    async fn cashier(&self, at: At, request: &TournamentMoneyRequest) -> Option<CashierReply> {
        let subject = subject::CASHIER_TOURNAMENT.to_owned();
        let reply = self.bus.request(subject, request, PATIENCE).await;
        let At { tournament, tries } = at;
        let explain = |error: &RequestError| {
            tracing::warn!(%tournament, tries, %error, "the cashier does not answer; asking again");
        };
        reply.inspect_err(explain).ok()
    }

    async fn bots(&self, at: At, count: u32) -> Option<Vec<Command>> {
        let At { tournament, tries } = at;
        match self.cashier(at, &TournamentMoneyRequest::Bots { count }).await? {
            CashierReply::Bots(bots) if !bots.is_empty() => Some(enter_bots(&bots)),
            reply => {
                tracing::error!(%tournament, tries, %reply, "the cashier has no accounts for bots; asking again");
                None
            }
        }
    }

    /// Takes an entry's money. Returns why it was refused, if it was.
    async fn enter(&self, at: At, request: &TournamentMoneyRequest) -> Option<Option<Refusal>> {
        let At { tournament, tries } = at;
        match self.cashier(at, request).await? {
            CashierReply::Done => Some(None),
            CashierReply::Refused(refusal) if !refusal.is_transient() => Some(Some(refusal)),
            CashierReply::Refused(refusal) => {
                tracing::warn!(%tournament, tries, %refusal, "the cashier cannot take an entry now; asking again");
                None
            }
            reply => {
                tracing::error!(%tournament, tries, %reply, "the cashier answers something else; asking again");
                None
            }
        }
    }

    /// Has money paid that is owed to players: never given up, whatever the cashier says.
    async fn owed(&self, at: At, request: &TournamentMoneyRequest) -> bool {
        let At { tournament, tries } = at;
        match self.cashier(at, request).await {
            Some(CashierReply::Done) => return true,
            Some(CashierReply::Refused(refusal)) if refusal.is_transient() => {
                tracing::warn!(%tournament, tries, %refusal, "the cashier cannot pay now; asking again");
            }
            Some(reply) => {
                tracing::error!(%tournament, tries, %reply, "the cashier refuses to pay; asking again");
            }
            None => {}
        }
        false
    }

    async fn tables(&self, at: At, count: u32) -> Option<Vec<Command>> {
        let At { tournament, tries } = at;
        match self.placement.choose(count).await {
            Ok(tables) => Some(vec![Command::OpenTables { tables }]),
            Err(error) => {
                tracing::warn!(%tournament, tries, %error, "no places for tables; trying again");
                None
            }
        }
    }

    /// Tells a table how to go on, and creates it first where `create` says how. Returns whether it has
    /// heard.
    async fn push(&self, at: At, table: TableId, create: Option<TableConfig>, told: Instruction) -> bool {
        let At { tournament, tries } = at;
        let number = told.number;
        if let Some(config) = create {
            let command = TableCommand::Create { config, bots: Vec::new() };
            match self.table(at, table, 0, command).await {
                Some(TableReply::Done { .. } | TableReply::Refused(Refusal::AlreadyExists)) => {}
                Some(TableReply::Refused(refusal)) if refusal.is_transient() => return false,
                Some(reply) => {
                    tracing::error!(%tournament, %table, tries, %reply, "a table cannot be made; trying again");
                    return false;
                }
                None => return false,
            }
        }
        match self.table(at, table, number, TableCommand::Instruct(told)).await {
            Some(TableReply::Done { .. }) => return true,
            // It plays: its report confirms the instruction, or it has to finish its hand first.
            Some(TableReply::Refused(Refusal::NotAtThisStage)) => {}
            Some(TableReply::Refused(refusal)) if refusal.is_transient() => {}
            Some(reply) => {
                tracing::error!(
                    %tournament, %table, number, tries, %reply,
                    "a table refuses what it is told; trying again"
                );
            }
            None => {}
        }
        false
    }

    /// Sends a command under an id that is the same whoever sends it again: 0 to create the table, else
    /// the instruction's number.
    async fn table(&self, at: At, table: TableId, id: u64, command: TableCommand) -> Option<TableReply> {
        let subject = subject::table_commands(subject::table_partition(table));
        let request = TableRequest { table, id: CommandId(id), player: None, command, on_feed: false };
        let reply = self.bus.request(subject, &request, TABLE_PATIENCE).await;
        let At { tournament, tries } = at;
        let explain = |error: &RequestError| {
            tracing::warn!(%tournament, %table, tries, %error, "no table worker answers; trying again");
        };
        reply.inspect_err(explain).ok()
    }
}

/// Which attempt it is, for the log.
#[derive(Clone, Copy)]
struct At {
    tournament: TournamentId,
    tries: u32,
}

/// The commands that enter these accounts, each a record.
fn enter_bots(bots: &[Account]) -> Vec<Command> {
    bots.chunks(BOTS_AT_ONCE).map(|bots| Command::EnterBots { bots: bots.to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::PlayerId;

    #[test]
    fn many_bots_are_several_records() {
        let bots: Vec<_> = (0..2_500).map(|n| Account { player: PlayerId(n), name: String::new() }).collect();
        let size = |command: &Command| match command {
            Command::EnterBots { bots } => bots.len(),
            _ => 0,
        };
        let sizes: Vec<usize> = enter_bots(&bots).iter().map(size).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
    }
}
