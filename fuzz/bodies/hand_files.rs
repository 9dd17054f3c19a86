//! Arbitrary bytes as a hand file: reading, replaying, writing and reading again must not panic,
//! and a hand that can be written is read again as the same hand.

use poker::{oracle::Line, phh::Phh};

/// Reads the bytes as a hand file.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let one = Phh::parse(text).into_iter();
    let several = Phh::parse_all(text).into_iter().flatten().map(|(_, hand)| hand);
    for hand in one.chain(several) {
        let _ = (hand.check(), hand.script());
        if let Ok(written) = hand.to_text() {
            let again = Phh::parse(&written).expect("a written file can be read");
            // Compared as text, because not-a-number values in unknown fields do not equal
            // themselves.
            assert_eq!(again.to_text().ok(), Some(written));
        }
    }
    if let Ok(line) = Line::parse(text) {
        let _ = line.compare();
    }
}
