//! Passes whose signature was found right: a signature is verified once, because that takes as long
//! as a part of an action, and a look-up does not.

use crate::layout::BYTES;
use std::{collections::HashSet, mem};

/// The most passes of one generation; there are two. A worker that serves more players verifies
/// some signatures again. Both take some 9 MB when they are full.
pub(crate) const MOST: usize = 32_768;

/// Verified passes. When the younger generation is full, it becomes the older one, and what was in
/// that is forgotten; a pass that is used moves to the younger one.
///
/// Passes are the keys of a hash table whose hashes depend on a secret of the process: the time of
/// a look-up tells no byte of a pass.
#[derive(Default)]
pub(crate) struct Remembered {
    young: HashSet<[u8; BYTES]>,
    old: HashSet<[u8; BYTES]>,
}

impl Remembered {
    /// Returns whether the pass was verified before and is remembered.
    pub(crate) fn has(&mut self, pass: &[u8; BYTES]) -> bool {
        if self.young.contains(pass) {
            return true;
        }
        let was_old = self.old.remove(pass);
        if was_old {
            self.add(*pass);
        }
        was_old
    }

    /// Notes that a pass was verified.
    pub(crate) fn add(&mut self, pass: [u8; BYTES]) {
        if self.young.len() >= MOST {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(pass);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(number: usize) -> [u8; BYTES] {
        let mut pass = [0; BYTES];
        pass[..8].copy_from_slice(&number.to_be_bytes());
        pass
    }

    #[test]
    fn passes_in_use_are_remembered_and_the_number_of_all_is_bounded() {
        let mut remembered = Remembered::default();
        remembered.add(pass(0));
        for number in 1..5 * MOST {
            assert!(!remembered.has(&pass(number)));
            remembered.add(pass(number));
            assert!(remembered.len() <= 2 * MOST, "{} passes", remembered.len());
            if number % 1_000 == 0 {
                assert!(remembered.has(&pass(0)), "in use, after {number} others");
            }
        }
        assert!(!remembered.has(&pass(1)), "not used again");
    }
}
