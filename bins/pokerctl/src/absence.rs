//! Options for how long players who cannot be reached are waited for.

use wire::{
    table::Absence,
    tempo::{ABSENCE_LIMIT_MS, GRACE_MS},
};

/// See the module.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AbsenceArgs {
    /// Time to act of a player whose connection is gone, in milliseconds
    #[arg(long, default_value_t = GRACE_MS, value_name = "MS", value_parser = clap::value_parser!(u32).range(..=60_000))]
    grace_ms: u32,
    /// After this time a player who is away is treated as having left, in seconds
    #[arg(long, default_value_t = ABSENCE_LIMIT_MS / 1_000, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(60..=180))]
    absent_seconds: u32,
}

impl AbsenceArgs {
    /// The same as a table has it.
    pub const fn absence(self) -> Absence {
        Absence { grace_ms: self.grace_ms, limit_ms: self.absent_seconds * 1_000 }
    }
}
