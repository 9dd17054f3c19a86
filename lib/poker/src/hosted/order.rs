//! The commands that a hosted table carries out, and the keys of its effects.

use crate::table::{Effect, Table};
use wire::{
    HandNo, PlayerId, PostingId, Refusal, TournamentId, cashier::TableMoneyRequest, sender::Sender,
    table::TableCommand, tournament::Instruction,
};

/// A command for a table, from outside or from its own effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableOrder {
    /// A command that came in.
    Asked {
        /// The command.
        command: TableCommand,
        /// The sender.
        sender: Sender,
        /// Whether this owner takes scripts and makes tables for them.
        takes_scripts: bool,
    },
    /// The cashier's answer to a buy-in or top-up.
    MoneyArrived {
        /// The posting's id.
        posting: PostingId,
        /// The reason of the refusal; `None` when the money arrived.
        refusal: Option<Refusal>,
    },
    /// The cashier's confirmation that it has paid this posting back.
    PaidBack(PostingId),
    /// The coordinator's answer to a report.
    Instructed(Instruction),
}

/// An effect of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableEffect {
    /// The tournament that the table belongs to.
    pub tournament: Option<TournamentId>,
    /// The effect itself.
    pub effect: Effect,
}

/// The identity of an effect: at most one with the same key is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A movement of money.
    Posting(PostingId),
    /// The report of a hand.
    Report(HandNo),
    /// The confirmation of an instruction.
    Applied(u64),
}

impl Key {
    /// Returns the key of an effect.
    #[must_use]
    pub fn of(effect: &Effect) -> Self {
        match effect {
            Effect::Money(
                TableMoneyRequest::BuyIn { posting, .. } | TableMoneyRequest::CashOut { posting, .. },
            ) => Self::Posting(posting.clone()),
            Effect::Report(report) => Self::Report(report.hand),
            Effect::Applied(number) => Self::Applied(*number),
        }
    }
}

impl TableOrder {
    /// Refuses commands that only an owner that takes scripts may carry out.
    pub(super) const fn check_scripts(&self) -> Result<(), Refusal> {
        let Self::Asked { command, takes_scripts: false, .. } = self else { return Ok(()) };
        let makes = matches!(command, TableCommand::Create { config, .. } if config.scripted);
        let takes = matches!(command, TableCommand::Script(_));
        if makes || takes { Err(Refusal::ScriptedDecksOff) } else { Ok(()) }
    }
    /// Refuses a bot worker's command in the name of a player that is no house bot of this table.
    pub(super) fn check_bot(&self, table: &Table, player: Option<PlayerId>) -> Result<(), Refusal> {
        let Self::Asked { sender: Sender::BotWorker, .. } = self else { return Ok(()) };
        if player.is_some_and(|player| table.is_bot(player)) {
            return Ok(());
        }
        Err(Refusal::bad_message("a bot worker may act only for the house bots of the table"))
    }
}
