//! The journal against a real server: fencing, lost answers, recovery.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use bus::{AppendError, Bus, Cursor, Journal, Stored, TableStreams};
use bytes::Bytes;
use common::Proxy;
use futures::{StreamExt, TryStreamExt, future::join_all};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{GUARD, Stage};
use tokio::time::{Instant, sleep, timeout};
use wire::{TableId, subject};

const STREAM: &str = "TABLES_0";

fn text(text: impl Into<String>) -> Bytes {
    Bytes::from(text.into())
}

fn table(n: u64) -> String {
    format!("journal.table.8.{n}")
}

async fn open(bus: &Bus) -> Journal {
    Journal::open(bus, STREAM).await.unwrap()
}

async fn all(journal: &Journal, filter: &str) -> Vec<Stored> {
    journal.walk(filter).try_collect().await.unwrap()
}

/// Appends `count` records after the cursor, named by number; every tenth is a snapshot.
async fn append_many(journal: &Journal, mut cursor: Cursor, count: usize) -> Cursor {
    for n in 0..count {
        let snapshot = n % 10 == 9;
        cursor = journal.append(&cursor, text(n.to_string()), snapshot).await.unwrap();
    }
    cursor
}

#[tokio::test]
async fn of_two_owners_that_append_at_once_one_gets_a_conflict() {
    let stage = Stage::open().await.unwrap();
    let (bus_a, bus_b) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (a, b) = (open(&bus_a).await, open(&bus_b).await);
    let mut cursor = Cursor::new(table(1));
    for round in 0..50 {
        let (first, second) = tokio::join!(
            a.append(&cursor, text(format!("a{round}")), false),
            b.append(&cursor, text(format!("b{round}")), false)
        );
        let (winner, loser) = match (first, second) {
            (Ok(cursor), Err(error)) | (Err(error), Ok(cursor)) => (cursor, error),
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(loser, AppendError::Conflict { subject: table(1), after: cursor.last });
        cursor = winner;
    }
    let stored = all(&a, &table(1)).await;
    assert_eq!(stored.len(), 50);
    assert_eq!(stored.last().unwrap().sequence, cursor.last);
    // The loser reads the journal again and goes on.
    let reloaded = b.recover_one(&table(1)).await.unwrap().unwrap().cursor;
    assert_eq!(reloaded, cursor);
    b.append(&reloaded, text("c"), false).await.unwrap();
}

#[tokio::test]
async fn a_record_whose_answer_is_lost_is_found_by_reading_back() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let bus = proxy.bus(&stage, "table-worker").await;
    let journal = open(&bus).await;
    let mut cursor = Cursor::new(table(2));
    for round in 0..3 {
        proxy.deafen();
        let payload = text(round.to_string());
        let append = journal.append(&cursor, payload, false);
        let cut = async {
            // The server has stored the record long before the connection breaks.
            sleep(Duration::from_millis(300)).await;
            proxy.cut();
        };
        let (appended, ()) = tokio::join!(timeout(GUARD, append), cut);
        cursor = appended.unwrap().unwrap();
    }
    let stored = all(&open(&stage.bus("table-worker").await.unwrap()).await, &table(2)).await;
    let payloads: Vec<&Bytes> = stored.iter().map(|stored| &stored.payload).collect();
    assert_eq!(payloads, ["0", "1", "2"]);
    assert_eq!(stored[2].sequence, cursor.last);
}

#[tokio::test]
async fn a_late_answer_does_not_double_the_record() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let bus = proxy.bus(&stage, "table-worker").await;
    let journal = open(&bus).await;
    let cursor = Cursor::new(table(3));
    proxy.deafen();
    let append = journal.append(&cursor, text("once"), true);
    let thaw = async {
        sleep(Duration::from_secs(3)).await;
        proxy.thaw();
    };
    let (appended, ()) = tokio::join!(timeout(GUARD, append), thaw);
    let cursor = appended.unwrap().unwrap();
    assert_eq!((cursor.last, cursor.snapshot), (1, 1));
    assert_eq!(all(&journal, &table(3)).await.len(), 1);
}

