//! Players who lose their connection, come back, or stay away.

use super::{
    tests::{Desk, instruction, table_of, tournament_config},
    *,
};
use wire::{
    Action, PlayerCommand, Refusal,
    event::{Event, Unseating},
    table::TableCommand,
};

/// The limits of `cash_config`.
const GRACE_MS: u64 = 5_000;
const LIMIT_MS: u64 = 120_000;
const ACTION_MS: u64 = 10_000;

fn connection(name: &str) -> ConnectionId {
    ConnectionId(name.to_owned())
}

fn online(desk: &mut Desk, player: u64, name: &str) {
    desk.send(Some(player), &TableCommand::Online { connection: connection(name) }).unwrap();
}

fn gone(desk: &mut Desk, player: u64, name: &str) {
    desk.send(Some(player), &TableCommand::Gone { connection: connection(name) }).unwrap();
}

fn seat(desk: &Desk, player: u64) -> SeatNo {
    desk.table.seat_of(PlayerId(player)).unwrap()
}

fn is_disconnected(desk: &Desk, player: u64) -> bool {
    let view = desk.table.view();
    view.seats.iter().find(|seat| seat.player == PlayerId(player)).unwrap().disconnected
}

fn deadline(desk: &Desk) -> u64 {
    desk.table.view().hand.unwrap().turn.unwrap().deadline_ms
}

fn passive(legal: &wire::Legal) -> Action {
    if legal.check { Action::Check } else { Action::Fold }
}

fn calling(legal: &wire::Legal) -> Action {
    if legal.check { Action::Check } else { Action::Call }
}

/// Lets all players call and check until it is this player's turn.
fn until_turn_of(desk: &mut Desk, player: u64) {
    desk.settle();
    while desk.turn().unwrap().0 != player {
        desk.act(|_, legal| calling(legal)).unwrap();
        desk.settle();
    }
}

/// Returns a table where the players 1 to `n` are online on the connection `a`.
fn online_table(n: u64, seed: u64) -> Desk {
    let mut desk = table_of(n, seed);
    (1..=n).for_each(|player| online(&mut desk, player, "a"));
    desk
}

#[test]
fn a_player_who_disconnects_in_turn_gets_the_grace_and_the_full_clock_when_back() {
    let mut desk = online_table(3, 21);
    until_turn_of(&mut desk, 2);
    let full = deadline(&desk);
    desk.now_ms += 2_000;
    gone(&mut desk, 2, "a");
    assert!(is_disconnected(&desk, 2));
    assert_eq!(deadline(&desk), desk.now_ms + GRACE_MS);
    let no = seat(&desk, 2);
    let told = Event::Disconnected { seat: no, deadline_ms: Some(desk.now_ms + GRACE_MS) };
    assert_eq!(desk.seen.last(), Some(&told));
    desk.now_ms += GRACE_MS - 1;
    desk.settle();
    online(&mut desk, 2, "b");
    assert_eq!(desk.seen.last(), Some(&Event::Reconnected { seat: no, deadline_ms: Some(full) }));
    assert_eq!((deadline(&desk), is_disconnected(&desk, 2)), (full, false));
    assert_eq!(desk.turn().unwrap().0, 2);
    desk.check_replay();
}

#[test]
fn the_grace_is_never_longer_than_the_clock() {
    let mut desk = online_table(3, 22);
    until_turn_of(&mut desk, 2);
    let full = deadline(&desk);
    desk.now_ms = full - 1_000;
    gone(&mut desk, 2, "a");
    assert_eq!(deadline(&desk), full);
}

