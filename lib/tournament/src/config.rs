//! The checks of a tournament's configuration, the level in force, and the configuration of tables.

use wire::{
    Chips, Refusal, TournamentId,
    table::{Level, Purpose, TableConfig},
    text::{MAX_NAME, is_name},
    tournament::{LevelSpec, Payout, TournamentConfig},
};

/// Most levels of a structure: more than any tournament reaches, and a bound for the size of a
/// configuration.
const MOST_LEVELS: usize = 200;
/// Longest level, in seconds: a week.
const LONGEST_LEVEL_S: u32 = 7 * 24 * 3600;

/// Checks all fields whose bounds do not depend on the rules of poker, before a tournament is
/// created.
///
/// # Errors
/// [`Refusal::BadName`] for the name, [`Refusal::BadMessage`] with the field and its bounds for any
/// other field.
pub fn check(config: &TournamentConfig) -> Result<(), Refusal> {
    if is_name(&config.name) { check_all_but_name(config) } else { Err(Refusal::bad_name()) }
}

/// Checks all fields but the name, because old journals contain names that are no longer accepted.
/// Amounts are bounded so that all chips and all money of a tournament stay within [`Chips::MAX`].
pub(crate) fn check_all_but_name(config: &TournamentConfig) -> Result<(), Refusal> {
    let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(Refusal::bad_message(what)) };
    let entries = u64::from(config.max_entries);
    let fits = |amount: Chips| u128::from(amount.0) * u128::from(entries) <= u128::from(Chips::MAX.0);
    must((1..=8).contains(&config.variant.len()), "variant: a code such as NT")?;
    must((2..=10).contains(&config.seats), "seats: 2 to 10")?;
    must((2..=100_000).contains(&entries), "max_entries: 2 to 100000")?;
    must(
        config.min_entries >= 2 && config.min_entries <= config.max_entries,
        "min_entries: 2 to max_entries",
    )?;
    must(config.bots <= config.max_entries, "bots: at most max_entries")?;
    must(!config.starting_stack.is_zero(), "starting_stack: at least 1")?;
    must(fits(config.starting_stack), "starting_stack: too large for that many entries")?;
    must(fits(config.buy_in.plus(config.fee)), "buy_in and fee: too large for that many entries")?;
    check_levels(&config.levels)?;
    must((100..=600_000).contains(&config.action_ms), "action_ms: 100 to 600000")?;
    must(config.hand_pause_ms <= 60_000, "hand_pause_ms: at most 60000")?;
    must(config.bot_pace_ms <= config.action_ms / 2, "bot_pace_ms: at most half of action_ms")?;
    must(config.absence.is_sound(), "absence: grace_ms at most 60000, limit_ms 100 to 600000")?;
    if let Payout::Shares(shares) = &config.payout {
        let sum: u32 = shares.iter().map(|&share| u32::from(share)).sum();
        must(sum == 10_000, "payout: shares must add up to 10000")?;
        must(shares.is_sorted_by(|a, b| a >= b), "payout: no place may get more than the one before it")?;
    }
    Ok(())
}

fn check_levels(levels: &[LevelSpec]) -> Result<(), Refusal> {
    if levels.is_empty() || levels.len() > MOST_LEVELS {
        return Err(Refusal::bad_message("levels: 1 to 200"));
    }
    for (number, level) in (1..).zip(levels) {
        let blinds = !level.big_blind.is_zero() && level.small_blind <= level.big_blind;
        let bounded = level.big_blind <= Chips::MAX && level.ante <= Chips::MAX;
        let lasts = (1..=LONGEST_LEVEL_S).contains(&level.seconds);
        if !(blinds && bounded && lasts) {
            return Err(Refusal::bad_message(format!(
                "level {number}: big blind at least 1 and at least the small blind, 1 to {LONGEST_LEVEL_S} seconds"
            )));
        }
    }
    Ok(())
}

/// Returns the level of hands that begin after so much time. A new level holds from the next hand
/// on (TDA 23), so every instruction before a hand contains the level. The last level stays in
/// force.
pub(crate) fn level_at(levels: &[LevelSpec], played_ms: u64) -> Level {
    let mut elapsed_ms = played_ms;
    let mut in_force = Level::default();
    for (number, spec) in (1..=u16::MAX).zip(levels) {
        in_force =
            Level { number, small_blind: spec.small_blind, big_blind: spec.big_blind, ante: spec.ante };
        let lasts_ms = u64::from(spec.seconds) * 1000;
        if elapsed_ms < lasts_ms {
            break;
        }
        elapsed_ms -= lasts_ms;
    }
    in_force
}

