//! Tests of the archive on real servers: journals are checked, archived once and trimmed, and no
//! record is lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that breaks says where")]

mod house;

use archivist::{batch::Archive, table::FollowedTable};
use house::{House, all_records};
use std::time::Duration;
use testkit::room;
use wire::{TableId, subject};

const TABLE: TableId = TableId(7);

#[tokio::test]
async fn a_table_is_archived_once_also_after_restarts() {
    let house = House::start().await;
    let hosted = room::cash_table(900, 11);
    let hands = hosted.table.hands();
    let half = hosted.journal.len() / 2;
    house.append(TABLE, &hosted.journal[..half]).await;
    house.archive_tables(&house.stream_of(TABLE).await, |archived| archived.hands > 0).await;
    house.append(TABLE, &hosted.journal[half..]).await;
    for _ in 0..3 {
        house.archive_tables(&house.stream_of(TABLE).await, |archived| archived.hands == hands).await;
    }
    let archived = house.archived().await;
    assert_eq!((archived.hands, archived.violations), (hands, 0));
    // All chips that players put in were won.
    let (committed, won) = house.committed_and_won().await;
    assert!(committed > 0);
    assert_eq!(committed, won);
    // The archived records are those of the journal, up to the last hand.
    let records = all_records(&house, TABLE).await;
    assert!(records.len() > half);
    for (archived, written) in records.iter().zip(&hosted.journal) {
        assert_eq!((archived.at_ms, &archived.events), (written.at_ms, &written.events));
    }
}

#[tokio::test]
async fn a_stream_is_trimmed_to_two_snapshots_of_each_table_and_still_recovers_it() {
    let house = House::start().await;
    let stream = house.stream_of(TABLE).await;
    let hosted = room::cash_table(12_000, 12);
    assert!(hosted.journal.len() > 8_000, "{} records", hosted.journal.len());
    house.append(TABLE, &hosted.journal).await;
    let journal = house.journal(&stream).await;
    let whole = journal.extent().await.unwrap();
    house.archive_tables(&stream, |archived| archived.trimmed > 1).await;
    let left = journal.extent().await.unwrap();
    assert!(left.first > whole.last / 2, "{left:?}");
    // The remaining journal recovers the table.
    let recovered = journal.recover_one(&subject::table_journal(TABLE)).await.unwrap().unwrap();
    assert_eq!(recovered.cursor.last, whole.last);
    let mut snapshots = 0;
    for stored in house.stored(&stream).await {
        let record: poker::table::TableRecord = wire::codec::decode(&stored.payload).unwrap();
        snapshots += u32::from(record.state.is_some());
    }
    assert!(snapshots >= 2);
    // After a restart on the remaining records, no violation is found and no hand is archived
    // twice.
    let before = house.archived().await;
    house.archive_tables(&stream, |_| true).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = house.archived().await;
    assert_eq!((after.hands, after.violations), (before.hands, 0));
    assert_eq!(after.hands, hosted.table.hands());
    // Archive and journal together have all records.
    let archived = all_records(&house, TABLE).await;
    let last = archived.last().unwrap().sequence;
    assert!(last + 1 >= left.first, "no record is missing between archive and journal");
    assert_eq!(archived.len() as u64, last, "records from the first on");
}

#[tokio::test]
async fn a_table_moved_to_an_added_stream_is_archived_once_and_leaves_the_earlier_one() {
    let house = House::start().await;
    let (partition, earlier) = (subject::table_partition(TABLE), house.stream_of(TABLE).await);
    let hosted = room::cash_table(900, 15);
    let (hands, quarter) = (hosted.table.hands(), hosted.journal.len() / 4);
    house.append(TABLE, &hosted.journal[..quarter]).await;
    house.archive_tables(&earlier, |archived| archived.hands > 0).await;
    // These records are in the earlier stream at the move, and not archived.
    house.append(TABLE, &hosted.journal[quarter..2 * quarter]).await;
    house.add_streams().await;
    let later = house.stream_of(TABLE).await;
    assert_ne!(later, earlier);
    house.append(TABLE, &hosted.journal[2 * quarter..3 * quarter]).await;
    let before = house.archived().await.hands;
    house.archive_tables(&earlier, |_| true).await;
    assert_eq!(house.archived().await.hands, before, "the earlier stream's unit leaves the table alone");
    house.archive_tables(&later, |archived| archived.hands > before).await;
    house.append(TABLE, &hosted.journal[3 * quarter..]).await;
    for stream in [&later, &earlier, &later] {
        house.archive_tables(stream, |archived| stream == &earlier || archived.hands == hands).await;
    }
    house.wait_until_cleared(&later, &earlier, partition).await;
    house.archive_tables(&later, |_| true).await;
    let archived = house.archived().await;
    assert_eq!((archived.hands, archived.violations), (hands, 0));
    let records = all_records(&house, TABLE).await;
    assert!(records.len() > 3 * quarter);
    assert!(records.is_sorted_by(|one, next| one.sequence < next.sequence));
    assert_eq!(house.counted(TABLE).await, (records.len() as u64, hands));
    for (archived, written) in records.iter().zip(&hosted.journal) {
        assert_eq!((archived.at_ms, &archived.events), (written.at_ms, &written.events));
    }
    // The remaining records are enough for an owner.
    let streams = bus::TableStreams::new(&house.bus("table-worker").await);
    let journal = streams.journal(partition).await.unwrap();
    let recovered = journal.recover_one(&subject::table_journal(TABLE)).await.unwrap().unwrap();
    assert!(recovered.cursor.snapshot >= journal.begins());
}

