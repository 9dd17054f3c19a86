//! Work on journals, as futures.

use crate::{PartitionContext, Service, service::Id};
use bus::{AppendError, Cursor, Journal, Last, Recovered};
use futures::future::BoxFuture;
use host::{Journaled, NotStored, Position, ReadError};
use std::time::Duration;
use tokio::time::timeout;

/// The result of a job.
pub enum Done {
    /// The sequence of a stored record, or why it was not stored.
    Appended(Result<u64, NotStored>),
    /// The journal that was read.
    Read(Result<Option<Journaled>, ReadError>),
}

/// The job of one aggregate, with the aggregate's id in its result.
pub type Job<I> = BoxFuture<'static, (I, Done)>;

/// A record to be appended.
pub struct Append {
    pub after: Position,
    pub payload: Vec<u8>,
    pub snapshot: bool,
    pub patient: bool,
}

/// Appends a record.
pub fn append<S: Service>(context: &PartitionContext<S>, id: Id<S>, append: Append) -> Job<Id<S>> {
    let journal = context.journal.clone();
    let cursor = cursor::<S>(id, append.after);
    Box::pin(async move {
        let Append { payload, snapshot, patient, .. } = append;
        let stored = if patient {
            journal.append(&cursor, payload.into(), snapshot).await
        } else {
            journal.try_append(&cursor, payload.into(), snapshot).await
        };
        (id, Done::Appended(stored.map(|cursor| cursor.last).map_err(not_stored)))
    })
}

/// Reads a journal, the last record of which may have been read already.
pub fn read<S: Service>(
    context: &PartitionContext<S>,
    id: Id<S>,
    last: Option<Last>,
    within: Duration,
) -> Job<Id<S>> {
    let journal = context.journal.clone();
    Box::pin(async move {
        let subject = S::journal(id);
        let read = match timeout(within, recover(&journal, &subject, last)).await {
            Ok(Ok(recovered)) => Ok(recovered.map(journaled)),
            Ok(Err(error)) => {
                tracing::warn!(subject, %error, "a journal was not read: queued commands are refused for now");
                Err(ReadError::Failed)
            }
            Err(_) => {
                let within_ms = within.as_millis();
                tracing::warn!(
                    subject,
                    within_ms,
                    "a journal was not read in time: queued commands are refused for now"
                );
                Err(ReadError::Failed)
            }
        };
        (id, Done::Read(read))
    })
}

async fn recover(
    journal: &Journal,
    subject: &str,
    last: Option<Last>,
) -> Result<Option<Recovered>, bus::JournalError> {
    match last {
        Some(last) => journal.complete(last).await.map(Some),
        None => journal.recover_one(subject).await,
    }
}

fn journaled(recovered: Recovered) -> Journaled {
    let Recovered { cursor, records } = recovered;
    let position = Position { last: cursor.last, snapshot: cursor.snapshot };
    Journaled { position, records: records.into_iter().map(|stored| stored.payload).collect() }
}

fn cursor<S: Service>(id: Id<S>, position: Position) -> Cursor {
    Cursor { last: position.last, snapshot: position.snapshot, ..Cursor::new(S::journal(id)) }
}

fn not_stored(error: AppendError) -> NotStored {
    match error {
        AppendError::Conflict { .. } => NotStored::Conflict,
        AppendError::NotNow { .. } => NotStored::NotNow,
        AppendError::TooLarge { .. } => NotStored::TooLarge,
        AppendError::Closed { .. } => NotStored::Failed(error.to_string()),
    }
}
