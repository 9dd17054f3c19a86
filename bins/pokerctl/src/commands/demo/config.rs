//! The configuration of the demo: a tournament that sixty bots finish within two minutes, and a
//! cash table with a free seat for a person.

use wire::{
    Chips,
    cashier::Account,
    table::{Absence, HouseBot, Level, TableConfig},
    tournament::{LevelSpec, Payout, TournamentConfig},
};

/// Entries of the demo tournament, all of bots.
pub const ENTRIES: u32 = 60;
/// Bots at the cash table: one less than it has seats.
pub const CASH_BOTS: u32 = 5;

/// Length of a level, in seconds.
const LEVEL_SECONDS: u32 = 8;
/// Chips of every entry.
const STARTING_STACK: u64 = 10_000;

/// Small blind, big blind and ante, level by level. The last big blind is a tenth of all chips in
/// play, so that the last two players finish soon.
const LEVELS: [(u64, u64, u64); 16] = [
    (25, 50, 0),
    (50, 100, 0),
    (100, 200, 0),
    (150, 300, 25),
    (250, 500, 50),
    (400, 800, 75),
    (600, 1_200, 100),
    (1_000, 2_000, 200),
    (1_500, 3_000, 300),
    (2_500, 5_000, 500),
    (4_000, 8_000, 750),
    (6_000, 12_000, 1_000),
    (9_000, 18_000, 1_500),
    (14_000, 28_000, 2_500),
    (20_000, 40_000, 4_000),
    (30_000, 60_000, 6_000),
];

/// Returns the demo tournament: sixty entries, six-handed no-limit hold'em, short levels. The
/// tournament starts when the bots have registered, because it is full then, and ends within two
/// minutes.
pub fn tournament() -> TournamentConfig {
    TournamentConfig {
        name: "Demo: sixty bots, six-handed".into(),
        variant: "NT".into(),
        seats: 6,
        max_entries: ENTRIES,
        min_entries: 2,
        buy_in: Chips(1_000),
        fee: Chips(100),
        starting_stack: Chips(STARTING_STACK),
        levels: LEVELS
            .iter()
            .map(|&(small_blind, big_blind, ante)| LevelSpec {
                small_blind: Chips(small_blind),
                big_blind: Chips(big_blind),
                ante: Chips(ante),
                seconds: LEVEL_SECONDS,
            })
            .collect(),
        start_ms: None,
        bots: ENTRIES,
        payout: Payout::Standard,
        action_ms: 10_000,
        hand_pause_ms: 200,
        bot_pace_ms: 40,
        absence: Absence::default(),
    }
}

/// Returns the demo's cash table: six seats, blinds 50/100, at a pace that a person can follow.
pub fn cash_table() -> TableConfig {
    TableConfig {
        name: "Demo cash table".into(),
        ..TableConfig::cash(Level::cash(Chips(50), Chips(100)), Chips(2_000)..=Chips(20_000))
    }
}

/// Returns the bots of the cash table, made from house accounts.
pub fn cash_bots(accounts: Vec<Account>) -> Vec<HouseBot> {
    accounts
        .into_iter()
        .map(|account| HouseBot { player: account.player, name: account.name, buy_in: Chips(10_000) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cash_table_keeps_a_seat_free() {
        assert_eq!(CASH_BOTS + 1, u32::from(cash_table().seats));
        let table = cash_table();
        assert!(table.bot_pace_ms <= table.action_ms / 2);
    }

    #[test]
    fn levels_rise_until_the_big_blind_is_a_tenth_of_all_chips() {
        let config = tournament();
        assert!(config.levels.windows(2).all(|pair| pair[0].big_blind < pair[1].big_blind));
        let all_chips = config.starting_stack.times(u64::from(ENTRIES));
        let last = config.levels.last().unwrap();
        assert!(last.big_blind.times(10) >= all_chips);
        let seconds: u32 = config.levels.iter().map(|level| level.seconds).sum();
        assert!((60..=150).contains(&seconds), "{seconds}");
    }

    #[test]
    fn the_demo_starts_when_its_bots_have_registered() {
        let config = tournament();
        assert_eq!((config.bots, config.start_ms), (config.max_entries, None));
    }
}
