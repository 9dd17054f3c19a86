//! Deletes rows that are no longer needed, so that no table grows with every request.

use crate::{Database, Failure, login, second_factor};
use database::Limits;

/// Deletes sessions unused for 30 days, devices unused for 90 days, failed tries to log in that no
/// longer count, secrets that were not confirmed within an hour, and refused postings older than a
/// day.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sweep(database: &Database) -> Result<(), Failure> {
    database
        .run(Limits::LONG, |client| async move {
            client
                .batch_execute(
                    "DELETE FROM sessions WHERE used_at <= now() - interval '30 days';
                    DELETE FROM login_failures WHERE last_at < now() - interval '1 day';
                    DELETE FROM refused_postings WHERE refused_at < now() - interval '1 day';",
                )
                .await?;
            for delete in login::SWEEP {
                client.batch_execute(delete).await?;
            }
            client.batch_execute(second_factor::store::SWEEP).await?;
            Ok(())
        })
        .await
}
