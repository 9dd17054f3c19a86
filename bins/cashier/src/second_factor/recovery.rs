//! Recovery codes: each is accepted once in place of a code of the authenticator.
//!
//! Invariant: the database has only hashes. A code has 80 random bits, far too many to be found by
//! trying all of them, so a fast hash is enough: slow ones are for passwords, which people choose
//! from a few.

use sha2::{Digest, Sha256};
use totp_rs::Secret;
use wire::Refusal;

/// Recovery codes of an account.
pub const COUNT: usize = 10;
/// Random bytes of a code: 16 letters of base32.
const BYTES: usize = 10;
/// Letters between two hyphens, for people who type them.
const GROUP: usize = 4;

/// Makes [`COUNT`] new codes, as they are shown, with their hashes.
///
/// # Errors
/// [`Refusal::Unavailable`] when the system has no randomness.
pub fn new_codes() -> Result<Vec<(String, [u8; 32])>, Refusal> {
    (0..COUNT).map(|_| new_code()).collect()
}

fn new_code() -> Result<(String, [u8; 32]), Refusal> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::unavailable("randomness"))?;
    let letters = letters(&bytes);
    let groups: Vec<&str> =
        (0..letters.len()).step_by(GROUP).filter_map(|from| letters.get(from..from + GROUP)).collect();
    Ok((groups.join("-"), Sha256::digest(&letters).into()))
}

fn letters(bytes: &[u8]) -> String {
    Secret::from(bytes.to_vec()).to_base32().to_ascii_lowercase()
}

/// Returns the hash of a typed code; none for a text that has not the form of a recovery code.
/// Spaces, hyphens and the case of letters do not matter.
#[must_use]
pub fn hash(typed: &str) -> Option<[u8; 32]> {
    let typed: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let bytes = Secret::try_from_base32(typed.to_ascii_uppercase()).ok()?;
    let is_code = bytes.as_bytes().len() == BYTES && typed.len() == BYTES * 8 / 5;
    is_code.then(|| Sha256::digest(letters(bytes.as_bytes())).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_and_are_found_however_they_are_typed() {
        let codes = new_codes().unwrap();
        assert_eq!(codes.iter().map(|(_, hash)| hash).collect::<BTreeSet<_>>().len(), COUNT);
        for (code, expected) in &codes {
            assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
            let typed = [code.clone(), code.to_uppercase(), code.replace('-', " "), code.replace('-', "")];
            for typed in typed {
                assert_eq!(hash(&typed).as_ref(), Some(expected), "{typed}");
            }
        }
    }

    #[test]
    fn other_texts_are_no_recovery_codes() {
        for text in ["", "287082", "aaaq-eaya-ub3q-qcj", "aaaq-eaya-ub3q-qcjk-a", "aaaq-eaya-ub3q-qcj1", "é"]
        {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}
