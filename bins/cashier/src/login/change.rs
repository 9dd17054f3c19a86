//! Changing the password of the account that a session belongs to.
//!
//! Invariants: the old password is needed, and wrong ones are counted like those of log-ins, for
//! the session alone; with the change all other sessions end, and all devices are forgotten, in one
//! transaction. A repeat of a change that was carried out is answered as done.

use super::tries;
use crate::{
    Database, Failure, devices,
    guests::NO_PASSWORD,
    origin::Origin,
    passwords::{Passwords, rules},
    sessions,
};
use database::Limits;
use wire::Refusal;

/// A request to change the password.
pub struct PasswordChange {
    /// The session's token.
    pub token: String,
    /// The password until now.
    pub old: String,
    /// The password from now on.
    pub new: String,
}

/// The account of a session.
struct Account {
    player: i64,
    name: String,
    hash: String,
}

/// Changes a password.
///
/// # Errors
/// [`Refusal::SessionExpired`], [`Refusal::BadCredentials`] for a wrong old password,
/// [`Refusal::LockedOut`] after several of them, [`Refusal::BadAccount`] with the rule that the new
/// password breaks.
pub async fn change(
    database: &Database,
    passwords: &Passwords,
    request: PasswordChange,
) -> Result<(), Failure> {
    let PasswordChange { token, old, new } = request;
    let session = &sessions::hash(&token);
    let account = find(database, session).await?;
    rules::check(&new, &account.name)?;
    if new == old {
        let reason = "the new password is the old one: choose another".to_owned();
        return Err(Refusal::BadAccount { reason }.into());
    }
    let key = &account.name.to_ascii_lowercase();
    let origin = Origin::Device(*session);
    let turn = passwords.turn(origin).await?;
    database.run(Limits::SHORT, |client| async move { tries::count(&client, key, origin).await }).await?;
    if !passwords.fits(turn, old, Some(account.hash.clone())).await {
        // The answer to the change may have been lost.
        let turn = passwords.turn(origin).await?;
        if passwords.fits(turn, new, Some(account.hash)).await {
            return forget_tries(database, key, origin).await;
        }
        return Err(Refusal::BadCredentials.into());
    }
    let turn = passwords.turn(origin).await?;
    let hash = &passwords.hash(turn, new).await?;
    store(database, &account, session, hash).await?;
    forget_tries(database, key, origin).await
}

async fn find(database: &Database, session: &[u8; 32]) -> Result<Account, Failure> {
    database
        .run(Limits::SHORT, |client| async move {
            let select = "SELECT player_id, name, password_hash FROM sessions JOIN players USING (player_id)
                WHERE token_hash = $1 AND used_at > now() - interval '30 days' AND NOT banned";
            let row = client.query_opt(select, &[&session.as_slice()]).await?;
            let row = row.ok_or(Refusal::SessionExpired)?;
            let hash: Option<String> = row.try_get(2)?;
            // Guests have no password that could be changed.
            let hash = hash.filter(|hash| hash != NO_PASSWORD).ok_or(Refusal::BadCredentials)?;
            Ok(Account { player: row.try_get(0)?, name: row.try_get(1)?, hash })
        })
        .await
}

/// Stores the new hash in place of the one that the old password was compared with.
async fn store(
    database: &Database,
    account: &Account,
    session: &[u8; 32],
    hash: &str,
) -> Result<(), Failure> {
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            // The second condition is true for a repeated attempt of this transaction.
            let update = "UPDATE players SET password_hash = $3
                WHERE player_id = $1 AND (password_hash = $2 OR password_hash = $3)";
            if tx.execute(update, &[&account.player, &account.hash, &hash]).await? == 0 {
                return Err(Refusal::BadCredentials.into());
            }
            sessions::end_others(&tx, account.player, session).await?;
            devices::forget_all(&tx, account.player).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
}

async fn forget_tries(database: &Database, key: &str, origin: Origin) -> Result<(), Failure> {
    database.run(Limits::SHORT, |client| async move { tries::forget(&client, key, origin).await }).await
}
