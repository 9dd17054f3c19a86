//! Sessions as players and the administrator see them, and their end.

use super::hash;
use crate::{
    Database, Failure, devices,
    players::{check_known, signed, unsigned},
};
use database::{GenericClient, Limits, tokio_postgres::Row};
use wire::{PlayerId, Refusal, cashier::SessionSummary};

/// The columns of a summary, with `$2` in place of the hash of the session that asks.
const SUMMARY: &str = "session_id, (extract(epoch FROM opened_at) * 1000)::bigint,
    (extract(epoch FROM used_at) * 1000)::bigint, network, token_hash = $2";
/// The condition that a session goes on.
const GOES_ON: &str = "used_at > now() - interval '30 days'";

/// Returns the sessions of the player of a session.
///
/// # Errors
/// [`Refusal::SessionExpired`].
pub async fn of_session(database: &Database, token: &str) -> Result<Vec<SessionSummary>, Failure> {
    let hash = &hash(token);
    database
        .run(Limits::SHORT, |client| async move {
            let player = player_of(&client, hash).await?;
            list(&client, player, hash).await
        })
        .await
}

/// Returns the sessions of a player.
///
/// # Errors
/// [`Failure::Database`].
pub async fn of_player(database: &Database, player: PlayerId) -> Result<Vec<SessionSummary>, Failure> {
    database.run(Limits::SHORT, |client| async move { list(&client, signed(player.0), &[]).await }).await
}

async fn list<C: GenericClient>(client: &C, player: i64, own: &[u8]) -> Result<Vec<SessionSummary>, Failure> {
    let select = format!(
        "SELECT {SUMMARY} FROM sessions WHERE player_id = $1 AND {GOES_ON}
        ORDER BY used_at DESC, opened_at DESC"
    );
    let rows = client.query(&select, &[&player, &own]).await?;
    let summary = |row: &Row| {
        Ok(SessionSummary {
            session: unsigned(row.try_get(0)?),
            opened_ms: unsigned(row.try_get(1)?),
            used_ms: unsigned(row.try_get(2)?),
            network: row.try_get(3)?,
            own: row.try_get(4)?,
        })
    };
    rows.iter().map(summary).collect()
}

/// Ends another session of the player of a session. A session that does not exist has ended
/// already.
///
/// # Errors
/// [`Refusal::SessionExpired`]; [`Refusal::BadMessage`] for the session that asks, which is ended
/// by logging out.
pub async fn end_one(database: &Database, token: &str, session: u64) -> Result<(), Failure> {
    let hash = &hash(token);
    database
        .run(Limits::SHORT, |client| async move {
            let player = player_of(&client, hash).await?;
            let own = "SELECT FROM sessions WHERE token_hash = $1 AND session_id = $2";
            if client.query_opt(own, &[&hash.as_slice(), &signed(session)]).await?.is_some() {
                return Err(Refusal::bad_message("this is your own session: log out instead").into());
            }
            let delete = "DELETE FROM sessions WHERE session_id = $1 AND player_id = $2";
            client.execute(delete, &[&signed(session), &player]).await?;
            Ok(())
        })
        .await
}

/// Ends all sessions of a player, and forgets the player's devices.
///
/// # Errors
/// [`Refusal::NoSuchPlayer`].
pub async fn end_all(database: &Database, player: PlayerId) -> Result<(), Failure> {
    database
        .run(Limits::SHORT, |mut client| async move {
            let player = signed(player.0);
            let tx = client.transaction().await?;
            check_known(&tx, player).await?;
            tx.execute("DELETE FROM sessions WHERE player_id = $1", &[&player]).await?;
            devices::forget_all(&tx, player).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
}

/// Ends the sessions of a player except one.
///
/// # Errors
/// [`Failure::Database`].
pub async fn end_others<C: GenericClient>(client: &C, player: i64, own: &[u8; 32]) -> Result<(), Failure> {
    let delete = "DELETE FROM sessions WHERE player_id = $1 AND token_hash <> $2";
    client.execute(delete, &[&player, &own.as_slice()]).await?;
    Ok(())
}

/// Returns the player of a session.
async fn player_of<C: GenericClient>(client: &C, hash: &[u8; 32]) -> Result<i64, Failure> {
    let select = format!("SELECT player_id FROM sessions WHERE token_hash = $1 AND {GOES_ON}");
    let row = client.query_opt(&select, &[&hash.as_slice()]).await?;
    Ok(row.ok_or(Refusal::SessionExpired)?.try_get(0)?)
}
