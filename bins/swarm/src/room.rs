//! The accounts with open sessions, the tables and the seats of a run.

use crate::{
    pace::{Chance, Pace},
    plan::{Plan, PlayerPlan, TablePlan},
};
use anyhow::{Context, bail, ensure};
use bus::{Bus, Patience, RequestError};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use std::{net::IpAddr, time::Duration};
use wire::{
    Chips, CommandId, PlayerId, Refusal, TableId,
    cashier::{Account, AdminRequest, CashierReply, Session},
    sender::Sender,
    subject,
    table::{HouseBot, Level, TableCommand, TableConfig, TableReply, TableRequest},
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(10), total: Duration::from_secs(60) };
/// Guests that are requested at once, the cashier's limit.
const GUESTS: u32 = 1_000;
/// Requests that are under way at the same time.
const AT_ONCE: usize = 64;
/// Time to act, in milliseconds: no clock runs out while the players are being seated.
const ACTION_MS: u32 = 600_000;
/// Connections of one process by default: 20,000 open files are allowed.
const PER_PROCESS: usize = 17_000;

/// Local addresses of one process.
const SOURCES: usize = 3;

/// The options of a room.
#[derive(Clone, Debug, clap::Args)]
pub struct RoomArgs {
    /// Tables
    #[arg(long, default_value_t = 100)]
    pub tables: usize,
    /// Players at each
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=10))]
    pub players: u8,
    /// Visitors, which have a session and only watch: one at each of this many tables, at most one
    /// at every table
    #[arg(long, default_value_t = 0)]
    pub railbirds: usize,
    /// Code of the variant, as for `pokerctl table create`
    #[arg(long, default_value = "NT")]
    pub variant: String,
    /// Seed of every choice by chance [default: another one each time; it is printed]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Processes that play [default: one for each 17,000 connections, at least 2 for more than one
    /// table]
    #[arg(long)]
    pub processes: Option<usize>,
    /// How players connect: tcp, ws or ws+json
    #[arg(long, default_value = "tcp", value_parser = ["tcp", "ws", "ws+json"])]
    pub wire: String,
    /// Let all players try the first gateway first, and go to the ones that it names
    #[arg(long)]
    pub first_node_only: bool,
    /// Connections that each process makes at the same time
    #[arg(long, default_value_t = 64)]
    pub doors: usize,
    /// Median time to think, in milliseconds; 0 to act at once
    #[arg(long, default_value_t = 0)]
    pub think_ms: u32,
    /// Spread of the times to think: the standard deviation of their logarithm
    #[arg(long, default_value_t = 0.6)]
    pub think_spread: f64,
}

impl RoomArgs {
    /// Returns a room of five-handed tables whose players act at once, over TCP.
    pub fn of(tables: usize) -> Self {
        Self {
            tables,
            players: 5,
            railbirds: 0,
            variant: "NT".to_owned(),
            seed: None,
            processes: None,
            wire: "tcp".to_owned(),
            first_node_only: false,
            doors: 64,
            think_ms: 0,
            think_spread: 0.6,
        }
    }

    /// Returns when players act.
    pub const fn pace(&self) -> Pace {
        match self.think_ms {
            0 => Pace::AtOnce,
            median_ms => Pace::Human { median_ms, spread: self.think_spread },
        }
    }

    /// Returns the seed; a random one if none was given.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seed(&self) -> anyhow::Result<u64> {
        match self.seed {
            Some(seed) => Ok(seed),
            None => Ok(getrandom::u64().context("no random numbers from the operating system")? >> 16),
        }
    }

    /// Returns the scheme of the addresses of the chosen kind.
    pub fn scheme(&self) -> &'static str {
        if self.wire == "tcp" { "tcp://" } else { "ws://" }
    }

    /// Returns the number of seated players.
    pub fn seats(&self) -> usize {
        self.tables * usize::from(self.players)
    }

    /// Returns the number of connections: one for each player and visitor.
    pub fn connections(&self) -> usize {
        self.seats() + self.railbirds
    }

    /// Returns the number of processes that play.
    pub fn worker_processes(&self) -> usize {
        let needed = self.connections().div_ceil(PER_PROCESS).max(2).min(self.tables);
        self.processes.unwrap_or(needed).max(1)
    }
}