#[tokio::test]
async fn an_append_for_now_only_is_tried_once_and_the_outage_is_counted() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let journal = open(&proxy.bus(&stage, "table-worker").await).await;
    let cursor = journal.try_append(&Cursor::new(table(5)), text("before"), true).await.unwrap();
    let outages = journal.outages();
    assert!(journal.is_well());

    // No bytes pass, so the record is certainly not stored.
    proxy.freeze();
    let tried = timeout(GUARD, journal.try_append(&cursor, text("too late"), false)).await.unwrap();
    assert!(matches!(tried, Err(AppendError::NotNow { .. })), "{tried:?}");
    assert!(journal.outages() > outages);
    let patient = timeout(Duration::from_secs(3), journal.append(&cursor, text("given up"), false));
    let (given_up, well) = tokio::join!(patient, async {
        sleep(Duration::from_millis(2_500)).await;
        journal.is_well()
    });
    assert!(given_up.is_err() && !well, "{given_up:?}, {well}");
    proxy.thaw();
    common::until("records can be stored again", || journal.is_well()).await;
    let after = journal.append(&cursor, text("after"), false).await;
    // A record that was given up may have been on its way, and be stored after all.
    let stored = all(&open(&stage.bus("table-worker").await.unwrap()).await, &table(5)).await;
    match after {
        Ok(_) => assert_eq!(stored.last().unwrap().payload, "after"),
        Err(error) => {
            assert!(matches!(error, AppendError::Conflict { .. }), "{error}");
            assert_ne!(stored[1].payload, "after");
        }
    }
}

#[tokio::test]
async fn a_record_whose_answer_is_lost_counts_once_also_after_another_owners_append() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let bus = proxy.bus(&stage, "table-worker").await;
    let (journal, other) = (open(&bus).await, open(&stage.bus("table-worker").await.unwrap()).await);
    let cursor = Cursor::new(table(4));
    proxy.deafen();
    let append = journal.append(&cursor, text("first"), false);
    let overtake = async {
        sleep(Duration::from_millis(300)).await;
        let theirs = other.recover_one(&table(4)).await.unwrap().unwrap().cursor;
        other.append(&theirs, text("second"), false).await.unwrap();
        proxy.cut();
    };
    let (appended, ()) = tokio::join!(timeout(GUARD, append), overtake);
    let ours = appended.unwrap().unwrap();
    assert_eq!(ours.last, 1);
    let next = journal.append(&ours, text("third"), false).await;
    assert!(matches!(next, Err(AppendError::Conflict { .. })), "{next:?}");
    assert_eq!(all(&other, &table(4)).await.len(), 2);
}

#[tokio::test]
async fn appends_go_on_when_the_server_was_killed() {
    let mut stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    let work = join_all((0..200).map(|n| append_many(&journal, Cursor::new(table(n)), 200)));
    let kill = async {
        for _ in 0..2 {
            sleep(Duration::from_millis(300)).await;
            stage.nats.kill().await.unwrap();
            sleep(Duration::from_millis(300)).await;
            stage.nats.restart().await.unwrap();
        }
    };
    let (cursors, ()) = timeout(GUARD, async { tokio::join!(work, kill) }).await.unwrap();
    let recovered = journal.recover("journal.table.8.*").await.unwrap();
    assert_eq!(recovered.len(), 200);
    for cursor in cursors {
        let stored = all(&journal, &cursor.subject).await;
        let payloads: Vec<Bytes> = stored.iter().map(|stored| stored.payload.clone()).collect();
        let expected: Vec<Bytes> = (0..200).map(|n| text(n.to_string())).collect();
        assert_eq!(payloads, expected, "{}", cursor.subject);
        assert_eq!(stored.last().unwrap().sequence, cursor.last);
    }
}

