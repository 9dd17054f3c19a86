//! Defaults for the tempo of tables, in one place.
//!
//! They are used by `pokerctl table create`, `pokerctl tournament create` and the demo's cash
//! table. The demo's tournament, measurements and tests have a tempo of their own, for reasons
//! given there.

/// Time to act, in milliseconds: enough to think on a phone, and short for the other players.
pub const ACTION_MS: u32 = 20_000;
/// Pause between two hands, in milliseconds: people look at the showdown.
pub const HAND_PAUSE_MS: u32 = 2_500;
/// Shortest time that a bot takes for an action, in milliseconds: people see one action after the
/// other.
pub const BOT_PACE_MS: u32 = 900;
/// Grace: time to act of a player whose connection is gone, in milliseconds; most clients reconnect
/// sooner.
pub const GRACE_MS: u32 = 5_000;
/// Time after which an absent player counts as having left, in milliseconds.
pub const ABSENCE_LIMIT_MS: u32 = 120_000;
