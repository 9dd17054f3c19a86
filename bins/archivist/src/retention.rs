//! How long the archive keeps what it has: months that are older are detached.

use crate::{context::Context, error::ArchiveError};
use database::Limits;
use std::{sync::Arc, time::Duration};

/// How often it is looked whether a month is old enough.
const LOOK: Duration = Duration::from_secs(3_600);

/// Detaches months when they are older than `months` whole months before the current one. Does not
/// return.
pub async fn keep(context: Arc<Context>, months: u32) {
    loop {
        match detach(&context, months).await {
            Ok(detached) if detached.is_empty() => {}
            Ok(detached) => tracing::info!(tables = detached.join(", "), "old months are detached"),
            Err(error) => tracing::warn!(%error, "old months are not detached yet"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Detaches what is older, and returns the names of the tables that stand by themselves now.
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
