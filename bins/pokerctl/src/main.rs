//! `pokerctl`: starts a fleet, shows it, and asks the roles what they offer to the administrator.
//!
//! What always holds: whatever a command prints for programs (`--json`) goes to stdout as whole lines of
//! JSON, everything for people that is not the answer itself goes to stderr, and an error is one sentence
//! that says what to do. What this program does not know: journals' contents beyond what
//! `verify` and `table log` read as the administrator, and anything that the roles' subjects do not offer.

mod cli;
mod commands;
mod context;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pokerctl: {}", cli::sentence(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    cli::log_to_stderr();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(dispatch(cli))
}

/// One line per subject. A command has its own error type and ends here; most end with success.
async fn dispatch(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    use cli::Command;
    let _context = cli.context();
    match cli.command {
        Command::Completions(args) => commands::completions::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
