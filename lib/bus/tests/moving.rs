//! Streams are added while journals are written: no record is lost, doubled or put out of order,
//! wherever the move is interrupted.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use bus::{AppendError, Bus, Cursor, Journal, Stored, TableStreams, admin, admin::Progress};
use bytes::Bytes;
use common::Proxy;
use futures::{TryStreamExt, future::join_all};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use testkit::{GUARD, Stage};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use wire::{TableId, subject};

/// Makes a home with the fleet's streams in another number.
fn with_streams(streams: u16) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    set_streams(folder.path(), streams);
    folder
}

fn set_streams(folder: &Path, streams: u16) {
    let tables = std::fs::read_to_string(servers::find::nats_config().unwrap().join("tables.json")).unwrap();
    let changed = tables.replace("\"streams\": 8", &format!("\"streams\": {streams}"));
    assert!(streams == 8 || changed != tables, "the file has changed");
    std::fs::write(folder.join("tables.json"), changed).unwrap();
}

/// Returns a table of a partition.
fn table_in(partition: u16) -> TableId {
    (1..).map(TableId).find(|table| subject::table_partition(*table) == partition).unwrap()
}

async fn journal(bus: &Bus, partition: u16) -> Journal {
    TableStreams::new(bus).journal(partition).await.unwrap()
}

async fn all(journal: &Journal, filter: &str) -> Vec<Stored> {
    journal.walk(filter).try_collect().await.unwrap()
}

fn text(text: impl Into<String>) -> Bytes {
    Bytes::from(text.into())
}

/// Appends numbers from 0 on until it is told to stop; gives the cursor behind the last one, and
/// the longest that one took.
async fn write(journal: Journal, table: TableId, stop: Arc<AtomicBool>) -> (Cursor, u64, Duration) {
    let mut cursor = Cursor::new(subject::table_journal(table));
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let next = journal.append(&cursor, text(count.to_string()), count % 10 == 9).await;
        cursor = next.unwrap();
        (count, longest) = (count + 1, longest.max(began.elapsed()));
    }
    (cursor, count, longest)
}

