//! What a verification found.

use serde::Serialize;
use std::fmt;
use wire::{TableId, TournamentId};

/// Violations that are described; beyond them they are only counted.
const MOST_DESCRIBED: usize = 1_000;

/// Where a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A table's journal.
    Table(TableId),
    /// A tournament's journal.
    Tournament(TournamentId),
    /// The cashier's ledger.
    Ledger,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(id) => write!(f, "table {id}"),
            Self::Tournament(id) => write!(f, "tournament {id}"),
            Self::Ledger => f.write_str("ledger"),
        }
    }
}

/// Which promise is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The journal itself: a record that cannot be read, is empty or of an unknown version, or a missing beginning.
    Journal,
    /// Epochs never fall.
    Epoch,
    /// A command is carried out at most once.
    Once,
    /// Chips are conserved.
    Chips,
    /// One player holds at most one seat.
    Seats,
    /// Replaying a journal gives every stored snapshot, bit for bit.
    Replay,
    /// Every record is what the rules make of the state before it.
    Legal,
    /// Hand numbers, seed, commitment and cards.
    Deal,
    /// Button and blinds.
    Blinds,
    /// Places and prizes.
    Places,
    /// Tables and their tournament agree.
    Tournament,
    /// The ledger balances and agrees with the journals.
    Ledger,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Epoch => "epoch",
            Self::Once => "once",
            Self::Chips => "chips",
            Self::Seats => "seats",
            Self::Replay => "replay",
            Self::Legal => "legal",
            Self::Deal => "deal",
            Self::Blinds => "blinds",
            Self::Places => "places",
            Self::Tournament => "tournament",
            Self::Ledger => "ledger",
        })
    }
}

/// A fault that a record shows: the broken promise, and what is wrong in words.
pub type Fault = (Rule, String);

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where.
    pub location: Location,
    /// Sequence of the record in its stream, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Which promise.
    pub rule: Rule,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.location)?;
        if let Some(sequence) = self.sequence {
            write!(f, ", record {sequence}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Records.
    pub records: u64,
    /// Records before the first snapshot of a journal that does not begin at its beginning: they were not checked.
    pub skipped: u64,
    /// Commands that were carried out.
    pub commands: u64,
    /// Snapshots that were compared with the replay.
    pub snapshots: u64,
    /// Hands that ended.
    pub hands: u64,
    /// Hands that were dealt from scripts, not shuffled: there is no commitment to check.
    pub scripted_hands: u64,
    /// Players' actions.
    pub actions: u64,
    /// Number of violations.
    pub violations: u64,
    /// The violations, the first thousand of them.
    pub found: Vec<Violation>,
}

impl Report {
    /// Adds a violation.
    pub fn violation(
        &mut self,
        location: Location,
        sequence: Option<u64>,
        rule: Rule,
        what: impl Into<String>,
    ) {
        self.violations += 1;
        if self.found.len() < MOST_DESCRIBED {
            self.found.push(Violation { location, sequence, rule, what: what.into() });
        }
    }

    /// Adds what another part of the verification looked at and found.
    pub fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.skipped += other.skipped;
        self.commands += other.commands;
        self.snapshots += other.snapshots;
        self.hands += other.hands;
        self.scripted_hands += other.scripted_hands;
        self.actions += other.actions;
        self.violations += other.violations;
        let room = MOST_DESCRIBED.saturating_sub(self.found.len());
        self.found.extend(other.found.into_iter().take(room));
    }
}
