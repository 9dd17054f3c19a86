//! Logging in, and the lock of a name after failed tries.
//!
//! Invariants: a try is counted before the password is checked, so tries at the same time are all
//! counted; from the fifth failure in a row on, the name is locked for 30 s, then twice as long
//! after each further failure, at most an hour. Names without an account are treated alike: same
//! statements, same hashing, same lock. Open sessions are not affected.

use crate::{
    Database, Failure,
    guests::NO_PASSWORD,
    passwords::Passwords,
    players::{is_name, unsigned},
    sessions,
};
use database::{Client, Limits};
use wire::{
    PlayerId, Refusal,
    cashier::{Account, Session},
};

/// An account with the name, from the database.
struct Candidate {
    player: i64,
    name: String,
    hash: Option<String>,
}

/// Checks name and password and opens a session.
///
/// # Errors
/// [`Refusal::BadCredentials`], [`Refusal::LockedOut`], and [`Refusal::Banned`] for callers that
/// know the password.
pub async fn log_in(
    database: &Database,
    passwords: &Passwords,
    name: &str,
    password: String,
) -> Result<Session, Failure> {
    // The permit comes first: a request that is refused for lack of one is not counted as a try.
    let turn = passwords.turn().await?;
    if !is_name(name) {
        passwords.fits(turn, password, None).await;
        return Err(Refusal::BadCredentials.into());
    }
    let key = &name.to_ascii_lowercase();
    let candidate = database
        .run(Limits::SHORT, |client| async move {
            count_try(&client, key).await?;
            find(&client, key).await
        })
        .await?;
    let hash = candidate.as_ref().and_then(|known| known.hash.clone());
    let fits = passwords.fits(turn, password, hash).await;
    let candidate = candidate.filter(|_| fits).ok_or(Refusal::BadCredentials)?;
    let token = sessions::new_token()?;
    welcome(database, key, &candidate, &token).await?;
    let account = Account { player: PlayerId(unsigned(candidate.player)), name: candidate.name };
    Ok(Session { account, token })
}

/// Counts a try as failed until it is known to have succeeded. The count starts anew after a day
/// without a try.
async fn count_try(client: &Client, key: &str) -> Result<(), Failure> {
    let count = "INSERT INTO login_failures AS f (name, failures, last_at) VALUES ($1, 1, now())
        ON CONFLICT (name) DO UPDATE SET last_at = now(),
            failures = CASE WHEN f.last_at < now() - interval '1 day' THEN 1 ELSE f.failures + 1 END,
            locked_until = CASE WHEN f.last_at >= now() - interval '1 day' AND f.failures >= 4
                THEN now() + make_interval(secs => least(3600, 30 * 2 ^ least(f.failures - 4, 10))) END
        WHERE f.locked_until IS NULL OR f.locked_until <= now()";
    if client.execute(count, &[&key]).await? == 1 {
        return Ok(());
    }
    let left = "SELECT ceil(extract(epoch FROM locked_until - now()))::int FROM login_failures
        WHERE name = $1 AND locked_until > now()";
    let seconds: i32 = match client.query_opt(left, &[&key]).await? {
        Some(row) => row.try_get(0)?,
        None => 1,
    };
    let seconds = u32::try_from(seconds).unwrap_or(1).max(1);
    Err(Refusal::LockedOut { seconds }.into())
}

async fn find(client: &Client, key: &str) -> Result<Option<Candidate>, Failure> {
    let select = "SELECT player_id, name, password_hash FROM players WHERE lower(name COLLATE \"C\") = $1";
    let Some(row) = client.query_opt(select, &[&key]).await? else {
        return Ok(None);
    };
    let hash: Option<String> = row.try_get(2)?;
    let hash = hash.filter(|hash| hash != NO_PASSWORD);
    Ok(Some(Candidate { player: row.try_get(0)?, name: row.try_get(1)?, hash }))
}

/// Deletes the failures and opens the session. The ban is read again, under a lock, because a ban
/// during the check of the password would not end a session that is opened after it.
async fn welcome(database: &Database, key: &str, candidate: &Candidate, token: &str) -> Result<(), Failure> {
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            tx.execute("DELETE FROM login_failures WHERE name = $1", &[&key]).await?;
            let select = "SELECT banned FROM players WHERE player_id = $1 FOR SHARE";
            let banned: bool = tx.query_one(select, &[&candidate.player]).await?.try_get(0)?;
            if !banned {
                sessions::open(&tx, candidate.player, token).await?;
            }
            tx.commit().await?;
            if banned { Err(Refusal::Banned.into()) } else { Ok(()) }
        })
        .await
}