/// Blinds: small beside the buy-in, so that no player busts in any measurement.
const BLINDS: (Chips, Chips) = (Chips(50), Chips(100));
/// The buy-in of every player.
pub const BUY_IN: Chips = Chips(1_000_000);
/// The money of each account.
pub const CREDIT: Chips = Chips(100_000_000);

/// Makes accounts and tables, and a plan for each process.
///
/// # Errors
/// When the fleet refuses a request.
pub async fn prepare(
    admin: &Bus,
    args: &RoomArgs,
    seed: u64,
    addresses: &[String],
) -> anyhow::Result<Vec<Plan>> {
    ensure!(
        !addresses.is_empty(),
        "the fleet has no gateway that listens for {} without TLS: start it on loopback, or with --insecure",
        args.wire
    );
    ensure!(
        args.railbirds <= args.tables,
        "there are more visitors than tables: set --railbirds to at most the number of tables"
    );
    let addresses: Vec<String> = addresses
        .iter()
        .map(|address| match args.wire.as_str() {
            "ws+json" => address.replacen("ws://", "ws+json://", 1),
            _ => address.clone(),
        })
        .collect();
    let mut chance = Chance::new(seed, u64::MAX);
    let tables: Vec<TableId> = (0..args.tables).map(|_| TableId::short(chance.number())).collect();
    create(admin, args, &tables, &[]).await?;
    let sessions = guests(admin, "swarm", args.connections(), CREDIT).await?;
    let mut plans: Vec<Plan> = (0..args.worker_processes())
        .map(|number| Plan {
            seed,
            addresses: addresses.clone(),
            sources: sources(number),
            doors: args.doors,
            pace: args.pace(),
            buy_in: BUY_IN,
            tables: Vec::new(),
            raw: None,
        })
        .collect();
    // Players of a table are spread over the gateways at random; each gateway gets equally many.
    let nodes = chance.shuffled(args.connections()).into_iter();
    let mut people = sessions.into_iter().zip(nodes).map(|(session, node)| PlayerPlan {
        player: session.account.player,
        token: session.token,
        node: if args.first_node_only { 0 } else { node },
        rail: false,
    });
    for (number, table) in tables.into_iter().enumerate() {
        let mut players: Vec<PlayerPlan> = people.by_ref().take(usize::from(args.players)).collect();
        if number < args.railbirds {
            players.extend(people.next().map(|person| PlayerPlan { rail: true, ..person }));
        }
        let plan = number % plans.len();
        plans[plan].tables.push(TablePlan { table, players });
    }
    Ok(plans)
}

/// Makes tables where only bots sit.
///
/// # Errors
/// When the fleet refuses a request.
pub async fn bots(admin: &Bus, args: &RoomArgs, seed: u64) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed, u64::MAX);
    let tables: Vec<TableId> = (0..args.tables).map(|_| TableId::short(chance.number())).collect();
    let request = AdminRequest::Bots { count: u32::try_from(args.seats())? };
    match admin.request(subject::CASHIER_ADMIN.to_owned(), &request, PATIENCE).await? {
        CashierReply::Bots(accounts) => create(admin, args, &tables, &accounts).await,
        CashierReply::Refused(refusal) => bail!("the cashier refuses to return bots: {refusal}"),
        _ => bail!("the cashier's answer to a request for bots has no bots"),
    }
}

/// Returns the local addresses of a process, each with all its ports. When more than half of an
/// address' ports are in use, the system searches long for a free one.
pub fn sources(number: usize) -> Vec<IpAddr> {
    let first = number * SOURCES + 1;
    let last = |number| u8::try_from(number).ok();
    (first..first + SOURCES).filter_map(last).map(|last| IpAddr::from([127, 0, 1, last])).collect()
}

