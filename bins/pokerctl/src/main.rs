//! `pokerctl`: starts a fleet, shows its state, and sends the administrator's requests to roles.
//!
//! Invariants: output for programs (`--json`) goes to stdout as complete lines of JSON; text for
//! people goes to stderr, except a command's result; an error is one sentence that says what to do.
//! The program uses journals only in `verify`, `table log` and `hand`, which read them as the
//! administrator, and roles only by their subjects.

mod absence;
mod ask;
mod cli;
mod commands;
mod console;
mod context;
mod database;
mod grid;
mod home;
mod screen;
mod tempo;
mod words;

use clap::{CommandFactory, Parser};
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // The supervisor's tasks, which are not `Send`, stay on this thread.
    tokio::task::LocalSet::new().block_on(&runtime, dispatch(cli))
}

/// Runs the command. Each command has its own error type; most end with success.
async fn dispatch(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    use cli::Command;
    let context = cli.context();
    match cli.command {
        Command::Up(args) => return Ok(commands::up::run(args, &context).await?),
        Command::Demo(args) => {
            if !commands::demo::run(args, &context).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Apply(args) => commands::apply::run(args, &context).await?,
        Command::Nodes(args) => commands::nodes::run(&args, &context).await?,
        Command::Drain(args) => commands::drain::run(&args, &context).await?,
        Command::Undrain(args) => commands::drain::undrain(&args, &context).await?,
        Command::Tables(args) => commands::tables::run(&args, &context).await?,
        Command::Table(args) => commands::table::run(args, &context).await?,
        Command::Tournament(args) => commands::tournament::run(args, &context).await?,
        Command::Player(args) => commands::player::run(args, &context).await?,
        Command::Play(args) => commands::play::run(args, &context).await?,
        Command::Verify(args) => {
            if !commands::verify::run(&args, &context).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Hand(args) => {
            if !commands::hand::run(&args, &context).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Completions(args) => commands::completions::run(&args, &mut cli::Cli::command())?,
    }
    Ok(ExitCode::SUCCESS)
}
