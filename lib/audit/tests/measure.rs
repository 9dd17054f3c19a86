//! Measures a check: memory of a table between two records, and time for a record. `make measure`
//! prints it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints its line")]

use audit::{Report, TableCheck};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
    time::Instant,
};
use testkit::room;
use wire::{TableId, codec};

/// The system's allocator, which counts the bytes that this thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // While a thread ends, its allocations are not measured.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

#[allow(unsafe_code, reason = "hands on to the system's allocator")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Maximum memory of a table's check, in bytes: 27,000 tables are half a gigabyte then.
const MOST_BYTES: i64 = 20 * 1_024;
/// Tables that are checked side by side.
const TABLES: u64 = 100;

/// Journals as an archivist reads them: bytes.
fn journals(actions: u32) -> Vec<Vec<Vec<u8>>> {
    let journal = |seed| room::cash_table(actions, seed).journal;
    let bytes = |seed| journal(seed).iter().map(|record| codec::encode(record).unwrap()).collect();
    (1..=TABLES).map(bytes).collect()
}

/// Checks the journals side by side. Returns the most bytes that a table took on average at any
/// time, nanoseconds for a record, and how many records there were.
fn check(journals: &[Vec<Vec<u8>>]) -> (i64, u128, u64) {
    let (mut report, before) = (Report::default(), HELD.get());
    let mut checks: Vec<TableCheck> =
        journals.iter().map(|_| TableCheck::from_first_snapshot(TableId(7))).collect();
    let longest = journals.iter().map(Vec::len).max().unwrap();
    let (mut most, mut spent) = (0, 0);
    for number in 0..longest {
        let began = Instant::now();
        for (check, journal) in checks.iter_mut().zip(journals) {
            if let Some(bytes) = journal.get(number) {
                check.bytes(number as u64 + 1, bytes, &mut report);
            }
        }
        spent += began.elapsed().as_nanos();
        most = most.max((HELD.get() - before) / checks.len() as i64);
    }
    black_box(&checks);
    assert_eq!(report.violations, 0, "{:?}", report.found.first());
    (most, spent / u128::from(report.records), report.records)
}

#[test]
fn a_check_of_a_table_takes_little_memory_however_long_its_journal_is() {
    let (short, ..) = check(&journals(200));
    let (long, ..) = check(&journals(1_000));
    assert!(short < MOST_BYTES && long < MOST_BYTES, "{short} and {long} bytes");
    assert!(long < short + short / 4, "{short} bytes, {long} where the journal is five times as long");
}

#[test]
#[ignore = "a measurement: `make measure`"]
fn memory_of_a_table_and_time_for_a_record() {
    let (bytes, ns, records) = check(&journals(2_000));
    println!(
        r#"{{"bench": "audit", "tables": {TABLES}, "records": {records}, "bytes_per_table": {bytes}, "ns_per_record": {ns}}}"#
    );
}
