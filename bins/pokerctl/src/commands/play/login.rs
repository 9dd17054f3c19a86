//! Name and password of the player: from options, or typed; the password is not shown while it is
//! typed.

use super::PlayError;
use crate::commands::player;
use client::Login;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

/// Returns the log-in from the options; a missing name or password is asked for.
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

/// Asks for the code of the second factor; none when the line is empty or the input has ended.
///
/// # Errors
/// When the input cannot be read.
pub fn ask_code() -> Result<Option<String>, PlayError> {
    match ask("Code of the authenticator, or a recovery code: ") {
        Ok(code) => Ok(Some(code).filter(|code| !code.is_empty())),
        Err(PlayError::NoLogin) => Ok(None),
        Err(error) => Err(error),
    }
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
        // The typed end of the line was hidden too.
        eprintln!();
    }
    password
}

/// Hides typed characters on the terminal until it is dropped.
pub struct Hidden(Termios);

impl Hidden {
    /// Hides typed characters; none where the input is no terminal.
    pub fn new() -> Option<Self> {
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
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
