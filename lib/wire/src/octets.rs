//! Byte strings of a fixed length: hashes, salts and random numbers.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// `N` bytes. In MessagePack a byte string; in JSON, and as text, `2 * N` hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Octets<const N: usize>(pub [u8; N]);

/// A SHA-256 hash.
pub type Digest = Octets<32>;
/// 16 bytes that no other process can guess.
pub type Salt = Octets<16>;

/// The text or the byte string has another length or other characters.
#[derive(Debug, thiserror::Error)]
#[error("{digits} hexadecimal digits are expected")]
pub struct BadOctets {
    /// The number of digits.
    digits: usize,
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Returns bytes as hexadecimal digits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    // Of known length and written at once: seeds are in every record of a hand's beginning and end.
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        digits.push(digit(byte >> 4));
        digits.push(digit(byte & 15));
    }
    digits
}

impl<const N: usize> Octets<N> {
    const BAD: BadOctets = BadOctets { digits: 2 * N };
}

impl<const N: usize> fmt::Display for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

impl<const N: usize> FromStr for Octets<N> {
    type Err = BadOctets;

    fn from_str(text: &str) -> Result<Self, BadOctets> {
        if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Self::BAD);
        }
        let mut bytes = [0; N];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| Self::BAD)?;
        }
        Ok(Self(bytes))
    }
}

impl<const N: usize> TryFrom<&[u8]> for Octets<N> {
    type Error = BadOctets;

    fn try_from(bytes: &[u8]) -> Result<Self, BadOctets> {
        bytes.try_into().map(Self).map_err(|_| Self::BAD)
    }
}

impl<const N: usize> Serialize for Octets<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_bytes(&self.0),
        }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Octets<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Both encodings describe themselves, and values that were kept aside while a message was
        // read no longer say in which of them they came.
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor<const N: usize>;

impl<const N: usize> de::Visitor<'_> for Visitor<N> {
    type Value = Octets<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Octets<N>, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Octets<N>, E> {
        bytes.try_into().map_err(E::custom)
    }
}

impl<const N: usize> JsonSchema for Octets<N> {
    fn schema_name() -> Cow<'static, str> {
        format!("Octets{N}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", 2 * N) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_digits_in_json_and_bytes_in_messagepack() {
        let salt = Salt::from_str("000102030405060708090a0b0c0d0eff").unwrap();
        assert_eq!(salt.0[15], 255);
        let json = serde_json::to_string(&salt).unwrap();
        assert_eq!(json, "\"000102030405060708090a0b0c0d0eff\"");
        assert_eq!(serde_json::from_str::<Salt>(&json).unwrap(), salt);
        let packed = rmp_serde::to_vec_named(&salt).unwrap();
        assert_eq!(packed.len(), 18);
        assert_eq!(rmp_serde::from_slice::<Salt>(&packed).unwrap(), salt);
        assert!("00".parse::<Salt>().is_err());
        assert!("000102030405060708090a0b0c0d0eéé".parse::<Salt>().is_err());
        assert!(rmp_serde::from_slice::<Digest>(&packed).is_err());
    }
}
