//! Table workers on a real server: stale owners, records of other writers, time-outs, and more
//! requests than a worker accepts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails like a test"
)]

mod clock;
mod fleet;
mod lasting;
mod rude;

use fleet::{Fleet, GUARD, config};
use futures::future::join_all;
use std::{collections::HashSet, time::Duration};
use tokio::time::{Instant, sleep};
use wire::{
    CommandId, PlayerCommand, PlayerId, Refusal, TableId, codec,
    event::TableEvent,
    fleet::Role,
    journal::Cause,
    table::{TableCommand, TableReply, WorkersAnswer, WorkersQuery},
};

const TABLE: TableId = TableId(4_711);

fn say(player: u64) -> TableCommand {
    PlayerCommand::Say { text: "hello".to_owned() }.by(&format!("player {player}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_owner_neither_carries_out_nor_refuses_commands() {
    let fleet = Fleet::start(2).await;
    fleet.create(TABLE, config(10_000)).await;
    let stale = fleet.owner_of(TABLE).await;
    fleet.signal(stale, "-STOP").await;
    assert!(matches!(fleet.ask(TABLE, 5, 1, say(5)).await, TableReply::Done { .. }));
    // The next owner creates a table that the stale one does not know.
    let next = TableId((1..).find(|n| same_partition(TableId(*n))).unwrap());
    fleet.create(next, config(10_000)).await;
    fleet.signal(stale, "-CONT").await;
    for id in 2..30 {
        assert!(matches!(fleet.ask(TABLE, 5, id, say(5)).await, TableReply::Done { .. }));
        assert!(matches!(fleet.ask(next, 6, id, say(6)).await, TableReply::Done { .. }));
    }
    assert_ne!(fleet.owner_of(TABLE).await, stale);
    let records = fleet.records(TABLE).await;
    let causes: HashSet<Cause> = records.iter().filter_map(|record| record.cause).collect();
    assert_eq!(causes.len(), records.iter().filter(|record| record.cause.is_some()).count());
    assert!(records.is_sorted_by_key(|record| record.epoch.0));
}

fn same_partition(table: TableId) -> bool {
    wire::subject::table_partition(table) == wire::subject::table_partition(TABLE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_writer_is_read_before_the_command_is_decided_again() {
    let fleet = Fleet::start(1).await;
    fleet.create(TABLE, config(10_000)).await;
    let (journal, cursor) = fleet.journal(TABLE).await;
    let mut foreign = fleet.records(TABLE).await.pop().unwrap();
    let cause = Cause { player: Some(PlayerId(5)), id: CommandId(77) };
    let said = TableEvent::Said { player: PlayerId(5), name: "five".to_owned(), text: "hello".to_owned() };
    (foreign.cause, foreign.state, foreign.events) = (Some(cause), None, vec![said]);
    journal.append(&cursor, codec::encode(&foreign).unwrap().into(), false).await.unwrap();
    let done = fleet.ask(TABLE, 6, 1, say(6)).await;
    // The creation is not a public event: the other writer's line is number 1, this one number 2.
    assert!(matches!(done, TableReply::Done { event_no: 2 }), "after the other's: {done:?}");
    // A repeat of the other writer's command gets the answer of its record.
    let repeated = fleet.ask(TABLE, 5, 77, say(5)).await;
    assert!(matches!(repeated, TableReply::Done { event_no: 1 }), "{repeated:?}");
    assert_eq!(fleet.records(TABLE).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_commands_is_answered_and_refused_ones_are_not_carried_out() {
    const MANY: u64 = 1_500;
    let fleet = Fleet::start(1).await;
    fleet.create(TABLE, config(10_000)).await;
    // The commands wait in the socket of a worker that is stopped for a moment.
    fleet.signal(0, "-STOP").await;
    let ask = |id| fleet.ask_once(TABLE, 5, id, say(5));
    let asked = join_all((10..10 + MANY).map(ask));
    let go_on = async {
        sleep(Duration::from_millis(300)).await;
        fleet.signal(0, "-CONT").await;
    };
    let (replies, ()) = tokio::join!(asked, go_on);
    let count = |wanted: fn(&TableReply) -> bool| replies.iter().filter(|reply| wanted(reply)).count();
    let unavailable = count(|reply| matches!(reply, TableReply::Refused(Refusal::Unavailable { .. })));
    let done = count(|reply| matches!(reply, TableReply::Done { .. }));
    assert!(unavailable > 0, "no command was refused");
    let records = fleet.records(TABLE).await;
    let said = |record: &&poker::table::TableRecord| {
        record.events.iter().any(|event| matches!(event, TableEvent::Said { .. }))
    };
    assert_eq!(records.iter().filter(said).count(), done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_table_is_not_listed_and_is_read_again_on_request() {
    let fleet = Fleet::start(1).await;
    fleet.create(TABLE, config(10_000)).await;
    let listed = async || {
        let query = WorkersQuery::Tables { limit: 10, tournaments: true };
        let answers: Vec<WorkersAnswer> =
            fleet.admin.gather(wire::subject::QUERY_TABLES, &query, 1, GUARD).await.unwrap();
        let WorkersAnswer::Tables(tables) = &answers[0] else { panic!("{}", Role::TableWorker.name()) };
        tables.len()
    };
    assert_eq!(listed().await, 1);
    assert!(matches!(fleet.ask(TABLE, 0, 2, TableCommand::Close).await, TableReply::Done { .. }));
    let began = Instant::now();
    while listed().await > 0 {
        assert!(began.elapsed() < GUARD, "the closed table is still listed");
        sleep(Duration::from_millis(20)).await;
    }
    let seen = fleet.ask(TABLE, 5, 1, TableCommand::Resync { since: None }).await;
    assert!(matches!(seen, TableReply::Resync(_)), "{seen:?}");
    let unknown = fleet.ask(TableId(4_712), 5, 1, TableCommand::Resync { since: None }).await;
    assert_eq!(unknown, TableReply::Refused(Refusal::NoSuchTable));
}
