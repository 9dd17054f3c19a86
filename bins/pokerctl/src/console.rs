//! What a person sees while a command works: lines that stay, and below them a few lines that are drawn in
//! place when there is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// Where a command talks to a person. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Console {
    live: ProgressBar,
    stderr: bool,
    terminal: bool,
}

impl Console {
    /// Talks on stdout, or on stderr when stdout is for a program.
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

    /// Whether lines can be drawn in place.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// One line (or several) that stays.
    pub fn say(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        self.live.suspend(|| {
            // A reader that went away is no reason to stop the fleet.
            let _ =
                if self.stderr { writeln!(io::stderr(), "{text}") } else { writeln!(io::stdout(), "{text}") };
        });
    }

    /// Something that was done.
    pub fn done(&self, text: impl AsRef<str>) {
        let mark = "✓".to_owned();
        let mark = if self.terminal { mark.green().to_string() } else { mark };
        self.say(format!("{mark} {}", text.as_ref()));
    }

    /// Something that went wrong without ending the command.
    pub fn warn(&self, text: impl AsRef<str>) {
        let mark = "!".to_owned();
        let mark = if self.terminal { mark.yellow().to_string() } else { mark };
        self.say(format!("{mark} {}", text.as_ref()));
    }

    /// Draws these lines in place of the ones drawn before. Does nothing without a terminal.
    pub fn draw(&self, lines: String) {
        if self.terminal {
            self.live.set_message(lines);
            self.live.tick();
        }
    }

    /// A line with a spinner in place of what is drawn, until the next `draw` or `clear`.
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

    /// Takes the drawn lines away.
    pub fn clear(&self) {
        self.live.set_message("");
        self.live.suspend(|| {});
    }
}

/// A spinner that goes away when this is dropped.
#[derive(Debug)]
pub struct Spinner {
    console: Console,
}

impl Spinner {
    /// Says something else beside the spinner.
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
