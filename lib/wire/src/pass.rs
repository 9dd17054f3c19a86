//! Session passes: proofs of the cashier that a player has logged in, which gateways show with the
//! player's commands. The crate `passes` makes and checks them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A session pass: bytes that only the crate `passes` reads. A secret: its holder can send commands
/// in the player's name until it expires.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Pass(
    #[serde(with = "serde_bytes")]
    #[schemars(with = "Vec<u8>")]
    pub Vec<u8>,
);

impl fmt::Debug for Pass {
    /// Writes no byte of the pass, so that none is in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pass({} bytes)", self.0.len())
    }
}

/// A pass as the cashier gives it to a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GrantedPass {
    /// The pass.
    pub pass: Pass,
    /// The time for which it is valid from now on, in milliseconds. Gateways ask for the next one
    /// when half of it is over.
    pub valid_ms: u32,
}

/// The value of the key [`crate::subject::PASS_KEYS`]: the keys by which owners check passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassKeys {
    /// Public keys of Ed25519 (RFC 8032), 32 bytes each. A pass is valid if one of them signed it.
    pub keys: Vec<PublicKey>,
}

/// A public key: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PublicKey(
    #[serde(with = "serde_bytes")]
    #[schemars(with = "Vec<u8>")]
    pub [u8; 32],
);
