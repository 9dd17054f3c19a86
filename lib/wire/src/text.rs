//! What texts of people may look like, and how they are quoted.

use std::fmt;

/// Shows a text in quotation marks, with whatever a terminal would obey made visible: `"a\nb"`.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_debug())
    }
}

/// Most characters of a table's or a tournament's name.
pub const MAX_NAME: u16 = 60;

/// Whether a text is one line of 1 to `most` characters that cannot pass for another one: not only blanks, no control characters,
/// no line or paragraph separators, and no changes of the direction of writing.
#[must_use]
pub fn is_line(text: &str, most: u16) -> bool {
    let length = text.chars().count();
    (1..=usize::from(most)).contains(&length) && !text.trim().is_empty() && !text.chars().any(is_forbidden)
}

/// Whether a table or a tournament may have this name.
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
    fn quotes_show_what_cannot_be_seen() {
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
