//! Archives partitions that move between streams (`docs/decisions/0039-streams-are-added.md`).
//!
//! Invariant: a partition is archived by the unit of the stream that holds it. This unit first
//! reads the partition's remaining records in earlier streams, and only it removes them there. An
//! earlier stream is trimmed up to them at most.

use crate::{error::ArchiveError, store, stream::StreamArchivist};
use bus::{Journal, Partitions};
use futures::TryStreamExt;
use std::collections::BTreeSet;
use wire::subject;

impl StreamArchivist {
    /// Updates the partitions that the stream holds, and those that were moved to other streams.
    ///
    /// # Errors
    /// When a stream or the database does not answer.
    pub(crate) async fn look_at_partitions(&mut self) -> Result<(), ArchiveError> {
        let Partitions { held, moved } = self.journal.partitions().await?;
        if moved != self.moved {
            // The records that were read are archived; pending ones are read again by the unit of
            // the new stream.
            self.write().await?;
            self.tables.retain(|id, _| !moved.contains(&subject::table_partition(*id)));
            self.gained.retain(|partition, _| !moved.contains(partition));
            self.moved = moved;
        }
        let gained = held.into_iter().filter(|partition| !self.gained.contains_key(partition)).collect();
        self.gain(gained).await
    }

    /// Starts to archive partitions: loads the state of their tables' archive, and reads their
    /// remaining records in earlier streams.
    ///
    /// # Errors
    /// When a stream or the database does not answer.
    pub(crate) async fn gain(&mut self, partitions: Vec<u16>) -> Result<(), ArchiveError> {
        let mut streams = BTreeSet::from([self.name.clone()]);
        let mut gained = Vec::new();
        for partition in partitions {
            let journal = self.streams.journal(partition).await?;
            // Otherwise, the partition was moved again meanwhile.
            if journal.stream() == self.name {
                streams.extend(journal.earlier_streams());
                gained.push((partition, journal));
            }
        }
        if gained.is_empty() {
            return Ok(());
        }
        let known = store::tables(&self.context.database, streams.into_iter().collect()).await?;
        let is_gained = |partition| gained.iter().any(|(gained, _)| *gained == partition);
        self.known.extend(known.into_iter().filter(|(id, _)| is_gained(subject::table_partition(*id))));
        for (partition, journal) in gained {
            self.gained.insert(partition, journal.clone());
            if !journal.earlier_streams().is_empty() {
                self.read_earlier(&journal, partition).await?;
            }
        }
        Ok(())
    }

    async fn read_earlier(&mut self, journal: &Journal, partition: u16) -> Result<(), ArchiveError> {
        let mut records = std::pin::pin!(journal.walk(&subject::table_journals(partition)));
        while let Some(stored) = records.try_next().await?.filter(|stored| stored.sequence < journal.begins())
        {
            if let Some(id) = subject::parse_table_journal(&stored.subject) {
                self.follow(id, &stored, None);
            }
            if self.is_full() {
                self.write().await?;
            }
        }
        Ok(())
    }

    /// Removes records from earlier streams that no table of a partition needs there.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) async fn clear_earlier(&mut self) -> Result<(), ArchiveError> {
        for (partition, journal) in &self.gained {
            if self.cleared.contains(partition) || journal.earlier_streams().is_empty() {
                continue;
            }
            let mut tables =
                self.tables.iter().filter(|(id, _)| subject::table_partition(**id) == *partition);
            // A finished table's records stay until its whole journal is removed.
            if tables.all(|(_, table)| table.needed_from().is_some_and(|from| from >= journal.begins())) {
                let removed = journal.remove_earlier(&subject::table_journals(*partition)).await?;
                tracing::debug!(stream = self.name, partition, removed, "earlier streams are cleared");
                self.cleared.insert(*partition);
            }
        }
        Ok(())
    }

    /// Returns the sequence from which on the stream must be kept for partitions that were moved to
    /// other streams; none if no record of them is left.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) async fn needed_by_moved(&mut self) -> Result<Option<u64>, ArchiveError> {
        let mut needed: Option<u64> = None;
        for partition in self.moved.difference(&self.emptied).copied().collect::<Vec<_>>() {
            match self.journal.first_of(&subject::table_journals(partition)).await? {
                Some(first) => needed = Some(needed.map_or(first, |needed| needed.min(first))),
                // The partition gets no further records in this stream.
                None => {
                    self.emptied.insert(partition);
                }
            }
        }
        Ok(needed)
    }
}
