//! Enums that are written as the variants of two enums: their own and the commands of players. On
//! the wire they look like one enum.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor},
    forward_to_deserialize_any,
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// An enum with variants of its own and the commands of players.
pub(crate) trait Merged<'de>: Sized {
    /// Reads a command of a player.
    fn read_command<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Reads any other variant.
    fn read_own<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads a command or another variant.
pub(crate) fn read<'de, T: Merged<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_enum("", &[], Reading(PhantomData))
}

struct Reading<T>(PhantomData<T>);

impl<'de, T: Merged<'de>> Visitor<'de> for Reading<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<T, A::Error> {
        let (name, content) = data.variant_seed(Name)?;
        let is_command = super::PlayerCommand::NAMES.contains(&name.as_ref());
        let again = Again { name, content };
        if is_command { T::read_command(again) } else { T::read_own(again) }
    }
}

/// The name of a variant.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a message")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A variant whose name has been read and whose content has not.
struct Again<'de, C> {
    name: Cow<'de, str>,
    content: C,
}

impl<'de, C: VariantAccess<'de>> Deserializer<'de> for Again<'de, C> {
    type Error = C::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, C::Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, C: VariantAccess<'de>> EnumAccess<'de> for Again<'de, C> {
    type Error = C::Error;
    type Variant = C;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, C), C::Error> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self.content))
    }
}

/// Returns the schema of an enum with the variants of both.
pub(crate) fn merge<Own: JsonSchema, Commands: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Own::json_schema(generator);
    let mut commands = Commands::json_schema(generator);
    if let (Some(all), Some(more)) = (
        schema.get_mut("oneOf").and_then(|all| all.as_array_mut()),
        commands.get_mut("oneOf").and_then(|more| more.as_array_mut()),
    ) {
        all.append(more);
    }
    schema
}
