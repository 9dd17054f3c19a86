//! `pokerctl demo`: a tournament of bots whose standings are followed to the end, and a cash table
//! with a free seat.
//!
//! The numbers of the demo's tournament and table are kept in `demo.json` in the fleet's folder,
//! written before either is created, so that an interrupted start is continued and makes no second
//! demo.

mod config;
mod judge;
mod standings;

use crate::{
    ask::{self, AskError},
    commands::verify::VerifyError,
    console::Console,
    context::{ConnectError, Context},
};
use bus::Bus;
use serde::{Deserialize, Serialize};
use standings::Rates;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use wire::{
    Refusal, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply, RankedPlace},
    table::{TableCommand, TableReply},
    tournament::{Phase, Standings, TournamentCommand},
};

pub use config::ENTRIES;
pub use judge::judge;

/// Interval between two requests for the standings.
const EVERY: Duration = Duration::from_millis(400);
/// Interval between two lines of standings when stdout is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Time without a finished hand after which the demo fails: many times the longest possible hand.
const STALLED: Duration = Duration::from_secs(180);

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Verify the fleet when the tournament has ended, print one line of JSON, and succeed only if
    /// all places are ranked and no invariant is violated
    #[arg(long)]
    verify: bool,
}

/// The reason why the demo cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A role did not answer as needed.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// `demo.json` cannot be read or written.
    #[error("cannot use {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// No hand has ended for a long time.
    #[error(
        "tournament {tournament} has finished no hand for {seconds} s: see `pokerctl nodes` and the logs"
    )]
    Stalled {
        /// The tournament.
        tournament: TournamentId,
        /// The time without a finished hand, in seconds.
        seconds: u64,
    },
    /// The tournament was cancelled by an administrator, or for lack of entries.
    #[error("tournament {0} was cancelled")]
    Cancelled(TournamentId),
    /// The journals or the ledger cannot be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// The content of `demo.json`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Kept {
    tournament: Option<TournamentId>,
    cash_table: Option<TableId>,
}

/// The demo's tournament and table.
#[derive(Clone, Copy, Debug)]
struct Demo {
    /// The tournament.
    tournament: TournamentId,
    /// Whether the tournament existed before this run.
    continued: bool,
    /// The cash table.
    cash_table: TableId,
}

/// The result of a demo tournament.
#[derive(Clone, Debug, Serialize)]
pub struct DemoResult {
    /// The places in the cashier's database, first place first.
    #[serde(skip)]
    pub ranking: Vec<RankedPlace>,
    /// Number of ranked places.
    pub places: usize,
    /// Hands played.
    pub hands: u64,
    /// Actions played.
    pub actions: u64,
    /// Actions per second, over the whole tournament.
    pub actions_per_s: f64,
    /// Time from the first hand to the last, in seconds.
    pub seconds: f64,
}

/// Runs the demo on a running fleet. Returns whether the verification succeeded; true without
/// `--verify`.
///
/// # Errors
/// When the fleet cannot be reached, or the tournament cannot be played to its end.
pub async fn run(args: Args, context: &Context) -> Result<bool, DemoError> {
    let console = Console::new(context.json || args.verify);
    let bus = context.bus().await?;
    let outcome = play(&bus, &context.data_dir, &console).await?;
    if args.verify {
        return Ok(judge(outcome, &bus, &console).await?);
    }
    if context.json
        && let Ok(line) = serde_json::to_string(&outcome)
    {
        println!("{line}");
    }
    Ok(true)
}

/// Plays the demo to its end and shows the ranking.
///
/// # Errors
/// When the tournament cannot be played to its end.
pub async fn play(bus: &Bus, folder: &Path, console: &Console) -> Result<DemoResult, DemoError> {
    let demo = prepare(bus, folder).await?;
    announce(&demo, console);
    let outcome = follow(bus, demo.tournament, console).await?;
    show_ranking(&outcome, console);
    Ok(outcome)
}

/// Finds the demo's table and an unfinished tournament, or creates them.
///
/// # Errors
/// When a role does not answer, or `demo.json` cannot be written.
async fn prepare(bus: &Bus, folder: &Path) -> Result<Demo, DemoError> {
    let mut kept = read(folder);
    let cash_table = cash_table(bus, folder, &mut kept).await?;
    let (tournament, continued) = tournament(bus, folder, &mut kept).await?;
    Ok(Demo { tournament, continued, cash_table })
}

/// Prints the demo's tournament and table.
fn announce(demo: &Demo, console: &Console) {
    console.done(format!("cash table {} has a free seat", demo.cash_table));
    console.done(if demo.continued {
        format!("demo tournament {} continues", demo.tournament)
    } else {
        format!("demo tournament {} with {ENTRIES} bots", demo.tournament)
    });
}

