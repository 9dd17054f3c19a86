//! The rules for new passwords: long enough, not a common one, not easily guessed from its form or
//! from the account's name.
//!
//! `common.txt` has 10,000 passwords out of lists that were published after breaches: the 8,000
//! most frequent of at least eight characters, and the short words among the 3,000 most frequent
//! ones, which people lengthen by digits and signs. They are those of zxcvbn (Dropbox, MIT
//! licence), in lower case, sorted.

use super::LONGEST_BYTES;
use std::{cmp::Reverse, collections::HashSet, sync::LazyLock};
use wire::Refusal;

/// The fewest characters of a password (NIST SP 800-63B, 5.1.1.1).
const FEWEST: usize = 8;
/// The fewest characters without the account's name, without a common word, and without the
/// characters that follow from those before them.
const FEWEST_OTHERS: usize = 5;
/// Characters in a row that are a sequence.
const SEQUENCE: usize = 3;
/// Rows of characters that are typed one after the other: the alphabet, digits, keyboards.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
    "!\"§$%&/()=",
];

static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Checks a new password for the account with this name.
///
/// # Errors
/// [`Refusal::BadAccount`] with the rule that the password breaks, and what to do.
pub fn check(password: &str, name: &str) -> Result<(), Refusal> {
    let small = password.to_lowercase();
    let reason = if password.chars().count() < FEWEST {
        "the password is too short: use at least 8 characters"
    } else if password.len() > LONGEST_BYTES {
        "the password is too long: use at most 256 bytes"
    } else if is_common(&small) {
        "the password is one of the most common ones, or such a one with little added: choose another, \
         for example four words drawn by lot"
    } else if has_name(&small, &name.to_lowercase()) {
        "the password is little more than the account's name: choose another"
    } else if others(&small) < FEWEST_OTHERS {
        "the password is a repetition or a sequence: choose another"
    } else {
        return Ok(());
    };
    Err(Refusal::BadAccount { reason: reason.to_owned() })
}

/// Returns whether a password is a common one: as it is, with digits and signs in place of letters,
/// or with fewer than five characters before and after it.
fn is_common(small: &str) -> bool {
    [small.to_owned(), in_letters(small)].iter().any(|text| {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let characters = ends.len() - 1;
        // Few pieces: those that leave fewer than five characters out.
        (0..FEWEST_OTHERS).any(|before| {
            (0..FEWEST_OTHERS - before).any(|after| {
                let inside = characters.checked_sub(before + after).filter(|length| *length > 0);
                inside.is_some_and(|length| COMMON.contains(&text[ends[before]..ends[before + length]]))
            })
        })
    })
}

/// Returns a text with letters in place of the digits and signs that are used for them.
fn in_letters(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Returns whether a password has little besides the name, forwards or backwards.
fn has_name(small: &str, name: &str) -> bool {
    let backwards: String = name.chars().rev().collect();
    [name, &backwards].iter().filter(|name| !name.is_empty()).any(|name| {
        let rest = small.replace(*name, "");
        rest.len() < small.len() && rest.chars().count() < FEWEST_OTHERS
    })
}

/// Returns the number of characters that do not follow from those before them: repetitions of up to
/// four characters and sequences count once.
fn others(small: &str) -> usize {
    let characters: Vec<char> = small.chars().collect();
    let (mut at, mut count) = (0, 0);
    while at < characters.len() {
        let rest = &characters[at..];
        let repeated = (1..=4).map(|piece| (piece, repetition(rest, piece)));
        let repeated = repeated.min_by_key(|(_, length)| Reverse(*length));
        let sequence = sequence(rest);
        let (worth, length) = match repeated {
            Some((piece, length)) if length >= sequence && length > piece => (piece, length),
            _ if sequence >= SEQUENCE => (1, sequence),
            _ => (1, 1),
        };
        count += worth;
        at += length;
    }
    count
}

/// Returns the length of the repetition of the first `piece` characters; 0 if they are not
/// repeated.
fn repetition(text: &[char], piece: usize) -> usize {
    let length = (piece..text.len()).find(|at| text[*at] != text[*at - piece]).unwrap_or(text.len());
    // A pair of letters is no repetition yet, and neither is half a piece.
    if length >= 2 * piece && length >= SEQUENCE { length } else { 0 }
}

/// Returns how many characters from the first on are a sequence, forwards or backwards.
fn sequence(text: &[char]) -> usize {
    let along = |row: &[char]| {
        let starts = row.iter().enumerate().filter(|(_, c)| Some(*c) == text.first());
        let common =
            |(start, _): (usize, &char)| row[start..].iter().zip(text).take_while(|(a, b)| a == b).count();
        starts.map(common).max().unwrap_or(0)
    };
    let rows = ROWS.iter().map(|row| row.chars().collect::<Vec<char>>());
    let longest = rows.map(|mut row| {
        let forwards = along(&row);
        row.reverse();
        forwards.max(along(&row))
    });
    longest.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(password: &str, name: &str) -> Option<String> {
        match check(password, name) {
            Ok(()) => None,
            Err(Refusal::BadAccount { reason }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert!(reason("7k#pZ!q", "ann").unwrap().contains("too short"));
        assert_eq!(reason("7k#pZ!qx", "ann"), None);
        assert_eq!(reason("äöüßéèêë", "ann"), None);
        assert!(reason(&"7k#pZ!qx".repeat(33), "ann").unwrap().contains("too long"));
    }

    #[test]
    fn common_passwords_are_refused_also_with_little_changed() {
        for common in [
            "password",
            "Password1",
            "passw0rd",
            "P@ssw0rd!",
            "iloveyou",
            "princess1",
            "trustno1",
            "baseball",
            "letmein2024",
            "Dragon123",
            "superman",
            "q1w2e3r4t5",
            "football!!",
        ] {
            assert!(reason(common, "ann").unwrap().contains("most common"), "{common}");
        }
        assert!(COMMON.len() > 9_000, "{}", COMMON.len());
        assert!(COMMON.iter().all(|word| *word == word.to_lowercase() && word.len() >= 5));
    }

    #[test]
    fn names_repetitions_and_sequences_are_refused() {
        for (password, name) in
            [("Xanthippe7", "xanthippe"), ("lektor-99", "rotkel"), ("anna-anna-1", "anna")]
        {
            let reason = reason(password, name).unwrap();
            assert!(reason.contains("account's name"), "{password}: {reason}");
        }
        for password in [
            "zzzzzzzzz",
            "xkxkxkxkxk",
            "vh7vh7vh7vh7",
            "aaaabbbbcccc",
            "abcdefghijk",
            "zyxwvutsrq",
            "4567890123",
            "fghjkl;fghjkl",
            "wertzuiop",
            "9876543210abc",
            "edcba54321",
            "!@#$%^&*(",
            "1qaz2wsx3edc4rfv5tgb",
        ] {
            let reason = reason(password, "ann").unwrap();
            assert!(reason.contains("repetition") || reason.contains("most common"), "{password}: {reason}");
        }
    }

    #[test]
    fn words_by_lot_and_random_letters_are_accepted() {
        for good in [
            "correct horse battery",
            "abcdefgh2m9kqt7rvwx3",
            "ann likes 7 trumpets",
            "Zeltplatz-Kaktus",
            "hunter hunts ducks",
            "密码很长而且很难猜",
        ] {
            assert_eq!(reason(good, "ann"), None, "{good}");
        }
    }
}
