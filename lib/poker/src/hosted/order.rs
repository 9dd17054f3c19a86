//! What a hosted table is told to do, and what its effects are known by.

use crate::table::Effect;
use wire::{
    HandNo, PostingId, Refusal, TournamentId, cashier::TableMoneyRequest, table::TableCommand,
    tournament::Instruction,
};

/// Something to be done at a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableOrder {
    /// A command that came in.
    Asked {
        /// The command.
        command: TableCommand,
        /// Whether this owner takes scripts and makes tables for them.
        takes_scripts: bool,
    },
    /// The cashier has answered to a buy-in or top-up.
    MoneyArrived {
        /// Which.
        posting: PostingId,
        /// Why it did not; none when it did.
        refusal: Option<Refusal>,
    },
    /// The cashier has paid this posting back.
    PaidBack(PostingId),
    /// The coordinator has answered a report.
    Instructed(Instruction),
}

/// An effect of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableEffect {
    /// The tournament that the table belongs to.
    pub tournament: Option<TournamentId>,
    /// What is to be done.
    pub effect: Effect,
}

/// What an effect is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Money.
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
    /// Refuses what only an owner that takes scripts may carry out.
    pub(super) const fn check_scripts(&self) -> Result<(), Refusal> {
        let Self::Asked { command, takes_scripts: false } = self else { return Ok(()) };
        let makes = matches!(command, TableCommand::Create { config, .. } if config.scripted);
        let takes = matches!(command, TableCommand::Script(_));
        if makes || takes { Err(Refusal::ScriptedDecksOff) } else { Ok(()) }
    }
}