/// Makes accounts with open sessions, named by a prefix and numbers, each with this credit.
///
/// # Errors
/// When the fleet refuses a request.
pub async fn guests(admin: &Bus, prefix: &str, count: usize, credit: Chips) -> anyhow::Result<Vec<Session>> {
    let count = u32::try_from(count)?;
    let bar = ProgressBar::new(count.into()).with_message("accounts");
    let chunks = (0..count).step_by(GUESTS as usize).map(|from| async move {
        let request = AdminRequest::Guests {
            prefix: prefix.to_owned(),
            first: from + 1,
            count: GUESTS.min(count - from),
            credit,
        };
        match admin.request(subject::CASHIER_ADMIN.to_owned(), &request, PATIENCE).await? {
            CashierReply::Guests(sessions) => anyhow::Ok(sessions),
            CashierReply::Refused(refusal) => bail!("the cashier refuses to make accounts: {refusal}"),
            _ => bail!("the cashier's answer to a request for accounts has no accounts"),
        }
    });
    let chunks: Vec<Vec<Session>> = stream::iter(chunks)
        .buffered(2)
        .inspect_ok(|sessions: &Vec<Session>| bar.inc(sessions.len() as u64))
        .try_collect()
        .await?;
    bar.finish_and_clear();
    Ok(chunks.into_iter().flatten().collect())
}

async fn create(admin: &Bus, args: &RoomArgs, tables: &[TableId], bots: &[Account]) -> anyhow::Result<()> {
    let bar = ProgressBar::new(tables.len() as u64).with_message("tables");
    let requests = tables.iter().enumerate().map(|(number, &table)| {
        let config = config(args, number);
        let bots = bots.chunks(usize::from(args.players)).nth(number).unwrap_or_default();
        let bot = |account: &Account| HouseBot {
            player: account.player,
            name: account.name.clone(),
            buy_in: BUY_IN,
        };
        let create = TableCommand::Create { config, bots: bots.iter().map(bot).collect() };
        async move { anyhow::Ok(ask(admin, table, CommandId(1), create).await?) }
    });
    stream::iter(requests)
        .buffer_unordered(AT_ONCE)
        .inspect_ok(|_| bar.inc(1))
        .try_for_each(|_| async { Ok(()) })
        .await?;
    bar.finish_and_clear();
    Ok(())
}

/// Returns the configuration of a cash table of a room.
pub fn config(args: &RoomArgs, number: usize) -> TableConfig {
    let (small_blind, big_blind) = BLINDS;
    TableConfig {
        name: format!("swarm {number}"),
        variant: args.variant.clone(),
        seats: args.players,
        action_ms: ACTION_MS,
        ..TableConfig::cash(Level::cash(small_blind, big_blind), BUY_IN..=BUY_IN).without_pauses()
    }
}

/// Why a table did not carry out the administrator's command.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table refused the command.
    #[error("table {table}: {refusal}")]
    Refused {
        /// The table.
        table: TableId,
        /// The reason.
        refusal: Refusal,
    },
    /// No answer came.
    #[error(transparent)]
    Unanswered(#[from] RequestError),
}

/// Sends a command of the administrator to a table until it is carried out. Ids are unique per
/// table.
///
/// # Errors
/// When the command is refused for good, or not answered.
pub async fn ask(
    admin: &Bus,
    table: TableId,
    id: CommandId,
    command: TableCommand,
) -> Result<(), TableError> {
    ask_for(admin, table, None, id, command).await
}

/// Sends a command on a player's behalf, or as the administrator without one.
///
/// # Errors
/// Those of [`ask`].
pub async fn ask_for(
    admin: &Bus,
    table: TableId,
    player: Option<PlayerId>,
    id: CommandId,
    command: TableCommand,
) -> Result<(), TableError> {
    let request = TableRequest { table, id, player, command, on_feed: false, pass: None };
    let subject = subject::table_commands_of(table, Sender::Admin);
    loop {
        match admin.request(subject.clone(), &request, PATIENCE).await? {
            TableReply::Refused(refusal) if refusal.is_transient() => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            TableReply::Refused(refusal) => return Err(TableError::Refused { table, refusal }),
            _ => return Ok(()),
        }
    }
}
