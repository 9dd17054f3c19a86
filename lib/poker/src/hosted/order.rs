//! The commands that a hosted table carries out, and the keys of its effects.

use crate::table::{Effect, Table};
use host::{Limits, Rate};
use wire::{
    HandNo, PlayerCommand, PlayerId, PostingId, Refusal, TournamentId, cashier::TableMoneyRequest,
    sender::Sender, table::TableCommand, tournament::Instruction,
};

/// Lines of chat per second that one table takes over a long time, unless its owner was started
/// with another number: more than people can read.
pub const CHAT_RATE: u32 = 10;
/// Lines that a table takes at once, as seconds of its rate.
const CHAT_BURST_S: u32 = 3;
/// The divisor that gives one player's rate from that of the table.
const CHAT_SHARE: u64 = 5;
/// Lines that a player may say at once.
const CHAT_BURST_OF_PLAYER: u32 = 10;

/// A command for a table, from outside or from its own effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableOrder {
    /// A command that came in.
    Asked {
        /// The command.
        command: TableCommand,
        /// The sender.
        sender: Sender,
        /// The options of this owner.
        options: OwnerOptions,
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

/// The options with which an owner of tables was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerOptions {
    /// Whether it takes scripts and makes tables for them.
    pub takes_scripts: bool,
    /// Lines of chat per second that it takes at one table over a long time, at least 1; from 1,001
    /// on there is no limit. The time between two lines is rounded down to whole milliseconds.
    pub chat_rate: u32,
}

impl Default for OwnerOptions {
    fn default() -> Self {
        Self { takes_scripts: false, chat_rate: CHAT_RATE }
    }
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
        let Self::Asked { command, options: OwnerOptions { takes_scripts: false, .. }, .. } = self else {
            return Ok(());
        };
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

    /// Returns the limits of a line of chat; `None` for all other commands.
    pub(super) fn chat_limits(&self) -> Option<Limits> {
        let Self::Asked { command: TableCommand::Player { command, .. }, options, .. } = self else {
            return None;
        };
        let PlayerCommand::Say { .. } = command else { return None };
        let every_ms = 1_000 / u64::from(options.chat_rate.max(1));
        let player = Rate { every_ms: every_ms * CHAT_SHARE, burst: CHAT_BURST_OF_PLAYER };
        let aggregate = Rate { every_ms, burst: options.chat_rate.saturating_mul(CHAT_BURST_S) };
        Some(Limits { player, aggregate, refusal: Refusal::TooMuchTalk })
    }
}
