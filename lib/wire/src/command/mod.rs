//! The commands of players to tables, declared in one place, with the needs of each command.

#[macro_use]
mod declare;
mod merged;

pub(crate) use merged::{Merged, merge, read};

use crate::{Action, Chips, HandNo, SeatNo, TableId, deal::Contribution};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

declare! {
    /// Takes a seat at a cash table and watches it. A gateway answers with `Seated`.
    Sit {
        [name]
        /// The seat; any free one if absent.
        seat: Option<SeatNo>,
        /// Chips for which to buy in.
        buy_in: Chips,
    },
    /// Acts in turn.
    Act {
        /// The hand the action is for.
        hand: HandNo,
        /// The turn the action is for.
        turn: u32,
        /// The action.
        action: Action,
        /// The player's part in the decks of the next two hands. A table takes one part of each
        /// player in a hand, and none that does not fit the player's pledge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mix: Option<Contribution>,
    },
    /// Sits out from the next hand on.
    SitOut,
    /// Ends sitting out.
    SitIn,
    /// Leaves the table, after the current hand if there is one.
    Leave,
    /// Brings more chips from the balance to the seat at a cash table: between hands at once,
    /// during a hand after it. Answered when the cashier has moved the money.
    TopUp {
        /// Chips to add, at least 1. With those that the seat has, before the hand where one is
        /// being played, at most the table's largest buy-in.
        amount: Chips,
    },
    /// Sends a line of chat to all viewers of a table, with or without a seat there.
    Say {
        [name]
        /// A line of at most 200 characters, without control characters.
        text: String,
    },
}

/// The needs of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Whether commands to one table are sent one after the other, each after the answer to the one
    /// before.
    pub order: bool,
    /// Whether money has to move. While that is not possible, the command is refused at once.
    pub money: bool,
    /// Whether a session is needed: visitors may not send the command.
    pub session: bool,
}

impl PlayerCommand {
    /// Returns an action without a part in the next decks.
    #[must_use]
    pub const fn act(hand: HandNo, turn: u32, action: Action) -> Self {
        Self::Act { hand, turn, action, mix: None }
    }

    /// Returns the command's needs.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        let plain = Needs { order: true, money: false, session: true };
        match self {
            Self::Sit { .. } => Needs { money: true, ..plain },
            // The cashier is waited for; the player's turn must not wait for the cashier.
            Self::TopUp { .. } => Needs { money: true, order: false, ..plain },
            Self::Act { .. } | Self::SitOut | Self::SitIn | Self::Leave | Self::Say { .. } => plain,
        }
    }
}
