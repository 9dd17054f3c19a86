//! The report of a verification.

use serde::Serialize;
use std::fmt;
use wire::{TableId, TournamentId};

/// The number of violations that are described; further ones are only counted.
const MOST_DESCRIBED: usize = 1_000;

/// The place of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A table's journal.
    Table(TableId),
    /// A tournament's journal.
    Tournament(TournamentId),
    /// The cashier's ledger.
    Ledger,
    /// A finding that the archivists have recorded.
    Archive,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(id) => write!(f, "table {id}"),
            Self::Tournament(id) => write!(f, "tournament {id}"),
            Self::Ledger => f.write_str("ledger"),
            Self::Archive => f.write_str("archive"),
        }
    }
}

/// The rule that a violation breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// The journal itself: a record that is unreadable, empty or of an unknown version, or a
    /// missing beginning.
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
    /// Every record has the events that the rules give for the state before it.
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
    /// Journals continue where the archive of them ends, and the archivists have found no
    /// violation.
    Archive,
}

/// A fault in a record: the broken rule, and the fault in words.
pub type Fault = (Rule, String);

/// A violation of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The place.
    pub location: Location,
    /// The sequence of the record in its stream, when the violation is in a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The broken rule.
    pub rule: Rule,
    /// The violation in words.
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

/// The numbers of things checked, and the violations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Records checked.
    pub records: u64,
    /// Records before the first snapshot of a journal that has lost its beginning: they were not
    /// checked.
    pub skipped: u64,
    /// Commands that were carried out.
    pub commands: u64,
    /// Snapshots that were compared with the replay.
    pub snapshots: u64,
    /// Hands that ended.
    pub hands: u64,
    /// Hands that were dealt from scripts, not shuffled: they have no commitment to check.
    pub scripted_hands: u64,
    /// Players' actions.
    pub actions: u64,
    /// Number of violations.
    pub violations: u64,
    /// The violations, at most a thousand.
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

    /// Adds the archive's findings: the number of its violations, of which these are described.
    pub fn recorded(&mut self, violations: u64, described: &[String]) {
        let before = self.violations;
        for what in described {
            self.violation(Location::Archive, None, Rule::Archive, what.clone());
        }
        self.violations = before + violations.max(described.len() as u64);
    }

    /// Adds the numbers and violations of another part of the verification.
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
