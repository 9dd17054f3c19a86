//! Answers to players without a seat are kept for as long as their commands may be repeated,
//! independently of the owners' clocks.

use super::{Table, TableRecord, tests::cash_config};
use wire::{
    CommandId, Epoch, PlayerCommand, PlayerId, TableId, VERSION, client::REPEATED_FOR_MS, journal::Cause,
};

const BEGAN_MS: u64 = 1_700_000_000_000;
const HOUR_MS: u64 = 3_600_000;
const MINUTE_MS: u64 = 60_000;
const ANN: Cause = Cause { player: Some(PlayerId(1)), id: CommandId(1) };

/// Returns a table of the first owner at which a visitor has said a line.
fn said_by_ann() -> Table {
    let mut table = Table::new(TableId(7), cash_config());
    say(&mut table, ANN, (1, false), BEGAN_MS);
    table
}

/// Says a line under this epoch and at this time.
fn say(table: &mut Table, cause: Cause, (epoch, resumed): (u64, bool), at_ms: u64) {
    let line = PlayerCommand::Say { text: "hello".to_owned() }.by("visitor");
    let events = table.decide(cause, &line, at_ms).unwrap();
    let (epoch, cause) = (Epoch(epoch), Some(cause));
    table.apply(&TableRecord { v: VERSION, epoch, at_ms, resumed, cause, events, state: None });
}

fn bob(id: u64) -> Cause {
    Cause { player: Some(PlayerId(2)), id: CommandId(id) }
}

#[test]
fn an_owner_whose_clock_is_ahead_forgets_no_answer_before_its_time() {
    // The next owner, one of an earlier version that does not say so, and the same owner whose
    // clock was set.
    for (epoch, resumed) in [(2, true), (2, false), (1, true)] {
        let mut table = said_by_ann();
        let ahead_ms = BEGAN_MS + HOUR_MS;
        say(&mut table, bob(1), (epoch, resumed), ahead_ms);
        say(&mut table, bob(2), (epoch, false), ahead_ms + REPEATED_FOR_MS);
        assert!(table.answer(ANN).is_some(), "epoch {epoch}, resumed {resumed}");
        say(&mut table, bob(3), (epoch, false), ahead_ms + REPEATED_FOR_MS + MINUTE_MS);
        assert!(table.answer(ANN).is_none(), "epoch {epoch}, resumed {resumed}");
    }
}

#[test]
fn an_owner_whose_clock_is_behind_forgets_after_the_same_time() {
    let mut table = said_by_ann();
    let behind_ms = BEGAN_MS - HOUR_MS;
    say(&mut table, bob(1), (2, true), behind_ms);
    say(&mut table, bob(2), (2, false), behind_ms + REPEATED_FOR_MS + MINUTE_MS);
    assert!(table.answer(ANN).is_none());
    assert!(table.answer(bob(2)).is_some());
}

#[test]
fn owners_that_change_often_keep_answers_for_longer() {
    let mut table = said_by_ann();
    for epoch in 2..40 {
        say(&mut table, bob(epoch), (epoch, true), BEGAN_MS + epoch * MINUTE_MS);
    }
    assert!(table.answer(ANN).is_some());
}
