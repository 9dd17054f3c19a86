//! Names of people's accounts: their form, names that look alike, and names of the house.
//!
//! Invariants: no two people have names that look the same (UTS 39), however they are written; no
//! person's name looks like staff.

use unicode_security::confusable_detection::skeleton;
use wire::Refusal;

/// Words of staff. No part of a name may look like one of them; a part ends at `_`, `-`, and before
/// a capital letter.
const STAFF: &[&str] = &[
    "admin",
    "administrator",
    "administration",
    "cashier",
    "helpdesk",
    "moderator",
    "official",
    "security",
    "staff",
    "support",
    "sysadmin",
];

/// Words that no name may begin or end with, even without a sign before or after them.
const STAFF_WITHIN: &[&str] = &["admin", "administrator", "cashier", "moderator"];

/// Names that stand for the house, for parts of the fleet, or for no player in particular. No whole
/// name may look like one of them.
const HOUSE: &[&str] = &[
    "anonymous",
    "archivist",
    "bank",
    "coordinator",
    "croupier",
    "dealer",
    "everyone",
    "floorman",
    "gateway",
    "help",
    "house",
    "mod",
    "nobody",
    "none",
    "null",
    "operator",
    "owner",
    "root",
    "server",
    "service",
    "system",
    "tournamentdirector",
    "undefined",
    "unknown",
];

/// Checks a new account's name.
///
/// # Errors
/// [`Refusal::BadAccount`] with the rule that the name breaks.
pub fn check(name: &str) -> Result<(), Refusal> {
    check_form(name)?;
    if is_reserved(name) {
        return Err(bad("the name looks like one of the house or its staff: choose another"));
    }
    Ok(())
}

/// Checks that a name has the form of names of people and guests.
///
/// # Errors
/// [`Refusal::BadAccount`] with the rule that the name breaks.
pub fn check_form(name: &str) -> Result<(), Refusal> {
    if !is_name(name) {
        Err(bad("a name has 3 to 20 characters out of letters a-z, digits, '_' and '-'"))
    } else if name.bytes().all(|b| b.is_ascii_digit()) {
        Err(bad("a name needs a character that is no digit: digits alone mean a player's number"))
    } else {
        Ok(())
    }
}

/// Returns whether a person's account may have this name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (3..=20).contains(&name.len()) && name.bytes().all(fits)
}

/// Returns the refusal for a name that looks like another player's.
#[must_use]
pub fn looks_taken() -> Refusal {
    bad("the name looks like another player's: choose one that differs in more than similar letters")
}

/// Returns what a name looks like: names that look alike have the same look. It is the skeleton of
/// UTS 39, beyond the case of letters: because `I` looks like `l`, and names do not differ in
/// case, `i` counts as `l` too; and `w` counts as two `v`.
#[must_use]
pub fn look(name: &str) -> String {
    let skeleton: String = skeleton(&name.to_lowercase()).collect();
    skeleton.to_lowercase().replace('i', "l").replace('w', "vv")
}

fn bad(reason: &str) -> Refusal {
    Refusal::BadAccount { reason: reason.to_owned() }
}

fn is_reserved(name: &str) -> bool {
    let whole: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let whole = readings(&whole);
    let is_house = HOUSE.iter().chain(STAFF).any(|word| whole.contains(&look(word)));
    let is_within = STAFF_WITHIN
        .iter()
        .map(|word| look(word))
        .any(|word| whole.iter().any(|reading| reading.starts_with(&word) || reading.ends_with(&word)));
    let is_staff = parts(name)
        .iter()
        .map(|part| readings(part))
        .any(|part| STAFF.iter().any(|word| part.contains(&look(word))));
    is_house || is_within || is_staff
}

/// Returns the parts of a name.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let ends = matches!(c, '_' | '-') || (c.is_ascii_uppercase() && before.is_ascii_lowercase());
        if ends {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            part.push(c);
        }
        before = c;
    }
    parts
}

/// Returns the looks of a text as people may read it: as it is, without digits at its ends, and
/// with digits in place of letters.
fn readings(text: &str) -> [String; 2] {
    let letters = |text: &str| {
        let letter = |c| match c {
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        };
        look(&text.chars().map(letter).collect::<String>())
    };
    [letters(text), letters(text.trim_matches(|c: char| c.is_ascii_digit()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_3_to_20_letters_digits_and_dashes() {
        for good in ["abc", "A-b_9", "12345678901234567_90", "-00"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "ab", "Calm Otter", "müller", "12345", "a.b", "123456789012345678901", "a\0bc"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_without_visible_characters_and_in_other_scripts_are_refused() {
        for bad in ["аdmin", "ann\u{200b}", "ann\u{202e}", "ann\u{e0041}", "a\u{301}\u{301}nn", "ann\u{ad}"]
        {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_staff_are_reserved_however_they_are_written() {
        for bad in [
            "admin",
            "Admin",
            "ADM1N",
            "4dmin",
            "adrnin",
            "a-d-m-i-n",
            "admin7",
            "_admin_",
            "Poker-Admin",
            "PokerAdmin",
            "pokeradmin",
            "ann_support",
            "5upport",
            "St4ff",
            "staff-1",
            "Moderator99",
            "m0derat0r",
            "cash1er",
            "Security-Team",
            "house",
            "H0use",
            "System",
            "root",
            "nobody",
            "Dealer1",
            "0fficial-Poker",
        ] {
            assert!(check(bad).is_err(), "{bad}");
            assert_eq!(check_form(bad), Ok(()), "{bad}");
        }
        for good in
            ["badminton", "Falstaff", "House-of-Cards", "Ann", "hostess", "rooted", "Supporter", "bank3r"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_that_look_alike_have_the_same_look() {
        for (one, other) in [
            ("Alice", "A1ice"),
            ("Alice", "AIice"),
            ("alice", "ALlCE"),
            ("Bob", "B0b"),
            ("tom", "torn"),
            ("Wendy", "VVendy"),
            ("paypal", "рaypal"),
        ] {
            assert_eq!(look(one), look(other), "{one} {other}");
        }
        for (one, other) in [("Alice", "Alyce"), ("Ann-1", "Ann-2"), ("Ann_1", "Ann-1"), ("Tim", "Tom")] {
            assert_ne!(look(one), look(other), "{one} {other}");
        }
    }
}
