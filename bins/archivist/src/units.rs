//! Runs the task of one owned unit: a stream of tables' journals, or the stream of tournaments'
//! journals.

use crate::{
    context::Context, error::ArchiveError, stream::StreamArchivist, tournaments::TournamentArchivist,
};
use bus::{Journal, JournalError, Tenure};
use std::{sync::Arc, time::Duration};
use wire::subject;

/// Interval between two checks whether a missing stream has been added.
const LOOK: Duration = Duration::from_secs(5);

/// Archives a unit until its tenure ends. A write that is under way then is abandoned: the next
/// owner writes it.
///
/// # Errors
/// When the stream or the database does not answer; the caller starts the unit again.
pub async fn run(context: Arc<Context>, unit: u16, mut tenure: Tenure) -> Result<(), ArchiveError> {
    tokio::select! {
        () = tenure.ends() => Ok(()),
        outcome = archive(context, unit) => outcome,
    }
}

async fn archive(context: Arc<Context>, unit: u16) -> Result<(), ArchiveError> {
    if unit == subject::TOURNAMENTS_UNIT {
        let journal = Journal::open(&context.bus, subject::TOURNAMENTS_STREAM).await?;
        return TournamentArchivist::begin(context, journal).await?.run().await;
    }
    let name = subject::table_stream_name(unit);
    let journal = loop {
        match Journal::open(&context.bus, &name).await {
            Ok(journal) => break journal,
            Err(JournalError::Missing { .. }) => tokio::time::sleep(LOOK).await,
            Err(error) => return Err(error.into()),
        }
    };
    StreamArchivist::begin(context, name, journal).await?.run().await
}
