//! What a player can ask of a table: declared here and nowhere else, with what each command needs.

#[macro_use]
mod declare;
mod merged;

pub(crate) use merged::{Merged, merge, read};

use crate::{Action, Chips, HandNo, SeatNo, TableId, client::ClientMessage, table::TableCommand};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

declare! {
    /// Take a seat at a cash table and watch it. A gateway answers with `Seated`.
    Sit {
        [name]
        /// Which seat; any free one when absent.
        seat: Option<SeatNo>,
        /// Chips to bring.
        buy_in: Chips,
    },
    /// Act in turn.
    Act {
        /// The hand the action is for.
        hand: HandNo,
        /// The turn the action is for.
        turn: u32,
        /// The action.
        action: Action,
    },
    /// Be dealt out from the next hand on.
    SitOut,
    /// Be dealt in again.
    SitIn,
    /// Leave the table, after the hand if one is being played.
    Leave,
    /// Say something to everybody at a table, whether seated there or not.
    Say {
        [name]
        /// A line of at most 200 characters, none of them a control character.
        text: String,
    },
}

/// What has to be so for a command to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Commands to one table go out one after the other: each waits for the answer to the one
    /// before.
    pub order: bool,
    /// Money has to move. While that is not possible the command is refused at once, not kept.
    pub money: bool,
    /// An open session: visitors may not ask it.
    pub session: bool,
}

impl PlayerCommand {
    /// What this command needs.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        let plain = Needs { order: true, money: false, session: true };
        match self {
            Self::Sit { .. } => Needs { money: true, ..plain },
            Self::Act { .. } | Self::SitOut | Self::SitIn | Self::Leave | Self::Say { .. } => plain,
        }
    }

    /// The command as a program sends it.
    #[must_use]
    pub const fn at(self, table: TableId) -> ClientMessage {
        ClientMessage::Command { table, command: self }
    }

    /// The command as a table is asked. `name` is the player's display name, kept where the table
    /// shows it.
    #[must_use]
    pub fn by(self, name: &str) -> TableCommand {
        Named::from((name, self)).into()
    }
}