#[test]
fn an_absent_player_is_folded_after_the_grace_and_returns_without_sitting_out() {
    let mut desk = online_table(3, 23);
    until_turn_of(&mut desk, 2);
    gone(&mut desk, 2, "a");
    desk.now_ms += GRACE_MS;
    desk.settle();
    let no = seat(&desk, 2);
    assert!(desk.seen.contains(&Event::TimedOut { seat: no }));
    assert!(!desk.seen.contains(&Event::SatOut { seat: no }), "the table waits");
    // The others finish the hand and play the next one without the absent player.
    let hands = desk.table.hands();
    while desk.table.hands() < hands + 2 {
        match desk.turn() {
            Some((player, ..)) => {
                assert!(desk.table.hands() == hands || player != 2, "dealt in while gone");
                desk.act(|_, legal| passive(legal)).unwrap();
            }
            None => desk.now_ms += 100,
        }
        desk.settle();
    }
    online(&mut desk, 2, "b");
    until_turn_of_in_next_hand(&mut desk, 2);
    assert_eq!(deadline(&desk), desk.now_ms + ACTION_MS);
    desk.check_replay();
}

fn until_turn_of_in_next_hand(desk: &mut Desk, player: u64) {
    for _ in 0..100 {
        desk.settle();
        match desk.turn() {
            Some((turn, ..)) if turn == player => return,
            Some(_) => desk.act(|_, legal| calling(legal)).unwrap(),
            None => desk.now_ms += 100,
        }
    }
    panic!("player {player} is not dealt in");
}

#[test]
fn a_late_report_about_an_older_connection_has_no_effect() {
    let mut desk = online_table(2, 24);
    online(&mut desk, 1, "b");
    let records = desk.journal.len();
    gone(&mut desk, 1, "a");
    online(&mut desk, 1, "b");
    gone(&mut desk, 2, "never heard of");
    assert_eq!(desk.journal.len(), records);
    assert!(!is_disconnected(&desk, 1));
    let nobody = TableCommand::Gone { connection: connection("a") };
    assert_eq!(desk.send(Some(77), &nobody), Err(Refusal::NotSeated));
}

#[test]
fn a_player_who_stays_away_leaves_a_cash_table_with_all_chips() {
    let mut desk = online_table(2, 25);
    gone(&mut desk, 2, "a");
    desk.settle();
    let until = desk.now_ms + LIMIT_MS;
    assert_eq!(desk.table.next_deadline_ms(), Some(until), "no hand for one player, and no earlier deadline");
    desk.now_ms = until - 1;
    desk.settle();
    assert!(desk.table.seat_of(PlayerId(2)).is_some());
    let no = seat(&desk, 2);
    desk.now_ms = until;
    desk.settle();
    let left = Event::Unseated { seat: no, player: PlayerId(2), reason: Unseating::Gone };
    assert!(desk.seen.contains(&Event::GoneTooLong { seat: no }) && desk.seen.contains(&left));
    assert_eq!(desk.table.pending_cash_outs(), Chips(100));
    assert_eq!(desk.table.next_deadline_ms(), None, "an idle table has no deadline");
    desk.check_replay();
}

#[test]
fn an_absence_without_a_report_begins_with_the_first_clock_that_ran_out() {
    let mut desk = online_table(3, 26);
    until_turn_of(&mut desk, 2);
    desk.now_ms += ACTION_MS;
    let since = desk.now_ms;
    desk.settle();
    let no = seat(&desk, 2);
    assert!(desk.table.is_out_of_time(no) && !is_disconnected(&desk, 2));
    desk.now_ms = since + LIMIT_MS;
    while desk.turn().is_some() {
        desk.act(|_, legal| passive(legal)).ok();
        desk.settle();
    }
    desk.settle();
    assert_eq!(desk.table.seat_of(PlayerId(2)), None);
}

