//! Packs records for the database: MessagePack as in the journal, compressed by Zstandard with a
//! dictionary. Names of events and fields make up most of a hand, and the dictionary has them, so
//! that a hand takes about a seventh of its bytes in the journal (figures in
//! `docs/decisions/0038-archive.md`).
//!
//! The first byte is the number of the format, so that rows stay readable when a later format has
//! another dictionary.

use serde::{Serialize, de::DeserializeOwned};
use std::io;
use wire::{
    archive::Archived,
    codec::{self, CodecError},
};

/// Format 1: Zstandard with the dictionary `pack-1.dict`.
const FORMAT: u8 = 1;
/// The dictionary: the encoded records of one hand of hold'em and some further events.
const DICTIONARY: &[u8] = include_bytes!("pack-1.dict");
/// Compression level: level 6 saves a fifteenth of the bytes and costs a tenth more of the
/// archivist's time.
const LEVEL: i32 = 3;
/// Maximum number of bytes that a body may unpack to; stretches are archived long before they reach
/// it.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The reason why records cannot be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The records cannot be encoded or decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The records cannot be compressed or decompressed.
    #[error("archived records cannot be unpacked: {0}")]
    Compression(#[from] io::Error),
    /// The body was written by another version of the archivist.
    #[error("archived records are of the unknown format {0}: a newer archivist wrote them")]
    Format(u8),
}

/// Packs records. A packer keeps its dictionary prepared, and is used for many bodies.
pub struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// Makes a packer.
    ///
    /// # Errors
    /// When there is no memory for the dictionary.
    pub fn new() -> Result<Self, PackError> {
        Ok(Self(zstd::bulk::Compressor::with_dictionary(LEVEL, DICTIONARY)?))
    }

    /// Packs records, in order.
    ///
    /// # Errors
    /// When a record cannot be encoded.
    pub fn pack<E: Serialize>(&mut self, records: &[Archived<E>]) -> Result<Vec<u8>, PackError> {
        let plain = codec::encode(&records)?;
        let mut body = vec![FORMAT];
        body.extend(self.0.compress(&plain)?);
        Ok(body)
    }
}

/// Unpacks a body of a [`Packer`].
///
/// # Errors
/// When the body is damaged or of an unknown format.
pub fn unpack<E: DeserializeOwned>(body: &[u8]) -> Result<Vec<Archived<E>>, PackError> {
    match body.split_first() {
        Some((&FORMAT, packed)) => {
            let mut unpacker = zstd::bulk::Decompressor::with_dictionary(DICTIONARY)?;
            Ok(codec::decode(&unpacker.decompress(packed, MOST_BYTES)?)?)
        }
        Some((&format, _)) => Err(PackError::Format(format)),
        None => Err(PackError::Format(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Epoch, event::TableEvent};

    fn records(count: u64) -> Vec<Archived<TableEvent>> {
        let events = || vec![TableEvent::SatOut { seat: 3 }, TableEvent::SnapshotRenewed];
        let record = |n| Archived {
            sequence: n,
            stored_ms: n,
            v: 1,
            epoch: Epoch(n),
            at_ms: 5,
            resumed: false,
            cause: None,
            events: events(),
        };
        (0..count).map(record).collect()
    }

    #[test]
    fn packed_records_are_unpacked_unchanged() {
        let mut packer = Packer::new().unwrap();
        for count in [0, 1, 500] {
            let records = records(count);
            let body = packer.pack(&records).unwrap();
            assert_eq!(unpack::<TableEvent>(&body).unwrap(), records);
        }
    }

    #[test]
    fn other_bytes_are_refused_by_name() {
        let mut body = Packer::new().unwrap().pack(&records(2)).unwrap();
        body[0] = 9;
        assert!(matches!(unpack::<TableEvent>(&body), Err(PackError::Format(9))));
        assert!(matches!(unpack::<TableEvent>(&[]), Err(PackError::Format(0))));
        assert!(matches!(unpack::<TableEvent>(&[FORMAT, 1, 2]), Err(PackError::Compression(_))));
    }
}
