//! Texts that show all they have: without characters that are invisible, change the direction of
//! writing, or pile up on each other.

use unicode_normalization::char::is_combining_mark;

/// Most combining marks on one character (UTS 39, 5.4).
const MOST_MARKS: usize = 4;
/// Joins characters: emoji, and letters of Indic scripts.
const JOINER: char = '\u{200d}';
/// Keeps letters of Persian and Indic scripts apart.
const NON_JOINER: char = '\u{200c}';

/// Returns whether each character of a text can be seen: none that is invisible or reorders others,
/// no tags, at most four combining marks in a row and none of them twice (UTS 39, 5.4). Joiners are
/// accepted where scripts and emoji need them (UAX 31, 2.3), and variation selectors after symbols.
#[must_use]
pub fn is_clear(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let mut marks: Vec<char> = Vec::new();
    for (at, &c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| characters.get(before)).copied();
        let after = characters.get(at + 1).copied();
        if is_hidden(c) && !is_needed(before, c, after) {
            return false;
        }
        if is_combining_mark(c) && !is_hidden(c) {
            if marks.len() >= MOST_MARKS || marks.contains(&c) {
                return false;
            }
            marks.push(c);
        } else {
            marks.clear();
        }
    }
    true
}

/// Returns whether a character is not seen, or is seen as a blank that is no space: those that
/// Unicode calls default-ignorable, marks of direction, tags, and fillers.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a hidden character is used as writing needs it.
fn is_needed(before: Option<char>, c: char, after: Option<char>) -> bool {
    let (Some(before), after) = (before, after.unwrap_or(' ')) else { return false };
    match c {
        JOINER => is_virama(before) || (is_symbol(before) && is_symbol(after)),
        NON_JOINER => is_virama(before) || (is_arabic(before) && is_arabic(after)),
        // As text, or as a picture.
        '\u{fe0e}' | '\u{fe0f}' => is_symbol(before) && before != c || is_keycap(before),
        _ => false,
    }
}

/// Returns whether a character is an emoji, another symbol, or changes the one before it.
fn is_symbol(c: char) -> bool {
    // Letters that are emoji: ℹ, Ⓜ, 🅰.
    let letter = matches!(c, '\u{2139}' | '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    let mark = is_combining_mark(c) && c != '\u{fe0f}';
    letter || !(c.is_ascii() || c.is_alphanumeric() || c.is_whitespace() || mark)
}

/// Returns whether a character becomes a key's picture with the characters after it.
const fn is_keycap(c: char) -> bool {
    c.is_ascii_digit() || c == '#' || c == '*'
}

const fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8c9}')
}

/// Returns whether a character is the sign of an Indic script that joins consonants.
const fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_scripts_and_emoji_are_clear() {
        for text in [
            "nice hand, Käthe 🂡",
            "Ka\u{308}the",
            "Vie\u{323}\u{302}t Nam",
            "שָׁלוֹם",
            "مَرْحَبًا",
            "می\u{200c}خواهم",
            "क्\u{200d}ष हिन्दी",
            "ที่นี่",
            "❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "👩\u{200d}❤\u{fe0f}\u{200d}👨",
            "👨🏽\u{200d}🚀 🇩🇪 🅰\u{fe0f}",
            "",
        ] {
            assert!(is_clear(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_hidden_or_piled_up_is_refused() {
        for text in [
            "ad\u{200b}min",
            "ad\u{200d}min",
            "ad\u{200c}min",
            "\u{feff}admin",
            "a\u{ad}b",
            "a\u{2060}b",
            "\u{200f}abc",
            "a\u{202e}b",
            "a\u{2066}b",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "a\u{fe0f}",
            "❤\u{fe0f}\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "a\u{e0100}",
            "a\u{300}\u{301}\u{302}\u{303}\u{304}",
            "a\u{301}\u{301}",
            "👩\u{200d}",
        ] {
            assert!(!is_clear(text), "{text:?}");
        }
    }
}
