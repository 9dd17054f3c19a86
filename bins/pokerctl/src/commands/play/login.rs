//! Who plays: name and password from options or asked for, the password without showing it.

use super::PlayError;
use crate::commands::player;
use client::Login;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

/// The log-in that the options ask for; what they leave out is asked for.
pub fn login(
    name: Option<String>,
    password_file: Option<PathBuf>,
    visitor: bool,
) -> Result<Login, PlayError> {
    if visitor {
        return Ok(Login::Visitor);
    }
    let name = match name {
        Some(name) => name,
        None => ask("Name: ")?,
    };
    let password = match password_file {
        Some(path) => player::read_password(path)?,
        None => ask_hidden("Password: ")?,
    };
    Ok(Login::Password { name, password })
}

fn ask(prompt: &str) -> Result<String, PlayError> {
    let mut line = String::new();
    eprint!("{prompt}");
    let read = io::stderr().flush().and_then(|()| io::stdin().read_line(&mut line));
    match read {
        Ok(0) => Err(PlayError::NoLogin),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(PlayError::Input(error)),
    }
}

fn ask_hidden(prompt: &str) -> Result<String, PlayError> {
    let hidden = Hidden::new();
    let password = ask(prompt);
    if hidden.is_some() {
        // The line's end was not shown either.
        eprintln!();
    }
    password
}

/// While it lives, the terminal does not show what is typed.
struct Hidden(Termios);

impl Hidden {
    fn new() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet).ok()?;
        Some(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
