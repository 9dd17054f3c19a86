//! Long journals, appends without an acknowledgement, and records that are too large.

use super::{TABLE, same_partition, say};
use crate::fleet::{Fleet, config};
use futures::{StreamExt, future::join_all, stream};
use std::{collections::HashMap, time::Duration};
use wire::{
    PlayerCommand, Refusal, TableId,
    client::MAX_LINE,
    journal::Cause,
    table::{TableCommand, TableReply},
};

/// Lines that are said: more records than a takeover may read.
const MANY: u64 = 20_000;
/// Commands that are under way at the same time: fewer than may wait at a table.
const AT_ONCE: usize = 100;
/// Messages that the server may send while a table is taken over: heartbeats, claims and one
/// journal's tail, a small part of [`MANY`].
const MOST_MESSAGES: u64 = 5_000;

/// Says `count` lines, by as many players as may wait at the same time, from this command id on.
async fn talk(fleet: &Fleet, first: u64, count: u64) {
    let lines = stream::iter(0..count).map(|line| {
        let player = 100 + line % AT_ONCE as u64;
        fleet.ask(TABLE, player, first + line, say(player))
    });
    let done = lines.buffered(AT_ONCE).all(async |reply| matches!(reply, TableReply::Done { .. })).await;
    assert!(done, "a line was not said");
}

/// Returns the number of the last event that players were told.
async fn last_event(fleet: &Fleet) -> u64 {
    match fleet.ask(TABLE, 5, 1, TableCommand::Resync { since: None }).await {
        TableReply::Resync(resync) => resync.view.event_no,
        other => panic!("{other:?}"),
    }
}

/// Kills the table's owner, and wants the next one to know the last event and to have read little.
async fn take_over(fleet: &mut Fleet, last: u64) {
    let owner = fleet.owner_of(TABLE).await;
    let before = fleet.messages_sent().await;
    fleet.kill(owner).await;
    assert_eq!(last_event(fleet).await, last);
    let sent = fleet.messages_sent().await - before;
    assert!(sent < MOST_MESSAGES, "the server sent {sent} messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_journal_a_takeover_reads_the_last_snapshot_and_its_tail() {
    let mut fleet = Fleet::start(3).await;
    fleet.create(TABLE, config(10_000)).await;
    talk(&fleet, 1_000, MANY).await;
    let (journal, cursor) = fleet.journal(TABLE).await;
    assert!(journal.extent().await.unwrap().records > MANY);
    take_over(&mut fleet, MANY).await;

    // Trims as an archivist does: the last snapshot and its tail stay.
    fleet.trim_before(TABLE, cursor.snapshot).await;
    assert!(journal.extent().await.unwrap().records < MANY / 10);
    take_over(&mut fleet, MANY).await;
    talk(&fleet, 1_000 + MANY, 1).await;
    assert_eq!(last_event(&fleet).await, MANY + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_append_is_never_acknowledged_is_carried_out_once() {
    const PLAYERS: u64 = 40;
    const LINES: u64 = 30;
    let fleet = Fleet::start(1).await;
    fleet.create(TABLE, config(10_000)).await;
    // While the server is killed, records are on their way: of those that are stored the
    // acknowledgements are lost.
    let talking = join_all((100..100 + PLAYERS).map(async |player| {
        for id in 0..LINES {
            let reply = fleet.ask(TABLE, player, 1_000 + id, say(player)).await;
            assert!(matches!(reply, TableReply::Done { .. }), "{reply:?}");
        }
    }));
    let killing = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            fleet.kill_nats().await;
        }
    };
    tokio::join!(talking, killing);
    let mut times: HashMap<Cause, u32> = HashMap::new();
    for cause in fleet.records(TABLE).await.iter().filter_map(|record| record.cause) {
        *times.entry(cause).or_default() += 1;
    }
    times.retain(|cause, _| cause.player.is_some());
    assert_eq!(times.len() as u64, PLAYERS * LINES);
    assert!(times.values().all(|&times| times == 1), "a command is in the journal twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_is_refused_by_name_and_the_partition_goes_on() {
    let fleet = Fleet::start(1).await;
    let other = TableId((1..).find(|n| same_partition(TableId(*n))).unwrap());
    for table in [TABLE, other] {
        fleet.create(table, config(10_000)).await;
    }
    assert!(matches!(fleet.ask(TABLE, 5, 1, say(5)).await, TableReply::Done { .. }));
    // Room for a short line and the headers, not for a long line.
    let short = fleet.last_record_bytes(TABLE).await;
    fleet.limit_records(short + 300).await;
    let long = || PlayerCommand::Say { text: "é".repeat(MAX_LINE.into()) }.by("player 5");
    let refused = fleet.ask(TABLE, 5, 2, long()).await;
    let TableReply::Refused(Refusal::BadMessage { reason }) = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("too large"), "{reason}");
    for (table, id) in [(TABLE, 3), (other, 4), (TABLE, 5)] {
        let done = fleet.ask(table, 5, id, say(5)).await;
        assert!(matches!(done, TableReply::Done { .. }), "{done:?}");
    }
    assert!(matches!(fleet.ask(TABLE, 5, 6, long()).await, TableReply::Refused(Refusal::BadMessage { .. })));
}
