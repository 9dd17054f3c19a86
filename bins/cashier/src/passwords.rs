//! Passwords: argon2id, outside of the async executor, with a limit on the number at a time.
//!
//! Invariant: a check costs the same whether the account exists or not. A hash takes 19 MiB and
//! about 34 ms of a core (OWASP's recommendation of 2023), so as many run at a time as there are
//! cores, and a caller that would have to wait for long gets a refusal.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{num::NonZero, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::Refusal;

/// Memory of one hash, in KiB: argon2id as OWASP advises it, 34 ms of a core with two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes of one hash over its memory.
const PASSES: u32 = 2;
/// The longest wait for a turn. Callers repeat their request after a few seconds, so a longer wait
/// would only do the work twice.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The longest password in bytes. Longer ones cannot be set, so they match no account.
const LONGEST_BYTES: usize = 256;

/// The reason why no password can be hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The parameters are not accepted.
    #[error("argon2 does not accept its parameters: {0}")]
    Parameters(#[from] argon2::Error),
    /// Hashing failed, e.g. because the system has no randomness.
    #[error("argon2 cannot hash: {0}")]
    Hash(#[from] argon2::password_hash::Error),
}

/// The hashing and checking of passwords.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// The hash of random bytes, which is checked for accounts that do not exist.
    nobody: Arc<str>,
}

/// The permit to hash one password now.
pub struct HashPermit(OwnedSemaphorePermit);

impl Passwords {
    /// Prepares to hash as many passwords at a time as there are cores.
    ///
    /// # Errors
    /// [`PasswordError`] when argon2 does not work here.
    pub fn new() -> Result<Self, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(|_| argon2::password_hash::Error::Crypto)?;
        let nobody: PasswordHash = argon2.hash_password(&unknown)?;
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(cores)), nobody: nobody.to_string().into() })
    }

    /// Waits for a permit, at most 2 s.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when too many requests wait.
    pub async fn turn(&self) -> Result<HashPermit, Refusal> {
        match tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(HashPermit(permit)),
            _ => Err(Refusal::unavailable("too many logins at once")),
        }
    }

    /// Hashes a password for the database.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when hashing fails.
    pub async fn hash(&self, turn: HashPermit, password: String) -> Result<String, Refusal> {
        let argon2 = self.argon2.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = turn.0;
            let hash: Result<PasswordHash, _> = argon2.hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string())
        });
        match hashed.await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password cannot be hashed: the request is refused for now");
                Err(Refusal::unavailable("password hashing"))
            }
            Err(_) => Err(Refusal::unavailable("password hashing")),
        }
    }

    /// Returns whether a password matches a stored hash. Without a hash the result is false, at the
    /// same cost.
    pub async fn fits(&self, turn: HashPermit, password: String, hash: Option<String>) -> bool {
        let argon2 = self.argon2.clone();
        let nobody = Arc::clone(&self.nobody);
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn.0;
            match hash.filter(|_| password.len() <= LONGEST_BYTES) {
                Some(hash) => argon2.verify_password(password.as_bytes(), hash.as_str()).is_ok(),
                None => {
                    let _ = argon2.verify_password(b"", &*nobody);
                    false
                }
            }
        });
        checked.await.unwrap_or(false)
    }
}

/// Checks a new password.
///
/// # Errors
/// [`Refusal::BadAccount`] with the rule that the password breaks.
pub fn check_new(password: &str) -> Result<(), Refusal> {
    let reason = if password.chars().count() < 8 {
        "the password is too short: use at least 8 characters"
    } else if password.len() > LONGEST_BYTES {
        "the password is too long: use at most 256 bytes"
    } else {
        return Ok(());
    };
    Err(Refusal::BadAccount { reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(passwords.turn().await.unwrap(), "correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = async |password: &str, hash: Option<String>| {
            let turn = passwords.turn().await.unwrap();
            passwords.fits(turn, password.to_owned(), hash).await
        };
        assert!(fits("correct horse", Some(hash.clone())).await);
        assert!(!fits("correct horsf", Some(hash.clone())).await);
        assert!(!fits("", Some(hash)).await);
        assert!(!fits("correct horse", None).await);
    }

    #[test]
    fn new_passwords_have_eight_characters_at_least() {
        assert!(check_new("1234567").is_err());
        assert!(check_new("12345678").is_ok());
        assert!(check_new("äöüßéèêë").is_ok());
        assert!(check_new(&"x".repeat(257)).is_err());
    }
}
