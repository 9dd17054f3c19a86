//! How fast tables play unless their creator says otherwise: the one place of these defaults.
//!
//! `pokerctl table create`, `pokerctl tournament create` and the demo's cash table take them. The
//! demo's tournament, measurements and tests have a tempo of their own, for reasons given there.

/// Time to act, in milliseconds: long enough to think on a phone, short enough for the others.
pub const ACTION_MS: u32 = 20_000;
/// Pause between two hands, in milliseconds: people look at the showdown.
pub const HAND_PAUSE_MS: u32 = 2_500;
/// Least time that a bot takes for an action, in milliseconds: people see one action after the other.
pub const BOT_PACE_MS: u32 = 900;
/// Time to act of a player whose connection is gone, in milliseconds: a client is back sooner.
pub const GRACE_MS: u32 = 5_000;
/// How long a player may be away before a table treats the player as having left, in milliseconds.
pub const ABSENCE_LIMIT_MS: u32 = 120_000;
