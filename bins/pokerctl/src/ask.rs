//! Requests to the roles, sent as the administrator. A request is repeated under the same command
//! id until it is answered, also across takeovers, for [`PATIENCE`] at most.

use bus::{Bus, Patience, RequestError};
use serde::{Serialize, de::DeserializeOwned};
use std::time::{Duration, Instant};
use wire::{
    CommandId, PlayerId, Refusal, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply},
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
    tournament::{Standings, TournamentCommand, TournamentReply, TournamentRequest},
};

/// Time limit of a request, repeats included: longer than the takeover of a dead owner's
/// partitions.
pub const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(20) };

/// The reason why a request has no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No answer came in time, or the request could not be sent.
    #[error("{whom} does not answer ({error}): see `pokerctl nodes` and the logs")]
    NoAnswer {
        /// The role, table or tournament that was asked.
        whom: String,
        /// The failure.
        error: RequestError,
    },
    /// The request was refused.
    #[error("{whom}: {refusal}")]
    Refused {
        /// The role, table or tournament that was asked.
        whom: String,
        /// Its reason.
        refusal: Refusal,
    },
    /// A new table or tournament was refused.
    #[error("no {what} is created: {}", reason(.refusal))]
    NotCreated {
        /// A table, or a tournament.
        what: &'static str,
        /// The reason.
        refusal: Refusal,
    },
    /// The answer is of a kind that does not fit the request.
    #[error(
        "{whom} gave an answer that does not fit the request: check that all programs have the same version"
    )]
    Unexpected {
        /// The role, table or tournament that was asked.
        whom: String,
    },
    /// The operating system has no random numbers for a command id.
    #[error("the operating system gives no random numbers: {0}")]
    NoRandomness(getrandom::Error),
}

impl AskError {
    /// Returns the refusal, if the request was refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } | Self::NotCreated { refusal, .. } => Some(refusal),
            Self::NoAnswer { .. } | Self::Unexpected { .. } | Self::NoRandomness(_) => None,
        }
    }

    /// Returns the error of a request that was to create a table or tournament: a refusal does not
    /// name the number that it would have had.
    pub fn of_creation(self, what: &'static str) -> Self {
        match self {
            Self::Refused { refusal, .. } => Self::NotCreated { what, refusal },
            Self::NotCreated { .. }
            | Self::NoAnswer { .. }
            | Self::Unexpected { .. }
            | Self::NoRandomness(_) => self,
        }
    }
}

/// Returns the reason of a refusal; what is wrong with a configuration without the words around it.
fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BadMessage { reason } => reason.clone(),
        other => other.to_string(),
    }
}

/// Returns 64 random bits, for ids.
///
/// # Errors
/// [`AskError::NoRandomness`].
pub fn random() -> Result<u64, AskError> {
    getrandom::u64().map_err(AskError::NoRandomness)
}

/// Sends a command to a table's owner and returns its answer.
///
/// # Errors
/// When no answer comes in time, or the command is refused.
pub async fn table(bus: &Bus, table: TableId, command: TableCommand) -> Result<TableReply, AskError> {
    let request = TableRequest {
        table,
        id: CommandId::from_random(random()?),
        player: None,
        command,
        on_feed: false,
        pass: None,
    };
    let subject = subject::table_commands_of(table, Sender::Admin);
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

/// Sends a command to a tournament's owner and returns its answer.
///
/// # Errors
/// When no answer comes in time, or the command is refused.
pub async fn tournament(
    bus: &Bus,
    tournament: TournamentId,
    command: TournamentCommand,
) -> Result<TournamentReply, AskError> {
    tournament_for(bus, tournament, None, command).await
}

/// Sends a command to a tournament's owner, on behalf of `player` if there is one, and returns its
/// answer.
///
/// # Errors
/// When no answer comes in time, or the command is refused.
pub async fn tournament_for(
    bus: &Bus,
    tournament: TournamentId,
    player: Option<PlayerId>,
    command: TournamentCommand,
) -> Result<TournamentReply, AskError> {
    let request =
        TournamentRequest { tournament, id: CommandId::from_random(random()?), player, command, pass: None };
    let subject = subject::tournament_commands_of(tournament, Sender::Admin);
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

/// Returns a tournament's standings, with at most `limit` players.
///
/// # Errors
/// When no answer comes in time, or the tournament does not exist.
pub async fn standings(bus: &Bus, id: TournamentId, limit: u32) -> Result<Standings, AskError> {
    match tournament(bus, id, TournamentCommand::Show { limit }).await? {
        TournamentReply::Standings(standings) => Ok(*standings),
        _ => Err(AskError::Unexpected { whom: format!("tournament {id}") }),
    }
}

/// Sends a request to the cashier and returns its answer.
///
/// # Errors
/// When no answer comes in time, or the request is refused.
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

/// Sends a request until the answer is not a passing refusal, for [`PATIENCE`] at most.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_creation_names_the_reason_and_not_the_number_that_was_drawn() {
        let refused = |refusal| AskError::Refused { whom: "table 640623859998".to_owned(), refusal };
        let text = |refusal| refused(refusal).of_creation("table").to_string();
        assert_eq!(
            text(Refusal::bad_message("the table has no name")),
            "no table is created: the table has no name"
        );
        assert_eq!(text(Refusal::TableFull), format!("no table is created: {}", Refusal::TableFull));
    }
}
