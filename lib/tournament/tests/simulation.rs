//! Whole tournaments, played by simulated tables over a network that delays, reorders, loses and
//! repeats messages.

// Clippy allows these in tests only, not in functions that tests call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use proptest::prelude::*;
use room::{Room, Shape};
use wire::{Chips, tournament::Payout};

fn shape() -> impl Strategy<Value = Shape> {
    let payout = prop_oneof![
        3 => Just(Payout::Standard),
        1 => Just(Payout::Shares(vec![6_000, 3_000, 1_000])),
    ];
    (2_u32..=200, 2_u8..=10, 1_u64..=5_000, 0_u64..=10_000, payout, any::<u64>()).prop_map(
        |(players, seats, stack, buy_in, payout, lots)| Shape {
            players,
            seats,
            starting_stack: Chips(stack),
            buy_in: Chips(buy_in),
            payout,
            lots,
        },
    )
}

/// Returns the number of cases: `PROPTEST_CASES`, or as many as take a few seconds.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tournament_ends_with_all_places_and_all_chips(shape in shape()) {
        let mut room = Room::open(&shape);
        room.register();
        room.play();
        room.check_end();
    }
}

/// A large field has many tables that are broken and balanced at the same time.
#[test]
fn a_field_of_a_thousand_ends_with_all_places_and_all_chips() {
    let shape = Shape {
        players: 1_000,
        seats: 9,
        starting_stack: Chips(300),
        buy_in: Chips(55),
        payout: Payout::Standard,
        lots: 20_261_120,
    };
    let mut room = Room::open(&shape);
    room.register();
    room.play();
    room.check_end();
}