#[tokio::test]
async fn recovery_reads_the_last_snapshot_and_the_records_after_it() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    assert_eq!(journal.recover("journal.table.8.*").await.unwrap(), []);
    assert_eq!(journal.recover_one(&table(1)).await.unwrap(), None);

    let mut cursors = Vec::new();
    for (n, count) in [(1, 1), (2, 9), (3, 10), (4, 14), (5, 25)] {
        cursors.push(append_many(&journal, Cursor::new(table(n)), count).await);
    }
    let mut recovered = journal.recover("journal.table.8.*").await.unwrap();
    recovered.sort_by(|a, b| a.cursor.subject.cmp(&b.cursor.subject));
    let expected = [vec![0], (0..9).collect(), vec![9], (9..14).collect(), (19..25).collect::<Vec<_>>()];
    for ((recovered, cursor), expected) in recovered.iter().zip(&cursors).zip(expected) {
        assert_eq!(&recovered.cursor, cursor);
        let payloads: Vec<String> =
            recovered.records.iter().map(|r| String::from_utf8(r.payload.to_vec()).unwrap()).collect();
        assert_eq!(payloads, expected.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(&journal.recover_one(&cursor.subject).await.unwrap().unwrap(), recovered);
    }
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let stored = all(&journal, "journal.table.8.*").await;
    assert_eq!(stored.len(), 59);
    assert!(stored.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    assert!(stored.iter().all(|stored| now_ms.abs_diff(stored.time_ms) < 60_000));
}

#[tokio::test]
async fn long_tails_are_recovered_completely() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    let write = async |n: u64, count: usize, from_snapshot: bool| {
        let mut cursor = Cursor::new(table(n));
        for record in 0..count {
            let snapshot = from_snapshot && record == 3;
            cursor = journal.append(&cursor, text(record.to_string()), snapshot).await.unwrap();
        }
    };
    // Written at the same time, so that their records alternate in the stream.
    tokio::join!(
        write(1, 63, true),
        write(2, 68, true),
        write(3, 700, true),
        write(4, 700, false),
        write(5, 65, false)
    );
    for (n, from, to) in [(1, 3, 63), (2, 3, 68), (3, 3, 700), (4, 0, 700), (5, 0, 65)] {
        let recovered = journal.recover_one(&table(n)).await.unwrap().unwrap();
        let payloads: Vec<Bytes> = recovered.records.iter().map(|record| record.payload.clone()).collect();
        assert_eq!(
            payloads,
            (from..to).map(|record: usize| text(record.to_string())).collect::<Vec<_>>(),
            "table {n}"
        );
    }
}

#[tokio::test]
async fn a_tail_without_its_beginning_is_an_error() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    // Written without an expected sequence, so the header that names their snapshot has to do.
    let password = stage.nats.password("table-worker").unwrap().to_owned();
    let options = async_nats::ConnectOptions::new()
        .user_and_password("table-worker".to_owned(), password)
        .custom_inbox_prefix("_INBOX_table-worker");
    let client = options.connect(stage.nats.url()).await.unwrap();
    let cursor = journal.append(&Cursor::new(table(1)), text("0"), true).await.unwrap();
    for record in ["1", "2"] {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Snapshot", cursor.snapshot.to_string().as_str());
        let request = async_nats::Request::new().headers(headers).payload(text(record));
        client.send_request(table(1), request).await.unwrap();
    }
    let recovered = journal.recover_one(&table(1)).await.unwrap().unwrap();
    let payloads: Vec<Bytes> = recovered.records.into_iter().map(|record| record.payload).collect();
    assert_eq!(payloads, [text("0"), text("1"), text("2")]);

    // The beginning is trimmed, of a tail that is read record by record and of one that is read in
    // a batch.
    let admin = stage.bus("admin").await.unwrap();
    for (number, count) in [(2, 5), (3, 80)] {
        let mut cursor = journal.append(&Cursor::new(table(number)), text("0"), true).await.unwrap();
        let snapshot = cursor.snapshot;
        for record in 1..count {
            cursor = journal.append(&cursor, text(record.to_string()), false).await.unwrap();
        }
        let purge = serde_json::json!({"filter": table(number), "seq": snapshot + 1}).to_string();
        admin.publish(format!("$JS.API.STREAM.PURGE.{STREAM}"), purge.into()).await.unwrap();
        let deadline = Instant::now() + GUARD;
        while all(&journal, &table(number)).await.len() == count {
            assert!(Instant::now() < deadline, "no record is purged");
            sleep(Duration::from_millis(20)).await;
        }
        let error = journal.recover_one(&table(number)).await.unwrap_err().to_string();
        assert!(error.contains(&format!("sequence {snapshot} on are incomplete")), "{error}");
    }
}

