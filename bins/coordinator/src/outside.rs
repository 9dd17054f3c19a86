//! What is left to be done outside a tournament: money to move, tables to choose, tables to tell. Each is repeated until it is
//! answered; the future ends with what the answer means for the tournament.

use crate::placement::Placement;
use bus::{Bus, Patience, RequestError};
use std::time::Duration;
use tournament::{Command, Effect, Payment};
use wire::{
    CommandId, PlayerId, Refusal, TableId, TournamentId,
    cashier::{Account, CashierReply, TournamentMoneyRequest},
    subject,
    table::{TableCommand, TableConfig, TableReply, TableRequest},
    tournament::Instruction,
};

/// What an effect is about: at most one future per key runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// House accounts.
    Bots,
    /// An entry's money, in or back.
    Entry(PlayerId),
    /// Ids of tables.
    Tables,
    /// An instruction told to a table.
    Push(TableId, u64),
    /// Places and prizes.
    Settle,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// House accounts.
    Bots(Vec<Account>),
    /// An entry is paid or refused.
    Paid(Payment),
    /// An entry is paid back.
    Refunded(PlayerId),
    /// Ids of tables.
    Tables(Vec<TableId>),
    /// A table has carried an instruction out.
    Applied(TableId, u64),
    /// Places are recorded, prizes paid.
    Settled,
}

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(10) };
/// Tables change owners, so an answer that was lost with one is asked for again sooner.
const TABLE_PATIENCE: Patience = Patience { each: Duration::from_secs(1), total: Duration::from_secs(10) };
/// First pause before something is tried again; doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Bots entered by one record.
const BOTS_AT_ONCE: usize = 1_000;

/// The key of an effect.
pub const fn key(effect: &Effect) -> Key {
    match effect {
        Effect::AskBots { .. } => Key::Bots,
        Effect::Enter { player, .. } | Effect::Refund { player, .. } => Key::Entry(*player),
        Effect::OpenTables { .. } => Key::Tables,
        Effect::Push { table, instruction, .. } => Key::Push(*table, instruction.number),
        Effect::Settle { .. } => Key::Settle,
    }
}

/// The commands that outcomes lead to: what came in at the same time is one command, and so one record, as far as possible.
pub fn commands(outcomes: Vec<Outcome>) -> Vec<Command> {
    let (mut payments, mut refunds, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Paid(payment) => payments.push(payment),
            Outcome::Refunded(player) => refunds.push(player),
            Outcome::Bots(bots) => {
                let some = bots.chunks(BOTS_AT_ONCE);
                commands.extend(some.map(|bots| Command::EnterBots { bots: bots.to_vec() }));
            }
            Outcome::Tables(tables) => commands.push(Command::OpenTables { tables }),
            Outcome::Applied(table, instruction) => commands.push(Command::Applied { table, instruction }),
            Outcome::Settled => commands.push(Command::Settled),
        }
    }
    if !payments.is_empty() {
        commands.push(Command::Paid(payments));
    }
    if !refunds.is_empty() {
        commands.push(Command::Refunded(refunds));
    }
    commands
}

/// What effects are carried out with.
#[derive(Clone)]
pub struct Outside {
    /// The connection.
    pub bus: Bus,
    /// Chooses ids of tables.
    pub placement: Placement,
}

impl Outside {
    /// Carries an effect of this tournament out, however often it has to be tried.
    pub async fn carry_out(self, tournament: TournamentId, effect: Effect) -> Outcome {
        match effect {
            Effect::AskBots { count } => self.bots(tournament, count).await,
            Effect::Enter { player, entry, buy_in, fee } => {
                let request = TournamentMoneyRequest::Enter { tournament, player, entry, buy_in, fee };
                let refused = self.enter(tournament, &request).await;
                Outcome::Paid(Payment { player, entry, refused })
            }
            Effect::Refund { player, entry, buy_in, fee } => {
                let request = TournamentMoneyRequest::Refund { tournament, player, entry, buy_in, fee };
                self.owed(tournament, &request).await;
                Outcome::Refunded(player)
            }
            Effect::OpenTables { count } => self.tables(tournament, count).await,
            Effect::Push { table, create, instruction } => {
                let number = instruction.number;
                self.push(tournament, table, create, instruction).await;
                Outcome::Applied(table, number)
            }
            Effect::Settle { name, places, finished_ms } => {
                let request = TournamentMoneyRequest::Settle { tournament, name, places, finished_ms };
                self.owed(tournament, &request).await;
                Outcome::Settled
            }
        }
    }

    async fn cashier(&self, request: &TournamentMoneyRequest) -> Result<CashierReply, RequestError> {
        self.bus.request(subject::CASHIER_TOURNAMENT.to_owned(), request, PATIENCE).await
    }

    async fn bots(&self, tournament: TournamentId, count: u32) -> Outcome {
        let mut pause = Pause::new();
        loop {
            match self.cashier(&TournamentMoneyRequest::Bots { count }).await {
                Ok(CashierReply::Bots(bots)) if !bots.is_empty() => return Outcome::Bots(bots),
                Ok(reply) => {
                    tracing::error!(%tournament, %reply, "the cashier has no accounts for bots; asking again")
                }
                Err(error) => {
                    tracing::warn!(%tournament, %error, "the cashier does not answer; asking again")
                }
            }
            pause.wait().await;
        }
    }