/// Table workers store snapshots in the middle of hands too, and the stream may be trimmed at any
/// moment.
#[test]
fn each_finished_hand_is_archived_whole_although_its_stream_is_trimmed() {
    let hosted = room::cash_table(600, 14);
    let mut table = hosted.journal[0].state.clone().unwrap();
    let mut followed = FollowedTable::new(TABLE, Archive::default());
    let (mut report, mut hands) = (audit::Report::default(), 0);
    for (sequence, record) in (1..).zip(&hosted.journal) {
        if sequence > 1 {
            table.apply(record);
        }
        let stored = poker::table::TableRecord { state: Some(table.clone()), ..record.clone() };
        let payload = wire::codec::encode(&stored).unwrap();
        let piece = followed.record(sequence, 0, &payload, &mut report);
        hands += u64::from(piece.is_some_and(|piece| piece.hand.is_some()));
        if followed.is_stretch_due() {
            assert!(followed.cut().is_some_and(|stretch| stretch.hand.is_none()));
        }
    }
    assert_eq!(report.violations, 0);
    assert!(hands > 10);
    assert_eq!(hands, hosted.table.hands());
}

#[tokio::test]
async fn a_violation_is_found_reported_and_stored_once() {
    let house = House::start().await;
    let mut hosted = room::cash_table(600, 13);
    let event = room::find_hand_event(&mut hosted.journal, |event| {
        matches!(event, wire::event::HandEvent::Awarded { .. })
    });
    if let wire::event::HandEvent::Awarded { amount, .. } = event {
        *amount = amount.plus(wire::Chips(1));
    }
    house.append(TABLE, &hosted.journal).await;
    let stream = house.stream_of(TABLE).await;
    house.archive_tables(&stream, |archived| archived.violations > 0).await;
    let first = house.archived().await.violations;
    for _ in 0..2 {
        house.archive_tables(&stream, |_| true).await;
    }
    assert_eq!(house.archived().await.violations, first);
}

#[tokio::test]
async fn records_that_are_gone_before_they_are_archived_are_a_violation() {
    let house = House::start().await;
    let hosted = room::cash_table(900, 15);
    let (stream, half) = (house.stream_of(TABLE).await, hosted.journal.len() / 2);
    house.append(TABLE, &hosted.journal[..half]).await;
    house.archive_tables(&stream, |archived| archived.hands > 0).await;
    house.append(TABLE, &hosted.journal[half..]).await;
    let journal = house.journal(&stream).await;
    let last = journal.extent().await.unwrap().last;
    journal.trim_before(last).await.unwrap();
    for _ in 0..2 {
        house.archive_tables(&stream, |archived| archived.violations > 0).await;
    }
    let violations = house.violations().await;
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains(&format!("up to record {}", last - 1)), "{violations:?}");
}

#[tokio::test]
async fn a_tournament_is_archived_whole_compared_with_its_tables_and_removed() {
    let house = House::start().await;
    let room = room::Room::tournament(24, 5);
    for (id, hosted) in &room.tables {
        house.append(*id, &hosted.journal).await;
    }
    house.append_tournament(room.tournament, &room.journal).await;
    house.archive_tournaments(|archived| archived.tournaments == 1).await;
    assert_eq!(house.archived().await.uncrossed, 1, "its tables are not archived yet");
    for stream in house.table_streams().await {
        house.archive_tables(&stream, |_| true).await;
    }
    house.archive_tournaments(|archived| archived.uncrossed == 0).await;
    let archived = house.archived().await;
    assert_eq!((archived.violations, archived.tournaments), (0, 1));
    let hands: u64 = room.tables.values().map(|hosted| hosted.table.hands()).sum();
    assert_eq!(archived.hands, hands);
    // No record of it is left in the streams.
    for id in room.tables.keys() {
        house.wait_until_removed(&house.stream_of(*id).await, &subject::table_journal(*id)).await;
    }
    let journal = subject::tournament_journal(room.tournament);
    house.wait_until_removed(subject::TOURNAMENTS_STREAM, &journal).await;
}

#[tokio::test]
async fn a_table_whose_journal_differs_from_its_tournaments_is_found() {
    let house = House::start().await;
    let mut room = room::Room::tournament(12, 6);
    let report =
        room.journal.iter_mut().flat_map(|record| &mut record.events).find_map(|event| match event {
            wire::tournament::TournamentEvent::HandReported { report, .. } => Some(report),
            _ => None,
        });
    report.unwrap().actions += 1;
    for (id, hosted) in &room.tables {
        house.append(*id, &hosted.journal).await;
    }
    house.append_tournament(room.tournament, &room.journal).await;
    for stream in house.table_streams().await {
        house.archive_tables(&stream, |_| true).await;
    }
    house.archive_tournaments(|archived| archived.uncrossed == 0 && archived.tournaments == 1).await;
    let described = house.violations().await;
    assert!(described.iter().any(|what| what.contains("on record")), "{described:?}");
}
