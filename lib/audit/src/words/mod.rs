//! Events in plain words, for texts about violations. Seats and players are named by their numbers: a check knows no names
//! of players, and needs none.

mod table;
mod tournament;

pub use table::{hand_event, table_event};
pub use tournament::tournament_event;

use std::fmt::Display;

/// Returns the items one after the other: `1, 2, 5`; `none` when there are none.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// Returns the value in words; `none` when there is none.
pub fn or_none<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// Returns the first event that is not as expected, in words. `describe` puts an event into words.
pub fn difference<E: PartialEq>(expected: &[E], found: &[E], describe: fn(&E) -> String) -> String {
    let at = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
    let show = |events: &[E]| events.get(at).map_or_else(|| "nothing".to_owned(), describe);
    let (expected, found) = (show(expected), show(found));
    if expected == found {
        return format!("event {at} ({found}) is not in every detail what it should be");
    }
    format!("event {at} should be \u{201c}{expected}\u{201d}, is \u{201c}{found}\u{201d}")
}

/// Returns `yes` after a comma when it is so, as in `ann, bot`.
fn mark(holds: bool, yes: &str) -> String {
    if holds { format!(", {yes}") } else { String::new() }
}
