//! Questions to the roles, on behalf of the administrator. Each is repeated with the same id until it is
//! answered, across takeovers, for as long as the patience lasts.

use bus::{Bus, Patience, RequestError};
use serde::{Serialize, de::DeserializeOwned};
use std::time::{Duration, Instant};
use wire::{
    CommandId, PlayerId, Refusal, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply},
    subject,
    table::{TableCommand, TableReply, TableRequest},
    tournament::{Standings, TournamentCommand, TournamentReply, TournamentRequest},
};

/// How long an answer may take, repeats included: longer than a takeover of a dead owner's partitions.
pub const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(20) };

/// Why there is no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody answered.
    #[error("{whom} does not answer ({error}): see `pokerctl nodes` and the logs")]
    NoAnswer {
        /// Who was asked.
        whom: String,
        /// What happened instead.
        error: RequestError,
    },
    /// The answer was no.
    #[error("{whom}: {refusal}")]
    Refused {
        /// Who was asked.
        whom: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The answer was to another question.
    #[error("{whom} gave an answer that does not fit the question; do all programs have the same version?")]
    Unexpected {
        /// Who was asked.
        whom: String,
    },
    /// The system has no randomness for an id.
    #[error("no random numbers from the system: {0}")]
    NoRandomness(getrandom::Error),
}

impl AskError {
    /// The refusal, if it was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

/// Random bits, for ids.
///
/// # Errors
/// When the system has none.
pub fn random() -> Result<u64, AskError> {
    getrandom::u64().map_err(AskError::NoRandomness)
}

/// Asks a table's owner.
///
/// # Errors
/// When nobody answers or the answer is no.
pub async fn table(bus: &Bus, table: TableId, command: TableCommand) -> Result<TableReply, AskError> {
    let request =
        TableRequest { table, id: CommandId::from_random(random()?), player: None, command, on_feed: false };
    let subject = subject::table_commands(subject::table_partition(table));
    ask(
        bus,
        subject,
        &request,
        || format!("table {table}"),
        |reply| match reply {
            TableReply::Refused(refusal) => Err(refusal),
            other => Ok(other),
        },
    )
    .await
}

/// Asks a tournament's owner.
///
/// # Errors
/// When nobody answers or the answer is no.
pub async fn tournament(
    bus: &Bus,
    tournament: TournamentId,
    command: TournamentCommand,
) -> Result<TournamentReply, AskError> {
    tournament_for(bus, tournament, None, command).await
}

/// Asks a tournament's owner on a player's behalf.
///
/// # Errors
/// When nobody answers or the answer is no.
pub async fn tournament_for(
    bus: &Bus,
    tournament: TournamentId,
    player: Option<PlayerId>,
    command: TournamentCommand,
) -> Result<TournamentReply, AskError> {
    let request = TournamentRequest { tournament, id: CommandId::from_random(random()?), player, command };
    let subject = subject::tournament_commands(subject::tournament_partition(tournament));
    ask(
        bus,
        subject,
        &request,
        || format!("tournament {tournament}"),
        |reply| match reply {
            TournamentReply::Refused(refusal) => Err(refusal),
            other => Ok(other),
        },
    )
    .await
}

/// How a tournament stands, with at most `limit` players.
///
/// # Errors
/// When nobody answers or there is no such tournament.
pub async fn standings(bus: &Bus, id: TournamentId, limit: u32) -> Result<Standings, AskError> {
    match tournament(bus, id, TournamentCommand::Show { limit }).await? {
        TournamentReply::Standings(standings) => Ok(*standings),
        _ => Err(AskError::Unexpected { whom: format!("tournament {id}") }),
    }
}

/// Asks the cashier.
///
/// # Errors
/// When nobody answers or the answer is no.
pub async fn cashier(bus: &Bus, request: &AdminRequest) -> Result<CashierReply, AskError> {
    let subject = subject::CASHIER_ADMIN.to_owned();
    ask(
        bus,
        subject,
        request,
        || "the cashier".to_owned(),
        |reply| match reply {
            CashierReply::Refused(refusal) => Err(refusal),
            other => Ok(other),
        },
    )
    .await
}

/// Asks until there is an answer that is not "try again".
async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
    bus: &Bus,
    subject: String,
    question: &Q,
    whom: impl Fn() -> String,
    sort: impl Fn(A) -> Result<A, Refusal>,
) -> Result<A, AskError> {
    let started = Instant::now();
    loop {
        let answer = bus.request(subject.clone(), question, PATIENCE).await;
        let answer = answer.map_err(|error| AskError::NoAnswer { whom: whom(), error })?;
        match sort(answer) {
            Ok(answer) => return Ok(answer),
            Err(refusal) if refusal.is_transient() && started.elapsed() < PATIENCE.total => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(refusal) => {
                return Err(AskError::Refused { whom: whom(), refusal });
            }
        }
    }
}
