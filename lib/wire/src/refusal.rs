//! Refusals of commands. Each has a name; a command is never replaced by another legal one.

use crate::{Chips, HandNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named refusal. Its text tells how to proceed.
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
        /// The amount that a call would add.
        to_call: Chips,
    },
    /// There is no bet to call.
    #[error("there is nothing to call: check or bet")]
    NothingToCall,
    /// There is already a bet, so this would be a raise.
    #[error("there is already a bet: raise to a total instead")]
    AlreadyBet,
    /// There is no bet yet, so this would be a bet.
    #[error("there is no bet to raise: bet instead")]
    NoBetToRaise,
    /// The betting has not been reopened to this player, the cap is reached, or no player is left
    /// to call.
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
    /// The action is not possible at this stage of the hand.
    #[error("that action is not possible at this stage of the hand")]
    NotAtThisStage,
    /// The discard names a card that the player does not hold, or a card twice, or too many cards.
    #[error("discard only cards you hold, each once, at most {max}")]
    BadDiscard {
        /// Maximum number of cards to discard.
        max: u8,
    },

    // Seats
    /// The player has no seat at this table.
    #[error("you have no seat at this table")]
    NotSeated,
    /// The player already has a seat here.
    #[error("you already have a seat at this table")]
    AlreadySeated,
    /// Another player has that seat.
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
    /// No chips were asked for.
    #[error("ask for at least 1 chip")]
    NoChipsAsked,
    /// More chips were asked for than the table's largest buy-in allows.
    #[error("too many: at most {most} more chips may be brought to this seat")]
    TopUpTooLarge {
        /// Most chips that may be added now.
        most: Chips,
    },
    /// The seat has as many chips as may be brought to it, or more.
    #[error("nothing is missing: the seat has as many chips as may be brought to this table")]
    NothingMissing,
    /// The cashier has not answered yet for chips that were asked for before.
    #[error("chips are on their way to the seat already: wait for the answer")]
    TopUpUnderWay,
    /// The player has asked to leave.
    #[error("you are leaving the table: take a seat again to bring chips")]
    Leaving,
    /// Seats at a tournament table are assigned by the tournament.
    #[error("seats at a tournament table are drawn: register for the tournament instead")]
    TournamentTable,
    /// The table is closed or closing.
    #[error("the table is closed")]
    TableClosed,

    // Money
    /// The balance is too small.
    #[error("not enough money: the balance is {balance}")]
    InsufficientFunds {
        /// The current balance.
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
    /// All entries are taken.
    #[error("the tournament is full")]
    TournamentFull,
    /// The command does not fit the tournament's phase, or is out of date.
    #[error("the tournament is past that")]
    TournamentPast,

    // Sessions and accounts
    /// The request needs a log-in; visitors may only watch.
    #[error("visitors may only look: log in first")]
    VisitorsOnlyLook,
    /// Wrong name or password.
    #[error("wrong name or password")]
    BadCredentials,
    /// Too many failed logins.
    #[error("too many failed logins: try again in {seconds} s")]
    LockedOut {
        /// Seconds until the next attempt is possible.
        seconds: u32,
    },
    /// The password is right, and the account has a second factor: its code is missing.
    #[error("this account has a second factor: send the code of the authenticator too, or a recovery code")]
    CodeNeeded,
    /// The password is right, and the code of the second factor is not.
    #[error("wrong code, or one that was used before: use the next code of the authenticator")]
    BadCode,
    /// The second factor is on.
    #[error(
        "the account has a second factor: turn it off first, or make new recovery codes if those are lost"
    )]
    HasSecondFactor,
    /// The second factor is off, and this session has not begun to turn it on in the last hour.
    #[error("the account has no second factor: begin with a new secret")]
    NoSecondFactor,
    /// The session token is unknown or expired.
    #[error("the session has expired: log in again")]
    SessionExpired,
    /// The account is banned.
    #[error("this account is banned")]
    Banned,
    /// The name is taken.
    #[error("that name is taken: choose another")]
    NameTaken,
    /// The name or password breaks the rules for accounts.
    #[error("{reason}")]
    BadAccount {
        /// The rule that is broken, and the change to make.
        reason: String,
    },

    // Talk and repeats
    /// The line of chat is empty, too long, or has forbidden characters.
    #[error("a line has 1 to {most} characters and no control characters")]
    BadLine {
        /// Maximum number of characters.
        most: u16,
    },
    /// The name of a table or tournament breaks the rules for names.
    #[error("a name has 1 to {most} characters, not only blanks, and no control characters")]
    BadName {
        /// Maximum number of characters.
        most: u16,
    },
    /// Too many people without a seat have recently chatted at this table.
    #[error("too many people talk at this table: try again in some minutes")]
    TooManySpeakers,
    /// The player, or all players together, have said more lines at this table than it takes at a
    /// time. The line was not said.
    #[error("too many lines at this table: wait a few seconds, then say it again")]
    TooMuchTalk,
    /// A later command of the same player was carried out, and this one is not among the remembered
    /// ones: it came too late, its answer was forgotten, or the player's ids do not count up. It is
    /// not carried out now.
    #[error("that command is out of date: the table's events tell what became of it")]
    OutOfDate,

    // Scripted hands
    /// The table worker does not accept scripts.
    #[error(
        "scripted decks are off: start the table workers with --scripted-decks (`pokerctl up --scripted-decks`)"
    )]
    ScriptedDecksOff,
    /// The script does not fit the table's state.
    #[error("the script does not fit the table: {reason}")]
    BadScript {
        /// The part that does not fit.
        reason: String,
    },

    // Other refusals
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
    /// The message is malformed, or its values are invalid.
    #[error("bad message: {reason}")]
    BadMessage {
        /// The reason.
        reason: String,
    },
    /// Too many messages.
    #[error("too many messages: slow down")]
    TooFast,
    /// The gateway's proof that the player has logged in is missing, or does not hold. The gateway
    /// gets another one and repeats the command; players do not see this refusal.
    #[error("the gateway has to show that the player has logged in: {reason}")]
    PassNeeded {
        /// The fault of the pass.
        reason: String,
    },
    /// A part of the fleet does not answer; the same command may be sent again.
    #[error("temporarily unavailable ({what}): try again")]
    Unavailable {
        /// The part that does not answer.
        what: String,
    },
}

impl Refusal {
    /// Returns a [`Refusal::BadMessage`].
    pub fn bad_message(reason: impl Into<String>) -> Self {
        Self::BadMessage { reason: reason.into() }
    }

    /// Returns a [`Refusal::BadName`].
    #[must_use]
    pub const fn bad_name() -> Self {
        Self::BadName { most: crate::text::MAX_NAME }
    }

    /// Returns a [`Refusal::BadScript`].
    pub fn bad_script(reason: impl Into<String>) -> Self {
        Self::BadScript { reason: reason.into() }
    }

    /// Returns a [`Refusal::PassNeeded`].
    pub fn pass_needed(reason: impl Into<String>) -> Self {
        Self::PassNeeded { reason: reason.into() }
    }

    /// Returns a [`Refusal::Unavailable`].
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into() }
    }

    /// Returns whether the refusal is a passing one: the same command may succeed if it is sent
    /// again.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::TooFast | Self::PassNeeded { .. })
    }
}