/// Applies, but drops the work at its step with this number. Whether there were fewer steps.
async fn apply_until(admin: &Bus, folder: &Path, step: usize) -> bool {
    let (reached, mut steps) = (Arc::new(Notify::new()), 0);
    let tell = Arc::clone(&reached);
    let mut count = move |_: Progress| {
        steps += 1;
        if steps == step {
            tell.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = reached.notified() => false,
        applied = admin::apply_telling(admin, folder, &mut count) => {
            applied.unwrap();
            true
        }
    }
}

/// Reads each journal as another process does, and goes on in it.
async fn all_is_there(stage: &Stage, written: &[(TableId, Cursor, u64)]) {
    let bus = stage.bus("table-worker").await.unwrap();
    let streams = TableStreams::new(&bus);
    for (table, cursor, count) in written {
        let partition = subject::table_partition(*table);
        let journal = streams.journal(partition).await.unwrap();
        let stored = all(&journal, &cursor.subject).await;
        let payloads: Vec<String> =
            stored.iter().map(|stored| String::from_utf8(stored.payload.to_vec()).unwrap()).collect();
        let expected: Vec<String> = (0..*count).map(|n| n.to_string()).collect();
        assert!(payloads == expected, "table {table}: {payloads:?}");
        assert!(stored.is_sorted_by(|one, next| one.sequence < next.sequence), "table {table}");
        assert_eq!(stored.last().map(|last| last.sequence), Some(cursor.last));
        let recovered = journal.recover_one(&cursor.subject).await.unwrap().unwrap();
        assert_eq!(recovered.cursor, *cursor);
        let from_snapshot = recovered.records.first().map(|first| first.sequence);
        assert_eq!(
            from_snapshot,
            Some(if cursor.snapshot > 0 { cursor.snapshot } else { stored[0].sequence })
        );
        let by_partition = journal.recover(&subject::table_journals(partition)).await.unwrap();
        assert!(by_partition.contains(&recovered));
        // Each earlier place in the journal is taken, wherever it is.
        let penultimate = Cursor { last: stored[stored.len() - 2].sequence, ..cursor.clone() };
        for stale in [penultimate, Cursor::new(cursor.subject.clone())] {
            let refused = timeout(GUARD, journal.append(&stale, text("stale"), false)).await.unwrap();
            assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
        }
        timeout(GUARD, journal.append(cursor, text("next"), false)).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journals_go_on_in_added_streams_wherever_the_move_is_interrupted() {
    let stage = Stage::open().await.unwrap();
    let (admin, bus) = (stage.bus("admin").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (streams, stop) = (TableStreams::new(&bus), Arc::new(AtomicBool::new(false)));
    let tables: Vec<TableId> = (0..subject::TABLE_PARTITIONS).step_by(5).map(table_in).collect();
    let mut writers = Vec::new();
    for table in tables.iter().copied() {
        let journal = streams.journal(subject::table_partition(table)).await.unwrap();
        writers.push(tokio::spawn(write(journal, table, Arc::clone(&stop))));
    }
    sleep(Duration::from_millis(300)).await;
    let folder = with_streams(9);
    let mut interrupted = 0;
    for streams in [9, 12] {
        set_streams(folder.path(), streams);
        let mut step = 1;
        while !apply_until(&admin, folder.path(), step).await {
            interrupted += 1;
            // The progress of a step is told before the next step begins: the move is interrupted
            // after both.
            step = step % 4 + 1;
            sleep(Duration::from_millis(20)).await;
        }
    }
    sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let ended = join_all(writers).await.into_iter().map(Result::unwrap);
    let written: Vec<_> = ended
        .zip(&tables)
        .map(|((cursor, count, longest), table)| (*table, cursor, count, longest))
        .collect();
    let longest = written.iter().map(|(.., longest)| longest.as_millis()).max().unwrap();
    let records: u64 = written.iter().map(|(_, _, count, _)| count).sum();
    println!("{records} records, {interrupted} interruptions; the longest append took {longest} ms");
    assert!(interrupted >= 4);
    let written: Vec<_> =
        written.into_iter().map(|(table, cursor, count, _)| (table, cursor, count)).collect();
    all_is_there(&stage, &written).await;
    let mut held = Vec::new();
    for journal in TableStreams::new(&admin).all().await.unwrap() {
        held.push(journal.partitions().await.unwrap().held.len());
    }
    assert_eq!((held.len(), held.iter().sum::<usize>()), (12, 256));
    assert!(held.iter().all(|held| (19..=24).contains(held)), "{held:?}");
    let again = admin::apply(&admin, folder.path()).await.unwrap();
    assert!(again.iter().all(|object| object.what == admin::Applied::Unchanged), "{again:?}");
}

/// Returns the next number of a seed (SplitMix64).
fn random(state: &AtomicU64) -> u64 {
    let z = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journals_go_on_in_added_streams_whenever_the_move_is_interrupted() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let state = AtomicU64::new(seed);
    let stage = Stage::open().await.unwrap();
    let (admin, bus) = (stage.bus("admin").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (streams, stop) = (TableStreams::new(&bus), Arc::new(AtomicBool::new(false)));
    let tables: Vec<TableId> = (0..subject::TABLE_PARTITIONS).step_by(7).map(table_in).collect();
    let mut writers = Vec::new();
    for table in tables.iter().copied() {
        let journal = streams.journal(subject::table_partition(table)).await.unwrap();
        writers.push(tokio::spawn(write(journal, table, Arc::clone(&stop))));
    }
    let (folder, mut interrupted) = (with_streams(10), 0);
    loop {
        let patience = Duration::from_millis(5 + random(&state) % (700 + 200 * interrupted));
        match timeout(patience, admin::apply(&admin, folder.path())).await {
            Ok(applied) => {
                applied.unwrap();
                break;
            }
            Err(_) => interrupted += 1,
        }
    }
    stop.store(true, Ordering::Relaxed);
    let ended = join_all(writers).await.into_iter().map(Result::unwrap);
    let written: Vec<_> =
        ended.zip(&tables).map(|((cursor, count, _), table)| (*table, cursor, count)).collect();
    println!("{interrupted} interruptions");
    all_is_there(&stage, &written).await;
}

/// The last partition of the first stream is the first that moves.
const MOVES: u16 = 31;

async fn add_a_stream(stage: &Stage) {
    let admin = stage.bus("admin").await.unwrap();
    admin::apply(&admin, with_streams(9).path()).await.unwrap();
    assert_eq!(journal(&admin, MOVES).await.stream(), "TABLES_8");
}

#[tokio::test]
async fn an_owner_that_does_not_know_of_a_move_cannot_append_after_another_owners_record() {
    let stage = Stage::open().await.unwrap();
    let (old, new) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let mut others = (1..).map(TableId).filter(|table| subject::table_partition(*table) == MOVES);
    let (one, two, three) = (others.next().unwrap(), others.next().unwrap(), others.next().unwrap());
    let old = journal(&old, MOVES).await;
    let first = |table| Cursor::new(subject::table_journal(table));
    let known = old.append(&first(one), text("a"), true).await.unwrap();
    let overtaken = old.append(&first(two), text("a"), true).await.unwrap();
    // The new owner writes to one table before the move and to the other after it.
    let before = journal(&new, MOVES).await;
    before.append(&overtaken, text("b"), false).await.unwrap();
    add_a_stream(&stage).await;
    let after = journal(&new, MOVES).await;
    let taken = after.append(&known, text("b"), false).await.unwrap();
    let created = after.append(&first(three), text("a"), true).await.unwrap();
    assert_eq!(old.stream(), "TABLES_0");
    for cursor in [&known, &overtaken, &first(three)] {
        let refused = timeout(GUARD, old.append(cursor, text("c"), false)).await.unwrap();
        assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{cursor:?}: {refused:?}");
    }
    for (table, cursor) in [(one, taken), (three, created)] {
        let recovered = old.recover_one(&subject::table_journal(table)).await.unwrap().unwrap();
        assert_eq!(recovered.cursor, cursor);
    }
}

#[tokio::test]
async fn an_owner_that_does_not_know_of_a_move_reads_the_latest_records() {
    let stage = Stage::open().await.unwrap();
    let (old, new) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (table, old) = (table_in(MOVES), journal(&old, MOVES).await);
    let known = old.append(&Cursor::new(subject::table_journal(table)), text("a"), true).await.unwrap();
    add_a_stream(&stage).await;
    let latest = journal(&new, MOVES).await.append(&known, text("b"), false).await.unwrap();
    let recovered = old.recover_one(&latest.subject).await.unwrap().unwrap();
    assert_eq!(recovered.cursor, latest);
    let texts: Vec<&Bytes> = recovered.records.iter().map(|record| &record.payload).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[tokio::test]
async fn an_append_without_an_answer_is_found_in_the_stream_that_the_journal_was_in() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let journal = journal(&proxy.bus(&stage, "table-worker").await, MOVES).await;
    let cursor = Cursor::new(subject::table_journal(table_in(MOVES)));
    let cursor = journal.append(&cursor, text("0"), true).await.unwrap();
    proxy.deafen();
    let append = journal.append(&cursor, text("1"), false);
    let meanwhile = async {
        sleep(Duration::from_millis(300)).await;
        add_a_stream(&stage).await;
        proxy.cut();
    };
    let (appended, ()) = tokio::join!(timeout(GUARD, append), meanwhile);
    let cursor = appended.unwrap().unwrap();
    let cursor = timeout(GUARD, journal.append(&cursor, text("2"), false)).await.unwrap().unwrap();
    let stored = all(&journal, &cursor.subject).await;
    let payloads: Vec<&Bytes> = stored.iter().map(|stored| &stored.payload).collect();
    assert_eq!(payloads, ["0", "1", "2"]);
    assert!(stored[1].sequence < 1_000 && stored[2].sequence == cursor.last && cursor.last > 1_000_000);
}

#[tokio::test]
async fn an_append_that_reaches_the_server_after_the_move_is_stored_once() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let journal = journal(&proxy.bus(&stage, "table-worker").await, MOVES).await;
    let cursor = Cursor::new(subject::table_journal(table_in(MOVES)));
    proxy.freeze();
    let append = journal.append(&cursor, text("0"), true);
    let meanwhile = async {
        sleep(Duration::from_millis(100)).await;
        add_a_stream(&stage).await;
        proxy.thaw();
    };
    let (appended, ()) = tokio::join!(timeout(GUARD, append), meanwhile);
    let cursor = appended.unwrap().unwrap();
    let stored = all(&journal, &cursor.subject).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].sequence, cursor.last);
    assert_eq!(journal.stream(), "TABLES_8");
}

#[tokio::test]
async fn a_stream_with_journals_is_not_left_out() {
    let stage = Stage::open().await.unwrap();
    let admin = stage.bus("admin").await.unwrap();
    let error = admin::apply(&admin, with_streams(7).path()).await.unwrap_err().to_string();
    assert!(error.contains("TABLES_7") && error.contains("set it back to 8"), "{error}");
}
