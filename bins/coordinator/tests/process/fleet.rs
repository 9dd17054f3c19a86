//! A server, coordinators as processes, and simulated cashier and tables.

use crate::{cashier::Cashier, tables::Tables};
use bus::{Bus, Journal, Options, OwnedKind, Patience, admin};
use futures::StreamExt;
use servers::{Nats, NatsOptions};
use std::{process::Stdio, time::Duration};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};
use wire::{
    Chips, CommandId, PlayerId, TournamentId,
    subject::{self, TOURNAMENTS_STREAM},
    tournament::{
        LevelSpec, Payout, Standings, TournamentCommand, TournamentConfig, TournamentReply, TournamentRequest,
    },
};

/// The longest time of any wait, for machines that are busy with other work.
pub const GUARD: Duration = Duration::from_secs(120);
const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: GUARD };

pub struct Fleet {
    // The coordinators end before the server, because fields are dropped in this order.
    coordinators: Vec<Child>,
    nats: Nats,
    pub admin: Bus,
    pub cashier: Cashier,
    pub tables: Tables,
}

impl Fleet {
    pub async fn start(coordinators: usize) -> Self {
        let folder = servers::find::nats_config().unwrap();
        let options = NatsOptions { config: Some(folder.clone()), ..NatsOptions::default() };
        let nats = Nats::start(options).await.unwrap();
        let admin = connect(&nats, "admin").await;
        admin::apply(&admin, &folder).await.unwrap();
        let cashier = Cashier::start(connect(&nats, "cashier").await).await;
        let tables = Tables::start(connect(&nats, "table-worker").await).await;
        let mut fleet = Self { nats, coordinators: Vec::new(), admin, cashier, tables };
        for number in 0..coordinators {
            let child = fleet.spawn(number);
            fleet.coordinators.push(child);
        }
        fleet
    }

    fn spawn(&self, number: usize) -> Child {
        Command::new(env!("CARGO_BIN_EXE_coordinator"))
            .env("NATS_URL", self.nats.url())
            .env("NATS_PASSWORD_FILE", self.nats.password_file("coordinator"))
            .env("NODE_NAME", format!("coordinator-{number}"))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .env_remove("NATS_PASSWORD")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Starts a killed coordinator again.
    pub fn start_coordinator(&mut self, number: usize) {
        self.coordinators[number] = self.spawn(number);
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self, number: usize) {
        self.coordinators[number].start_kill().unwrap();
    }

    /// Sends SIGTERM and waits; the process has to end by itself, with code 0.
    pub async fn terminate(&mut self, number: usize) {
        self.signal(number, "-TERM").await;
        let child = &mut self.coordinators[number];
        let status = tokio::time::timeout(GUARD, child.wait()).await.expect("it stops").unwrap();
        assert!(status.success(), "{status}");
    }

    /// Sends a signal, e.g. `-STOP`.
    pub async fn signal(&self, number: usize, signal: &str) {
        let pid = self.coordinators[number].id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    pub async fn bus(&self, user: &str) -> Bus {
        connect(&self.nats, user).await
    }

    /// Returns the number of the coordinator that owns the tournament.
    pub async fn owner_of(&self, tournament: TournamentId) -> usize {
        let owners = bus::owners(&self.admin, OwnedKind::Tournaments).await.unwrap();
        let owner = &owners[&subject::tournament_partition(tournament)];
        owner.as_str().rsplit('-').next().unwrap().parse().unwrap()
    }

    pub async fn ask(
        &self,
        tournament: TournamentId,
        player: Option<PlayerId>,
        id: CommandId,
        command: TournamentCommand,
    ) -> TournamentReply {
        let partition = subject::tournament_partition(tournament);
        let request = TournamentRequest { tournament, id, player, command };
        self.admin.request(subject::tournament_commands(partition), &request, PATIENCE).await.unwrap()
    }

    pub async fn create(&self, config: TournamentConfig) -> TournamentId {
        let tournament = TournamentId(4_711);
        let reply = self.ask(tournament, None, CommandId(1), TournamentCommand::Create { config }).await;
        assert_eq!(reply, TournamentReply::Done);
        tournament
    }

    /// Registers a player, and repeats the request as long as the refusal is transient.
    pub async fn register(&self, tournament: TournamentId, player: PlayerId, id: u64) -> TournamentReply {
        let began = Instant::now();
        loop {
            let command = TournamentCommand::Register { name: format!("player-{player}") };
            match self.ask(tournament, Some(player), CommandId(id), command).await {
                TournamentReply::Refused(refusal) if refusal.is_transient() && began.elapsed() < GUARD => {
                    sleep(Duration::from_millis(20)).await;
                }
                reply => return reply,
            }
        }
    }

    /// Reads the standings until `wanted` is true of them.
    pub async fn until(&self, tournament: TournamentId, wanted: impl Fn(&Standings) -> bool) -> Standings {
        let began = Instant::now();
        loop {
            let show = TournamentCommand::Show { limit: 1_000 };
            let TournamentReply::Standings(standings) = self.ask(tournament, None, CommandId(0), show).await
            else {
                panic!("no standings");
            };
            if wanted(&standings) {
                return *standings;
            }
            assert!(began.elapsed() < GUARD, "still {:?}, hand {}", standings.stats, standings.hands);
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the number of records in the tournament's journal.
    pub async fn records(&self, tournament: TournamentId) -> usize {
        let journal = Journal::open(&self.admin, TOURNAMENTS_STREAM).await.unwrap();
        let walk = journal.walk(&subject::tournament_journal(tournament));
        walk.map(|stored| stored.unwrap()).count().await
    }
}

async fn connect(nats: &Nats, user: &str) -> Bus {
    let options = Options {
        urls: vec![nats.url()],
        user: user.to_owned(),
        password: nats.password(user).map(str::to_owned),
        name: user.to_owned(),
        node: format!("{user}-test"),
    };
    Bus::connect(options).await.unwrap()
}

/// Returns a configuration without a starting time: the tournament starts as soon as it is full.
pub fn config(seats: u8, entries: u32, bots: u32) -> TournamentConfig {
    let level = |bb: u64| LevelSpec {
        small_blind: Chips(bb / 2),
        big_blind: Chips(bb),
        ante: Chips::ZERO,
        seconds: 3,
    };
    TournamentConfig {
        name: "Under fire".to_owned(),
        variant: "NT".to_owned(),
        seats,
        max_entries: entries,
        min_entries: 2,
        buy_in: Chips(100),
        fee: Chips(10),
        starting_stack: Chips(1_000),
        levels: vec![level(20), level(40), level(80)],
        start_ms: None,
        bots,
        payout: Payout::Standard,
        action_ms: 10_000,
        hand_pause_ms: 0,
        bot_pace_ms: 0,
        absence: wire::table::Absence::default(),
    }
}
