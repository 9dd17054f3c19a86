//! `pokerctl up`: starts a whole fleet on this machine, watches it, plays the demo, and stops it in
//! order. The supervisor (`lib/supervisor`) does most of the work; this module reads the options
//! and reports to a person.

mod size;
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
    home::{Home, NoHome},
};
use bus::{Bus, admin::AdminError};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use supervisor::{
    Book, Fleet, FleetError, Lock, News, Processes, STOP_ORDER, StartError, StopRequests, Wanted,
};

/// Options of `up`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    size: size::Size,
    /// Start the fleet only: no demo tournament and no demo table
    #[arg(long, conflicts_with = "exit_when_done")]
    no_demo: bool,
    /// End when the demo tournament has ended: verify the fleet, print one line of JSON, and
    /// succeed only if all places are ranked and no invariant is violated
    #[arg(long)]
    exit_when_done: bool,
    /// The project's folder, with nats/ and schemas/sql [default: found above the working folder]
    #[arg(long, env = "POKER_HOME", value_name = "FOLDER")]
    home: Option<PathBuf>,
}

/// The reason why the fleet does not run.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The fleet's folder cannot be used.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The project's files are not found.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// A server or a process does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The NATS server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Streams, buckets or consumers cannot be applied.
    #[error(transparent)]
    Nats(#[from] AdminError),
    /// The database cannot be brought up to date.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The demo cannot continue.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A role does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The journals or the ledger cannot be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The gateways' certificate cannot be made.
    #[error(transparent)]
    Size(#[from] size::SizeError),
    /// The operating system refuses to report signals.
    #[error("cannot receive signals: {0}")]
    Signals(io::Error),
}

/// Starts a fleet, and returns when it was asked to stop or when the demo has ended.
///
/// # Errors
/// When the fleet cannot be started, or the demo (with `--exit-when-done`) cannot be played to its
/// end.
pub async fn run(args: Args, context: &Context) -> Result<ExitCode, UpError> {
    let console = Console::new(context.json || args.exit_when_done);
    let home = Home::find(args.home.as_deref())?;
    let _lock = Lock::take(&context.data_dir)?;
    let mut requests = StopRequests::listen().map_err(UpError::Signals)?;
    let mut kill = requests.clone();

    let wanted = Wanted::listen().map_err(UpError::Signals)?;
    let (mut processes, changes) = Processes::new(wanted);
    let book = Book::open(&context.data_dir)?;
    let person = console.clone();
    tokio::spawn(book.clone().follow(changes, move |news| person.warn(sentence(&news))));
    let work = async {
        let plan = args.size.plan(&context.authority())?;
        let bus = start::start(&plan, context, &home, &book, &console, &mut processes).await?;
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
        () = kill.asked(2) => console.warn("not waiting any longer: all processes are killed"),
    }
    Fleet::remove(&context.data_dir);
    result
}

/// Returns the exit code after an interruption: with `--exit-when-done`, the demo did not finish.
fn interrupted(exit_when_done: bool) -> ExitCode {
    if exit_when_done { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Plays the demo, and with `--exit-when-done` returns afterwards; otherwise waits forever.
async fn show(args: &Args, context: &Context, bus: &Bus, console: &Console) -> Result<ExitCode, UpError> {
    if args.exit_when_done {
        let outcome = demo::play(bus, &context.data_dir, console).await?;
        let good = demo::judge(outcome, bus, console).await?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !args.no_demo
        && let Err(error) = demo::play(bus, &context.data_dir, console).await
    {
        console.warn(format!("the demo has stopped: {error}; the fleet runs on"));
    }
    console.say("The fleet runs; Ctrl-C stops it.");
    std::future::pending().await
}

/// Stops all processes, each before those that it needs.
async fn stop(processes: &mut Processes, console: &Console) {
    for (what, kinds) in STOP_ORDER {
        if processes.count(kinds) > 0 {
            let waiting = console.wait_for(format!("stopping {what}"));
            processes.stop(kinds).await;
            drop(waiting);
            console.done(format!("stopped {what}"));
        }
    }
}

/// Returns a piece of news of the fleet's processes as a sentence.
fn sentence(news: &News) -> String {
    match news {
        News::RunsAgain { node } => format!("{node} runs again"),
        News::Died { node, how, why, pause } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            format!("{node} died ({how}){why}; it is started again in {} ms", pause.as_millis())
        }
        News::Drained { node } => {
            format!("{node} is drained and has ended; `pokerctl undrain` starts it again")
        }
        News::NotStarted { node, error } => {
            format!("{node} cannot be started: {error}; the next attempt follows after a pause")
        }
        News::NotWritten(error) => error.to_string(),
    }
}

/// Prints one line for a program. A closed stdout is no reason to fail.
fn print_json(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
