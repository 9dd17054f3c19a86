//! `pokerctl up`: a whole fleet on this machine, started, watched, shown working, and stopped in order.
//!
//! What always holds: whatever ends this command (Ctrl-C, an error, SIGKILL), no process that it started
//! outlives it; processes stop in an order in which each can still hand over what it holds.

mod book;
mod plan;
mod processes;
mod secrets;
mod signals;
mod start;

use crate::{
    ask::AskError,
    commands::{
        demo::{self, DemoError},
        verify::VerifyError,
    },
    console::Console,
    context::{ConnectError, Context},
    database::DatabaseError,
    fleet::{Fleet, FleetError, Lock},
    home::{Home, NoHome},
};
use bus::{Bus, BusError, admin::AdminError};
use processes::{Kind, NoProgram, Processes};
use serde::Serialize;
use servers::ServerError;
use signals::{StopRequests, Wanted};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use wire::fleet::Role;

/// Options of `up`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    size: plan::Size,
    /// Start the fleet only: no demo tournament and no demo table
    #[arg(long, conflicts_with = "exit_when_done")]
    no_demo: bool,
    /// End when the demo tournament has ended: verify, print one line of JSON, and succeed only when all
    /// places are ranked and nothing is violated
    #[arg(long)]
    exit_when_done: bool,
    /// The project's folder, with nats/ and schemas/sql [default: found above the working folder]
    #[arg(long, env = "POKER_HOME", value_name = "FOLDER")]
    home: Option<PathBuf>,
}

/// Why the fleet does not run.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The fleet's folder cannot be used.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The project's files are not found.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// A role's program is missing.
    #[error(transparent)]
    Program(#[from] NoProgram),
    /// A port is taken.
    #[error(transparent)]
    Port(#[from] plan::PortError),
    /// A server does not start.
    #[error(transparent)]
    Server(ServerError),
    /// A password cannot be kept.
    #[error(transparent)]
    Secret(#[from] secrets::SecretError),
    /// The NATS server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The NATS server does not let us listen.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Streams, buckets or consumers cannot be applied.
    #[error(transparent)]
    Nats(#[from] AdminError),
    /// The database cannot be brought up to date.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A role's process does not stay alive.
    #[error("{node} does not start: {last_line} (its log is {log})")]
    Dies {
        /// Which.
        node: String,
        /// The last line of its log.
        last_line: String,
        /// Its log.
        log: String,
    },
    /// A role's process is not ready in time.
    #[error("{node} is not ready after {seconds} s: see its log {log}")]
    NotReady {
        /// Which.
        node: String,
        /// How long was waited.
        seconds: u64,
        /// Its log.
        log: String,
    },
    /// The demo cannot go on.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A role does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The journals or the ledger cannot be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The system does not let us listen for signals.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
}

impl From<ServerError> for UpError {
    /// A taken port gets the sentence that names our options.
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::PortTaken { program, port } => {
                Self::Port(plan::PortError::Taken { port, what: program.to_owned() })
            }
            other => Self::Server(other),
        }
    }
}

/// Starts a fleet and stays until it is told to stop, or until the demo has ended.
///
/// # Errors
/// When the fleet cannot be started, or the demo (with `--exit-when-done`) not be played to its end.
pub async fn run(args: Args, context: &Context) -> Result<ExitCode, UpError> {
    let console = Console::new(context.json || args.exit_when_done);
    let home = Home::find(args.home.as_deref())?;
    let _lock = Lock::take(&context.data_dir)?;
    let mut requests = StopRequests::listen().map_err(UpError::Signals)?;
    let mut kill = requests.clone();

    let wanted = Wanted::listen().map_err(UpError::Signals)?;
    let (mut processes, changes) = Processes::new(wanted);
    let book = start::book(context)?;
    tokio::spawn(book.clone().follow(changes, console.clone()));
    let work = async {
        let start = start::Start { size: &args.size, context, home: &home, book: &book, console: &console };
        let bus = start.run(&mut processes).await?;
        if context.json {
            print_json(&book.fleet());
        }
        show(&args, context, &bus, &console).await
    };
    let result = tokio::select! {
        result = work => result,
        () = requests.asked(1) => Ok(interrupted(args.exit_when_done)),
    };
    console.clear();
    book.set_stopping();
    tokio::select! {
        () = stop(&mut processes, &console) => {}
        () = kill.asked(2) => console.warn("not waiting any longer: everything is killed"),
    }
    Fleet::remove(&context.data_dir);
    result
}

/// A demo that was interrupted has not shown what it is for.
fn interrupted(exit_when_done: bool) -> ExitCode {
    if exit_when_done { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Shows the fleet working, and stays unless it is to end then.
async fn show(args: &Args, context: &Context, bus: &Bus, console: &Console) -> Result<ExitCode, UpError> {
    if args.exit_when_done {
        let outcome = demo::play(bus, &context.data_dir, console).await?;
        let good = demo::judge(outcome, bus, console).await?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !args.no_demo
        && let Err(error) = demo::play(bus, &context.data_dir, console).await
    {
        console.warn(format!("the demo has stopped: {error}"));
    }
    console.say("The fleet is up; Ctrl-C stops it.");
    std::future::pending().await
}

/// Stops everything, each before what it needs: players are sent away first, tables and tournaments
/// are written down, then the servers end.
async fn stop(processes: &mut Processes, console: &Console) {
    for (what, kinds) in [
        ("gateways", &[Kind::Role(Role::Gateway)][..]),
        ("table workers and bot workers", &[Kind::Role(Role::TableWorker), Kind::Role(Role::BotWorker)]),
        ("coordinators", &[Kind::Role(Role::Coordinator)]),
        ("archivist", &[Kind::Role(Role::Archivist)]),
        ("cashier", &[Kind::Role(Role::Cashier)]),
        ("PostgreSQL", &[Kind::Postgres]),
        ("nats-server", &[Kind::Nats]),
    ] {
        if processes.count(kinds) > 0 {
            let waiting = console.wait_for(format!("stopping {what}"));
            processes.stop(kinds).await;
            drop(waiting);
            console.done(format!("stopped {what}"));
        }
    }
}

/// One line for a program. A reader that went away is no reason to fail.
fn print_json(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
