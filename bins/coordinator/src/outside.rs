//! The effects of a tournament outside: money to move, tables to open, instructions to send. Each
//! attempt returns the commands that follow from its answer, or is made again.

use crate::placement::Placement;
use bus::{Bus, Patience, RequestError};
use std::time::Duration;
use tournament::{Command, Effect, Payment};
use wire::{
    CommandId, Refusal, TableId, TournamentId,
    cashier::{Account, CashierReply, TournamentMoneyRequest},
    sender::Sender,
    subject,
    table::{TableCommand, TableConfig, TableReply, TableRequest},
    tournament::Instruction,
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };
/// Shorter tries than at the cashier: tables change owners, and an answer that was lost with an
/// owner should be asked for again soon.
const TABLE_PATIENCE: Patience = Patience { each: Duration::from_secs(1), total: Duration::from_secs(10) };
/// Bots entered by one record.
const BOTS_AT_ONCE: usize = 1_000;

/// The connections through which effects are carried out.
#[derive(Clone)]
pub struct Outside {
    /// The connection to NATS.
    pub bus: Bus,
    /// The choice of ids for tables.
    pub placement: Placement,
}

impl Outside {
    /// Makes one attempt at an effect of this tournament. Returns the commands that follow from the
    /// answer; `None` when the attempt has to be made again.
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

    /// Asks the cashier and returns its answer; `None` without one.
    async fn cashier(&self, at: At, request: &TournamentMoneyRequest) -> Option<CashierReply> {
        let subject = subject::CASHIER_TOURNAMENT.to_owned();
        let reply = self.bus.request(subject, request, PATIENCE).await;
        let At { tournament, tries } = at;
        let explain = |error: &RequestError| {
            tracing::warn!(%tournament, tries, %error, "the cashier does not answer: the tournament waits, and the request is repeated");
        };
        reply.inspect_err(explain).ok()
    }

    async fn bots(&self, at: At, count: u32) -> Option<Vec<Command>> {
        let At { tournament, tries } = at;
        match self.cashier(at, &TournamentMoneyRequest::Bots { count }).await? {
            CashierReply::Bots(bots) if !bots.is_empty() => Some(enter_bots(&bots)),
            reply => {
                tracing::error!(%tournament, tries, %reply, "the cashier has no accounts for bots: the tournament waits for its bots, and the request is repeated");
                None
            }
        }
    }

    /// Takes an entry's money. Returns the refusal, if there is one; `None` when the attempt has to
    /// be made again.
    async fn enter(&self, at: At, request: &TournamentMoneyRequest) -> Option<Option<Refusal>> {
        let At { tournament, tries } = at;
        match self.cashier(at, request).await? {
            CashierReply::Done => Some(None),
            CashierReply::Refused(refusal) if !refusal.is_transient() => Some(Some(refusal)),
            CashierReply::Refused(refusal) => {
                tracing::warn!(%tournament, tries, %refusal, "the cashier cannot take an entry's money now: the entry stays pending, and the request is repeated");
                None
            }
            reply => {
                tracing::error!(%tournament, tries, %reply, "the cashier gives an answer of another kind: the entry stays pending, and the request is repeated");
                None
            }
        }
    }

    /// Asks the cashier to pay money that players are owed. A refusal does not end it: the request
    /// is repeated until the cashier has paid. Returns whether it has.
    async fn owed(&self, at: At, request: &TournamentMoneyRequest) -> bool {
        let At { tournament, tries } = at;
        match self.cashier(at, request).await {
            Some(CashierReply::Done) => return true,
            Some(CashierReply::Refused(refusal)) if refusal.is_transient() => {
                tracing::warn!(%tournament, tries, %refusal, "the cashier cannot pay now: the players wait for their money, and the request is repeated");
            }
            Some(reply) => {
                tracing::error!(%tournament, tries, %reply, "the cashier refuses to pay: the players wait for their money, and the request is repeated; look for the reason in the reply");
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
                tracing::warn!(%tournament, tries, %error, "no ids for tables can be chosen: the tables stay closed, and the choice is repeated");
                None
            }
        }
    }

    /// Sends an instruction to a table, which is created first when `create` has a configuration.
    /// Returns whether the table has carried the instruction out.
    async fn push(&self, at: At, table: TableId, create: Option<TableConfig>, told: Instruction) -> bool {
        let At { tournament, tries } = at;
        let number = told.number;
        if let Some(config) = create {
            let command = TableCommand::Create { config, bots: Vec::new() };
            match self.table(at, table, 0, command).await {
                Some(TableReply::Done { .. } | TableReply::Refused(Refusal::AlreadyExists)) => {}
                Some(TableReply::Refused(refusal)) if refusal.is_transient() => return false,
                Some(reply) => {
                    tracing::error!(%tournament, %table, tries, %reply, "a table cannot be created: its players wait, and the command is repeated");
                    return false;
                }
                None => return false,
            }
        }
        match self.table(at, table, number, TableCommand::Instruct(told)).await {
            Some(TableReply::Done { .. }) => return true,
            // The table is playing: its report confirms the instruction, or it has to finish its
            // hand first.
            Some(TableReply::Refused(Refusal::NotAtThisStage)) => {}
            Some(TableReply::Refused(refusal)) if refusal.is_transient() => {}
            Some(reply) => {
                tracing::error!(
                    %tournament, %table, number, tries, %reply,
                    "a table refuses an instruction: the table waits, and the instruction is repeated"
                );
            }
            None => {}
        }
        false
    }

    /// Sends a command under an id that every owner of the tournament derives alike: 0 to create
    /// the table, else the instruction's number.
    async fn table(&self, at: At, table: TableId, id: u64, command: TableCommand) -> Option<TableReply> {
        let subject = subject::table_commands_of(table, Sender::Coordinator);
        let request =
            TableRequest { table, id: CommandId(id), player: None, command, on_feed: false, pass: None };
        let reply = self.bus.request(subject, &request, TABLE_PATIENCE).await;
        let At { tournament, tries } = at;
        let explain = |error: &RequestError| {
            tracing::warn!(%tournament, %table, tries, %error, "no table worker answers: the command is repeated");
        };
        reply.inspect_err(explain).ok()
    }
}

/// The tournament and the number of earlier tries, for the log.
#[derive(Clone, Copy)]
struct At {
    tournament: TournamentId,
    tries: u32,
}

/// Returns the commands that enter these accounts, each a record.
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
