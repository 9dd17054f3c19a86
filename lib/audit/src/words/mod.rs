//! Events in plain words, for texts about violations. Seats and players appear with their numbers,
//! because a check does not know players' names.

mod table;
mod tournament;

pub use table::{hand_event, table_event};
pub use tournament::tournament_event;

use std::fmt::Display;

/// Returns the items as one text: `1, 2, 5`; `none` when there are none.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// Returns the value as text; `none` when there is none.
pub fn or_none<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// Returns the first difference between expected and found events, in words. `describe` returns an
/// event in words.
pub fn difference<E: PartialEq>(expected: &[E], found: &[E], describe: fn(&E) -> String) -> String {
    let at = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
    let show = |events: &[E]| events.get(at).map_or_else(|| "no event".to_owned(), describe);
    let (expected, found) = (show(expected), show(found));
    if expected == found {
        return format!("event {at} ({found}) differs in a detail that this text does not contain");
    }
    format!("event {at} should be \u{201c}{expected}\u{201d}, is \u{201c}{found}\u{201d}")
}

/// Returns `yes` after a comma when `holds` is true, as in `ann, bot`.
fn mark(holds: bool, yes: &str) -> String {
    if holds { format!(", {yes}") } else { String::new() }
}
