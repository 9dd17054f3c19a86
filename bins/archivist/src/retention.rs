//! Detaches months of the archive that are older than it keeps.

use crate::{context::Context, error::ArchiveError};
use database::Limits;
use std::{sync::Arc, time::Duration};

/// Interval between two checks for months to detach.
const LOOK: Duration = Duration::from_secs(3_600);

/// Detaches months that are older than `months` whole months before the current one. Does not
/// return.
pub async fn keep(context: Arc<Context>, months: u32) {
    loop {
        match detach(&context, months).await {
            Ok(detached) if detached.is_empty() => {}
            Ok(detached) => tracing::info!(
                tables = detached.join(", "),
                "old months are detached from the archive: their tables can be dumped and dropped"
            ),
            Err(error) => {
                tracing::warn!(%error, "old months are not detached from the archive: the next attempt follows within an hour")
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Detaches older months, and returns the names of the detached tables.
async fn detach(context: &Context, months: u32) -> Result<Vec<String>, ArchiveError> {
    let months = i32::try_from(months).unwrap_or(i32::MAX);
    let detach = move |client: database::Client| async move {
        let detach = "SELECT archive.detach_before(\
            (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => $1))::date)";
        let rows = client.query(detach, &[&months]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    };
    context.database.run(Limits::LONG, detach).await
}