    /// Takes an entry's money. Returns why it was refused, if it was.
    async fn enter(&self, tournament: TournamentId, request: &TournamentMoneyRequest) -> Option<Refusal> {
        let mut pause = Pause::new();
        loop {
            match self.cashier(request).await {
                Ok(CashierReply::Done) => return None,
                Ok(CashierReply::Refused(refusal)) if !refusal.is_transient() => return Some(refusal),
                Ok(CashierReply::Refused(_)) => {}
                Ok(reply) => {
                    tracing::error!(%tournament, %reply, "the cashier answers something else; asking again")
                }
                Err(error) => {
                    tracing::warn!(%tournament, %error, "the cashier does not answer; asking again")
                }
            }
            pause.wait().await;
        }
    }

    /// Has money paid that is owed to players: never given up, whatever the cashier says.
    async fn owed(&self, tournament: TournamentId, request: &TournamentMoneyRequest) {
        let mut pause = Pause::new();
        loop {
            match self.cashier(request).await {
                Ok(CashierReply::Done) => return,
                Ok(CashierReply::Refused(refusal)) if refusal.is_transient() => {}
                Ok(reply) => tracing::error!(%tournament, %reply, "the cashier refuses to pay; asking again"),
                Err(error) => {
                    tracing::warn!(%tournament, %error, "the cashier does not answer; asking again")
                }
            }
            pause.wait().await;
        }
    }

    async fn tables(&self, tournament: TournamentId, count: u32) -> Outcome {
        let mut pause = Pause::new();
        loop {
            match self.placement.choose(count).await {
                Ok(tables) => return Outcome::Tables(tables),
                Err(error) => tracing::warn!(%tournament, %error, "no places for tables; trying again"),
            }
            pause.wait().await;
        }
    }

    /// Tells a table how to go on, and creates it first where `create` says how.
    async fn push(
        &self,
        tournament: TournamentId,
        table: TableId,
        create: Option<TableConfig>,
        told: Instruction,
    ) {
        let mut pause = Pause::new();
        let (number, mut exists) = (told.number, create.is_none());
        loop {
            let command = match &create {
                Some(config) if !exists => TableCommand::Create { config: config.clone(), bots: Vec::new() },
                _ => TableCommand::Instruct(told.clone()),
            };
            let creates = matches!(command, TableCommand::Create { .. });
            match (self.table(table, if creates { 0 } else { number }, command).await, creates) {
                (Ok(TableReply::Done { .. } | TableReply::Refused(Refusal::AlreadyExists)), true) => {
                    exists = true;
                    continue;
                }
                (Ok(TableReply::Done { .. }), false) => return,
                // It plays: its report confirms the instruction, or it has to finish its hand first.
                (Ok(TableReply::Refused(Refusal::NotAtThisStage)), false) => {}
                (Ok(TableReply::Refused(refusal)), _) if refusal.is_transient() => {}
                (Ok(reply), _) => {
                    exists = create.is_none();
                    tracing::error!(%tournament, %table, number, %reply, "a table refuses what it is told; trying again");
                }
                (Err(error), _) => {
                    tracing::warn!(%tournament, %table, %error, "no table worker answers; trying again")
                }
            }
            pause.wait().await;
        }
    }

    /// Sends a command under an id that is the same whoever sends it again: 0 to create the table, else the instruction's number.
    async fn table(
        &self,
        table: TableId,
        id: u64,
        command: TableCommand,
    ) -> Result<TableReply, RequestError> {
        let subject = subject::table_commands(subject::table_partition(table));
        let request = TableRequest { table, id: CommandId(id), player: None, command, on_feed: false };
        self.bus.request(subject, &request, TABLE_PATIENCE).await
    }
}

/// Pauses that grow.
struct Pause(Duration);

impl Pause {
    const fn new() -> Self {
        Self(PAUSE)
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_together_is_one_record() {
        let payment = |n| Payment { player: PlayerId(n), entry: 0, refused: None };
        let bots = (0..2_500).map(|n| Account { player: PlayerId(n), name: String::new() }).collect();
        let outcomes = vec![
            Outcome::Paid(payment(1)),
            Outcome::Bots(bots),
            Outcome::Refunded(PlayerId(9)),
            Outcome::Paid(payment(2)),
            Outcome::Settled,
        ];
        let commands = commands(outcomes);
        let sizes: Vec<usize> = commands
            .iter()
            .map(|command| match command {
                Command::EnterBots { bots } => bots.len(),
                Command::Paid(payments) => payments.len(),
                Command::Refunded(players) => players.len(),
                _ => 0,
            })
            .collect();
        assert_eq!(sizes, [1_000, 1_000, 500, 0, 2, 1]);
        assert!(super::commands(Vec::new()).is_empty());
    }
}
