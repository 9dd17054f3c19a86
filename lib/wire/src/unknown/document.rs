//! Decodes values from [`Content`].

use super::Content;
use serde::{
    Deserializer,
    de::{
        IntoDeserializer, Visitor,
        value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// The name under which lists ask to be decoded by item. Only [`Document`] knows it; for all other
/// decoders these lists are lists.
pub(crate) const BY_ITEM: &str = "wire::items";

/// A value to be decoded. Lists with the name [`BY_ITEM`] are decoded by item.
#[derive(Clone, Copy)]
pub(crate) struct Document<'c>(pub(crate) &'c Content);

impl IntoDeserializer<'_, Error> for Document<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Returns the entries of a map or a structure, to be decoded.
fn map<'de, 'c>(
    entries: &'c [(Content, Content)],
) -> MapDeserializer<'de, impl Iterator<Item = (Document<'c>, Document<'c>)>, Error> {
    MapDeserializer::new(entries.iter().map(|(key, value)| (Document(key), Document(value))))
}

impl<'de> Deserializer<'de> for Document<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Content::Null => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(*value),
            Content::Unsigned(value) => visitor.visit_u64(*value),
            Content::Negative(value) => visitor.visit_i64(*value),
            Content::Float32(bits) => visitor.visit_f32(f32::from_bits(*bits)),
            Content::Float64(bits) => visitor.visit_f64(f64::from_bits(*bits)),
            Content::Text(text) => visitor.visit_str(text),
            Content::Bytes(bytes) => visitor.visit_bytes(bytes),
            Content::List(items) => {
                let mut list = SeqDeserializer::new(items.iter().map(Document));
                let value = visitor.visit_seq(&mut list)?;
                list.end()?;
                Ok(value)
            }
            Content::Map(entries) => {
                let mut map = map(entries);
                let value = visitor.visit_map(&mut map)?;
                map.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Content::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            BY_ITEM => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Content::Text(name) = self.0 {
            return visitor.visit_enum(name.as_str().into_deserializer());
        }
        if let Content::Map(entries) = self.0
            && entries.len() == 1
        {
            return visitor.visit_enum(MapAccessDeserializer::new(map(entries)));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
