//! Rules for texts of people, and their quoting.

mod clear;

pub use clear::is_clear;

use std::fmt;

/// Shows a text in quotation marks, with control characters escaped: `"a
/// b"`.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_debug())
    }
}

/// Maximum length of a table's or a tournament's name, in characters.
pub const MAX_NAME: u16 = 60;

/// Returns whether a text is one line of 1 to `most` characters that cannot be mistaken for
/// another: not only spaces, without control characters, line or paragraph separators, and changes
/// of the writing direction.
#[must_use]
pub fn is_line(text: &str, most: u16) -> bool {
    let length = text.chars().count();
    (1..=usize::from(most)).contains(&length) && !text.trim().is_empty() && !text.chars().any(is_forbidden)
}

/// Returns whether a table or a tournament may have this name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_line(text, MAX_NAME)
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_have_control_characters_escaped() {
        assert_eq!(Quoted("Käthe's\u{1b}[2J\n\"").to_string(), r#""Käthe\'s\u{1b}[2J\n\"""#);
    }

    #[test]
    fn a_name_is_a_short_line() {
        let longest = "é".repeat(usize::from(MAX_NAME));
        for good in ["a", "Käthe's table 🂡", " x ", longest.as_str()] {
            assert!(is_name(good), "{good:?}");
        }
        let too_long = format!("{longest}é");
        let bad =
            ["", " ", "\t", "a\nb", "a\0", "a\u{1b}[2Jb", "a\u{202e}b", "a\u{2028}b", "\u{7f}", &too_long];
        for bad in bad {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