/// Returns the configuration of the tournament's table of this number.
pub(crate) fn table_config(
    tournament: TournamentId,
    config: &TournamentConfig,
    number: u32,
    level: Level,
) -> TableConfig {
    let tail = format!(" #{number}");
    let room = usize::from(MAX_NAME).saturating_sub(tail.len());
    let name: String = config.name.trim().chars().take(room).chain(tail.chars()).collect();
    TableConfig {
        name,
        variant: config.variant.clone(),
        seats: config.seats,
        level,
        purpose: Purpose::Tournament { tournament },
        action_ms: config.action_ms,
        hand_pause_ms: config.hand_pause_ms,
        bot_pace_ms: config.bot_pace_ms,
        absence: config.absence,
        scripted: false,
        open_decks: false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Command, Tournament};

    /// Returns a configuration that passes [`check`].
    pub(crate) fn sound(seats: u8, entries: u32) -> TournamentConfig {
        let level = |bb: u64, seconds| LevelSpec {
            small_blind: Chips(bb / 2),
            big_blind: Chips(bb),
            ante: Chips::ZERO,
            seconds,
        };
        TournamentConfig {
            name: "Evening".to_owned(),
            variant: "NT".to_owned(),
            seats,
            max_entries: entries,
            min_entries: 2,
            buy_in: Chips(100),
            fee: Chips(10),
            starting_stack: Chips(1_500),
            levels: vec![level(20, 10), level(40, 20), level(80, 5)],
            start_ms: None,
            bots: 0,
            payout: Payout::Standard,
            action_ms: 10_000,
            hand_pause_ms: 0,
            bot_pace_ms: 0,
            absence: wire::table::Absence::default(),
        }
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        assert_eq!(check(&sound(6, 60)), Ok(()));
        let spoil: [fn(&mut TournamentConfig); 10] = [
            |c| c.seats = 11,
            |c| c.max_entries = 1,
            |c| c.min_entries = 61,
            |c| c.bots = 61,
            |c| c.starting_stack = Chips(Chips::MAX.0 / 59),
            |c| c.fee = Chips::MAX,
            |c| c.levels.clear(),
            |c| c.levels[1].small_blind = Chips(41),
            |c| c.bot_pace_ms = 5_001,
            |c| c.payout = Payout::Shares(vec![5_000, 4_999]),
        ];
        for (i, spoil) in spoil.into_iter().enumerate() {
            let mut config = sound(6, 60);
            spoil(&mut config);
            assert!(matches!(check(&config), Err(Refusal::BadMessage { .. })), "spoiler {i}");
        }
    }

    #[test]
    fn names_that_cannot_be_shown_are_refused_but_read_from_old_journals() {
        let long = "é".repeat(61);
        for name in ["", " ", "a\nb", "\u{1b}[2J", &long] {
            let config = TournamentConfig { name: name.to_owned(), ..sound(6, 60) };
            assert_eq!(check(&config), Err(Refusal::BadName { most: 60 }), "{name:?}");
            let create = Command::Create { config };
            assert!(Tournament::new(TournamentId(1)).decide(create, 0, false).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn levels_change_on_time_and_the_last_one_stays() {
        let levels = sound(6, 60).levels;
        let number = |ms| level_at(&levels, ms).number;
        assert_eq!([0, 9_999, 10_000, 29_999].map(number), [1, 1, 2, 2]);
        assert_eq!([30_000, 35_000, u64::MAX].map(number), [3, 3, 3]);
        assert_eq!(level_at(&levels, 10_000).big_blind, Chips(40));
    }

    #[test]
    fn a_table_name_is_cut_to_the_longest_name() {
        let mut config = sound(6, 60);
        config.name = "é".repeat(60);
        let made = table_config(TournamentId(1), &config, 123, Level::default());
        assert_eq!(made.name.chars().count(), 60);
        assert!(made.name.ends_with("é #123"));
    }
}