#[test]
fn a_player_who_is_idle_stays_out_and_one_who_reconnects_is_in_again() {
    for (name, dealt_in) in [("a", false), ("b", true)] {
        let mut desk = online_table(3, 27);
        until_turn_of(&mut desk, 2);
        desk.now_ms += ACTION_MS;
        desk.settle();
        online(&mut desk, 2, name);
        let no = seat(&desk, 2);
        assert!(!desk.table.is_out_of_time(no));
        assert_eq!(!desk.table.seat(no).unwrap().sitting_out, dealt_in);
        desk.now_ms += 2 * LIMIT_MS;
        assert_eq!(desk.table.gone_too_long(desk.now_ms), None);
        desk.check_replay();
    }
    // A command is a sign of life as well, and a player who chose to sit out stays out.
    let mut desk = online_table(3, 28);
    until_turn_of(&mut desk, 2);
    desk.send(Some(2), &PlayerCommand::SitOut.by("")).unwrap();
    desk.now_ms += ACTION_MS;
    desk.settle();
    let no = seat(&desk, 2);
    assert!(desk.table.is_out_of_time(no));
    desk.send(Some(2), &PlayerCommand::SitOut.by("")).unwrap();
    assert!(!desk.table.is_out_of_time(no));
    online(&mut desk, 2, "b");
    assert!(desk.table.seat(no).unwrap().sitting_out);
}

#[test]
fn a_takeover_keeps_absences_and_gives_time_to_come_back() {
    let mut desk = online_table(3, 29);
    until_turn_of(&mut desk, 2);
    gone(&mut desk, 2, "a");
    gone(&mut desk, 3, "a");
    desk.now_ms += LIMIT_MS + 5;
    let events = desk.table.resume(desk.now_ms);
    let extended =
        |player| TableEvent::AbsenceExtended { seat: seat(&desk, player), until_ms: desk.now_ms + ACTION_MS };
    let clock = TableEvent::ClockExtended { deadline_ms: desk.now_ms + GRACE_MS };
    assert_eq!(events, [clock, extended(2), extended(3)]);
    desk.write(None, events);
    desk.settle();
    assert!(is_disconnected(&desk, 2) && desk.turn().unwrap().0 == 2);
    online(&mut desk, 2, "b");
    assert_eq!(deadline(&desk), desk.now_ms + ACTION_MS);
    desk.check_replay();
}

#[test]
fn a_tournament_waits_shortly_then_not_at_all_and_takes_the_player_back() {
    let mut desk = Desk::new(&tournament_config(), &[], 30);
    desk.send(None, &instruction(1, &[(1, 0), (2, 1), (3, 2)], &[], Then::Play)).unwrap();
    (1..=3).for_each(|player| online(&mut desk, player, "a"));
    desk.now_ms += 1_000;
    until_turn_of(&mut desk, 2);
    gone(&mut desk, 2, "a");
    desk.now_ms += GRACE_MS;
    desk.settle();
    assert_ne!(desk.turn().map(|turn| turn.0), Some(2));
    let mut number = 1;
    let mut next_hand = |desk: &mut Desk| {
        while desk.turn().is_some() {
            desk.act(|_, legal| passive(legal)).unwrap();
            desk.settle();
        }
        number += 1;
        desk.send(None, &instruction(number, &[], &[], Then::Play)).unwrap();
        desk.now_ms += 1_000;
        desk.settle();
    };
    next_hand(&mut desk);
    assert!(desk.table.is_dealt_in(1), "blinded off");
    // The time is still the grace, because the player may be back at any moment.
    let in_turn = desk.turn().unwrap().0;
    let expected = if in_turn == 2 { GRACE_MS } else { ACTION_MS };
    assert_eq!(deadline(&desk) - desk.now_ms, expected);
    while desk.turn().is_some_and(|turn| turn.0 != 2) {
        desk.act(|_, legal| calling(legal)).unwrap();
        desk.settle();
    }
    desk.now_ms += LIMIT_MS;
    desk.settle();
    assert!(desk.seen.contains(&Event::GoneTooLong { seat: 1 }));
    assert_ne!(desk.turn().map(|turn| turn.0), Some(2), "folded at once");
    next_hand(&mut desk);
    assert_ne!(desk.turn().map(|turn| turn.0), Some(2));
    assert_eq!(desk.table.seat_of(PlayerId(2)), Some(1), "the stack stays in play");
    online(&mut desk, 2, "b");
    assert!(!is_disconnected(&desk, 2));
    next_hand(&mut desk);
    until_turn_of(&mut desk, 2);
    assert_eq!(deadline(&desk), desk.now_ms + ACTION_MS);
    desk.check_replay();
}
