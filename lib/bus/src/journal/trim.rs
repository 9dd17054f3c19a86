//! How far a stream of journals reaches, and taking away what is archived.

use super::{Journal, JournalError};
use crate::api;
use serde::Deserialize;
use serde_json::{Value, json};

/// How far a stream reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Extent {
    /// Sequence of its first record; one more than `last` when there is none.
    #[serde(rename = "first_seq", default)]
    pub first: u64,
    /// Sequence of the record that was stored last; 0: there never was one.
    #[serde(rename = "last_seq", default)]
    pub last: u64,
    /// Records.
    #[serde(rename = "messages", default)]
    pub records: u64,
    /// Bytes that they take.
    #[serde(default)]
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Purged {
    #[serde(default)]
    purged: u64,
}

impl Journal {
    /// Returns how far the stream reaches.
    ///
    /// # Errors
    /// When the stream is missing or the server does not answer.
    pub async fn extent(&self) -> Result<Extent, JournalError> {
        #[derive(Deserialize)]
        struct About {
            state: Extent,
        }
        let stream = &self.inner.stream;
        let about: Option<About> =
            api::ask(&self.inner.bus, &format!("STREAM.INFO.{stream}"), &json!({})).await?;
        about.map(|about| about.state).ok_or_else(|| JournalError::Missing { stream: stream.clone() })
    }

    /// Removes every record of the stream before a sequence and returns how many there were. The server drops
    /// whole blocks of its files for that; taking records out subject by subject would have it look through all
    /// that lies between them (`docs/decisions/0038-archive.md`).
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn trim_before(&self, sequence: u64) -> Result<u64, JournalError> {
        self.purge(json!({"seq": sequence})).await
    }

    /// Removes every record of one subject and returns how many there were.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn remove(&self, subject: &str) -> Result<u64, JournalError> {
        self.purge(json!({"filter": subject})).await
    }

    async fn purge(&self, what: Value) -> Result<u64, JournalError> {
        let purge = format!("STREAM.PURGE.{}", self.inner.stream);
        let purged: Purged = api::must(&self.inner.bus, &purge, &what).await?;
        Ok(purged.purged)
    }
}
