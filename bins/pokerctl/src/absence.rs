//! Options for the absence of players: the grace, and the time until a player counts as having
//! left.

use wire::{
    table::Absence,
    tempo::{ABSENCE_LIMIT_MS, GRACE_MS},
};

/// The absence options of `table create` and `tournament create`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AbsenceArgs {
    /// Grace: time to act of a player whose connection is gone, in milliseconds
    #[arg(long, default_value_t = GRACE_MS, value_name = "MS", value_parser = clap::value_parser!(u32).range(..=60_000))]
    grace_ms: u32,
    /// Time until an absent player counts as having left the table, in seconds
    #[arg(long, default_value_t = ABSENCE_LIMIT_MS / 1_000, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(60..=180))]
    absent_seconds: u32,
}

impl AbsenceArgs {
    /// Returns the options in the form of a table's configuration.
    pub const fn absence(self) -> Absence {
        Absence { grace_ms: self.grace_ms, limit_ms: self.absent_seconds * 1_000 }
    }
}
