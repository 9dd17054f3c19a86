//! An owner whose clock differs from that of the last owner, or was set.

use super::tests::{bot_table, table_of};
use wire::event::TableEvent;

const HOUR_MS: u64 = 3_600_000;
/// The times of `cash_config`.
const ACTION_MS: u64 = 10_000;
const PAUSE_MS: u64 = 100;
const LIMIT_MS: u64 = 120_000;

#[test]
fn a_turn_of_a_clock_that_was_ahead_ends_after_the_full_time() {
    let mut desk = table_of(3, 51);
    desk.now_ms += HOUR_MS;
    desk.settle();
    let (player, turn, ..) = desk.turn().unwrap();
    desk.now_ms -= HOUR_MS;
    let events = desk.table.resume(desk.now_ms);
    assert_eq!(events, [TableEvent::ClockExtended { deadline_ms: desk.now_ms + ACTION_MS }]);
    desk.write(None, events);
    desk.now_ms += ACTION_MS - 1;
    desk.settle();
    assert_eq!(desk.turn().map(|(player, turn, ..)| (player, turn)), Some((player, turn)));
    desk.now_ms += 1;
    desk.settle();
    assert_ne!(desk.turn().map(|(player, turn, ..)| (player, turn)), Some((player, turn)));
    desk.check_replay();
}

#[test]
fn a_bot_in_turn_is_asked_by_the_new_owners_clock() {
    let mut desk = bot_table(3, 52);
    desk.now_ms += HOUR_MS;
    desk.settle();
    assert!(desk.table.bot_turn().is_some());
    desk.now_ms -= HOUR_MS;
    let events = desk.table.resume(desk.now_ms);
    desk.write(None, events);
    assert!(desk.table.bot_turn().unwrap().not_before_ms <= desk.now_ms);
    desk.check_replay();
}

#[test]
fn a_pause_of_a_clock_that_was_ahead_is_over() {
    let mut desk = table_of(3, 53);
    desk.settle();
    desk.now_ms += HOUR_MS;
    while desk.turn().is_some() {
        desk.act(|_, legal| if legal.check { wire::Action::Check } else { wire::Action::Fold }).unwrap();
    }
    let hands = desk.table.hands();
    desk.now_ms += PAUSE_MS - 1;
    desk.settle();
    assert!(desk.turn().is_none(), "the pause is not over");
    desk.now_ms -= HOUR_MS;
    desk.settle();
    assert!(desk.turn().is_some(), "no hand is dealt");
    assert_eq!(desk.table.hands(), hands);
    desk.check_replay();
}

#[test]
fn an_absence_of_a_clock_that_was_ahead_lasts_no_longer_than_any() {
    let mut desk = table_of(3, 54);
    desk.settle();
    let (player, ..) = desk.turn().unwrap();
    desk.now_ms += HOUR_MS;
    desk.settle();
    let seat = desk.table.seat_of(wire::PlayerId(player)).unwrap();
    assert!(desk.table.is_out_of_time(seat));
    desk.now_ms -= HOUR_MS;
    let events = desk.table.resume(desk.now_ms);
    let bounded = TableEvent::AbsenceExtended { seat, until_ms: desk.now_ms + LIMIT_MS };
    assert!(events.contains(&bounded), "{events:?}");
    desk.write(None, events);
    assert_eq!(desk.table.absence_deadline_ms(), Some(desk.now_ms + LIMIT_MS));
    desk.check_replay();
}
