//! The account that a session belongs to, and the check of its password by requests that need it.
//!
//! Invariant: wrong passwords and wrong codes are counted like those of log-ins, for the session
//! alone.

use super::tries;
use crate::{
    Database, Failure,
    guests::NO_PASSWORD,
    origin::Origin,
    passwords::Passwords,
    second_factor::{self, Factor},
    sessions,
};
use database::{GenericClient, Limits};
use wire::Refusal;

/// The account of a session.
pub struct Owner {
    /// The player's number.
    pub player: i64,
    /// The account's name.
    pub name: String,
    /// The hash of the password.
    pub hash: String,
    /// The second factor, if the account has one.
    pub factor: Option<Factor>,
    /// The hash of the session's token.
    pub session: [u8; 32],
}

impl Owner {
    /// Returns the account of the session with a token.
    ///
    /// # Errors
    /// [`Refusal::SessionExpired`]; [`Refusal::BadCredentials`] for guests, which have no password.
    pub async fn find(database: &Database, token: &str) -> Result<Self, Failure> {
        let session = sessions::hash(token);
        database
            .run(Limits::SHORT, |client| async move {
                let select = format!(
                    "SELECT p.player_id, p.name, p.password_hash, {}
                    FROM sessions s JOIN players p USING (player_id) {}
                    WHERE s.token_hash = $1 AND s.used_at > now() - interval '30 days' AND NOT p.banned",
                    second_factor::COLUMNS,
                    second_factor::JOIN
                );
                let row = client.query_opt(&select, &[&session.as_slice()]).await?;
                let row = row.ok_or(Refusal::SessionExpired)?;
                let hash: Option<String> = row.try_get(2)?;
                let hash = hash.filter(|hash| hash != NO_PASSWORD).ok_or(Refusal::BadCredentials)?;
                let factor = Factor::read(&row, 3)?;
                Ok(Self { player: row.try_get(0)?, name: row.try_get(1)?, hash, factor, session })
            })
            .await
    }

    /// Returns the origin by which tries of the session are counted and its turns are shared out.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::Device(self.session)
    }

    /// Counts a try, and returns whether the password is right. The try stays counted until
    /// [`Self::forgive`].
    ///
    /// # Errors
    /// [`Refusal::LockedOut`] after several wrong passwords or codes.
    pub async fn try_password(
        &self,
        database: &Database,
        passwords: &Passwords,
        password: String,
    ) -> Result<bool, Failure> {
        let turn = passwords.turn(self.origin()).await?;
        let key = &self.key();
        database
            .run(Limits::SHORT, |client| async move { tries::count(&client, key, self.origin()).await })
            .await?;
        Ok(passwords.fits(turn, password, Some(self.hash.clone())).await)
    }

    /// Counts a try, and checks the password.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`], and [`Refusal::LockedOut`] after several of them.
    pub async fn prove(
        &self,
        database: &Database,
        passwords: &Passwords,
        password: String,
    ) -> Result<(), Failure> {
        match self.try_password(database, passwords, password).await? {
            true => Ok(()),
            false => Err(Refusal::BadCredentials.into()),
        }
    }

    /// Deletes the session's failures.
    ///
    /// # Errors
    /// [`Failure::Database`].
    pub async fn forgive<C: GenericClient>(&self, client: &C) -> Result<(), Failure> {
        tries::forget(client, &self.key(), self.origin()).await
    }

    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}
