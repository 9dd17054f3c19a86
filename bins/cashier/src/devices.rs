//! Devices that have been logged in to an account: a client keeps its token, the database keeps the
//! token's hash.
//!
//! Invariants: a token opens nothing without the password; it is known for one account only, which
//! is forgotten after 90 days without a log-in; an account has at most 16, and a further one takes
//! the place of the one that was unused for the longest time.

use crate::Failure;
use database::{Client, GenericClient};
use sha2::{Digest, Sha256};

/// The most devices of one player: as many as sessions.
const MOST_PER_PLAYER: i64 = 16;

/// The statement that deletes devices that were not used for a long time.
pub const SWEEP: &str = "DELETE FROM devices WHERE used_at < now() - interval '90 days'";

/// Returns the hash of a device's token. The token is random, so a fast hash is enough.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Returns whether a device has been logged in to the account with this name, in lower case.
///
/// # Errors
/// [`Failure::Database`].
pub async fn is_known(client: &Client, hash: &[u8; 32], key: &str) -> Result<bool, Failure> {
    let select = client
        .prepare_cached(
            "SELECT FROM devices JOIN players USING (player_id) WHERE token_hash = $1
                AND lower(name COLLATE \"C\") = $2 AND used_at > now() - interval '90 days'",
        )
        .await?;
    Ok(client.query_opt(&select, &[&hash.as_slice(), &key]).await?.is_some())
}

/// Forgets all devices of a player.
///
/// # Errors
/// [`Failure::Database`].
pub async fn forget_all<C: GenericClient>(client: &C, player: i64) -> Result<(), Failure> {
    client.execute("DELETE FROM devices WHERE player_id = $1", &[&player]).await?;
    Ok(())
}

/// Notes a log-in from a device. The device becomes known, if it was not.
///
/// # Errors
/// [`Failure::Database`].
pub async fn note<C: GenericClient>(client: &C, hash: &[u8; 32], player: i64) -> Result<(), Failure> {
    let upsert = "INSERT INTO devices (token_hash, player_id) VALUES ($1, $2)
        ON CONFLICT (token_hash) DO UPDATE SET used_at = now()";
    client.execute(upsert, &[&hash.as_slice(), &player]).await?;
    let trim = "DELETE FROM devices WHERE token_hash IN (
        SELECT token_hash FROM devices WHERE player_id = $1 ORDER BY used_at DESC, made_at DESC OFFSET $2)";
    client.execute(trim, &[&player, &MOST_PER_PLAYER]).await?;
    Ok(())
}
