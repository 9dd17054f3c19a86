//! Variants that this version does not know, kept as they came: an unknown variant of a newer part
//! of the fleet must not make the whole message unreadable.
//!
//! Invariant: an unknown variant that was read is written again unchanged, in MessagePack and in
//! JSON, and from one to the other.

pub(crate) mod document;

use crate::{
    octets::digits,
    variant::{Name, Named},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::MapAccessDeserializer,
    },
    ser::SerializeMap,
};
use std::{fmt, marker::PhantomData};

/// Most levels of lists and maps within each other that are kept. No message has half as many; more
/// than this is refused, because each level takes room on the stack.
const MOST_LEVELS: u8 = 64;

/// A variant of an enum whose name this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariant {
    /// The variant's name, as on the wire.
    pub name: String,
    /// The variant's content; none for a variant without content.
    pub content: Option<Content>,
}

/// A value of any form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number that is not negative.
    Unsigned(u64),
    /// A negative number.
    Negative(i64),
    /// The bits of a floating-point number of 32 bits.
    Float32(u32),
    /// The bits of a floating-point number of 64 bits.
    Float64(u64),
    /// A text.
    Text(String),
    /// Bytes; in JSON a text of hexadecimal digits, as of [`Octets`](crate::octets::Octets).
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Content>),
    /// A structure or a map, in the order in which it came.
    Map(Vec<(Content, Content)>),
}

impl Serialize for UnknownVariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(content) = &self.content else { return serializer.serialize_str(&self.name) };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.name, content)?;
        map.end()
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Float32(bits) => serializer.serialize_f32(f32::from_bits(*bits)),
            Self::Float64(bits) => serializer.serialize_f64(f64::from_bits(*bits)),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) if serializer.is_human_readable() => serializer.serialize_str(&digits(bytes)),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(0).deserialize(deserializer)
    }
}

/// Reads a value that is so many levels deep within another one.
#[derive(Clone, Copy)]
struct Level(u8);

impl Level {
    fn next<E: Error>(self) -> Result<Self, E> {
        let deeper = self.0 + 1;
        if deeper > MOST_LEVELS {
            return Err(E::custom("lists and maps are nested too deeply"));
        }
        Ok(Self(deeper))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Content;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(u64::try_from(value).map_or(Content::Negative(value), Content::Unsigned))
    }

    fn visit_f32<E>(self, value: f32) -> Result<Content, E> {
        Ok(Content::Float32(value.to_bits()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Float64(value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Content, E> {
        Ok(Content::Bytes(bytes.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        let level = self.next()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(level)? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let level = self.next()?;
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(level, level)? {
            entries.push(entry);
        }
        Ok(Content::Map(entries))
    }
}

/// An enum that keeps variants of later versions.
pub(crate) trait KeepsUnknown<'de>: Sized {
    /// Returns whether this version has a variant of that name.
    fn knows(name: &str) -> bool;

    /// Reads a variant that it has.
    fn read_known<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Takes a variant that it has not.
    fn keep(unknown: UnknownVariant) -> Self;
}

/// Reads either.
pub(crate) fn read<'de, T: KeepsUnknown<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Reading(PhantomData))
}

struct Reading<T>(PhantomData<T>);

impl<'de, T: KeepsUnknown<'de>> Visitor<'de> for Reading<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a map with one name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        if T::knows(name) {
            return T::read_known(name.into_deserializer());
        }
        Ok(T::keep(UnknownVariant { name: name.to_owned(), content: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let (name, content) = MapAccessDeserializer::new(map).variant_seed(Name)?;
        if T::knows(&name) {
            return T::read_known(Named { name, content });
        }
        let content = Some(content.newtype_variant_seed(Level(0))?);
        Ok(T::keep(UnknownVariant { name: name.into_owned(), content }))
    }
}
