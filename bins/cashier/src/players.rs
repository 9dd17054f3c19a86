//! Accounts: creating, finding, banning. A ban takes effect at once: the sessions end in the same
//! transaction.

use crate::{Database, Failure, names};
use database::{Client, GenericClient, Limits, tokio_postgres::error::SqlState};
use wire::{
    Chips, PlayerId, Refusal,
    cashier::{Account, PlayerDetails},
};

/// The constraint that no two people's names look alike.
const LOOK: &str = "players_look";

/// Converts a number for the database, whose numbers are signed. Ids stay below 2^53, so they fit;
/// a number out of range becomes one that belongs to no player.
#[must_use]
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a number of the database. The tables' checks keep numbers from being negative.
#[must_use]
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Creates an account.
///
/// # Errors
/// [`Refusal::NameTaken`]; the case of the letters does not matter. [`Refusal::BadAccount`] when
/// the name looks like another player's.
pub async fn create(database: &Database, name: &str, hash: &str) -> Result<PlayerDetails, Failure> {
    let look = &names::look(name);
    database
        .run(Limits::SHORT, |client| async move {
            let insert = "WITH made AS (
                    INSERT INTO players (name, password_hash, look) VALUES ($1, $2, $3) RETURNING player_id)
                INSERT INTO accounts (kind, owner) SELECT 'player', player_id FROM made";
            match client.execute(insert, &[&name, &hash, look]).await {
                Ok(_) => show(&client, name).await,
                Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                    // The account may be from an earlier attempt of this request whose answer was
                    // lost: no two hashes are equal.
                    let own = "SELECT FROM players WHERE name = $1 AND password_hash = $2";
                    if client.query_opt(own, &[&name, &hash]).await?.is_some() {
                        return show(&client, name).await;
                    }
                    let constraint = error.as_db_error().and_then(|error| error.constraint());
                    let alike = constraint == Some(LOOK);
                    Err(if alike { names::looks_taken() } else { Refusal::NameTaken }.into())
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
}

/// Returns an account by name or number.
///
/// # Errors
/// [`Refusal::NoSuchPlayer`].
pub async fn find(database: &Database, player: &str) -> Result<PlayerDetails, Failure> {
    database.run(Limits::SHORT, |client| async move { show(&client, player).await }).await
}

async fn show(client: &Client, player: &str) -> Result<PlayerDetails, Failure> {
    // PostgreSQL's texts cannot hold this character.
    if player.contains('\0') {
        return Err(Refusal::NoSuchPlayer.into());
    }
    let number: Option<i64> = player.parse().ok();
    let select = "SELECT p.player_id, p.name, p.bot_number IS NOT NULL, p.banned,
            EXISTS (SELECT FROM second_factors f
                WHERE f.player_id = p.player_id AND f.active_at IS NOT NULL), a.balance,
            (SELECT coalesce(sum(amount), 0)::bigint FROM stakes s WHERE s.player_id = p.player_id),
            (SELECT coalesce(sum(prize), 0)::bigint FROM tournament_results r WHERE r.player_id = p.player_id)
        FROM players p JOIN accounts a ON a.kind = 'player' AND a.owner = p.player_id
        WHERE CASE WHEN $2::bigint IS NULL THEN lower(p.name COLLATE \"C\") = lower($1 COLLATE \"C\")
            ELSE p.player_id = $2 END";
    let Some(row) = client.query_opt(select, &[&player, &number]).await? else {
        return Err(Refusal::NoSuchPlayer.into());
    };
    Ok(PlayerDetails {
        account: Account { player: PlayerId(unsigned(row.try_get(0)?)), name: row.try_get(1)? },
        bot: row.try_get(2)?,
        banned: row.try_get(3)?,
        second_factor: row.try_get(4)?,
        balance: row.try_get(5)?,
        in_play: Chips(unsigned(row.try_get(6)?)),
        prizes: Chips(unsigned(row.try_get(7)?)),
    })
}

/// Returns a player's free money and money at tables. The debt of a bot counts as zero.
///
/// # Errors
/// [`Refusal::NoSuchPlayer`].
pub async fn balance(database: &Database, player: PlayerId) -> Result<(Chips, Chips), Failure> {
    database
        .run(Limits::SHORT, |client| async move {
            let select = client
                .prepare_cached(
                    "SELECT balance,
                        (SELECT coalesce(sum(amount), 0)::bigint FROM stakes WHERE player_id = $1)
                    FROM accounts WHERE kind = 'player' AND owner = $1",
                )
                .await?;
            let row = client.query_opt(&select, &[&signed(player.0)]).await?;
            let row = row.ok_or(Refusal::NoSuchPlayer)?;
            Ok((Chips(unsigned(row.try_get(0)?)), Chips(unsigned(row.try_get(1)?))))
        })
        .await
}

/// Bans an account, which ends its sessions, or lifts the ban.
///
/// # Errors
/// [`Refusal::NoSuchPlayer`].
pub async fn ban(database: &Database, player: PlayerId, banned: bool) -> Result<(), Failure> {
    database
        .run(Limits::SHORT, |mut client| async move {
            let id = signed(player.0);
            let tx = client.transaction().await?;
            let update = "UPDATE players SET banned = $2 WHERE player_id = $1";
            if tx.execute(update, &[&id, &banned]).await? == 0 {
                return Err(Refusal::NoSuchPlayer.into());
            }
            if banned {
                tx.execute("DELETE FROM sessions WHERE player_id = $1", &[&id]).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
}

/// Returns the number of `players` that have accounts.
///
/// # Errors
/// [`Failure::Database`].
pub async fn count_known<C: GenericClient>(client: &C, players: &[i64]) -> Result<i64, Failure> {
    let count = "SELECT count(*) FROM players WHERE player_id = ANY($1)";
    Ok(client.query_one(count, &[&players]).await?.try_get(0)?)
}

/// Checks that a player has an account.
///
/// # Errors
/// [`Refusal::NoSuchPlayer`]; [`Failure::Database`].
pub async fn check_known<C: GenericClient>(client: &C, player: i64) -> Result<(), Failure> {
    match count_known(client, &[player]).await? {
        0 => Err(Refusal::NoSuchPlayer.into()),
        _ => Ok(()),
    }
}
