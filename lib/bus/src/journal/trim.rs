//! Reads a stream's extent and partitions, and removes archived records.

use super::{Journal, JournalError, JournalStream};
use crate::api;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use wire::subject;

/// The extent of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Extent {
    /// Sequence of its first record; one more than `last` if it has none.
    #[serde(rename = "first_seq", default)]
    pub first: u64,
    /// Sequence of the record that was stored last; 0 if there never was one.
    #[serde(rename = "last_seq", default)]
    pub last: u64,
    /// Number of records.
    #[serde(rename = "messages", default)]
    pub records: u64,
    /// Bytes of the records.
    #[serde(default)]
    pub bytes: u64,
}

/// The partitions whose journals are in a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    /// Partitions whose records are appended to the stream.
    pub held: BTreeSet<u16>,
    /// Partitions that were moved to another stream; some of their records may still be in this
    /// one.
    pub moved: BTreeSet<u16>,
}

impl Partitions {
    /// Returns the partitions of a stream's list of subjects.
    #[must_use]
    pub fn of_subjects(subjects: &[String]) -> Self {
        Self {
            held: subjects.iter().filter_map(|subject| subject::parse_table_journals(subject)).collect(),
            moved: subjects.iter().filter_map(|subject| subject::parse_moved_tables(subject)).collect(),
        }
    }

    /// Returns whether a subject in a stream's list belongs to a partition that the stream holds or
    /// has held.
    #[must_use]
    pub fn is_named_by(subject: &str) -> bool {
        subject::parse_table_journals(subject).or_else(|| subject::parse_moved_tables(subject)).is_some()
    }
}

#[derive(Deserialize)]
struct Purged {
    #[serde(default)]
    purged: u64,
}

impl Journal {
    /// Returns the extent of the stream that gets appended records.
    ///
    /// # Errors
    /// When the stream is missing or the server does not answer.
    pub async fn extent(&self) -> Result<Extent, JournalError> {
        #[derive(Deserialize)]
        struct About {
            state: Extent,
        }
        let about: About = about(&self.chain.streams().now).await?;
        Ok(about.state)
    }

    /// Returns the partitions of the stream that gets appended records.
    ///
    /// # Errors
    /// When the stream is missing or the server does not answer.
    pub async fn partitions(&self) -> Result<Partitions, JournalError> {
        #[derive(Deserialize)]
        struct About {
            config: Config,
        }
        #[derive(Deserialize)]
        struct Config {
            #[serde(default)]
            subjects: Vec<String>,
        }
        let about: About = about(&self.chain.streams().now).await?;
        Ok(Partitions::of_subjects(&about.config.subjects))
    }

    /// Returns the sequence of the first record that matches a filter, in the stream that gets
    /// appended records; none if there is no such record.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn first_of(&self, filter: &str) -> Result<Option<u64>, JournalError> {
        let found = self.chain.streams().now.next_of(filter, 1).await?;
        Ok(found.map(|found| found.sequence))
    }

    /// Removes all records of the stream before a sequence, and returns their number. The server
    /// drops whole blocks of its files for that; to remove records subject by subject, it would
    /// look at all messages between them (`docs/decisions/0038-archive.md`).
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn trim_before(&self, sequence: u64) -> Result<u64, JournalError> {
        purge(&self.chain.streams().now, json!({"seq": sequence})).await
    }

    /// Removes all records of one subject, from all streams, and returns their number.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn remove(&self, subject: &str) -> Result<u64, JournalError> {
        // The earliest first: without the last record, an earlier one would count as the last.
        let removed = self.remove_earlier(subject).await?;
        Ok(removed + purge(&self.chain.streams().now, json!({"filter": subject})).await?)
    }

    /// Removes the records that match a filter from the streams in which the journals were before,
    /// and returns their number.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn remove_earlier(&self, filter: &str) -> Result<u64, JournalError> {
        let mut removed = 0;
        for stream in self.chain.streams().earlier.iter().rev() {
            removed += purge(stream, json!({"filter": filter})).await?;
        }
        Ok(removed)
    }
}

async fn about<T: DeserializeOwned>(stream: &JournalStream) -> Result<T, JournalError> {
    let about = api::ask(&stream.bus, &format!("STREAM.INFO.{}", stream.name), &json!({})).await?;
    about.ok_or_else(|| JournalError::Missing { stream: stream.name.clone() })
}

async fn purge(stream: &JournalStream, what: Value) -> Result<u64, JournalError> {
    let purged: Purged = api::must(&stream.bus, &format!("STREAM.PURGE.{}", stream.name), &what).await?;
    Ok(purged.purged)
}