#[tokio::test]
async fn more_subjects_than_a_batch_holds_are_recovered() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    let count = 2_500;
    let append = |n| append_many(&journal, Cursor::new(table(n)), 1 + (n % 3) as usize);
    let cursors: Vec<Cursor> =
        futures::stream::iter((0..count).map(append)).buffer_unordered(500).collect().await;
    let recovered = journal.recover("journal.table.8.*").await.unwrap();
    assert_eq!(recovered.len(), cursors.len());
    let mut expected = cursors;
    expected.sort_by(|a, b| a.subject.cmp(&b.subject));
    let mut found: Vec<Cursor> = recovered.into_iter().map(|recovered| recovered.cursor).collect();
    found.sort_by(|a, b| a.subject.cmp(&b.subject));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn more_bytes_than_a_batch_holds_are_recovered() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    let large = Bytes::from(vec![7_u8; 3_000_000]);
    for n in 0..30 {
        journal.append(&Cursor::new(table(n)), large.clone(), true).await.unwrap();
    }
    let recovered = journal.recover("journal.table.8.*").await.unwrap();
    assert_eq!(recovered.len(), 30);
    assert!(recovered.iter().all(|recovered| recovered.records[0].payload.len() == large.len()));
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    let huge = Bytes::from(vec![7_u8; 9 * 1_024 * 1_024]);
    let error = journal.append(&Cursor::new(table(1)), huge, false).await.unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error}");
    assert_eq!(journal.recover_one(&table(1)).await.unwrap(), None);
}

/// Captures the log while the returned guard lives.
fn logged() -> (Arc<Mutex<Vec<u8>>>, tracing::subscriber::DefaultGuard) {
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&lines);
    let writer = move || Lines(Arc::clone(&shared));
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn an_append_waits_for_a_full_stream_and_the_log_names_the_stream_and_the_remedy() {
    let stage = Stage::open().await.unwrap();
    let (lines, _guard) = logged();
    let admin = stage.bus("admin").await.unwrap();
    let resize = async |max_bytes: i64| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("streams")).unwrap();
        let config = serde_json::json!({"name": STREAM, "max_bytes": max_bytes});
        std::fs::write(dir.path().join("streams/x.json"), config.to_string()).unwrap();
        bus::admin::apply(&admin, dir.path()).await.unwrap();
    };
    resize(5_000).await;
    let journal = open(&stage.bus("table-worker").await.unwrap()).await;
    let work = async {
        let mut cursor = Cursor::new(table(1));
        for _ in 0..10 {
            cursor = journal.append(&cursor, vec![7; 1_000].into(), true).await.unwrap();
        }
        cursor
    };
    let mut work = std::pin::pin!(work);
    assert!(timeout(Duration::from_secs(1), &mut work).await.is_err(), "the store is not full");
    assert!(!journal.is_well());
    let log = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("has no room")).unwrap();
    for part in [
        "ERROR",
        "stream TABLES_0",
        "all stored records are kept",
        "maximum bytes exceeded",
        "raise max_bytes",
    ] {
        assert!(line.contains(part), "{part} is missing: {line}");
    }
    resize(-1).await;
    timeout(GUARD, work).await.unwrap();
    assert_eq!(all(&journal, &table(1)).await.len(), 10);
}

