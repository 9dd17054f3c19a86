//! A player's authenticator, for second factors.

use anyhow::Context;
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::{Builder, Secret, Totp};

/// Seconds of a time step.
const STEP_S: u64 = 30;

/// An authenticator with the secret of one account.
#[derive(Clone, Debug)]
pub struct Authenticator(Totp);

impl Authenticator {
    /// Returns an authenticator with a secret in base32.
    ///
    /// # Errors
    /// When the secret is none.
    pub fn new(secret: &str) -> anyhow::Result<Self> {
        let secret = Secret::try_from_base32(secret).map_err(|_| anyhow::anyhow!("{secret} is no base32"))?;
        let built = Builder::new().with_secret(secret).build();
        Ok(Self(built.ok().context("the secret is too short")?))
    }

    /// Returns the code of the present time step and the one after it. Cashiers accept both, in
    /// this order, for half a minute at least.
    ///
    /// # Errors
    /// When the clock is set before 1970.
    pub fn codes(&self) -> anyhow::Result<[String; 2]> {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok([now_s, now_s + STEP_S].map(|at_s| self.0.generate(at_s).to_string()))
    }

    /// Returns six digits that are no code of now, and none of some minutes before and after.
    ///
    /// # Errors
    /// When the clock is set before 1970.
    pub fn wrong_code(&self) -> anyhow::Result<String> {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let near: Vec<String> = (0..21)
            .map(|step| self.0.generate((now_s + step * STEP_S).saturating_sub(10 * STEP_S)).to_string())
            .collect();
        let mut all = (0..1_000_000_u32).map(|number| format!("{number:06}"));
        all.find(|code| !near.contains(code)).context("all codes are near")
    }
}
