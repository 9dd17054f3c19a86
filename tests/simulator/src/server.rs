//! The model of the server: journals that take a record only after the record it names, and claims
//! that are changed by compare-and-swap.

use bytes::Bytes;
use host::{Aggregate, Journaled, Position};
use std::collections::BTreeMap;

/// One incarnation of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) process: usize,
    pub(crate) incarnation: u32,
}

/// Stands for any incarnation of a process, in messages.
pub(crate) const ANY_LIFE: u32 = u32::MAX;

/// A partition's owner, and the revision of its claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) owner: Option<Member>,
    pub(crate) revision: u64,
}

struct Stored {
    sequence: u64,
    append: u64,
    payload: Bytes,
    snapshot: bool,
}

/// The answer to an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    Stored(u64),
    WrongLast,
    NoRoom,
}

/// The finding after the last known record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    Ours(u64),
    Theirs,
    Open,
}

/// Journals and claims.
pub(crate) struct Server<A: Aggregate> {
    journals: BTreeMap<A::Id, Vec<Stored>>,
    /// Sequence of the stream's newest record.
    pub(crate) sequence: u64,
    pub(crate) claims: Vec<Claim>,
    revision: u64,
}

impl<A: Aggregate> Server<A> {
    pub(crate) fn new(partitions: u16) -> Self {
        let claims = vec![Claim::default(); usize::from(partitions)];
        Self { journals: BTreeMap::new(), sequence: 0, claims, revision: 0 }
    }

    pub(crate) fn append(
        &mut self,
        id: A::Id,
        after: u64,
        append: u64,
        payload: Bytes,
        snapshot: bool,
    ) -> Ack {
        let records = self.journals.entry(id).or_default();
        if records.last().map_or(0, |record| record.sequence) != after {
            return Ack::WrongLast;
        }
        self.sequence += 1;
        records.push(Stored { sequence: self.sequence, append, payload, snapshot });
        Ack::Stored(self.sequence)
    }

    /// Returns the fate of an append, by the record after the one that it was to follow.
    pub(crate) fn read_back(&self, id: A::Id, after: u64, append: u64) -> Decided {
        let records = self.journals.get(&id).map_or(&[][..], Vec::as_slice);
        let next = records.get(records.partition_point(|record| record.sequence <= after));
        match next {
            None => Decided::Open,
            Some(record) if record.append == append => Decided::Ours(record.sequence),
            Some(_) => Decided::Theirs,
        }
    }

    /// Returns the last snapshot and the records after it.
    pub(crate) fn read(&self, id: A::Id) -> Option<Journaled> {
        let records = self.journals.get(&id)?;
        let begin = records.iter().rposition(|record| record.snapshot).unwrap_or(0);
        let tail = records.get(begin..)?;
        let first = tail.first()?;
        let position = Position {
            last: tail.last()?.sequence,
            snapshot: if first.snapshot { first.sequence } else { 0 },
        };
        Some(Journaled { position, records: tail.iter().map(|record| record.payload.clone()).collect() })
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = A::Id> + '_ {
        self.journals.keys().copied()
    }

    /// Changes a claim, if it still has this revision; returns the new claim.
    pub(crate) fn claim(&mut self, partition: u16, expected: u64, owner: Option<Member>) -> Option<Claim> {
        let claim = self.claims.get_mut(usize::from(partition))?;
        if claim.revision != expected {
            return None;
        }
        self.revision += 1;
        *claim = Claim { owner, revision: self.revision };
        Some(*claim)
    }
}
