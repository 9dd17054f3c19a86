//! Requests about the second factor of the account that a session belongs to.
//!
//! Invariants: everything but a new secret needs the password, and what lowers the protection a
//! code too; wrong passwords and wrong codes are counted together, for the session alone.

use super::owner::Owner;
use crate::{
    Database, Failure, devices,
    passwords::Passwords,
    players::unsigned,
    second_factor::{Authenticator, Factor, Proof, recovery, store},
    sessions,
};
use database::Limits;
use wire::{
    Refusal,
    cashier::CashierReply,
    second_factor::{SecondFactorReply, SecondFactorRequest},
};

/// Answers a request of the session with the token.
///
/// # Errors
/// [`Refusal::SessionExpired`], [`Refusal::BadCredentials`] for a wrong password and for guests,
/// [`Refusal::BadCode`], [`Refusal::LockedOut`] after several of them,
/// [`Refusal::HasSecondFactor`], [`Refusal::NoSecondFactor`].
pub async fn answer(
    database: &Database,
    passwords: &Passwords,
    token: &str,
    request: SecondFactorRequest,
) -> Result<CashierReply, Failure> {
    let owner = Owner::find(database, token).await?;
    let reply = match request {
        SecondFactorRequest::Begin => begin(database, &owner).await?,
        SecondFactorRequest::Confirm { password, code } => {
            if owner.factor.is_some() {
                return Err(Refusal::HasSecondFactor.into());
            }
            owner.prove(database, passwords, password).await?;
            confirm(database, &owner, &code).await?
        }
        SecondFactorRequest::NewRecoveryCodes { password, code } => {
            let factor = owner.factor.as_ref().ok_or(Refusal::NoSecondFactor)?;
            owner.prove(database, passwords, password).await?;
            renew(database, &owner, &factor.check(Some(&code))?).await?
        }
        SecondFactorRequest::End { password, code } => {
            // A repeat of a request that was carried out finds it off.
            if let Some(factor) = &owner.factor {
                owner.prove(database, passwords, password).await?;
                end(database, &owner, factor, &code).await?;
            }
            return Ok(CashierReply::Done);
        }
    };
    Ok(CashierReply::SecondFactor(reply))
}

async fn begin(database: &Database, owner: &Owner) -> Result<SecondFactorReply, Failure> {
    let secret = &Authenticator::new_secret()?;
    let secret = database
        .run(Limits::SHORT, |client| async move {
            store::begin(&client, owner.player, &owner.session, secret).await
        })
        .await?;
    let authenticator = Authenticator::of(&secret)?;
    Ok(SecondFactorReply::Secret { secret: authenticator.text(), uri: authenticator.uri(&owner.name) })
}

async fn confirm(database: &Database, owner: &Owner, code: &str) -> Result<SecondFactorReply, Failure> {
    let (secret, now_s) = database
        .run(Limits::SHORT, |client| async move { store::begun(&client, owner.player, &owner.session).await })
        .await?;
    let step = Authenticator::of(&secret)?.step(code, unsigned(now_s)).ok_or(Refusal::BadCode)?;
    let (codes, hashes) = new_codes()?;
    let by = sessions::hash(&sessions::new_token()?);
    let (secret, hashes, by) = (&secret, &hashes, &by);
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            store::confirm(&tx, owner.player, secret, step, by).await?;
            store::replace_codes(&tx, owner.player, hashes, by).await?;
            owner.forgive(&tx).await?;
            // Sessions and devices of before did not show a code.
            sessions::end_others(&tx, owner.player, &owner.session).await?;
            devices::forget_all(&tx, owner.player).await?;
            tx.commit().await?;
            Ok(())
        })
        .await?;
    Ok(SecondFactorReply::RecoveryCodes(codes))
}

async fn renew(database: &Database, owner: &Owner, proof: &Proof) -> Result<SecondFactorReply, Failure> {
    let (codes, hashes) = new_codes()?;
    let hashes = &hashes;
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            store::spend(&tx, owner.player, proof).await?;
            store::replace_codes(&tx, owner.player, hashes, proof.by()).await?;
            owner.forgive(&tx).await?;
            tx.commit().await?;
            Ok(())
        })
        .await?;
    Ok(SecondFactorReply::RecoveryCodes(codes))
}

async fn end(database: &Database, owner: &Owner, factor: &Factor, code: &str) -> Result<(), Failure> {
    let proof = &factor.check(Some(code))?;
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            // A repeated attempt of a transaction that was committed finds it off.
            if store::is_on(&tx, owner.player).await? {
                store::spend(&tx, owner.player, proof).await?;
                store::end(&tx, owner.player).await?;
            }
            owner.forgive(&tx).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
}

/// Returns new recovery codes, and their hashes for the database.
fn new_codes() -> Result<(Vec<String>, Vec<Vec<u8>>), Refusal> {
    let codes = recovery::new_codes()?;
    Ok(codes.into_iter().map(|(code, hash)| (code, hash.to_vec())).unzip())
}