#[tokio::test]
async fn every_journal_subject_has_its_stream() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let streams = TableStreams::new(&bus);
    for id in 0..40 {
        let table = TableId(id);
        let journal = streams.journal(subject::table_partition(table)).await.unwrap();
        let cursor = Cursor::new(subject::table_journal(table));
        timeout(GUARD, journal.append(&cursor, text("x"), true)).await.unwrap().unwrap();
        let filter = subject::table_journals(subject::table_partition(table));
        assert!(!journal.recover(&filter).await.unwrap().is_empty());
    }
    let bus = stage.bus("coordinator").await.unwrap();
    let journal = Journal::open(&bus, subject::TOURNAMENTS_STREAM).await.unwrap();
    let cursor = Cursor::new(subject::tournament_journal(wire::TournamentId(77)));
    timeout(GUARD, journal.append(&cursor, text("x"), true)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_missing_stream_is_named() {
    let nats = servers::Nats::start(servers::NatsOptions::default()).await.unwrap();
    let options = bus::Options {
        urls: vec![nats.url()],
        user: String::new(),
        password: None,
        ca: None,
        name: "table-worker".into(),
        node: "test".into(),
    };
    let bus = Bus::connect(options).await.unwrap();
    let error = Journal::open(&bus, STREAM).await.err().unwrap().to_string();
    assert!(error.contains("TABLES_0") && error.contains("pokerctl apply"), "{error}");
}

/// A measurement: `cargo test -p bus --release --test journal -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: `make measure`"]
async fn speed_of_appends() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let journal = open(&bus).await;
    for tables in [1_u64, 10, 100, 1_000] {
        let (count, payload) = (100_000 / tables.max(10), Bytes::from(vec![7_u8; 800]));
        let started = Instant::now();
        let work = (0..tables).map(|n| {
            let (journal, payload) = (journal.clone(), payload.clone());
            tokio::spawn(async move {
                let mut cursor = Cursor::new(table(tables * 10_000 + n));
                for _ in 0..count {
                    cursor = journal.append(&cursor, payload.clone(), true).await.unwrap();
                }
            })
        });
        join_all(work).await;
        let rate = (tables * count) as f64 / started.elapsed().as_secs_f64();
        println!("{tables} tables: {rate:.0} appends/s");
    }
}

/// A measurement of the reads of a takeover: half of 27,000 tables in the middle of their hands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: `make measure`"]
async fn speed_of_recovery() {
    const PARTITIONS: u64 = 128;
    const TABLES: u64 = 105;
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let streams = TableStreams::new(&bus);
    let mut journals = Vec::new();
    for partition in 0..PARTITIONS as u16 {
        journals.push(streams.journal(partition).await.unwrap());
    }
    let names = |partition: u64| {
        (0..TABLES).map(move |table| format!("journal.table.{partition}.{}", partition * 1_000 + table))
    };
    let (snapshot, record) = (Bytes::from(vec![7_u8; 2_400]), Bytes::from(vec![7_u8; 260]));
    let mut cursors: Vec<(usize, Cursor)> = (0..PARTITIONS)
        .flat_map(|partition| names(partition).map(move |name| (partition as usize, Cursor::new(name))))
        .collect();
    for round in 0..14_usize {
        let appends = cursors.into_iter().enumerate().map(|(n, (partition, cursor))| {
            let (journal, begins) = (journals[partition].clone(), (round + n) % 12 == 0 || round == 0);
            let payload = if begins { snapshot.clone() } else { record.clone() };
            async move { (partition, journal.append(&cursor, payload, begins).await.unwrap()) }
        });
        cursors = futures::stream::iter(appends).buffered(2_000).collect().await;
    }
    for _ in 0..3 {
        let started = Instant::now();
        let work = (0..PARTITIONS).map(|partition| {
            let journal = journals[partition as usize].clone();
            tokio::spawn(
                async move { journal.recover(&format!("journal.table.{partition}.*")).await.unwrap() },
            )
        });
        let recovered = join_all(work).await.into_iter().map(Result::unwrap);
        let (tables, records) =
            recovered.flatten().fold((0, 0), |(t, r), one| (t + 1, r + one.records.len()));
        println!("{tables} tables, {records} records: {:.2} s", started.elapsed().as_secs_f64());
    }
}

