//! The speed of the rules on one core: six-handed no-limit with a random policy.
//!
//! [`hands`] measures the bare hand, [`tables`] the table around it, [`dealing`] the commitments to
//! its decks, [`ranking`] seven-card hands through this crate and through the raw library. Prints
//! one line of JSON; `make bench-engine` adds PokerKit's figure of the same run.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod dealing;
mod hands;
mod policy;
mod ranking;
mod tables;

use std::time::{Duration, Instant};

/// The time of each measurement.
const TIME: Duration = Duration::from_secs(3);

/// Hands and actions, each per second.
struct Rate {
    hands: f64,
    actions: f64,
}

/// Runs `work`, which returns the hands and actions it has played, for [`TIME`].
fn rate(mut work: impl FnMut() -> (u64, u64)) -> Rate {
    let (mut hands, mut actions) = (0, 0);
    let began = Instant::now();
    while began.elapsed() < TIME {
        let (more_hands, more_actions) = work();
        (hands, actions) = (hands + more_hands, actions + more_actions);
    }
    let seconds = began.elapsed().as_secs_f64();
    Rate { hands: hands as f64 / seconds, actions: actions as f64 / seconds }
}

fn main() {
    let (hand, table, (own, raw)) = (hands::measure(), tables::measure(), ranking::measure());
    let dealing = dealing::measure();
    println!(
        "{{\"hands_per_s\":{:.0},\"actions_per_s\":{:.0},\"table_hands_per_s\":{:.0},\"table_actions_per_s\":{:.0},\
        \"decks_per_s\":{dealing:.0},\"deck_share_of_hand\":{:.3},\
        \"rankings_per_s\":{own:.0},\"raw_rankings_per_s\":{raw:.0},\"ranking_ratio\":{:.2}}}",
        hand.hands,
        hand.actions,
        table.hands,
        table.actions,
        table.hands / dealing,
        own / raw
    );
}
