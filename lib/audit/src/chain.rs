//! A short hash of a growing sequence: two journals with the same sequence of items have the same
//! chain.

use sha2::{Digest, Sha256};

/// Bytes of a chain: enough to rule out collisions by chance; a deliberate collision would bring no
/// gain.
const LEN: usize = 16;

/// The number of items and their hash; the hash of each item covers the chain before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The number of items.
    pub count: u64,
    /// The hash; zeros before the first.
    pub hash: [u8; LEN],
}

impl Chain {
    /// Makes a chain of stored values; a hash of another length counts as an empty chain.
    #[must_use]
    pub fn stored(count: i64, hash: &[u8]) -> Self {
        match (u64::try_from(count), hash.try_into()) {
            (Ok(count), Ok(hash)) => Self { count, hash },
            _ => Self::default(),
        }
    }

    /// Makes a chain of a number of items and a hash in hexadecimal digits; a text that is no such
    /// hash counts as an empty chain.
    #[must_use]
    pub fn of_text(count: u64, text: &str) -> Self {
        let mut hash = [0; LEN];
        let known = text.len() == 2 * LEN && text.is_ascii();
        for (at, byte) in hash.iter_mut().enumerate().filter(|_| known) {
            match u8::from_str_radix(&text[2 * at..2 * at + 2], 16) {
                Ok(read) => *byte = read,
                Err(_) => return Self::default(),
            }
        }
        if known { Self { count, hash } } else { Self::default() }
    }

    /// Returns the hash as text of hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Adds the next item, in bytes that are the same for both journals.
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
        assert_eq!(Chain::of_text(2, &two.text()), two);
        assert_eq!(Chain::of_text(2, "short"), Chain::default());
        assert_eq!(Chain::of_text(2, &"g".repeat(32)), Chain::default());
    }
}
