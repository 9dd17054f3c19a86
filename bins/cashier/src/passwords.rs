//! Passwords: argon2id, outside of the async executor, with a limit on the number at a time.
//!
//! Invariant: a check costs the same whether the account exists or not. A hash takes 19 MiB and
//! about 34 ms of a core (OWASP's recommendation of 2023), so as many run at a time as there are
//! cores, at most four, in memory that is used again; [`Turns`] says whose turn it is.

pub mod rules;
mod turns;

pub use turns::{HashPermit, Turns};

use crate::origin::Origin;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self,
        phc::{self, Output, ParamsString, PasswordHash, Salt},
    },
};
use std::{num::NonZero, sync::Arc};
use wire::Refusal;

/// Memory of one hash, in KiB: argon2id as OWASP advises it, 34 ms of a core with two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes of one hash over its memory.
const PASSES: u32 = 2;
/// The most hashes at a time, whatever the number of cores: their memory stays below 100 MB.
const MOST_AT_ONCE: usize = 4;
/// Bytes of a hash's salt: as RFC 9106 advises.
const SALT_BYTES: usize = 16;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// The longest password in bytes. Longer ones cannot be set, so they match no account.
const LONGEST_BYTES: usize = 256;

/// The reason why a password cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The parameters are not accepted.
    #[error("argon2 does not accept its parameters: {0}")]
    Parameters(#[from] argon2::Error),
    /// A stored hash has parameters that this version does not know.
    #[error("argon2 cannot hash: {0}")]
    Hash(#[from] password_hash::Error),
    /// A stored hash, or a new one, has not the usual form.
    #[error("a hash cannot be read or written: {0}")]
    Form(#[from] phc::Error),
    /// The system has no randomness.
    #[error("the system gives no randomness: {0}")]
    NoRandomness(getrandom::Error),
}

/// The hashing and checking of passwords.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Turns,
    /// The hash of random bytes, which is checked for accounts that do not exist.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares to hash as many passwords at a time as there are cores, at most four.
    ///
    /// # Errors
    /// [`PasswordError`] when argon2 does not work here.
    pub fn new() -> Result<Self, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = written(&argon2, &random::<SALT_BYTES>()?, &random::<HASH_BYTES>()?)?;
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        Ok(Self { argon2, turns: Turns::new(cores.min(MOST_AT_ONCE)), nobody: nobody.into() })
    }

    /// Waits for a turn to hash one password. See [`Turns::turn`].
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when too many requests wait.
    pub async fn turn(&self, origin: Origin) -> Result<HashPermit, Refusal> {
        self.turns.turn(origin).await
    }

    /// Hashes a password for the database.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when hashing fails.
    pub async fn hash(&self, mut turn: HashPermit, password: String) -> Result<String, Refusal> {
        let argon2 = self.argon2.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            let blocks = turn.memory(argon2.params().block_count());
            hash(&argon2, blocks, password.as_bytes())
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
    pub async fn fits(&self, mut turn: HashPermit, password: String, hash: Option<String>) -> bool {
        let nobody = Arc::clone(&self.nobody);
        let checked = tokio::task::spawn_blocking(move || {
            let hash = hash.filter(|_| password.len() <= LONGEST_BYTES);
            match hash {
                Some(hash) => verify(&mut turn, password.as_bytes(), &hash),
                // The result is false in any case: the hash is of random bytes.
                None => verify(&mut turn, b"", &nobody),
            }
        });
        match checked.await {
            Ok(Ok(fits)) => fits,
            Ok(Err(error)) => {
                tracing::error!(%error, "a stored password cannot be checked: the log-in is refused as wrong");
                false
            }
            Err(_) => false,
        }
    }
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], PasswordError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(PasswordError::NoRandomness)?;
    Ok(bytes)
}

fn hash(argon2: &Argon2<'_>, blocks: &mut [Block], password: &[u8]) -> Result<String, PasswordError> {
    let salt = random::<SALT_BYTES>()?;
    let mut out = [0; HASH_BYTES];
    argon2.hash_password_into_with_memory(password, &salt, &mut out, blocks)?;
    written(argon2, &salt, &out)
}

/// Returns a hash as the database keeps it.
fn written(argon2: &Argon2<'_>, salt: &[u8], hash: &[u8]) -> Result<String, PasswordError> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(hash)?),
    };
    Ok(hash.to_string())
}

/// Returns whether a password has a hash, by the parameters that are stored with the hash.
fn verify(turn: &mut HashPermit, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored)?);
    let blocks = turn.memory(argon2.params().block_count());
    let mut out = [0; Output::MAX_LENGTH];
    let out = &mut out[..expected.len()];
    argon2.hash_password_into_with_memory(password, salt, out, blocks)?;
    // The comparison takes the same time wherever the two differ.
    Ok(Output::new(out)? == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let passwords = Passwords::new().unwrap();
        let turn = async || passwords.turn(Origin::Unknown).await.unwrap();
        let hash = passwords.hash(turn().await, "correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = async |password: &str, hash: Option<String>| {
            passwords.fits(turn().await, password.to_owned(), hash).await
        };
        assert!(fits("correct horse", Some(hash.clone())).await);
        assert!(!fits("correct horsf", Some(hash.clone())).await);
        assert!(!fits("", Some(hash)).await);
        assert!(!fits("correct horse", None).await);
        assert!(!fits("", None).await);
        // Hashes of other parameters, as other versions may have stored them.
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 3, 1, None).unwrap());
        let older = hash_elsewhere(&argon2, "correct horse");
        assert!(fits("correct horse", Some(older.clone())).await);
        assert!(!fits("correct horsf", Some(older)).await);
        assert!(!fits("correct horse", Some("$unreadable".to_owned())).await);
    }

    /// Returns a hash that the library has made by itself.
    fn hash_elsewhere(argon2: &Argon2<'_>, password: &str) -> String {
        let hash: PasswordHash = argon2::PasswordHasher::hash_password(argon2, password.as_bytes()).unwrap();
        hash.to_string()
    }
}
