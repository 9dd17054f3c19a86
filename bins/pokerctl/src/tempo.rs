//! Options for how fast a table plays.

use wire::tempo::{ACTION_MS, BOT_PACE_MS, HAND_PAUSE_MS};

/// The tempo options of `table create`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct TempoArgs {
    /// Time to act, in milliseconds
    #[arg(long, default_value_t = ACTION_MS, value_name = "MS")]
    pub action_ms: u32,
    /// Pause between two hands, in milliseconds
    #[arg(long, default_value_t = HAND_PAUSE_MS, value_name = "MS")]
    pub hand_pause_ms: u32,
    /// Shortest time that a bot takes for an action, in milliseconds
    #[arg(long, default_value_t = BOT_PACE_MS, value_name = "MS")]
    pub bot_pace_ms: u32,
}
