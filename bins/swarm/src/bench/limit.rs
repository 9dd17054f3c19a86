//! The raw limit: stand-ins for a fleet's processes on a server of its own, configured as a fleet's
//! is.

use super::{
    Args,
    bench_fleet::{Measured, measure},
};
use crate::{
    crew::Crew,
    pace::{Chance, Pace},
    plan::{Order, Plan, PlayerPlan, Shape, TablePlan},
    play,
    room::{self, RoomArgs},
    usage,
};
use anyhow::Context;
use bus::{Bus, Options, options::ADMIN};
use servers::{Nats, NatsOptions, find};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use wire::{Chips, PlayerId, TableId};

/// Tells a process how many threads to use.
const THREADS: &str = "TOKIO_WORKER_THREADS";

/// The stand-ins of one measurement, with their server and players.
pub(super) struct Limit {
    nats: Nats,
    stand_ins: Vec<StandIn>,
    crew: Crew,
}

/// A stand-in that has printed that it is ready.
struct StandIn {
    role: &'static str,
    child: Child,
    said: String,
}

impl Limit {
    /// Starts the stand-ins and connects their players; no player sends yet.
    ///
    /// # Errors
    /// When a process cannot be started.
    pub(super) async fn seated(
        args: &Args,
        room: &RoomArgs,
        gateways: usize,
        shape: Shape,
    ) -> anyhow::Result<Self> {
        let config = find::nats_config()?;
        let options = NatsOptions { config: Some(config.clone()), monitored: true, ..NatsOptions::default() };
        let nats = Nats::start(options).await?;
        let options = Options::new(&nats.url(), ADMIN, nats.password(ADMIN), "swarm");
        let admin = Bus::connect(options).await?;
        bus::admin::apply(&admin, &config).await?;
        drop(admin);

        let sizes = serde_json::to_string(&shape)?;
        let mut stand_ins = Vec::new();
        for number in 0..args.table_workers {
            let (number, of, gateways) =
                (number.to_string(), args.table_workers.to_string(), gateways.to_string());
            let own = ["--number", &number, "--of", &of, "--gateways", &gateways];
            let threads = threads(args.table_workers);
            stand_ins.push(StandIn::start("table-worker", "raw-worker", &nats, &sizes, &own, threads).await?);
        }
        for _ in 0..gateways {
            let threads = threads(gateways);
            stand_ins.push(StandIn::start("gateway", "raw-gateway", &nats, &sizes, &[], threads).await?);
        }
        let nodes = stand_ins.iter().filter(|it| it.role == "gateway");
        let addresses = nodes.map(|it| it.said.clone()).collect();
        let mut crew = Crew::start(plans(room, addresses, shape)?).await?;
        play::seat(&mut crew).await?;
        Ok(Self { nats, stand_ins, crew })
    }

    /// Lets the stand-ins pass messages, unmeasured for the first of the times, measured for the
    /// second, then rest.
    ///
    /// # Errors
    /// When a process has ended.
    pub(super) async fn turn(&mut self, times: (Duration, Duration)) -> anyhow::Result<Measured> {
        let roles = self.stand_ins.iter().filter_map(|it| Some((it.role.to_owned(), it.child.id()?)));
        let server = self.nats.child().id().map(|pid| ("nats-server".to_owned(), pid));
        let players = self.crew.pids().into_iter().map(|pid| ("players".to_owned(), pid));
        let processes: Vec<_> = roles.chain(server).chain(players).collect();
        let port = self.nats.monitor_port().context("the NATS server is not monitored")?;
        let usage = || usage::of_processes(processes.iter().cloned());
        let measured = measure(&mut self.crew, times, port, usage).await?;
        self.crew.order(Order::Rest).await?;
        Ok(measured)
    }

    /// Ends all processes.
    ///
    /// # Errors
    /// When a process cannot be ended.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        self.crew.end().await;
        for it in &mut self.stand_ins {
            it.child.kill().await?;
        }
        Ok(self.nats.kill().await?)
    }
}

impl StandIn {
    async fn start(
        role: &'static str,
        command: &str,
        nats: &Nats,
        sizes: &str,
        own: &[&str],
        threads: usize,
    ) -> anyhow::Result<Self> {
        let mut command_line = Command::new(std::env::current_exe()?);
        if std::env::var_os(THREADS).is_none() {
            command_line.env(THREADS, threads.to_string());
        }
        let mut child = command_line
            .args([command, "--shape", sizes, "--nats-url", &nats.url()])
            .arg("--nats-password-file")
            .arg(nats.password_file(role))
            .args(own)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("a stand-in has no output")?;
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said).await?;
        anyhow::ensure!(!said.is_empty(), "{command} did not start");
        Ok(Self { role, child, said: said.trim().to_owned() })
    }
}

/// Returns the number of threads for each of this many processes of a role: its part of the cores,
/// as `pokerctl up` assigns it.
fn threads(processes: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / processes.max(1)).max(1)
}

fn plans(room: &RoomArgs, addresses: Vec<String>, shape: Shape) -> anyhow::Result<Vec<Plan>> {
    let seed = room.seed()?;
    let mut chance = Chance::new(seed, u64::MAX);
    let mut plans: Vec<Plan> = (0..room.worker_processes())
        .map(|number| Plan {
            seed,
            addresses: addresses.clone(),
            sources: room::sources(number),
            doors: room.doors,
            pace: Pace::AtOnce,
            buy_in: Chips::ZERO,
            tables: Vec::new(),
            raw: Some(shape),
        })
        .collect();
    let players = usize::from(room.players);
    let nodes = chance.shuffled(room.seats());
    for number in 0..room.tables {
        let player = |seat| PlayerPlan {
            player: PlayerId(0),
            token: String::new(),
            node: nodes[number * players + seat],
            rail: false,
        };
        let table =
            TablePlan { table: TableId::short(chance.number()), players: (0..players).map(player).collect() };
        let plan = number % plans.len();
        plans[plan].tables.push(table);
    }
    Ok(plans)
}
