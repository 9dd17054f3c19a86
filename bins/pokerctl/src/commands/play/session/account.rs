//! The player's account: its password and its second factor.

use super::{Asked, Session};
use crate::{
    commands::play::{
        dialog::{Dialog, Purpose, Request, Step},
        input::SecondFactor,
    },
    grid::say,
};
use wire::{
    client::ClientMessage,
    second_factor::{SecondFactorReply, SecondFactorRequest},
};

impl Session {
    /// Begins to turn the second factor on or off, or to make new recovery codes.
    pub(super) fn second_factor(&mut self, what: SecondFactor) {
        self.dialog = match what {
            // The lines are asked for once the secret is there.
            SecondFactor::On => {
                return self.ask(Asked::Shown, ClientMessage::SecondFactor(SecondFactorRequest::Begin));
            }
            SecondFactor::Off => Some(Dialog::begin(Purpose::TurnOff)),
            SecondFactor::Codes => Some(Dialog::begin(Purpose::NewCodes)),
        };
    }

    pub(super) fn dialog_step(&mut self, step: Step) {
        match step {
            Step::More(dialog) => self.dialog = Some(dialog),
            Step::Complete(request) => self.ask(asked(&request), request.into()),
            Step::GivenUp(reason) => say(reason),
        }
    }

    /// Asks for the code that a change of the password needs.
    pub(super) fn ask_code(&mut self, old: String, new: String) {
        self.dialog = Some(Dialog::begin(Purpose::PasswordWithCode { old, new }));
    }

    /// Shows a secret or recovery codes.
    pub(super) fn show_second_factor(&mut self, asked: &Asked, reply: SecondFactorReply) {
        if let Asked::Answered(text) = asked {
            say(text);
        }
        match reply {
            SecondFactorReply::Secret { secret, uri } => {
                say("add the account to your authenticator, by this address or this secret:");
                say(format!("  {uri}"));
                say(format!("  {}", in_groups(&secret)));
                say("then confirm it: until then log-ins need no code");
                self.dialog = Some(Dialog::begin(Purpose::TurnOn));
            }
            SecondFactorReply::RecoveryCodes(codes) => {
                say("recovery codes, shown only now: each logs you in once in place of a code");
                codes.iter().for_each(|code| say(format!("  {code}")));
            }
        }
    }
}

/// Returns the form in which the answer to a request is printed.
fn asked(request: &Request) -> Asked {
    use SecondFactorRequest as F;
    match request {
        Request::Password { old, new, code: None } => Asked::Password { old: old.clone(), new: new.clone() },
        Request::Password { code: Some(_), .. } => Asked::Answered(PASSWORD_CHANGED),
        Request::SecondFactor(F::Confirm { .. }) => {
            Asked::Answered("the second factor is on: log-ins need a code from now on")
        }
        Request::SecondFactor(F::End { .. }) => {
            Asked::Answered("the second factor is off: the password alone logs in")
        }
        Request::SecondFactor(F::Begin | F::NewRecoveryCodes { .. }) => Asked::Shown,
    }
}

/// The text after a change of the password.
pub(super) const PASSWORD_CHANGED: &str = "the password is changed, and all your other sessions have ended";

/// Returns a secret in groups of four, for people who type it.
fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
