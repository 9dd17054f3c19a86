//! Counters for the line that shows progress. The judgement does not use them.

use client::Ended;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use wire::Refusal;

/// The counters of all client programs.
#[derive(Debug, Default)]
pub struct Tally {
    acknowledged: AtomicU64,
    hands_seen: AtomicU64,
    connections: AtomicU64,
    refusals: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// Counts a command that was acknowledged.
    pub fn acknowledged(&self) {
        self.acknowledged.fetch_add(1, Relaxed);
    }

    /// Counts a hand that a player saw end.
    pub fn hand_seen(&self) {
        self.hands_seen.fetch_add(1, Relaxed);
    }

    /// Counts a session that was opened, or opened again.
    pub fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// Counts a command that was refused for good.
    pub fn refused(&self, refusal: &Refusal) {
        let name = format!("{refusal:?}");
        self.count(name.split([' ', '{', '(']).next().unwrap_or_default().to_owned());
    }

    /// Counts a client that ended without being told to.
    pub fn ended(&self, ended: &Ended) {
        self.count(ended.to_string());
    }

    /// Returns the counters in words.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "{} acknowledged, {} hands seen, {} connections",
            self.acknowledged.load(Relaxed),
            self.hands_seen.load(Relaxed),
            self.connections.load(Relaxed),
        )
    }

    /// Returns the number of acknowledged commands.
    #[must_use]
    pub fn total_acknowledged(&self) -> u64 {
        self.acknowledged.load(Relaxed)
    }

    /// Returns the refusals by name.
    #[must_use]
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, name: String) {
        *self.refusals.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }
}
