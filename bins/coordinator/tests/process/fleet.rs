//! A server, coordinators as processes, and simulated cashier and tables.

use crate::{cashier::Cashier, tables::Tables};
use bus::{Journal, OwnedKind, Patience};
use futures::StreamExt;
use servers::{Child, Signal};
use std::time::Duration;
use testkit::{GUARD, Stage, guarded};
use tokio::time::{Instant, sleep};
use wire::{
    Chips, CommandId, PlayerId, TournamentId,
    fleet::Role,
    sender::Sender,
    subject::{self, TOURNAMENTS_STREAM},
    tournament::{
        LevelSpec, Payout, Standings, TournamentCommand, TournamentConfig, TournamentReply, TournamentRequest,
    },
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: GUARD };

/// A server with coordinators as processes, a simulated cashier and simulated tables.
pub struct Fleet {
    // The coordinators end before the server, because fields are dropped in this order.
    coordinators: Vec<Child>,
    pub stage: Stage,
    pub cashier: Cashier,
    pub tables: Tables,
}

impl Fleet {
    /// Starts the server and so many coordinators.
    pub async fn start(coordinators: usize) -> Self {
        let stage = Stage::open().await.unwrap();
        let cashier = Cashier::start(stage.bus("cashier").await.unwrap()).await;
        let tables = Tables::start(stage.bus("table-worker").await.unwrap()).await;
        let mut fleet = Self { stage, coordinators: Vec::new(), cashier, tables };
        for number in 0..coordinators {
            let child = fleet.spawn(number).await;
            fleet.coordinators.push(child);
        }
        fleet
    }

    async fn spawn(&self, number: usize) -> Child {
        let program = self.stage.program(Role::Coordinator, &format!("coordinator-{number}"));
        program.unwrap().start().await.unwrap()
    }

    /// Starts a killed coordinator again.
    pub async fn start_coordinator(&mut self, number: usize) {
        self.coordinators[number] = self.spawn(number).await;
    }

    /// Sends SIGTERM and waits; the process has to end by itself, with code 0.
    pub async fn terminate(&mut self, number: usize) {
        self.signal(number, Signal::TERM);
        let status = guarded("its end", self.coordinators[number].ended()).await.unwrap();
        assert!(status.success(), "{status}");
    }

    /// Sends a signal.
    pub fn signal(&self, number: usize, signal: Signal) {
        self.coordinators[number].signal(signal);
    }

    /// Returns the number of the coordinator that owns the tournament.
    pub async fn owner_of(&self, tournament: TournamentId) -> usize {
        let partition = subject::tournament_partition(tournament);
        self.stage.owner_of(OwnedKind::Tournaments, partition).await.unwrap()
    }

    /// Sends a command as the administrator, and repeats it until it is answered.
    pub async fn ask(
        &self,
        tournament: TournamentId,
        player: Option<PlayerId>,
        id: CommandId,
        command: TournamentCommand,
    ) -> TournamentReply {
        let request = TournamentRequest { tournament, id, player, command, pass: None };
        let subject = subject::tournament_commands_of(tournament, Sender::Admin);
        self.stage.admin.request(subject, &request, PATIENCE).await.unwrap()
    }

    /// Creates the tournament of the test.
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
            let standings = match self.ask(tournament, None, CommandId(0), show).await {
                TournamentReply::Standings(standings) => standings,
                // An owner that has just taken over is not certain yet.
                TournamentReply::Refused(refusal) if refusal.is_transient() && began.elapsed() < GUARD => {
                    sleep(Duration::from_millis(20)).await;
                    continue;
                }
                reply => panic!("no standings but {reply:?}"),
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
        let journal = Journal::open(&self.stage.admin, TOURNAMENTS_STREAM).await.unwrap();
        let walk = journal.walk(&subject::tournament_journal(tournament));
        walk.map(|stored| stored.unwrap()).count().await
    }
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
