//! The bytes of a pass. All numbers are big-endian.
//!
//! | offset | bytes | content |
//! | --- | --- | --- |
//! | 0 | 1 | version of this layout: 1 |
//! | 1 | 8 | the first bytes of the public key that it is signed with |
//! | 9 | 8 | the player |
//! | 17 | 8 | the gateway's process |
//! | 25 | 8 | the end of its validity, in milliseconds since 1970 |
//! | 33 | 64 | Ed25519 signature (RFC 8032) of [`CONTEXT`] and the bytes before |

use wire::{
    PlayerId,
    pass::{Pass, PublicKey},
};

/// The number of bytes of a pass.
pub const BYTES: usize = SIGNED + 64;
/// The number of bytes in front of the signature.
const SIGNED: usize = 33;
/// The version of this layout.
const VERSION: u8 = 1;
/// Stands in front of the signed bytes, so that no other message that the key may ever sign can be
/// taken for a pass.
pub const CONTEXT: &[u8] = b"poker session pass\0";

/// The statement that a pass makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The player who has logged in.
    pub player: PlayerId,
    /// The gateway's process that the pass was given to: a random number of its own. For people who
    /// look for the origin of a pass; owners cannot tell gateways apart.
    pub gateway: u64,
    /// The end of its validity, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// The first bytes of a public key, by which a pass names it.
pub type KeyName = [u8; 8];

/// A pass, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// The key.
    pub key: KeyName,
    /// The statement.
    pub statement: Statement,
    /// The signature.
    pub signature: [u8; 64],
}

/// Returns the name of a key.
#[must_use]
pub fn name_of(key: &PublicKey) -> KeyName {
    let mut name = KeyName::default();
    name.copy_from_slice(&key.0[..8]);
    name
}

/// Returns the bytes to sign: [`CONTEXT`], and the pass up to its signature.
#[must_use]
pub fn to_sign(key: &KeyName, statement: &Statement) -> Vec<u8> {
    let Statement { player, gateway, expires_ms } = statement;
    let mut bytes = Vec::with_capacity(CONTEXT.len() + BYTES);
    bytes.extend_from_slice(CONTEXT);
    bytes.push(VERSION);
    bytes.extend_from_slice(key);
    for number in [player.0, *gateway, *expires_ms] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes
}

/// Returns the pass of the bytes that were signed.
#[must_use]
pub fn signed(bytes: &[u8], signature: &[u8; 64]) -> Pass {
    let mut pass = bytes.strip_prefix(CONTEXT).unwrap_or(bytes).to_vec();
    pass.extend_from_slice(signature);
    Pass(pass)
}

/// Takes a pass apart; `None` when it does not have this layout.
#[must_use]
pub fn parse(pass: &[u8; BYTES]) -> Option<Parts> {
    let (&version, rest) = pass.split_first()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (player, rest) = number(rest)?;
    let (gateway, rest) = number(rest)?;
    let (expires_ms, rest) = number(rest)?;
    let statement = Statement { player: PlayerId(player), gateway, expires_ms };
    let signature = *rest.first_chunk()?;
    (version == VERSION).then_some(Parts { key: *key, statement, signature })
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_comes_apart_as_it_was_put_together() {
        let statement = Statement { player: PlayerId(42), gateway: u64::MAX, expires_ms: 1_700_000_000_000 };
        let key = [7; 8];
        let pass = signed(&to_sign(&key, &statement), &[9; 64]);
        let bytes: [u8; BYTES] = pass.0.try_into().unwrap();
        let parts = parse(&bytes).unwrap();
        assert_eq!((parts.key, parts.statement, parts.signature), (key, statement, [9; 64]));
        let mut later = bytes;
        later[0] = 2;
        assert!(parse(&later).is_none(), "another version of the layout");
    }
}
