//! Text of standings: a block of lines for a terminal, one line for a log, and the final ranking.

use std::{collections::VecDeque, time::Instant};
use wire::{
    cashier::RankedPlace,
    tournament::{Phase, Standings},
};

/// Number of leaders in the block.
const LEADERS: usize = 8;
/// Time over which rates are measured, in seconds.
const WINDOW_S: f64 = 5.0;

/// Hands and actions per second over the last [`WINDOW_S`] seconds.
#[derive(Debug, Default)]
pub struct Rates {
    samples: VecDeque<(Instant, u64, u64)>,
}

impl Rates {
    /// Adds a sample of the counts and returns hands and actions per second.
    pub fn sample(&mut self, now: Instant, hands: u64, actions: u64) -> (f64, f64) {
        self.samples.push_back((now, hands, actions));
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0).as_secs_f64() >= WINDOW_S {
            self.samples.pop_front();
        }
        let (since, first_hands, first_actions) = self.samples[0];
        let seconds = now.duration_since(since).as_secs_f64();
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        (
            hands.saturating_sub(first_hands) as f64 / seconds,
            actions.saturating_sub(first_actions) as f64 / seconds,
        )
    }
}

/// Returns the level, with which both forms begin.
fn head(standings: &Standings) -> String {
    let level = &standings.level;
    let ante = if level.ante.is_zero() { String::new() } else { format!(" ante {}", number(level.ante.0)) };
    format!("level {} ({}/{}{ante})", level.number, number(level.small_blind.0), number(level.big_blind.0))
}

/// Returns the standings as one line, for a log.
pub fn line(standings: &Standings, (hands_per_s, actions_per_s): (f64, f64)) -> String {
    let stats = &standings.stats;
    if standings.phase == Phase::Registering {
        return format!("registering: {} entries", stats.entries);
    }
    let leaders: Vec<_> = standings
        .players
        .iter()
        .filter(|player| !player.stack.is_zero())
        .take(3)
        .map(|player| format!("{} {}", player.name, number(player.stack.0)))
        .collect();
    format!(
        "{}: {} table{}, {} of {} players, average {}; leaders: {}; {} hands ({hands_per_s:.1}/s), {} actions ({actions_per_s:.0}/s)",
        head(standings),
        stats.tables,
        if stats.tables == 1 { "" } else { "s" },
        stats.players_left,
        stats.entries,
        number(stats.average_stack.0),
        leaders.join(", "),
        number(standings.hands),
        number(standings.actions),
    )
}

/// Returns the standings as a block of lines, for a terminal. Its height changes only with the
/// number of leaders.
pub fn block(standings: &Standings, rates: (f64, f64)) -> String {
    let stats = &standings.stats;
    let mut lines = vec![
        String::new(),
        format!("  {}", standings.config.name),
        format!(
            "  {}   tables {}   players {} of {}   average {}",
            head(standings),
            stats.tables,
            stats.players_left,
            stats.entries,
            number(stats.average_stack.0)
        ),
        format!(
            "  hands {} ({:.1}/s)   actions {} ({:.0}/s)",
            number(standings.hands),
            rates.0,
            number(standings.actions),
            rates.1
        ),
    ];
    let players = standings.players.iter().filter(|player| !player.stack.is_zero());
    let most = standings.players.iter().map(|player| player.stack.0).max().unwrap_or(0);
    for (index, player) in players.take(LEADERS).enumerate() {
        lines.push(format!(
            "  {:>3}. {:<20} {:>9}  {}",
            index + 1,
            player.name,
            number(player.stack.0),
            bar(player.stack.0, most)
        ));
    }
    lines.join("\n")
}

fn bar(amount: u64, most: u64) -> String {
    const WIDTH: u64 = 24;
    let filled = amount.saturating_mul(WIDTH).div_ceil(most.max(1));
    "▇".repeat(usize::try_from(filled).unwrap_or(0))
}

/// Returns the final ranking: one line for each prize, then the other places in three columns.
pub fn ranking(places: &[RankedPlace]) -> String {
    let (paid, unpaid): (Vec<_>, Vec<_>) = places.iter().partition(|place| !place.prize.is_zero());
    let mut text = String::new();
    for place in paid {
        text.push_str(&format!(
            "  {:>4}. {:<22} {:>10}\n",
            place.place,
            place.account.name,
            number(place.prize.0)
        ));
    }
    for row in unpaid.chunks(3) {
        let cells: Vec<_> =
            row.iter().map(|place| format!("{:>4}. {:<20}", place.place, place.account.name)).collect();
        text.push_str(&format!("  {}\n", cells.join(" ").trim_end()));
    }
    text.trim_end().to_owned()
}

/// Returns a number with its thousands apart: `12 345`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use wire::{Chips, PlayerId, cashier::Account};

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(number(n), text);
        }
    }

    #[test]
    fn rates_are_measured_over_the_last_seconds_only() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rates = Rates::default();
        assert_eq!(rates.sample(at(0), 0, 0), (0.0, 0.0));
        let (hands, actions) = rates.sample(at(2), 20, 200);
        assert!((hands - 10.0).abs() < 1e-9 && (actions - 100.0).abs() < 1e-9);
        for second in 3..=20 {
            rates.sample(at(second), 20, 200);
        }
        let (hands, _) = rates.sample(at(21), 20, 200);
        assert!(hands.abs() < 1e-9, "no hand ended within the window");
    }

    #[test]
    fn the_ranking_lists_every_place_once() {
        let places: Vec<_> = (1..=7)
            .map(|place| RankedPlace {
                place,
                account: Account { player: PlayerId(u64::from(place)), name: format!("bot-{place}") },
                prize: Chips(if place < 3 { 1_000 } else { 0 }),
            })
            .collect();
        let text = ranking(&places);
        for place in 1..=7 {
            assert_eq!(text.matches(&format!("bot-{place}")).count(), 1);
        }
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn the_longest_bar_is_full_and_the_shortest_has_one_block() {
        assert_eq!(bar(9, 9).chars().count(), 24);
        assert_eq!(bar(1, 1_000_000).chars().count(), 1);
        assert_eq!(bar(0, 0), "");
    }
}
