//! Lists in messages whose items may be of a later version: an item that cannot be decoded must not
//! make the whole message unreadable.
//!
//! A message is decoded as any other first, which costs nothing more. Only when that fails,
//! [`Encoding::decode_by_item`](crate::codec::Encoding::decode_by_item) decodes it a second time,
//! by way of [`Content`], from which each item of such a list is decoded alone.

use crate::unknown::{
    Content,
    document::{BY_ITEM, Document},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

/// The place of an item that cannot be decoded.
pub(crate) enum Undecoded<T> {
    /// Another item takes it.
    Kept(T),
    /// The list goes on without it.
    LeftOut,
    /// The list is refused: no version has such items.
    Refused,
}

impl<T> Undecoded<T> {
    /// Decides about an item that is a structure and that a reader can do without.
    pub(crate) const fn structure(content: &Content) -> Self {
        match content {
            Content::Map(_) => Self::LeftOut,
            _ => Self::Refused,
        }
    }
}

/// An item of such a list.
pub(crate) trait Item: Sized {
    /// Decides about an item that cannot be decoded.
    fn undecoded(content: Content) -> Undecoded<Self>;
}

/// Reads a list whose items can be read one by one.
pub(crate) fn read<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Item + Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_newtype_struct(BY_ITEM, List(PhantomData))
}

struct List<T>(PhantomData<T>);

impl<'de, T: Item + Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, list: D) -> Result<Vec<T>, D::Error> {
        Vec::deserialize(list)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(content) = list.next_element::<Content>()? {
            let item = match T::deserialize(Document(&content)) {
                Ok(item) => Undecoded::Kept(item),
                Err(_) => T::undecoded(content),
            };
            match item {
                Undecoded::Kept(item) => items.push(item),
                Undecoded::LeftOut => {}
                Undecoded::Refused => return Err(A::Error::custom("an item of a list has not its form")),
            }
        }
        Ok(items)
    }
}
