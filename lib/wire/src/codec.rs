//! MessagePack with named fields, and the checks that the decoder lacks. Clients may choose JSON.

#[cfg(feature = "next")]
mod newer;

use crate::{
    client::{SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK},
    unknown::{Content, document::Document},
};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// Initial buffer, enough for most messages and records, so that it seldom has to grow.
const USUAL_BYTES: usize = 512;

/// The reason why a value could not be encoded, or bytes not decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value cannot be encoded.
    #[error("cannot encode: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The bytes are not a value of the expected type.
    #[error("cannot decode: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
    /// The value cannot be written as JSON, or the bytes are no JSON of the expected form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The value has not the expected form, even with the items of its lists left out that cannot
    /// be decoded.
    #[error("cannot decode by item: {0}")]
    ByItem(#[from] serde::de::value::Error),
    /// Bytes are left after the value.
    #[error("cannot decode: {0} bytes too many")]
    Trailing(usize),
}

/// How the frames of a client's connection are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// MessagePack with named fields.
    MessagePack,
    /// JSON text.
    Json,
}

impl Encoding {
    /// Returns the name of the WebSocket subprotocol that asks for it.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::MessagePack => SUBPROTOCOL_MSGPACK,
            Self::Json => SUBPROTOCOL_JSON,
        }
    }

    /// Returns the encoding that a WebSocket subprotocol asks for.
    #[must_use]
    pub fn of_subprotocol(name: &str) -> Option<Self> {
        [Self::MessagePack, Self::Json].into_iter().find(|encoding| encoding.subprotocol() == name)
    }

    /// Encodes a value.
    ///
    /// # Errors
    /// When the encoding does not support the value's form (it supports all types of this crate).
    pub fn encode<T: Serialize>(self, value: &T) -> Result<Vec<u8>, CodecError> {
        match self {
            Self::MessagePack => encode(value),
            Self::Json => Ok(serde_json::to_vec(value)?),
        }
    }

    /// Decodes one value that takes up all of `bytes`.
    ///
    /// # Errors
    /// When the bytes are no such value, or bytes are missing or left over.
    pub fn decode<'de, T: Deserialize<'de>>(self, bytes: &'de [u8]) -> Result<T, CodecError> {
        match self {
            Self::MessagePack => decode(bytes),
            Self::Json => Ok(serde_json::from_slice(bytes)?),
        }
    }

    /// Decodes one value that [`Self::decode`] cannot decode, and that may be of a later version:
    /// of lists of events, and of lines of the lobby, each item is decoded alone. An event that
    /// cannot be decoded is kept as [`Event::Unknown`](crate::event::Event::Unknown), a line is
    /// left out. Takes several times as long as [`Self::decode`].
    ///
    /// # Errors
    /// When the bytes are no such value even so, or bytes are missing or left over.
    pub fn decode_by_item<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, CodecError> {
        let content: Content = self.decode(bytes)?;
        Ok(T::deserialize(Document(&content))?)
    }
}

/// Encodes a value with named fields.
///
/// # Errors
/// When the value has a form that MessagePack does not support (no type of this crate has).
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    #[cfg(feature = "next")]
    let value = &newer::Newer(value);
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    value.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map())?;
    Ok(bytes)
}

/// Decodes one value from all of `bytes`.
///
/// # Errors
/// When the bytes are not such a value, or bytes are missing or left over.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, CodecError> {
    // Reading from a slice takes two thirds of the time of reading from a stream, but the slice
    // reader does not tell where it stopped.
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    let value = T::deserialize(&mut reader)?;
    match IgnoredAny::deserialize(&mut reader) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(CodecError::Trailing(trailing(bytes))),
    }
}

/// Returns the number of bytes after the first value.
fn trailing(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let _ = rmp_serde::decode::from_read::<_, IgnoredAny>(&mut rest);
    rest.len()
}
