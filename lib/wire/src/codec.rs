//! MessagePack with named fields, and checks that the decoder leaves out.

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value cannot be encoded.
    #[error("cannot encode: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The bytes are not what was expected.
    #[error("cannot decode: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
    /// There is more after the value.
    #[error("cannot decode: {0} bytes too many")]
    Trailing(usize),
}

/// Encodes a value with named fields.
///
/// # Errors
/// When the value has a form that MessagePack has not (none of this crate's types do).
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    Ok(rmp_serde::to_vec_named(value)?)
}

/// Decodes one value that takes up all of `bytes`.
///
/// # Errors
/// When the bytes are anything else, are too many or too few.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut rest = bytes;
    let value = rmp_serde::decode::from_read(&mut rest)?;
    if rest.is_empty() { Ok(value) } else { Err(CodecError::Trailing(rest.len())) }
}
