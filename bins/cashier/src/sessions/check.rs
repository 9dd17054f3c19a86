//! Which of many sessions have ended.

use super::hash;
use crate::{Database, Failure, players::signed};
use database::Limits;
use wire::{
    Refusal,
    cashier::{EndedSession, HeldSession, MOST_CHECKED},
};

/// Returns those of the sessions that have ended or whose player is banned.
///
/// # Errors
/// [`Refusal::BadMessage`] for more than [`MOST_CHECKED`] sessions; [`Failure::Database`].
pub async fn ended(database: &Database, held: &[HeldSession]) -> Result<Vec<EndedSession>, Failure> {
    if held.len() > MOST_CHECKED {
        return Err(
            Refusal::bad_message(format!("ask about at most {MOST_CHECKED} sessions at a time")).into()
        );
    }
    let players: &Vec<i64> = &held.iter().map(|held| signed(held.player.0)).collect();
    let hashes: &Vec<Vec<u8>> = &held.iter().map(|held| hash(&held.token).to_vec()).collect();
    database
        .run(Limits::SHORT, |client| async move {
            let select = client
                .prepare_cached(
                    "SELECT h.number - 1, coalesce(p.banned, false)
                    FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS h (player_id, token_hash, number)
                        LEFT JOIN players p ON p.player_id = h.player_id
                        LEFT JOIN sessions s ON s.token_hash = h.token_hash AND s.player_id = h.player_id
                            AND s.used_at > now() - interval '30 days'
                    WHERE p.banned OR s.token_hash IS NULL
                    ORDER BY h.number",
                )
                .await?;
            let rows = client.query(&select, &[players, hashes]).await?;
            // A session that a connection uses is not old, and not the first that gives way to
            // others.
            let note = client
                .prepare_cached(
                    "UPDATE sessions s SET used_at = now() FROM unnest($1::bigint[], $2::bytea[]) AS h (player_id, token_hash)
                    WHERE s.token_hash = h.token_hash AND s.player_id = h.player_id
                        AND s.used_at BETWEEN now() - interval '30 days' AND now() - interval '1 hour'",
                )
                .await?;
            client.execute(&note, &[players, hashes]).await?;
            let ended = rows.iter().map(|row| {
                let index = row.try_get::<_, i64>(0)? as u32;
                Ok(EndedSession { index, banned: row.try_get(1)? })
            });
            ended.collect()
        })
        .await
}
