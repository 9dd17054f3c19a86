//! The command line.

use crate::fault_kind::FaultKind;

/// Shortest pause between two lines of a player at which tables limit chat, in milliseconds.
const FAST_CHAT_MS: u64 = 5_000;

/// Runs a fleet with players, breaks it by seed, and checks that no acknowledged command is lost.
///
/// Ends with one line of JSON. The exit code is 1 when a check finds a violation.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "soak", version)]
pub struct Options {
    /// How long faults happen, in seconds
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Seed of all random draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Cash tables
    #[arg(long, default_value_t = 20)]
    pub tables: u32,
    /// Players at cash tables, each a client program with a connection of its own
    #[arg(long, default_value_t = 100)]
    pub players: u32,
    /// Tournaments that are played side by side, one after the other each; 0 for none
    #[arg(long, default_value_t = 2)]
    pub tournaments: u32,
    /// Players of each tournament that are client programs; twice as many bots play with them
    #[arg(long, default_value_t = 6)]
    pub tournament_players: u32,
    /// Visitors, each watching a few tables
    #[arg(long, default_value_t = 10)]
    pub visitors: u32,
    /// Shortest time that a player thinks, in milliseconds
    #[arg(long, default_value_t = 200)]
    pub think_least_ms: u64,
    /// Longest time that a player thinks, in milliseconds
    #[arg(long, default_value_t = 2_500)]
    pub think_most_ms: u64,
    /// Pause between two numbered lines that a player says at their table, in milliseconds; 0 for
    /// silence
    #[arg(long, default_value_t = 20_000)]
    pub chat_ms: u64,
    /// Time to act at cash tables, in milliseconds
    #[arg(long, default_value_t = 12_000)]
    pub action_ms: u32,
    /// Usual pause between two faults, in milliseconds
    #[arg(long, default_value_t = 4_500)]
    pub fault_ms: u64,
    /// Only these faults, comma separated [default: all]
    #[arg(long, value_delimiter = ',', value_parser = fault_kind)]
    pub only: Vec<FaultKind>,
    /// Table workers
    #[arg(long, default_value_t = 3)]
    pub table_workers: u8,
    /// Gateways
    #[arg(long, default_value_t = 3)]
    pub gateways: u8,
    /// Coordinators
    #[arg(long, default_value_t = 2)]
    pub coordinators: u8,
    /// Bot workers
    #[arg(long, default_value_t = 3)]
    pub bot_workers: u8,
    /// Archivists
    #[arg(long, default_value_t = 2)]
    pub archivists: u8,
    /// Only print the schedule of faults
    #[arg(long)]
    pub print_schedule: bool,
    /// Keep the fleet's folder (it is kept in any case when a check finds a violation)
    #[arg(long)]
    pub keep: bool,
}

impl Options {
    /// Returns whether the players speak so often that the run measures order: tables take any
    /// amount of chat then, and else the usual one.
    #[must_use]
    pub const fn chats_fast(&self) -> bool {
        0 < self.chat_ms && self.chat_ms < FAST_CHAT_MS
    }
}

fn fault_kind(text: &str) -> Result<FaultKind, String> {
    let known = || FaultKind::all().map(|kind| kind.to_string()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("the known faults are {}", known()))
}
