//! Output for a person while a command runs: lines that stay, and below them, on a terminal, a few
//! lines that are drawn again in place.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// The output of a command for a person. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Console {
    live: ProgressBar,
    stderr: bool,
    terminal: bool,
}

impl Console {
    /// Writes to stdout, or to stderr when stdout is for a program.
    pub fn new(stdout_is_for_programs: bool) -> Self {
        let (terminal, target) = if stdout_is_for_programs {
            (io::stderr().is_terminal(), ProgressDrawTarget::stderr())
        } else {
            (io::stdout().is_terminal(), ProgressDrawTarget::stdout())
        };
        let live = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            live.set_style(style);
        }
        Self { live, stderr: stdout_is_for_programs, terminal }
    }

    /// Returns whether the output is a terminal, on which lines can be drawn in place.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Prints one or several lines that stay.
    pub fn say(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        self.live.suspend(|| {
            // A closed output must not stop the fleet.
            let _ =
                if self.stderr { writeln!(io::stderr(), "{text}") } else { writeln!(io::stdout(), "{text}") };
        });
    }

    /// Prints that a step is done.
    pub fn done(&self, text: impl AsRef<str>) {
        let mark = "✓".to_owned();
        let mark = if self.terminal { mark.green().to_string() } else { mark };
        self.say(format!("{mark} {}", text.as_ref()));
    }

    /// Prints a problem that does not end the command.
    pub fn warn(&self, text: impl AsRef<str>) {
        let mark = "!".to_owned();
        let mark = if self.terminal { mark.yellow().to_string() } else { mark };
        self.say(format!("{mark} {}", text.as_ref()));
    }

    /// Draws these lines in place of the ones drawn before, on a terminal only.
    pub fn draw(&self, lines: String) {
        if self.terminal {
            self.live.set_message(lines);
            self.live.tick();
        }
    }

    /// Draws a line with a spinner, until the next `draw` or `clear`.
    pub fn wait_for(&self, what: impl Into<String>) -> Spinner {
        if self.terminal {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                self.live.set_style(style);
            }
            self.live.set_message(what.into());
            self.live.enable_steady_tick(Duration::from_millis(100));
        }
        Spinner { console: self.clone() }
    }

    /// Removes the drawn lines.
    pub fn clear(&self) {
        self.live.set_message("");
        self.live.suspend(|| {});
    }
}

/// A spinner that disappears when it is dropped.
#[derive(Debug)]
pub struct Spinner {
    console: Console,
}

impl Spinner {
    /// Replaces the text beside the spinner.
    pub fn now(&self, what: impl Into<String>) {
        if self.console.terminal {
            self.console.live.set_message(what.into());
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.console.live.disable_steady_tick();
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            self.console.live.set_style(style);
        }
        self.console.clear();
    }
}
