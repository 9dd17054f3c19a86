//! The comparison of a replay with a snapshot.

/// Returns that a replayed state differs from a stored one; `None` when they are equal. The values
/// decide: a new owner begins with the stored value, and encodes it as the replayed one is encoded.
pub fn unequal<S: PartialEq>(replayed: &S, stored: &S) -> Option<String> {
    (replayed != stored).then(|| "the replay gives another state than the snapshot".to_owned())
}
