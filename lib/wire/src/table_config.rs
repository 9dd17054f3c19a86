//! The configuration of tables, and the level that is in force at a table.

use crate::{Chips, TournamentId, tempo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Blinds and ante in force. Fixed-limit games derive their bets from the big blind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// Number of the level in a tournament, from 1; 0 at a cash table.
    pub number: u16,
    /// The small blind.
    pub small_blind: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// Ante of each player; zero for none.
    #[serde(default)]
    pub ante: Chips,
}

impl Level {
    /// Returns the blinds of a cash table without antes.
    #[must_use]
    pub const fn cash(small_blind: Chips, big_blind: Chips) -> Self {
        Self { number: 0, small_blind, big_blind, ante: Chips::ZERO }
    }
}

/// The kind of hands at a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Purpose {
    /// Played for money; players join and leave at any time.
    Cash {
        /// Smallest buy-in.
        min_buy_in: Chips,
        /// Largest buy-in.
        max_buy_in: Chips,
    },
    /// One table of a tournament; the coordinator seats and moves players.
    Tournament {
        /// The tournament.
        tournament: TournamentId,
    },
}

/// The times that count for absent players; see `docs/decisions/0021-absence.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Absence {
    /// Grace: time to act of a player whose connection is gone, in milliseconds, at most 60,000;
    /// never longer than `action_ms`.
    pub grace_ms: u32,
    /// Time in milliseconds, 100 to 600,000, after which an absent player counts as having left:
    /// the player leaves a cash table, and gets no time to act at a tournament's table.
    pub limit_ms: u32,
}

impl Default for Absence {
    fn default() -> Self {
        Self { grace_ms: tempo::GRACE_MS, limit_ms: tempo::ABSENCE_LIMIT_MS }
    }
}

impl Absence {
    /// Returns whether both times are within their bounds.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.grace_ms <= 60_000 && self.limit_ms >= 100 && self.limit_ms <= 600_000
    }
}

/// The configuration of a table, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableConfig {
    /// Display name, at most 60 characters.
    pub name: String,
    /// The variant's code as in the PHH format, e.g. `NT` for no-limit hold'em.
    pub variant: String,
    /// Number of seats, 2 to 10.
    pub seats: u8,
    /// Blinds and ante (of the first hand, in a tournament).
    pub level: Level,
    /// Cash or tournament.
    pub purpose: Purpose,
    /// Time to act, in milliseconds, 100 to 600,000.
    pub action_ms: u32,
    /// Pause between two hands, in milliseconds, at most 60,000.
    pub hand_pause_ms: u32,
    /// Shortest time that a bot takes for an action, in milliseconds, at most `action_ms / 2`.
    pub bot_pace_ms: u32,
    /// The times that count for absent players.
    #[serde(default)]
    pub absence: Absence,
    /// Whether hands are dealt from scripts only, by the administrator's command `Script`. Such a
    /// table does not shuffle, and starts no hand by itself.
    #[serde(default)]
    pub scripted: bool,
    /// Whether the whole deck is opened to everybody when a hand is over, folded cards too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_decks: bool,
}

impl TableConfig {
    /// Returns a cash table without a name: six seats, no-limit hold'em, at the usual
    /// [`tempo`].
    #[must_use]
    pub fn cash(level: Level, buy_in: RangeInclusive<Chips>) -> Self {
        let (min_buy_in, max_buy_in) = buy_in.into_inner();
        Self {
            name: String::new(),
            variant: "NT".to_owned(),
            seats: 6,
            level,
            purpose: Purpose::Cash { min_buy_in, max_buy_in },
            action_ms: tempo::ACTION_MS,
            hand_pause_ms: tempo::HAND_PAUSE_MS,
            bot_pace_ms: tempo::BOT_PACE_MS,
            absence: Absence::default(),
            scripted: false,
            open_decks: false,
        }
    }

    /// Returns the same without the pauses that people need: for tables where programs play.
    #[must_use]
    pub fn without_pauses(self) -> Self {
        Self { hand_pause_ms: 0, bot_pace_ms: 0, ..self }
    }
}