#[tokio::test]
async fn a_stream_is_trimmed_by_sequence_and_by_subject() {
    let stage = Stage::open().await.unwrap();
    let (bus, admin) = (stage.bus("table-worker").await.unwrap(), stage.bus("admin").await.unwrap());
    let (journal, trimming) = (open(&bus).await, open(&admin).await);
    let mut cursors = [1, 2].map(|n| Cursor::new(table(n)));
    for n in 0..20 {
        for cursor in &mut cursors {
            *cursor = journal.append(cursor, text(n.to_string()), n % 10 == 9).await.unwrap();
        }
    }
    let whole = trimming.extent().await.unwrap();
    assert_eq!((whole.first, whole.last, whole.records), (1, 40, 40));
    // Both tables' snapshots are their tenth and twentieth records: 19 and 20, 39 and 40.
    assert_eq!(trimming.trim_before(19).await.unwrap(), 18);
    assert_eq!(trimming.extent().await.unwrap().first, 19);
    let from: Vec<Stored> = trimming.walk_from("journal.table.>", 30).try_collect().await.unwrap();
    assert_eq!(from.iter().map(|stored| stored.sequence).collect::<Vec<_>>(), (30..=40).collect::<Vec<_>>());
    for cursor in &cursors {
        assert_eq!(journal.recover_one(&cursor.subject).await.unwrap().unwrap().cursor, *cursor);
    }
    assert_eq!(trimming.remove(&table(1)).await.unwrap(), 11);
    assert!(journal.recover_one(&table(1)).await.unwrap().is_none());
    journal.append(&cursors[1], text("next"), false).await.unwrap();
}

#[tokio::test]
async fn journals_of_before_0036_are_refused_with_what_to_do_until_their_stream_is_empty() {
    let nats = servers::Nats::start(servers::NatsOptions::default()).await.unwrap();
    let options = bus::Options {
        urls: vec![nats.url()],
        user: String::new(),
        password: None,
        ca: None,
        name: "admin".into(),
        node: "test".into(),
    };
    let admin = Bus::connect(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("streams")).unwrap();
    let earlier = r#"{"name": "TABLES_1", "subjects": ["journal.table.1.*.*"]}"#;
    std::fs::write(folder.path().join("streams/x.json"), earlier).unwrap();
    bus::admin::apply(&admin, folder.path()).await.unwrap();
    admin.publish("journal.table.1.9.77".to_owned(), text("x")).await.unwrap();
    admin.flush().await;
    let config = servers::find::nats_config().unwrap();
    let error = bus::admin::apply(&admin, &config).await.unwrap_err().to_string();
    for part in [
        "stream TABLES_1 has journals under journal.table.1.*.*",
        "before decision 0036",
        "Start the earlier version",
        "`pokerctl table close`",
    ] {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    let record = "docs/decisions/0036-streams-of-tables.md";
    assert!(error.contains(record), "{error}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    assert!(root.join(record).is_file(), "the record that the error names is not there");
    // What the earlier version's archivist leaves of closed tables.
    let server = async_nats::connect(nats.url()).await.unwrap();
    server.request("$JS.API.STREAM.PURGE.TABLES_1", "".into()).await.unwrap();
    bus::admin::apply(&admin, &config).await.unwrap();
}
