//! Failed tries to log in, and the lock that follows from them.
//!
//! Invariants: tries are counted by name and origin, so guesses from one network lock neither other
//! networks nor devices that were logged in before; from the fifth failure in a row on, the origin
//! is locked for 30 s, then twice as long after each further failure, at most an hour. Names
//! without an account are treated alike.

use crate::{Failure, origin::Origin};
use database::{Client, GenericClient};
use wire::Refusal;

/// Counts a try as failed until it is known to have succeeded. The count starts anew after a day
/// without a try.
///
/// # Errors
/// [`Refusal::LockedOut`] while the origin is locked; the try is not counted then.
pub async fn count(client: &Client, key: &str, origin: Origin) -> Result<(), Failure> {
    let origin = origin.to_string();
    let count = "INSERT INTO login_tries AS t (name, origin, failures, last_at) VALUES ($1, $2, 1, now())
        ON CONFLICT (name, origin) DO UPDATE SET last_at = now(),
            failures = CASE WHEN t.last_at < now() - interval '1 day' THEN 1 ELSE t.failures + 1 END,
            locked_until = CASE WHEN t.last_at >= now() - interval '1 day' AND t.failures >= 4
                THEN now() + make_interval(secs => least(3600, 30 * 2 ^ least(t.failures - 4, 10))) END
        WHERE t.locked_until IS NULL OR t.locked_until <= now()";
    if client.execute(count, &[&key, &origin]).await? == 1 {
        return Ok(());
    }
    let left = "SELECT ceil(extract(epoch FROM locked_until - now()))::int FROM login_tries
        WHERE name = $1 AND origin = $2 AND locked_until > now()";
    let seconds: i32 = match client.query_opt(left, &[&key, &origin]).await? {
        Some(row) => row.try_get(0)?,
        None => 1,
    };
    let seconds = u32::try_from(seconds).unwrap_or(1).max(1);
    Err(Refusal::LockedOut { seconds }.into())
}

/// Deletes the failures of an origin after its success. Those of other origins stay: they are not
/// the owner's.
///
/// # Errors
/// [`Failure::Database`].
pub async fn forget<C: GenericClient>(client: &C, key: &str, origin: Origin) -> Result<(), Failure> {
    let delete = "DELETE FROM login_tries WHERE name = $1 AND origin = $2";
    client.execute(delete, &[&key, &origin.to_string()]).await?;
    Ok(())
}

/// The statement that deletes old tries: those of a day ago, and after an hour the few of names
/// that were hardly tried, so that a flood of invented names fills no disk. Two tries an hour are
/// fewer than a lock lets through in a day.
pub const SWEEP: &str = "DELETE FROM login_tries WHERE last_at < now() - interval '1 day'
    OR (failures <= 2 AND last_at < now() - interval '1 hour')";
