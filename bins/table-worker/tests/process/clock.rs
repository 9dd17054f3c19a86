//! The clock's decisions for players who do not act.

use super::TABLE;
use crate::fleet::{Fleet, GUARD, config};
use poker::table::TableRecord;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use wire::{
    Action, Chips, HandNo, PlayerCommand, SeatNo,
    event::{HandEvent, TableEvent},
    table::{TableCommand, TableReply},
};

/// Time to act.
const TURN_MS: u32 = 2_000;

/// Starts a fleet with a table where two players have seats.
async fn seated() -> Fleet {
    let fleet = Fleet::start(1).await;
    sit(&fleet, TURN_MS).await;
    fleet
}

/// Creates the table, with this time to act, and gives players 1 and 2 its two seats.
pub async fn sit(fleet: &Fleet, turn_ms: u32) {
    fleet.create(TABLE, config(turn_ms)).await;
    for player in [1, 2] {
        let sit = PlayerCommand::Sit { seat: Some(player as SeatNo - 1), buy_in: Chips(500) };
        let seated = fleet.ask(TABLE, player, 1, sit.by(&format!("player {player}"))).await;
        assert!(matches!(seated, TableReply::Seat { .. }), "{seated:?}");
    }
}

/// Waits until `found` finds it in the journal.
pub async fn until<T>(fleet: &Fleet, found: impl Fn(&[TableRecord]) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found(&fleet.records(TABLE).await) {
            return found;
        }
        assert!(began.elapsed() < GUARD, "it is not in the journal");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the seat whose time ran out first, the action made for it, and whether that ended the
/// hand.
pub fn timed_out(records: &[TableRecord]) -> Option<(SeatNo, Action, bool)> {
    let record = records
        .iter()
        .find(|record| record.events.iter().any(|event| matches!(event, TableEvent::TimedOut { .. })))?;
    let (mut done, mut ended) = (None, false);
    for event in &record.events {
        match event {
            TableEvent::Hand(HandEvent::Acted { seat, action, .. }) => {
                done.get_or_insert((*seat, action.clone()));
            }
            TableEvent::HandEnded { .. } => ended = true,
            _ => {}
        }
    }
    done.map(|(seat, action)| (seat, action, ended))
}

/// Returns the first turn of the first hand.
fn first_turn(records: &[TableRecord]) -> Option<(SeatNo, HandNo, u32)> {
    let events = records.iter().flat_map(|record| &record.events);
    let mut hand = HandNo(0);
    for event in events {
        match event {
            TableEvent::HandStarted { start, .. } => hand = start.hand,
            TableEvent::Turn { seat, turn, .. } => return Some((*seat, hand, *turn)),
            _ => {}
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_faces_a_bet_and_runs_out_of_time_folds() {
    let fleet = seated().await;
    let (seat, ..) = until(&fleet, first_turn).await;
    assert_eq!(until(&fleet, timed_out).await, (seat, Action::Fold, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_faces_no_bet_and_runs_out_of_time_checks_and_the_hand_goes_on() {
    let fleet = seated().await;
    let (seat, hand, turn) = until(&fleet, first_turn).await;
    let (player, act) = (u64::from(seat) + 1, PlayerCommand::act(hand, turn, Action::Call));
    let called: TableCommand = act.by(&format!("player {player}"));
    let called = fleet.ask(TABLE, player, 2, called).await;
    assert!(matches!(called, TableReply::Done { .. }), "{called:?}");
    assert_eq!(until(&fleet, timed_out).await, (1 - seat, Action::Check, false));
}
