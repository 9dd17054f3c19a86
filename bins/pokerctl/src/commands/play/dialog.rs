//! Requests about the account that need several lines of the player; passwords are not shown while
//! they are typed.

use super::login::Hidden;
use crate::grid::say;
use wire::{client::ClientMessage, second_factor::SecondFactorRequest};

/// The purpose of the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Changes the password.
    Password,
    /// Changes the password of an account with a second factor.
    PasswordWithCode {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
    },
    /// Confirms a new secret.
    TurnOn,
    /// Turns the second factor off.
    TurnOff,
    /// Makes new recovery codes.
    NewCodes,
}

/// A request that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Changes the password.
    Password {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
        /// A code of the second factor, if one was asked for.
        code: Option<String>,
    },
    /// Changes the second factor.
    SecondFactor(SecondFactorRequest),
}

impl From<Request> for ClientMessage {
    fn from(request: Request) -> Self {
        match request {
            Request::Password { old, new, code } => Self::ChangePassword { old, new, code },
            Request::SecondFactor(request) => Self::SecondFactor(request),
        }
    }
}

/// A line that is asked for.
struct Prompt {
    text: &'static str,
    is_password: bool,
}

impl Prompt {
    const fn password(text: &'static str) -> Self {
        Self { text, is_password: true }
    }

    const fn code(text: &'static str) -> Self {
        Self { text, is_password: false }
    }
}

/// The request for the password.
const PASSWORD: Prompt = Prompt::password("type your password; an empty line changes nothing");
/// The requests for a change of the password.
const OLD: Prompt = Prompt::password("type your password until now; an empty line changes nothing");
const NEW: Prompt = Prompt::password("type the new password");
const NEW_AGAIN: Prompt = Prompt::password("type the new password again");
/// The request for the code that confirms a new secret.
const FIRST_CODE: Prompt = Prompt::code("type the code that the authenticator shows");
/// The request for a code of a second factor that is on.
const CODE: Prompt = Prompt::code("type the code of the authenticator, or a recovery code");

impl Purpose {
    const fn prompts(&self) -> &'static [Prompt] {
        match self {
            Self::Password => &[OLD, NEW, NEW_AGAIN],
            Self::PasswordWithCode { .. } => &[CODE],
            Self::TurnOn => &[PASSWORD, FIRST_CODE],
            Self::TurnOff | Self::NewCodes => &[PASSWORD, CODE],
        }
    }

    /// Returns the request that the lines make.
    ///
    /// # Errors
    /// The reason why they make none.
    fn request(self, lines: Vec<String>) -> Result<Request, &'static str> {
        use SecondFactorRequest as F;
        let mut lines = lines.into_iter();
        let mut next = || lines.next().unwrap_or_default();
        Ok(match self {
            Self::Password => {
                let (old, new) = (next(), next());
                if new != next() {
                    return Err("the new passwords differ: nothing is changed, type password again");
                }
                Request::Password { old, new, code: None }
            }
            Self::PasswordWithCode { old, new } => Request::Password { old, new, code: Some(next()) },
            Self::TurnOn => Request::SecondFactor(F::Confirm { password: next(), code: next() }),
            Self::TurnOff => Request::SecondFactor(F::End { password: next(), code: next() }),
            Self::NewCodes => Request::SecondFactor(F::NewRecoveryCodes { password: next(), code: next() }),
        })
    }
}

/// A request whose lines are being typed.
pub struct Dialog {
    purpose: Purpose,
    lines: Vec<String>,
    /// Hides the line until it is dropped; none where the line is no password, or the input is no
    /// terminal.
    hidden: Option<Hidden>,
}

/// The state after a typed line.
pub enum Step {
    /// A further line is needed.
    More(Dialog),
    /// All lines have come.
    Complete(Request),
    /// The lines are no request.
    GivenUp(&'static str),
}

impl Dialog {
    /// Begins, and asks for the first line.
    pub fn begin(purpose: Purpose) -> Self {
        Self { purpose, lines: Vec::new(), hidden: None }.ask()
    }

    fn ask(mut self) -> Self {
        if let Some(prompt) = self.purpose.prompts().get(self.lines.len()) {
            say(prompt.text);
            self.hidden = match (prompt.is_password, self.hidden.take()) {
                (true, Some(hidden)) => Some(hidden),
                (true, None) => Hidden::new(),
                (false, _) => None,
            };
        }
        self
    }

    /// Takes the next line, and asks for the one after it.
    pub fn take(mut self, line: &str) -> Step {
        // As the password of a log-in is read.
        let typed = line.trim().to_owned();
        if typed.is_empty() {
            return Step::GivenUp("nothing is changed");
        }
        self.lines.push(typed);
        if self.lines.len() < self.purpose.prompts().len() {
            return Step::More(self.ask());
        }
        match self.purpose.request(self.lines) {
            Ok(request) => Step::Complete(request),
            Err(reason) => Step::GivenUp(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(purpose: Purpose, lines: &[&str]) -> Result<Request, &'static str> {
        assert_eq!(purpose.prompts().len(), lines.len());
        purpose.request(lines.iter().map(|&line| line.to_owned()).collect())
    }

    #[test]
    fn a_password_changes_when_the_new_one_is_typed_twice() {
        let (old, new) = ("before".to_owned(), "after".to_owned());
        let changed = Request::Password { old: old.clone(), new: new.clone(), code: None };
        assert_eq!(request(Purpose::Password, &["before", "after", "after"]), Ok(changed));
        assert!(request(Purpose::Password, &["before", "after", "alter"]).is_err());
        let coded = request(Purpose::PasswordWithCode { old: old.clone(), new: new.clone() }, &["287082"]);
        assert_eq!(coded, Ok(Request::Password { old, new, code: Some("287082".to_owned()) }));
    }

    #[test]
    fn an_empty_line_changes_nothing() {
        let dialog = |typed: &[&str]| Dialog {
            purpose: Purpose::TurnOff,
            lines: typed.iter().map(|&line| line.to_owned()).collect(),
            hidden: None,
        };
        assert!(matches!(dialog(&[]).take(" "), Step::GivenUp(_)));
        assert!(matches!(dialog(&["secret"]).take(""), Step::GivenUp(_)));
        let end = SecondFactorRequest::End { password: "secret".to_owned(), code: "287082".to_owned() };
        match dialog(&["secret"]).take(" 287082 ") {
            Step::Complete(request) => assert_eq!(request, Request::SecondFactor(end)),
            Step::More(_) | Step::GivenUp(_) => panic!("not complete"),
        }
    }
}
