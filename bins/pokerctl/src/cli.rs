//! The command line: the global options and the list of commands. Each command's own options are in
//! its module under `commands`.

use crate::{
    commands,
    context::{Context, DEFAULT_DATA_DIR},
};
use clap::{Parser, Subcommand};
use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
};
use tracing_subscriber::EnvFilter;

/// Heading of the options that every command has, in the help.
const EVERYWHERE: &str = "Options of every command";

/// Starts a poker fleet, shows its state, and administers it.
#[derive(Debug, Parser)]
#[command(name = "pokerctl", version, propagate_version = true)]
pub struct Cli {
    /// Folder of the fleet: its servers' files, credentials, logs and `fleet.json`
    #[arg(long, global = true, env = "POKER_DATA_DIR", default_value = DEFAULT_DATA_DIR, value_name = "FOLDER", help_heading = EVERYWHERE)]
    pub data_dir: PathBuf,

    /// URL of a NATS server that already runs (several: separated by commas), in place of the
    /// fleet's own; the password is taken from NATS_PASSWORD
    #[arg(long, global = true, env = "NATS_URL", hide_env_values = true, value_name = "URL", help_heading = EVERYWHERE)]
    pub nats_url: Option<String>,

    /// Print JSON, one value per line, in place of tables
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,

    /// The command to run
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Returns the global options.
    pub fn context(&self) -> Context {
        Context { data_dir: self.data_dir.clone(), nats_url: self.nats_url.clone(), json: self.json }
    }
}

/// The commands of `pokerctl`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a fleet on this machine and show its state; Ctrl-C stops it
    Up(commands::up::Args),
    /// Play the demo tournament on a running fleet, and follow it to its end
    Demo(commands::demo::Args),
    /// Bring streams, buckets, consumers and database tables of a running fleet up to date
    Apply(commands::apply::Args),
    /// List the fleet's members
    Nodes(commands::nodes::Args),
    /// Drain members: they hand over all that they own, and end
    Drain(commands::drain::Args),
    /// Start drained members again (on the machine where `pokerctl up` runs)
    Undrain(commands::drain::UndrainArgs),
    /// List tables
    Tables(commands::tables::Args),
    /// Show, create or close a table, or print its journal
    Table(commands::table::Args),
    /// Create, list, show or cancel tournaments, or register a player
    Tournament(commands::tournament::Args),
    /// Create, show, credit or ban accounts
    Player(commands::player::Args),
    /// Play at a table in this terminal
    Play(commands::play::Args),
    /// Check a fleet's journals and ledger, while it runs or is idle; fails if it finds a violation
    Verify(commands::verify::Args),
    /// Replay, compare, make or show hands, or verify a shuffle
    Hand(commands::hand::Args),
    /// Print a completion script for a shell
    Completions(commands::completions::Args),
}

/// Returns an error and its causes as one line. A cause that its parent already quotes is left out.
pub fn sentence(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .reduce(|text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
        .unwrap_or_default()
        .replace('\n', " ")
}

/// Sends log lines to stderr: only errors, unless `RUST_LOG` asks for more. Those of the NATS
/// client are left out, because the commands tell of the same failures in their own words.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error,async_nats=off"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    lines.with_ansi(stderr().is_terminal()).init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bad_argument_is_refused_with_what_to_write() {
        for (line, advice) in [
            ("table show abc", "write the number in digits"),
            ("table create one --big-blind=-5", "an amount is a whole number from 0 to 9007199254740991"),
            ("table create one --variant XX", "known codes are NT,"),
            ("player credit ann 0", "a credit is a whole number from 1 to 9007199254740991"),
            ("player credit ann -- -5", "a credit is a whole number from 1"),
            ("tournament create x --entries 1", "1 is not in 2..=100000"),
            ("tournament create x --start-in 18446744073709551615", "is not in 0..=31536000"),
        ] {
            let error = Cli::try_parse_from(["pokerctl"].into_iter().chain(line.split(' '))).err().unwrap();
            assert!(error.to_string().contains(advice), "{line}: {error}");
        }
    }

    #[test]
    fn an_error_is_one_line_without_repeated_causes() {
        let error = anyhow::anyhow!("disk full\nreally")
            .context("cannot write x: disk full\nreally")
            .context("cannot start");
        assert_eq!(sentence(&error), "cannot start: cannot write x: disk full really");
    }
}
