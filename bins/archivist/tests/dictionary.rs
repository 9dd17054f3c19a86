//! Measures how small packed hands get, and trains the dictionary. `cargo test --workspace --test
//! dictionary -- --ignored --nocapture` prints figures; with `MAKE_DICTIONARY=FILE` it trains a
//! dictionary for a new format of `pack.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that breaks says where")]

use archivist::pack::{Packer, unpack};
use poker::table::TableRecord;
use testkit::room;
use wire::{archive::Archived, codec, event::TableEvent};

/// Bytes of a dictionary; larger ones bring no measurable gain.
const DICTIONARY_BYTES: usize = 16 * 1024;

/// Returns the records of each hand, as the archivist packs them.
fn hands(journal: &[TableRecord]) -> Vec<Vec<Archived<TableEvent>>> {
    let mut hands = vec![Vec::new()];
    for (sequence, record) in (1..).zip(journal) {
        let ended = record.events.iter().any(|event| matches!(event, TableEvent::HandEnded { .. }));
        let hand = hands.last_mut().unwrap();
        hand.push(Archived::new(sequence, record.at_ms, record.clone()));
        if ended {
            hands.push(Vec::new());
        }
    }
    hands.pop();
    hands
}

fn played(seeds: std::ops::Range<u64>) -> Vec<Vec<Archived<TableEvent>>> {
    let mut all = Vec::new();
    for seed in seeds {
        all.extend(hands(&room::cash_table(900, seed).journal));
        let room = room::Room::tournament(12, seed);
        all.extend(room.tables.values().flat_map(|hosted| hands(&hosted.journal)));
    }
    all
}

#[test]
#[ignore = "a measurement: `make measure`"]
fn how_small_hands_get() {
    if let Ok(path) = std::env::var("MAKE_DICTIONARY") {
        let samples: Vec<Vec<u8>> = played(1..40).iter().map(|hand| codec::encode(hand).unwrap()).collect();
        let dictionary = zstd::dict::from_samples(&samples, DICTIONARY_BYTES).unwrap();
        std::fs::write(path, dictionary).unwrap();
        return;
    }
    let others = played(100..110);
    let plain: usize = others.iter().map(|hand| codec::encode(hand).unwrap().len()).sum();
    let alone: usize =
        others.iter().map(|hand| zstd::bulk::compress(&codec::encode(hand).unwrap(), 6).unwrap().len()).sum();
    let mut packer = Packer::new().unwrap();
    let began = std::time::Instant::now();
    let packed: Vec<Vec<u8>> = others.iter().map(|hand| packer.pack(hand).unwrap()).collect();
    let micros = began.elapsed().as_micros() as usize / others.len();
    let total: usize = packed.iter().map(Vec::len).sum();
    let n = others.len();
    println!(
        "{{\"hands\":{n},\"plain\":{},\"zstd\":{},\"packed\":{},\"us_per_hand\":{micros}}}",
        plain / n,
        alone / n,
        total / n
    );
    assert!(total * 4 < plain, "packed hands take less than a quarter");
}

#[test]
fn a_played_hand_is_unpacked_unchanged() {
    let mut packer = Packer::new().unwrap();
    for hand in played(200..202) {
        assert_eq!(unpack::<TableEvent>(&packer.pack(&hand).unwrap()).unwrap(), hand);
    }
}
