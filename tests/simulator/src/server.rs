//! The model of the server: journals that take a record only after the one it names, and claims
//! that are changed by compare-and-swap.

use bytes::Bytes;
use host::{Aggregate, Journaled, Position};
use std::collections::BTreeMap;

/// One life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) process: usize,
    pub(crate) incarnation: u32,
}

/// For messages to whatever life of a process there is.
pub(crate) const ANY_LIFE: u32 = u32::MAX;

/// Who owns a partition, and since which change of that.
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

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    Stored(u64),
    WrongLast,
    NoRoom,
}

/// What is found behind the last known record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    Ours(u64),
    Theirs,
    Open,
}

/// See the module.
pub(crate) struct Server<A: Aggregate> {
    journals: BTreeMap<A::Id, Vec<Stored>>,
    /// Sequence of the newest record of all.
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

    /// What became of an append, by what follows the record that it was to follow.
    pub(crate) fn read_back(&self, id: A::Id, after: u64, append: u64) -> Decided {
        let records = self.journals.get(&id).map_or(&[][..], Vec::as_slice);
        let next = records.get(records.partition_point(|record| record.sequence <= after));
        match next {
            None => Decided::Open,
            Some(record) if record.append == append => Decided::Ours(record.sequence),
            Some(_) => Decided::Theirs,
        }
    }

    /// The last snapshot and what follows it.
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

    pub(crate) fn last(&self, id: A::Id) -> u64 {
        self.journals.get(&id).and_then(|records| records.last()).map_or(0, |record| record.sequence)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = A::Id> + '_ {
        self.journals.keys().copied()
    }

    /// Changes a claim that still has this revision.
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
