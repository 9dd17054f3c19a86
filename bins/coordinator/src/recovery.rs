//! Tournaments out of their journals: the last snapshot and the records after it.

use crate::cadence::Cadence;
use bus::{Cursor, Journal, JournalError, Recovered};
use tournament::Saved;
use wire::{
    Epoch, TournamentId,
    codec::{self, CodecError},
    journal::Record,
    subject,
    tournament::TournamentEvent,
};

/// What a tournament's journal holds.
pub type TournamentRecord = Record<TournamentEvent, Saved>;

/// Why a tournament cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record is something else.
    #[error("{subject}: record {sequence} cannot be read: {source}")]
    Record {
        /// The journal.
        subject: String,
        /// The record's sequence.
        sequence: u64,
        /// What is wrong with it.
        source: CodecError,
    },
    /// Not the subject of a tournament's journal.
    #[error("{0}: not the subject of a tournament's journal")]
    Subject(String),
}

/// A tournament as its journal has it.
pub struct Loaded {
    /// The state after the last record.
    pub saved: Saved,
    /// Where the next record goes.
    pub cursor: Cursor,
    /// What was written since the last snapshot.
    pub cadence: Cadence,
    /// The ownership under which it was last written.
    pub epoch: Epoch,
    /// The last record's events, for telling those who may have missed them.
    pub last: Vec<TournamentEvent>,
}

impl Loaded {
    /// A tournament that has no record yet.
    pub fn unborn(id: TournamentId) -> Self {
        Self {
            saved: Saved::new(id),
            cursor: Cursor::new(subject::tournament_journal(id)),
            cadence: Cadence::default(),
            epoch: Epoch(0),
            last: Vec::new(),
        }
    }

    /// Whether nothing will ever happen to it again.
    pub fn is_over(&self) -> bool {
        is_over(&self.saved)
    }
}

/// Whether nothing will ever happen to a tournament again: it has ended, and nothing is left to be done.
pub fn is_over(saved: &Saved) -> bool {
    use wire::tournament::Phase::{Cancelled, Finished};
    let here = saved.tournament();
    matches!(here.phase(), Finished | Cancelled) && here.effects().next().is_none()
}

/// One tournament; unborn when it has no journal.
pub async fn load_one(journal: &Journal, id: TournamentId) -> Result<Loaded, LoadError> {
    match journal.recover_one(&subject::tournament_journal(id)).await? {
        Some(recovered) => load(recovered).map(|(_, loaded)| loaded),
        None => Ok(Loaded::unborn(id)),
    }
}

/// A tournament out of its records.
pub fn load(recovered: Recovered) -> Result<(TournamentId, Loaded), LoadError> {
    let subject = recovered.cursor.subject.clone();
    let id =
        subject::parse_tournament_journal(&subject).ok_or_else(|| LoadError::Subject(subject.clone()))?;
    let mut loaded = Loaded { cursor: recovered.cursor, ..Loaded::unborn(id) };
    for stored in recovered.records {
        let record: TournamentRecord = codec::decode(&stored.payload).map_err(|source| {
            LoadError::Record { subject: subject.clone(), sequence: stored.sequence, source }
        })?;
        loaded.cadence.wrote(stored.payload.len(), record.state.is_some());
        loaded.epoch = record.epoch;
        loaded.last.clone_from(&record.events);
        loaded.saved.carry_out(record);
    }
    Ok((id, loaded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::Stored;
    use wire::{CommandId, PlayerId, journal::Cause};

    const ID: TournamentId = TournamentId(5);

    fn record(n: u64, state: Option<Saved>) -> TournamentRecord {
        let player = PlayerId(n);
        let cause = Some(Cause { player: Some(player), id: CommandId(n) });
        let events = vec![TournamentEvent::EntryReserved { player, name: format!("p{n}"), bot: false }];
        Record { v: 1, epoch: Epoch(n), at_ms: n, cause, events, state }
    }

    fn recovered(records: &[TournamentRecord]) -> Recovered {
        let subject = subject::tournament_journal(ID);
        let stored = |(sequence, record): (u64, &TournamentRecord)| Stored {
            subject: subject.clone(),
            sequence,
            time_ms: 0,
            payload: codec::encode(record).unwrap().into(),
        };
        let records: Vec<Stored> = (1..).zip(records).map(stored).collect();
        let last = records.len() as u64;
        Recovered { cursor: Cursor { subject: subject.clone(), last, snapshot: 1 }, records }
    }

    #[test]
    fn a_snapshot_and_its_tail_make_the_state_and_the_memory() {
        let mut whole = Saved::new(ID);
        let records: Vec<TournamentRecord> = (1..=20).map(|n| record(n, None)).collect();
        for record in &records[..10] {
            whole.evolve(record.cause, record.at_ms, &record.events);
        }
        let mut tail = records[9..].to_vec();
        tail[0].state = Some(whole.clone());
        for record in &records[10..] {
            whole.evolve(record.cause, record.at_ms, &record.events);
        }
        let (id, loaded) = load(recovered(&tail)).unwrap();
        assert_eq!((id, loaded.epoch, loaded.cursor.last), (ID, Epoch(20), 11));
        assert_eq!(loaded.saved, whole);
        assert_eq!(loaded.last, records[19].events);
        for n in [1, 20] {
            let cause = Cause { player: Some(PlayerId(n)), id: CommandId(n) };
            assert!(loaded.saved.answer(cause).is_some());
        }
    }

    #[test]
    fn garbage_is_named() {
        let mut bad = recovered(&[record(1, None)]);
        bad.records[0].payload = vec![0xc1].into();
        let error = load(bad).err().unwrap().to_string();
        assert!(error.contains(".5: record 1 cannot be read"), "{error}");
    }
}
