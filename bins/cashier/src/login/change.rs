//! Changing the password of the account that a session belongs to.
//!
//! Invariants: the old password is needed, and a code if the account has a second factor; wrong
//! ones are counted like those of log-ins, for the session alone; with the change all other
//! sessions end, and all devices are forgotten, in one transaction. A repeat of a change that was
//! carried out is answered as done.

use super::owner::Owner;
use crate::{
    Database, Failure, devices,
    passwords::{Passwords, rules},
    second_factor::{Factor, Proof, store as factors},
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
    /// A code of the second factor.
    pub code: Option<String>,
}

/// Changes a password.
///
/// # Errors
/// [`Refusal::SessionExpired`], [`Refusal::BadCredentials`] for a wrong old password,
/// [`Refusal::CodeNeeded`] and [`Refusal::BadCode`] for accounts with a second factor,
/// [`Refusal::LockedOut`] after several of them, [`Refusal::BadAccount`] with the rule that the new
/// password breaks.
pub async fn change(
    database: &Database,
    passwords: &Passwords,
    request: PasswordChange,
) -> Result<(), Failure> {
    let PasswordChange { token, old, new, code } = request;
    let owner = Owner::find(database, &token).await?;
    rules::check(&new, &owner.name)?;
    if new == old {
        let reason = "the new password is the old one: choose another".to_owned();
        return Err(Refusal::BadAccount { reason }.into());
    }
    if !owner.try_password(database, passwords, old).await? {
        // The answer to the change may have been lost.
        let turn = passwords.turn(owner.origin()).await?;
        return match passwords.fits(turn, new, Some(owner.hash.clone())).await {
            true => answer_repeat(database, &owner).await,
            false => Err(Refusal::BadCredentials.into()),
        };
    }
    let check = |factor: &Factor| factor.check(code.as_deref());
    let proof = owner.factor.as_ref().map(check).transpose()?;
    let turn = passwords.turn(owner.origin()).await?;
    let hash = &passwords.hash(turn, new).await?;
    store(database, &owner, proof.as_ref(), hash).await
}

/// Forgives the tries of a change that was carried out before. With a second factor they stay
/// counted: no code was checked, and forgiving would let wrong codes be tried without end.
async fn answer_repeat(database: &Database, owner: &Owner) -> Result<(), Failure> {
    if owner.factor.is_some() {
        return Ok(());
    }
    database.run(Limits::SHORT, |client| async move { owner.forgive(&client).await }).await
}

/// Stores the new hash in place of the one that the old password was compared with, and forgives
/// the session's tries.
async fn store(database: &Database, owner: &Owner, proof: Option<&Proof>, hash: &str) -> Result<(), Failure> {
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            if let Some(proof) = proof {
                factors::spend(&tx, owner.player, proof).await?;
            }
            // The second condition is true for a repeated attempt of this transaction.
            let update = "UPDATE players SET password_hash = $3
                WHERE player_id = $1 AND (password_hash = $2 OR password_hash = $3)";
            if tx.execute(update, &[&owner.player, &owner.hash, &hash]).await? == 0 {
                return Err(Refusal::BadCredentials.into());
            }
            sessions::end_others(&tx, owner.player, &owner.session).await?;
            devices::forget_all(&tx, owner.player).await?;
            owner.forgive(&tx).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
}
