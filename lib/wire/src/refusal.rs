//! Why a command was not carried out. Every refusal has a name; nothing is coerced into something legal.

use crate::{Chips, HandNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named refusal. The text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum Refusal {
    // Play
    /// Another seat has the action.
    #[error("it is not your turn")]
    NotYourTurn,
    /// The turn that the command names is over.
    #[error("that turn has passed: the table is at hand {hand}, turn {turn}")]
    TurnPassed {
        /// The table's hand now.
        hand: HandNo,
        /// The turn now.
        turn: u32,
    },
    /// No hand is being played.
    #[error("no hand is being played")]
    NoHand,
    /// Checking is not possible while facing a bet.
    #[error("there is a bet of {to_call} to call: call, raise or fold")]
    CannotCheck {
        /// What calling would add.
        to_call: Chips,
    },
    /// There is nothing to call.
    #[error("there is nothing to call: check or bet")]
    NothingToCall,
    /// There is already a bet, so this would be a raise.
    #[error("there is already a bet: raise to a total instead")]
    AlreadyBet,
    /// There is no bet yet, so this would be a bet.
    #[error("there is no bet to raise: bet instead")]
    NoBetToRaise,
    /// The betting has not been reopened to this player, the cap is reached or nobody is left to call.
    #[error("you may not raise now: call or fold")]
    RaiseNotOpen,
    /// The total is below the minimum.
    #[error("too small: the total must be at least {min}")]
    BelowMinimum {
        /// Smallest legal total.
        min: Chips,
    },
    /// The total is above the stack or the limit.
    #[error("too large: the total may be at most {max}")]
    AboveMaximum {
        /// Largest legal total.
        max: Chips,
    },
    /// The action does not belong to this stage of the hand.
    #[error("that action is not possible at this stage of the hand")]
    NotAtThisStage,
    /// The discard names cards that the player does not hold, twice, or too many.
    #[error("discard only cards you hold, each once, at most {max}")]
    BadDiscard {
        /// Most cards that may be discarded.
        max: u8,
    },

    // Seats
    /// The player has no seat at this table.
    #[error("you have no seat at this table")]
    NotSeated,
    /// The player already has a seat here.
    #[error("you already have a seat at this table")]
    AlreadySeated,
    /// Somebody has that seat.
    #[error("that seat is taken: choose another")]
    SeatTaken,
    /// The table has no such seat.
    #[error("the table has no such seat: seats are numbered 0 to {last}")]
    NoSuchSeat {
        /// The highest seat number.
        last: u8,
    },
    /// Every seat is taken.
    #[error("the table is full")]
    TableFull,
    /// The buy-in is out of the table's bounds.
    #[error("buy in for {min} to {max}")]
    BuyInOutOfBounds {
        /// Smallest buy-in.
        min: Chips,
        /// Largest buy-in.
        max: Chips,
    },
    /// Seats of a tournament table are given by the tournament.
    #[error("seats at a tournament table are drawn: register for the tournament instead")]
    TournamentTable,
    /// The table is closed or closing.
    #[error("the table is closed")]
    TableClosed,

    // Money
    /// The balance does not cover it.
    #[error("not enough money: the balance is {balance}")]
    InsufficientFunds {
        /// The balance now.
        balance: Chips,
    },

    // Tournaments
    /// Registration is not open.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The player is registered already.
    #[error("you are already registered")]
    AlreadyRegistered,
    /// The player is not registered.
    #[error("you are not registered")]
    NotRegistered,
    /// Every entry is taken.
    #[error("the tournament is full")]
    TournamentFull,
    /// The command does not fit the tournament's phase or is out of date.
    #[error("the tournament is past that")]
    TournamentPast,

    // Sessions and accounts
    /// Log in first; visitors may only look.
    #[error("visitors may only look: log in first")]
    VisitorsOnlyLook,
    /// Wrong name or password.
    #[error("wrong name or password")]
    BadCredentials,
    /// Too many failed logins.
    #[error("too many failed logins: try again in {seconds} s")]
    LockedOut {
        /// Seconds until the next try.
        seconds: u32,
    },
    /// The session token is unknown or expired.
    #[error("the session has expired: log in again")]
    SessionExpired,
    /// The account is banned.
    #[error("this account is banned")]
    Banned,
    /// The name is taken.
    #[error("that name is taken: choose another")]
    NameTaken,
    /// The name or password does not fit the rules.
    #[error("{reason}")]
    BadAccount {
        /// What to change.
        reason: String,
    },

    // Talk and repeats
    /// The line of chat is empty, too long or has characters that a line may not have.
    #[error("a line has 1 to {most} characters and no control characters")]
    BadLine {
        /// Most characters.
        most: u16,
    },
    /// A table or a tournament may not have that name.
    #[error("a name has 1 to {most} characters, not only blanks, and no control characters")]
    BadName {
        /// Most characters.
        most: u16,
    },
    /// Too many people who do not sit at the table have talked there lately.
    #[error("too many people talk at this table: try again in some minutes")]
    TooManySpeakers,
    /// A later command of the same player was carried out and this one is not among those that are remembered: it came too
    /// late, or what became of it is forgotten. It is not carried out now.
    #[error("that command is out of date: the table's events tell what became of it")]
    OutOfDate,

    // Scripted hands
    /// This table worker takes no scripts.
    #[error(
        "scripted decks are off: start the table workers with --scripted-decks (`pokerctl up --scripted-decks`)"
    )]
    ScriptedDecksOff,
    /// The script does not fit the table as it is.
    #[error("the script does not fit the table: {reason}")]
    BadScript {
        /// What does not fit.
        reason: String,
    },

    // Everything else
    /// There is no such table.
    #[error("there is no such table")]
    NoSuchTable,
    /// There is no such hand in the archive.
    #[error(
        "there is no such hand in the archive: it was not played, is not finished, or was archived too long ago"
    )]
    NoSuchHand,
    /// There is no such tournament.
    #[error("there is no such tournament")]
    NoSuchTournament,
    /// There is no such player.
    #[error("there is no such player")]
    NoSuchPlayer,
    /// The id is in use.
    #[error("that id is in use")]
    AlreadyExists,
    /// The message does not make sense.
    #[error("bad message: {reason}")]
    BadMessage {
        /// What is wrong with it.
        reason: String,
    },
    /// Too many messages.
    #[error("too many messages: slow down")]
    TooFast,
    /// A part of the fleet does not answer; the same command may be sent again.
    #[error("temporarily unavailable ({what}): try again")]
    Unavailable {
        /// Who does not answer.
        what: String,
    },
}

impl Refusal {
    /// A [`Refusal::BadMessage`].
    pub fn bad_message(reason: impl Into<String>) -> Self {
        Self::BadMessage { reason: reason.into() }
    }

    /// A [`Refusal::BadName`].
    #[must_use]
    pub const fn bad_name() -> Self {
        Self::BadName { most: crate::text::MAX_NAME }
    }

    /// A [`Refusal::BadScript`].
    pub fn bad_script(reason: impl Into<String>) -> Self {
        Self::BadScript { reason: reason.into() }
    }

    /// A [`Refusal::Unavailable`].
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into() }
    }

    /// Whether the same command may succeed when it is simply sent again.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::TooFast)
    }
}
