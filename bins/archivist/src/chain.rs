//! A short sum of a sequence of things, kept as it grows: two journals that tell of the same sequence have the same.

use sha2::{Digest, Sha256};

/// Bytes of a chain: collisions by chance are out of the question, and nobody gains from a made one.
const LEN: usize = 16;

/// How many things there were, and the hash of them all: each one's hash covers the chain before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many.
    pub count: u64,
    /// The hash; zeros before the first.
    pub hash: [u8; LEN],
}

impl Chain {
    /// A chain as it was stored; one of other length counts as empty.
    pub fn stored(count: i64, hash: &[u8]) -> Self {
        match (u64::try_from(count), hash.try_into()) {
            (Ok(count), Ok(hash)) => Self { count, hash },
            _ => Self::default(),
        }
    }

    /// Adds the next thing, as bytes that are the same wherever it is told of.
    pub fn add(&mut self, bytes: &[u8]) {
        let digest = Sha256::new().chain_update(self.hash).chain_update(bytes).finalize();
        if let Some(hash) = digest.first_chunk() {
            self.hash = *hash;
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_contents_count() {
        let chain = |parts: &[&[u8]]| {
            let mut chain = Chain::default();
            parts.iter().for_each(|part| chain.add(part));
            chain
        };
        assert_eq!(chain(&[b"a", b"b"]), chain(&[b"a", b"b"]));
        assert_ne!(chain(&[b"a", b"b"]), chain(&[b"b", b"a"]));
        assert_ne!(chain(&[b"a", b"b"]), chain(&[b"ab"]));
        let two = chain(&[b"a", b"b"]);
        assert_eq!(Chain::stored(2, &two.hash), two);
        assert_eq!(Chain::stored(2, b"short"), Chain::default());
    }
}
