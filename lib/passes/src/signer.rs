//! Signing passes.

use crate::layout::{self, KeyName, Statement};
use ed25519_dalek::{Signer as _, SigningKey};
use wire::pass::{Pass, PublicKey};

/// Makes passes with the cashiers' secret key.
pub struct Signer {
    key: SigningKey,
    name: KeyName,
}

impl Signer {
    /// Returns a signer with the 32 secret bytes of an Ed25519 key.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        let name = layout::name_of(&PublicKey(key.verifying_key().to_bytes()));
        Self { key, name }
    }

    /// Returns new secret bytes.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new_secret() -> Result<[u8; 32], getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(secret)
    }

    /// Returns the public key by which owners check the passes.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    /// Returns a pass that makes this statement.
    #[must_use]
    pub fn sign(&self, statement: &Statement) -> Pass {
        let bytes = layout::to_sign(&self.name, statement);
        layout::signed(&bytes, &self.key.sign(&bytes).to_bytes())
    }
}
