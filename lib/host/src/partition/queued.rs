//! Commands that wait: at an aggregate in memory, or for a journal that is still to be read.

use wire::journal::Cause;

/// A queued command. `C` is the type of commands, `R` that of the places where answers go.
pub(super) struct QueuedCommand<C, R> {
    pub(super) cause: Option<Cause>,
    pub(super) command: C,
    /// Where the answer goes; `None` for a command from an effect's answer.
    pub(super) token: Option<R>,
    /// Whether news may serve as the answer.
    pub(super) rides: bool,
}

impl<C, R> QueuedCommand<C, R> {
    pub(super) const fn asked(cause: Cause, command: C, token: R, rides: bool) -> Self {
        Self { cause: Some(cause), command, token: Some(token), rides }
    }

    pub(super) const fn own(command: C) -> Self {
        Self { cause: None, command, token: None, rides: false }
    }
}
