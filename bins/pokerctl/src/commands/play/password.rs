//! A change of the password: three lines that are not shown while they are typed.

use super::login::Hidden;
use crate::grid::say;

/// A change whose lines are being typed.
pub struct Change {
    old: Option<String>,
    new: Option<String>,
    /// Hides the lines until the change is dropped; none where the input is no terminal.
    hidden: Option<Hidden>,
}

/// The state after a typed line.
pub enum Step {
    /// A further line is needed.
    More(Change),
    /// All lines have come.
    Complete {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
    },
    /// The lines are no change.
    GivenUp(&'static str),
}

impl Change {
    /// Begins a change, and asks for the first line.
    pub fn begin() -> Self {
        say("type your password until now; an empty line changes nothing");
        Self { old: None, new: None, hidden: Hidden::new() }
    }

    /// Takes the next line, and asks for the one after it.
    pub fn take(self, line: &str) -> Step {
        // As the password of a log-in is read.
        let typed = line.trim().to_owned();
        if typed.is_empty() {
            return Step::GivenUp("the password stays as it is");
        }
        match self {
            Self { old: None, hidden, .. } => {
                say("type the new password");
                Step::More(Self { old: Some(typed), new: None, hidden })
            }
            Self { old, new: None, hidden } => {
                say("type the new password again");
                Step::More(Self { old, new: Some(typed), hidden })
            }
            Self { old: Some(old), new: Some(new), .. } if new == typed => Step::Complete { old, new },
            Self { .. } => Step::GivenUp("the new passwords differ: nothing is changed, type password again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        Change { old: None, new: None, hidden: None }
    }

    fn typed(lines: &[&str]) -> Step {
        let mut change = change();
        for line in lines {
            match change.take(line) {
                Step::More(next) => change = next,
                end @ (Step::Complete { .. } | Step::GivenUp(_)) => return end,
            }
        }
        Step::More(change)
    }

    #[test]
    fn a_password_changes_when_the_new_one_is_typed_twice() {
        let Step::Complete { old, new } = typed(&["before", " after ", "after"]) else { panic!() };
        assert_eq!((old.as_str(), new.as_str()), ("before", "after"));
        assert!(matches!(typed(&["before", "after"]), Step::More(_)));
    }

    #[test]
    fn an_empty_line_or_another_new_password_changes_nothing() {
        for lines in [&[""][..], &["before", " "], &["before", "after", ""], &["before", "after", "alter"]] {
            assert!(matches!(typed(lines), Step::GivenUp(_)), "{lines:?}");
        }
    }
}
