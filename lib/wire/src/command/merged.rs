//! Enums that are written as the variants of two enums: their own and the commands of players. On
//! the wire they look like one enum.

use crate::variant::{Name, Named};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserializer,
    de::{EnumAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

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
        let named = Named { name, content };
        if is_command { T::read_command(named) } else { T::read_own(named) }
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
