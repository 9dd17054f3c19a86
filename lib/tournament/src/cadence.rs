//! The choice of records that carry a snapshot: often enough that recovery reads a short tail,
//! seldom enough that a large field's snapshots (about 100 bytes per player) do not dominate the
//! written bytes.

/// Fewest records between two snapshots.
const FEWEST_RECORDS: u32 = 16;

/// The records and bytes written since the last snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cadence {
    records: u32,
    bytes: usize,
    /// The bytes to be written before the next snapshot: the size of the last.
    worth: usize,
}

impl Cadence {
    /// Returns whether the next record should carry a snapshot: at least 16 records came since the
    /// last one, and together they were at least as large as it was. So snapshots make up at most
    /// about half of the written bytes.
    pub const fn is_due(&self) -> bool {
        self.records >= FEWEST_RECORDS && self.bytes >= self.worth
    }

    /// Counts a record that was written, or read back.
    pub const fn wrote(&mut self, bytes: usize, snapshot: bool) {
        if snapshot {
            *self = Self { records: 0, bytes: 0, worth: bytes };
        } else {
            self.records += 1;
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }

    /// Puts off a snapshot that was too large to be stored until that many more bytes have been
    /// written: the state may have shrunk by then.
    pub const fn too_large(&mut self, bytes: usize) {
        self.worth = self.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_states_are_stored_every_sixteen_records_and_large_ones_after_as_many_bytes() {
        let mut cadence = Cadence::default();
        let mut until_due = |bytes| {
            let mut n = 0;
            while !cadence.is_due() {
                cadence.wrote(100, false);
                n += 1;
            }
            cadence.wrote(bytes, true);
            n
        };
        assert_eq!(until_due(1_000), 16);
        assert_eq!(until_due(10_000), 16);
        assert_eq!(until_due(1_000), 100);
    }

    #[test]
    fn a_snapshot_that_does_not_fit_is_put_off() {
        let mut cadence = Cadence::default();
        (0..16).for_each(|_| cadence.wrote(100, false));
        assert!(cadence.is_due());
        cadence.too_large(5_000);
        assert!(!cadence.is_due());
        (0..50).for_each(|_| cadence.wrote(100, false));
        assert!(cadence.is_due());
    }
}