async fn cash_table(bus: &Bus, folder: &Path, kept: &mut Kept) -> Result<TableId, DemoError> {
    if let Some(table) = kept.cash_table {
        let resync = TableCommand::Resync { since: None };
        match ask::table(bus, table, resync).await {
            Ok(TableReply::Resync(resync)) if !resync.view.closed => return Ok(table),
            Ok(_) => kept.cash_table = None,
            Err(error) if error.refusal() == Some(&Refusal::NoSuchTable) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let table = match kept.cash_table {
        Some(table) => table,
        None => TableId::short(ask::random()?),
    };
    kept.cash_table = Some(table);
    write(folder, *kept)?;
    let create =
        TableCommand::Create { config: config::cash_table(), bots: config::cash_bots(accounts(bus).await?) };
    match ask::table(bus, table, create).await {
        Ok(_) => Ok(table),
        Err(error) if error.refusal() == Some(&Refusal::AlreadyExists) => Ok(table),
        Err(error) => Err(error.into()),
    }
}

/// Returns house accounts for the cash table: others than those in the tournament.
async fn accounts(bus: &Bus) -> Result<Vec<wire::cashier::Account>, DemoError> {
    let request = AdminRequest::Bots { count: ENTRIES + config::CASH_BOTS };
    match ask::cashier(bus, &request).await? {
        CashierReply::Bots(accounts) => Ok(accounts.into_iter().skip(ENTRIES as usize).collect()),
        _ => Err(unexpected_of_cashier()),
    }
}

async fn tournament(bus: &Bus, folder: &Path, kept: &mut Kept) -> Result<(TournamentId, bool), DemoError> {
    if let Some(tournament) = kept.tournament {
        match ask::standings(bus, tournament, 0).await {
            Ok(standings) if !is_over(&standings) => return Ok((tournament, true)),
            Ok(_) => kept.tournament = None,
            Err(error) if error.refusal() == Some(&Refusal::NoSuchTournament) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let tournament = match kept.tournament {
        Some(tournament) => tournament,
        None => TournamentId::short(ask::random()?),
    };
    kept.tournament = Some(tournament);
    write(folder, *kept)?;
    let config = config::tournament();
    match ask::tournament(bus, tournament, TournamentCommand::Create { config }).await {
        Ok(_) => Ok((tournament, false)),
        Err(error) if error.refusal() == Some(&Refusal::AlreadyExists) => Ok((tournament, true)),
        Err(error) => Err(error.into()),
    }
}

fn is_over(standings: &Standings) -> bool {
    match standings.phase {
        Phase::Registering | Phase::Running => false,
        Phase::Finished => standings.settled,
        Phase::Cancelled => true,
    }
}

/// Shows live standings until the tournament is over and settled, then reads the ranking from the
/// cashier.
///
/// # Errors
/// When the tournament is cancelled, finishes no hand for [`STALLED`], or a role does not answer.
async fn follow(bus: &Bus, tournament: TournamentId, console: &Console) -> Result<DemoResult, DemoError> {
    let mut rates = Rates::default();
    let mut moved = (0, Instant::now());
    let mut line_due = Instant::now();
    let mut ended_ms = None;
    let last = loop {
        let standings = ask::standings(bus, tournament, 10).await?;
        let now = Instant::now();
        let per_s = rates.sample(now, standings.hands, standings.actions);
        if console.is_terminal() {
            console.draw(standings::block(&standings, per_s));
        } else if now >= line_due {
            console.say(standings::line(&standings, per_s));
            line_due = now + LINE_EVERY;
        }
        match standings.phase {
            Phase::Cancelled => return Err(DemoError::Cancelled(tournament)),
            Phase::Finished if ended_ms.is_none() => ended_ms = Some(now_ms()),
            _ => {}
        }
        if is_over(&standings) {
            break standings;
        }
        if standings.hands != moved.0 {
            moved = (standings.hands, now);
        } else if now.duration_since(moved.1) > STALLED {
            return Err(DemoError::Stalled { tournament, seconds: STALLED.as_secs() });
        }
        tokio::time::sleep(EVERY).await;
    };
    console.clear();
    let ranking = ranking(bus, tournament).await?;
    let seconds = ended_ms.unwrap_or_else(now_ms).saturating_sub(last.started_ms) as f64 / 1_000.0;
    Ok(DemoResult {
        places: ranking.len(),
        ranking,
        hands: last.hands,
        actions: last.actions,
        actions_per_s: tenths(last.actions as f64 / seconds.max(0.001)),
        seconds: tenths(seconds),
    })
}

/// Prints the final ranking.
fn show_ranking(outcome: &DemoResult, console: &Console) {
    console.say("\n  Final ranking, from the cashier's database:\n");
    console.say(standings::ranking(&outcome.ranking));
    console.say(format!(
        "\n  {} places, {} hands, {} actions in {} s ({} actions/s)\n",
        outcome.places,
        standings::number(outcome.hands),
        standings::number(outcome.actions),
        outcome.seconds,
        outcome.actions_per_s
    ));
}

/// Returns the places from the cashier's database.
async fn ranking(bus: &Bus, tournament: TournamentId) -> Result<Vec<RankedPlace>, DemoError> {
    match ask::cashier(bus, &AdminRequest::Results { tournament }).await? {
        CashierReply::Results(places) => Ok(places),
        _ => Err(unexpected_of_cashier()),
    }
}

fn unexpected_of_cashier() -> DemoError {
    DemoError::Ask(AskError::Unexpected { whom: "the cashier".into() })
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn path(folder: &Path) -> PathBuf {
    folder.join("demo.json")
}

/// Reads `demo.json`. A missing or unreadable file means that there is no demo yet.
fn read(folder: &Path) -> Kept {
    fs::read(path(folder)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn write(folder: &Path, kept: Kept) -> Result<(), DemoError> {
    let path = path(folder);
    let fresh = folder.join(".demo.json.new");
    serde_json::to_vec(&kept)
        .map_err(io::Error::from)
        .and_then(|bytes| fs::write(&fresh, bytes))
        .and_then(|()| fs::rename(&fresh, &path))
        .map_err(|error| DemoError::File { path, error })
}
