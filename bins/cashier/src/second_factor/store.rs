//! The statements about second factors and recovery codes.

use super::{Proof, Spent, authenticator::SECRET_BYTES};
use crate::{Failure, players::signed};
use database::{Client, GenericClient};
use wire::Refusal;

/// The statement that deletes secrets that were not confirmed within an hour.
pub const SWEEP: &str =
    "DELETE FROM second_factors WHERE active_at IS NULL AND begun_at < now() - interval '1 hour'";

/// Spends a code: it is accepted once, and none that is older.
///
/// # Errors
/// [`Refusal::BadCode`] for a code that was used, and for a recovery code that is none.
pub async fn spend<C: GenericClient>(client: &C, player: i64, proof: &Proof) -> Result<(), Failure> {
    let by = proof.by.as_slice();
    // The last condition of each is true for a repeated attempt of the same transaction.
    let spent = match &proof.what {
        Spent::Step(step) => {
            let update = "UPDATE second_factors SET last_step = $2, used_by = $3
                WHERE player_id = $1 AND active_at IS NOT NULL
                    AND (last_step < $2 OR (last_step = $2 AND used_by = $3))";
            client.execute(update, &[&player, &signed(*step), &by]).await?
        }
        Spent::Recovery(hash) => {
            let update = "UPDATE recovery_codes SET used_at = now(), used_by = $3
                WHERE player_id = $1 AND code_hash = $2 AND (used_by IS NULL OR used_by = $3)";
            client.execute(update, &[&player, &hash.as_slice(), &by]).await?
        }
    };
    if spent == 1 { Ok(()) } else { Err(Refusal::BadCode.into()) }
}

/// Stores a new secret of a session, unless the session has one that is not confirmed yet, and
/// returns the one that it has.
///
/// # Errors
/// [`Refusal::HasSecondFactor`]; [`Refusal::Unavailable`] when another session of the player
/// begins at the same moment.
pub async fn begin(
    client: &Client,
    player: i64,
    session: &[u8; 32],
    secret: &[u8; SECRET_BYTES],
) -> Result<Vec<u8>, Failure> {
    let session = session.as_slice();
    let upsert = "INSERT INTO second_factors AS f (player_id, begun_by, secret) VALUES ($1, $2, $3)
        ON CONFLICT (player_id) DO UPDATE SET begun_by = $2, secret = $3, begun_at = now()
        WHERE f.active_at IS NULL AND (f.begun_by <> $2 OR f.begun_at < now() - interval '1 hour')";
    client.execute(upsert, &[&player, &session, &secret.as_slice()]).await?;
    let select =
        "SELECT secret, active_at IS NOT NULL, begun_by = $2 FROM second_factors WHERE player_id = $1";
    let row = client.query_opt(select, &[&player, &session]).await?;
    let row = row.ok_or_else(|| Refusal::unavailable("second factor"))?;
    match (row.try_get(1)?, row.try_get(2)?) {
        (true, _) => Err(Refusal::HasSecondFactor.into()),
        (false, false) => Err(Refusal::unavailable("second factor").into()),
        (false, true) => Ok(row.try_get(0)?),
    }
}

/// Returns the secret that a session has begun in the last hour, with the time by the database's
/// clock in seconds since 1970.
///
/// # Errors
/// [`Refusal::NoSecondFactor`] when there is none.
pub async fn begun(client: &Client, player: i64, session: &[u8; 32]) -> Result<(Vec<u8>, i64), Failure> {
    let select = "SELECT secret, extract(epoch FROM now())::bigint FROM second_factors
        WHERE player_id = $1 AND begun_by = $2 AND active_at IS NULL
            AND begun_at > now() - interval '1 hour'";
    let row = client.query_opt(select, &[&player, &session.as_slice()]).await?;
    let row = row.ok_or(Refusal::NoSecondFactor)?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Puts a secret in force, with the step of the code that confirms it.
///
/// # Errors
/// [`Refusal::BadCode`] when it is not the player's secret any more, or is in force already.
pub async fn confirm<C: GenericClient>(
    client: &C,
    player: i64,
    secret: &[u8],
    step: u64,
    by: &[u8; 32],
) -> Result<(), Failure> {
    let by = by.as_slice();
    let update = "UPDATE second_factors SET active_at = now(), last_step = $3, used_by = $4
        WHERE player_id = $1 AND secret = $2 AND (active_at IS NULL OR used_by = $4)";
    let confirmed = client.execute(update, &[&player, &secret, &signed(step), &by]).await?;
    if confirmed == 1 { Ok(()) } else { Err(Refusal::BadCode.into()) }
}

/// Stores new recovery codes in place of all others, except one that the request `by` has spent: a
/// repeated attempt finds it.
///
/// # Errors
/// [`Failure::Database`].
pub async fn replace_codes<C: GenericClient>(
    client: &C,
    player: i64,
    hashes: &[Vec<u8>],
    by: &[u8; 32],
) -> Result<(), Failure> {
    let delete = "DELETE FROM recovery_codes WHERE player_id = $1 AND used_by IS DISTINCT FROM $2";
    client.execute(delete, &[&player, &by.as_slice()]).await?;
    let insert = "INSERT INTO recovery_codes (player_id, code_hash) SELECT $1, unnest($2::bytea[])";
    client.execute(insert, &[&player, &hashes]).await?;
    Ok(())
}

/// Returns whether a player has a second factor in force.
///
/// # Errors
/// [`Failure::Database`].
pub async fn is_on<C: GenericClient>(client: &C, player: i64) -> Result<bool, Failure> {
    let select = "SELECT FROM second_factors WHERE player_id = $1 AND active_at IS NOT NULL";
    Ok(client.query_opt(select, &[&player]).await?.is_some())
}

/// Deletes a player's second factor with its recovery codes. Returns whether it was in force.
///
/// # Errors
/// [`Failure::Database`].
pub async fn end<C: GenericClient>(client: &C, player: i64) -> Result<bool, Failure> {
    let delete = "DELETE FROM second_factors WHERE player_id = $1 RETURNING active_at IS NOT NULL";
    match client.query_opt(delete, &[&player]).await? {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(false),
    }
}
