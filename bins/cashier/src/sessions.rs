//! Sessions: the player gets an opaque token, the database keeps only its hash.
//!
//! Invariants: a session ends at log-out, at a ban, and after 30 days without use; a player has at
//! most 16, and a further one ends the one that was unused for the longest time.

mod check;
mod list;

pub use check::ended;
pub use list::{end_all, end_one, end_others, of_player, of_session};

use crate::{Database, Failure, players::unsigned};
use database::{GenericClient, Limits};
use sha2::{Digest, Sha256};
use wire::{
    PlayerId, Refusal,
    cashier::{Account, Session},
};

/// The most sessions of one player: enough for every device, and a bound for the table.
const MOST_PER_PLAYER: i64 = 16;

/// Returns a new token: 32 random bytes in hexadecimal.
///
/// # Errors
/// [`Refusal::Unavailable`] when the system has no randomness.
pub fn new_token() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::unavailable("randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns the hash of a token for the database. The token is random, so a fast hash is enough.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Opens a session from a network. The same token opens only one.
///
/// # Errors
/// [`Failure::Database`].
pub async fn open<C: GenericClient>(
    client: &C,
    player: i64,
    token: &str,
    network: &str,
) -> Result<(), Failure> {
    let insert = "INSERT INTO sessions (token_hash, player_id, network) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    client.execute(insert, &[&hash(token).as_slice(), &player, &network]).await?;
    let trim = "DELETE FROM sessions WHERE token_hash IN (
        SELECT token_hash FROM sessions WHERE player_id = $1 ORDER BY used_at DESC, opened_at DESC OFFSET $2)";
    client.execute(trim, &[&player, &MOST_PER_PLAYER]).await?;
    Ok(())
}

/// Opens a session for each player in place of all their sessions.
///
/// # Errors
/// [`Failure::Database`].
pub async fn replace_all<C: GenericClient>(
    client: &C,
    players: &[i64],
    tokens: &[String],
) -> Result<(), Failure> {
    let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| hash(token).to_vec()).collect();
    client.execute("DELETE FROM sessions WHERE player_id = ANY($1)", &[&players]).await?;
    let insert =
        "INSERT INTO sessions (token_hash, player_id) SELECT * FROM unnest($1::bytea[], $2::bigint[])";
    client.execute(insert, &[&hashes, &players]).await?;
    Ok(())
}

/// Continues a session and returns its account.
///
/// # Errors
/// [`Refusal::SessionExpired`].
pub async fn resume(database: &Database, token: String) -> Result<Session, Failure> {
    let hash = &hash(&token);
    let account = database
        .run(Limits::SHORT, |client| async move {
            let select = client
                .prepare_cached(
                    "SELECT p.player_id, p.name, s.used_at < now() - interval '1 hour'
                    FROM sessions s JOIN players p USING (player_id)
                    WHERE s.token_hash = $1 AND s.used_at > now() - interval '30 days' AND NOT p.banned",
                )
                .await?;
            let row = client.query_opt(&select, &[&hash.as_slice()]).await?;
            let row = row.ok_or(Refusal::SessionExpired)?;
            // The use is written once an hour: after a gateway's death thousands of sessions resume
            // at once and need no write.
            if row.try_get(2)? {
                let note = "UPDATE sessions SET used_at = now() WHERE token_hash = $1";
                client.execute(note, &[&hash.as_slice()]).await?;
            }
            Ok(Account { player: PlayerId(unsigned(row.try_get(0)?)), name: row.try_get(1)? })
        })
        .await?;
    Ok(Session { account, token, device: None, pass: None })
}

/// Ends a session. A session that does not exist has ended already.
///
/// # Errors
/// [`Failure::Database`].
pub async fn close(database: &Database, token: &str) -> Result<(), Failure> {
    let hash = &hash(token);
    database
        .run(Limits::SHORT, |client| async move {
            let delete = "DELETE FROM sessions WHERE token_hash = $1";
            client.execute(delete, &[&hash.as_slice()]).await?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_64_hexadecimal_digits_and_all_differ() {
        let token = new_token().unwrap();
        assert_eq!(token.len(), 64);
        assert!(token.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(token, new_token().unwrap());
        assert_eq!(hash(&token).len(), 32);
    }
}
