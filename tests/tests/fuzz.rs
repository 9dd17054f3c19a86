//! The bodies of the fuzz targets (`make fuzz`), on fewer inputs: golden messages and hand files
//! that are changed in a few places, and random bytes. The same inputs again: FUZZ_SEED.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails")]

#[path = "../../fuzz/bodies/hand_commands.rs"]
mod hand_commands;
#[path = "../../fuzz/bodies/hand_files.rs"]
mod hand_files;
#[path = "../../fuzz/bodies/wire_frames.rs"]
mod wire_frames;

use serde_json::Value;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// Random numbers by the generator xorshift64* (Vigna 2016).
struct Chance(u64);

impl Chance {
    /// Returns a generator from FUZZ_SEED, or from the clock.
    fn new() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        let seed = std::env::var("FUZZ_SEED").map_or_else(|_| clock(), |seed| seed.parse().unwrap());
        println!("again: FUZZ_SEED={seed}");
        Self(seed.max(1))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// Changes, adds, removes or repeats bytes in up to four places.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) + 1 {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[at] = self.byte(),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.insert(at, self.byte()),
                3 => bytes.truncate(at),
                _ => {
                    let part = bytes[at..(at + self.below(16)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
    }
}

/// Runs a target, and names the input if it panics.
fn run(target: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("the input is {hex}");
        std::panic::resume_unwind(panic);
    }
}

/// Returns the golden messages of all kinds in both encodings, without the byte that chooses a
/// kind.
fn golden() -> Vec<(bool, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/vectors/v1");
    let mut messages = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let samples: Vec<Value> = serde_json::from_str(&text).unwrap();
        for sample in samples {
            let hex = sample["msgpack"].as_str().unwrap();
            let pairs = (0..hex.len()).step_by(2);
            let bytes = pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            messages.push((false, bytes.collect()));
            messages.push((true, sample["json"].to_string().into_bytes()));
        }
    }
    assert!(messages.len() > 200, "{} messages in {folder}", messages.len());
    messages
}

#[test]
fn messages_of_every_boundary_survive_any_change() {
    let mut chance = Chance::new();
    for (json, message) in golden() {
        for kind in 0..wire_frames::KINDS {
            let first = (kind as u8) << 1 | u8::from(json);
            run(wire_frames::run, &[&[first], &message[..]].concat());
            let mut changed = message.clone();
            chance.change(&mut changed);
            run(wire_frames::run, &[&[first], &changed[..]].concat());
        }
    }
}

#[test]
fn hand_files_survive_any_change() {
    let mut chance = Chance::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lib/poker/tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "phh")).collect();
    assert!(files.len() > 5, "{} files", files.len());
    for path in files {
        let bytes = fs::read(path).unwrap();
        for _ in 0..20 {
            let mut changed = bytes.clone();
            chance.change(&mut changed);
            run(hand_files::run, &changed);
        }
    }
}

#[test]
fn hands_end_with_their_chips_whatever_is_done() {
    let mut chance = Chance::new();
    for _ in 0..500 {
        let bytes: Vec<u8> = (0..chance.below(400)).map(|_| chance.byte()).collect();
        run(hand_commands::run, &bytes);
    }
}
