//! Short sums of what a table and its tournament both have on record, to compare them without keeping all of it.

use sha2::{Digest, Sha256};
use wire::{
    codec,
    event::{HandStart, Stack},
    tournament::{HandResult, Instruction, Report},
};

/// A sum: equal for equal things, and for different ones with a chance of 2^-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally(u64);

impl Tally {
    /// The sum as bytes, the same on every machine and in every version.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// The first eight bytes of SHA-256.
fn tally(bytes: &[u8]) -> Tally {
    Tally(Sha256::digest(bytes).first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
}

/// Of an instruction.
pub fn instruction(instruction: &Instruction) -> Tally {
    tally(&codec::encode(instruction).unwrap_or_default())
}

/// Of a finished hand as its tournament has it.
pub fn reported_hand(report: &Report) -> Tally {
    let hand = (report.button, report.big_blind, &report.results, report.actions);
    tally(&codec::encode(&hand).unwrap_or_default())
}

/// Of a finished hand as its table played it.
pub fn finished_hand(start: &HandStart, after: &[Stack], actions: u32) -> Tally {
    let results: Vec<HandResult> = start
        .stacks
        .iter()
        .zip(after)
        .map(|(before, after)| HandResult {
            seat: before.seat,
            player: before.player,
            before: before.chips,
            after: after.chips,
        })
        .collect();
    let hand = (start.button, start.big_blind, &results, actions);
    tally(&codec::encode(&hand).unwrap_or_default())
}
