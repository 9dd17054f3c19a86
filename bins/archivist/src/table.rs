//! Follows one table through its journal: checks each record, and cuts the records into pieces for
//! the archive.

use crate::{
    batch::{Archive, Facts, Piece},
    hand::Hand,
};
use audit::{Report, TableCheck, tally};
use poker::table::{Table, TableRecord};
use std::time::Instant;
use wire::{
    TableId,
    archive::Archived,
    codec::{self, CodecError},
    event::{HandEvent, HandStart, TableEvent},
};

/// Number of records after which a stretch without a finished hand is archived, for tables with
/// much chat or without hands.
const LONGEST_STRETCH: usize = 512;

/// A table by the records of its journal that were read so far.
pub struct FollowedTable {
    id: TableId,
    check: TableCheck,
    facts: Option<Facts>,
    /// Sequence of the last record that was read; 0 if no record was read.
    last: u64,
    /// Records that are not archived yet.
    pending: Vec<Archived<TableEvent>>,
    archive: Archive,
    /// Sequences of the last two snapshots, the older one first; 0 for a missing one.
    snapshots: [u64; 2],
    /// The current hand and its actions so far.
    playing: Option<(HandStart, u32)>,
    /// Sequence of a record that cannot be decoded: it and later records are never trimmed.
    unreadable: Option<u64>,
    /// Time by this process's clock since when the journal gets no further records.
    over: Option<Instant>,
    over_ms: u64,
    /// Number of described violations.
    told: usize,
}

impl FollowedTable {
    /// Starts to follow a table with this state of its archive.
    pub fn new(id: TableId, archive: Archive) -> Self {
        Self {
            id,
            // In a trimmed stream, a table's first record is missing.
            check: TableCheck::from_first_snapshot(id),
            facts: None,
            last: 0,
            pending: Vec::new(),
            archive,
            snapshots: [0; 2],
            playing: None,
            unreadable: None,
            over: None,
            over_ms: 0,
            told: 0,
        }
    }

    /// Returns the number of this journal's violations that were described.
    pub const fn told(&mut self) -> &mut usize {
        &mut self.told
    }

    /// Returns the sequence of the last archived record; 0 if there is none.
    pub const fn archived_to(&self) -> u64 {
        self.archive.archived_to
    }

    /// Returns the sequence up to which the journal is read or archived.
    pub fn known_to(&self) -> u64 {
        self.last.max(self.archive.archived_to)
    }

    /// Checks the next record, and returns the piece that can be archived now.
    pub fn record(
        &mut self,
        sequence: u64,
        stored_ms: u64,
        payload: &[u8],
        report: &mut Report,
    ) -> Option<Piece> {
        self.last = sequence;
        let record: TableRecord = match codec::decode(payload) {
            Ok(record) => record,
            Err(error) => {
                self.unreadable(sequence, &error, report);
                return None;
            }
        };
        self.check.record(sequence, &record, report);
        if record.state.is_some() {
            self.snapshots = [self.snapshots[1], sequence];
        }
        self.learn(&record);
        let ended = record.events.iter().any(|event| matches!(event, TableEvent::HandEnded { .. }));
        let at_ms = record.at_ms;
        if sequence <= self.archive.archived_to {
            self.follow(&record.events, false);
            return None;
        }
        self.follow(&record.events, true);
        self.pending.push(Archived::new(sequence, stored_ms, record));
        if self.check.table().is_some_and(is_over) {
            self.over = Some(Instant::now());
            self.over_ms = at_ms;
        }
        let cut =
            ended || self.over.is_some() || self.is_between_hands() && self.pending.len() >= LONGEST_STRETCH;
        cut.then(|| self.cut()).flatten()
    }

    fn unreadable(&mut self, sequence: u64, error: &CodecError, report: &mut Report) {
        self.unreadable.get_or_insert(sequence);
        self.check.unreadable(sequence, &error.to_string(), report);
    }

    /// Learns the table's unchanging properties from its first record, or from a snapshot.
    fn learn(&mut self, record: &TableRecord) {
        if let Some(TableEvent::Created { config }) = record.events.first() {
            self.facts = Some(Facts { config: config.clone(), created_ms: Some(record.at_ms) });
        } else if self.facts.is_none()
            && let Some(state) = &record.state
        {
            self.facts = Some(Facts { config: state.config().clone(), created_ms: None });
        }
    }

    /// Adds hands and instructions to the chains that the tournament's must equal, if `counts`:
    /// records that are archived already do not count again.
    fn follow(&mut self, events: &[TableEvent], counts: bool) {
        for event in events {
            if let TableEvent::HandStarted { start, .. } = event {
                self.playing = Some((start.clone(), 0));
            } else if let (TableEvent::Hand(HandEvent::Acted { .. }), Some((_, actions))) =
                (event, &mut self.playing)
            {
                *actions += 1;
            } else if let TableEvent::HandEnded { stacks, .. } = event {
                let played = self.playing.take().filter(|_| counts);
                if let Some((start, actions)) = played {
                    let hand = tally::finished_hand(&start, stacks, actions);
                    self.archive.hands.add(&hand.to_bytes());
                }
            } else if let TableEvent::Instructed { instruction, .. } = event
                && counts
            {
                self.archive.instructions.add(&tally::instruction(instruction).to_bytes());
            }
        }
    }

    /// Returns the pending records as a piece for the archive.
    pub fn cut(&mut self) -> Option<Piece> {
        let facts = self.facts.clone()?;
        let last = self.pending.last()?.sequence;
        // The chains have them; kept in the check, they would grow without bound.
        drop((self.check.take_finished_hands(), self.check.take_instructions()));
        let records = std::mem::take(&mut self.pending);
        self.archive.archived_to = last;
        self.archive.records += records.len() as u64;
        let hand = Hand::of(&records);
        let closed_ms = self.over.map(|_| self.over_ms);
        Some(Piece { table: self.id, facts, records, hand, archive: self.archive.clone(), closed_ms })
    }

    /// Returns the sequence from which on the stream must be kept for this table; none if it needs
    /// none of it.
    pub fn needed_from(&self) -> Option<u64> {
        let pending = self.pending.first().map(|first| first.sequence);
        let kept = match self.over {
            Some(_) => None,
            None => Some(self.snapshots[0]),
        };
        pending.into_iter().chain(self.unreadable).chain(kept).min()
    }

    /// Returns whether pending records alone keep the stream from being trimmed up to the
    /// snapshots.
    pub fn is_stretch_due(&self) -> bool {
        let first = self.pending.first();
        self.is_between_hands() && first.is_some_and(|first| first.sequence < self.snapshots[0])
    }

    /// Returns whether no hand is being played: the records of a hand are archived together, and
    /// the clock ends each hand.
    const fn is_between_hands(&self) -> bool {
        self.playing.is_none()
    }

    /// Returns since when the journal is complete and archived.
    pub fn over_since(&self) -> Option<Instant> {
        self.over.filter(|_| self.pending.is_empty() && self.unreadable.is_none())
    }
}

/// Returns whether a table's journal gets no further records: the table is closed, and no money is
/// being moved.
fn is_over(table: &Table) -> bool {
    table.is_closed() && table.pending_postings() == 0
}
