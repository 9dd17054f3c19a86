//! The comparison of a replay with a snapshot.

use wire::codec;

/// Returns the difference of a replayed state from a stored one, as values or as bytes; `None` when
/// they are equal.
pub fn unequal<S: PartialEq + serde::Serialize>(replayed: &S, stored: &S) -> Option<String> {
    if replayed != stored {
        return Some("the replay gives another state than the snapshot".to_owned());
    }
    match (codec::encode(replayed), codec::encode(stored)) {
        (Ok(a), Ok(b)) if a == b => None,
        _ => Some("the replay gives other bytes than the snapshot".to_owned()),
    }
}
