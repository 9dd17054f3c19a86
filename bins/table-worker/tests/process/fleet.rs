//! A NATS server, table workers as processes, and a cashier that accepts all postings.

use bus::{Bus, Cursor, Journal, Options, OwnedKind, Patience, TableStreams, admin};
use futures::{StreamExt, TryStreamExt};
use poker::table::TableRecord;
use servers::{Nats, NatsOptions};
use std::{process::Stdio, time::Duration};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};
use wire::{
    Chips, CommandId, PlayerId, TableId,
    cashier::CashierReply,
    codec, subject,
    table::{Level, TableCommand, TableConfig, TableReply, TableRequest},
};

/// Guard against hangs, generous for busy machines.
pub const GUARD: Duration = Duration::from_secs(120);
const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: GUARD };

pub struct Fleet {
    // Before the server, because fields are dropped in order.
    workers: Vec<Child>,
    nats: Nats,
    pub admin: Bus,
}

impl Fleet {
    pub async fn start(workers: usize) -> Self {
        let folder = servers::find::nats_config().unwrap();
        let options = NatsOptions { config: Some(folder.clone()), ..NatsOptions::default() };
        let nats = Nats::start(options).await.unwrap();
        let admin = connect(&nats, "admin").await;
        admin::apply(&admin, &folder).await.unwrap();
        let cashier = connect(&nats, "cashier").await;
        let requests = cashier.serve(subject::CASHIER_TABLE.to_owned(), Some("cashier")).await.unwrap();
        cashier.flush().await;
        tokio::spawn(async move {
            requests.for_each(async |request| request.answer(&CashierReply::Done).await.unwrap()).await;
            drop(cashier);
        });
        let mut fleet = Self { nats, workers: Vec::new(), admin };
        for number in 0..workers {
            let child = fleet.spawn(number);
            fleet.workers.push(child);
        }
        fleet
    }

    fn spawn(&self, number: usize) -> Child {
        Command::new(env!("CARGO_BIN_EXE_table-worker"))
            .env("NATS_URL", self.nats.url())
            .env("NATS_PASSWORD_FILE", self.nats.password_file("table-worker"))
            .env("NODE_NAME", format!("table-worker-{number}"))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .env_remove("NATS_PASSWORD")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Sends a signal, e.g. `-STOP`.
    pub async fn signal(&self, number: usize, signal: &str) {
        let pid = self.workers[number].id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    /// Returns the number of the worker that owns the table.
    pub async fn owner_of(&self, table: TableId) -> usize {
        let owners = bus::owners(&self.admin, OwnedKind::Tables).await.unwrap();
        let owner = &owners[&subject::table_partition(table)];
        owner.as_str().rsplit('-').next().unwrap().parse().unwrap()
    }

    /// Sends a command, and repeats it after passing refusals.
    pub async fn ask(&self, table: TableId, player: u64, id: u64, command: TableCommand) -> TableReply {
        let began = Instant::now();
        loop {
            match self.ask_once(table, player, id, command.clone()).await {
                TableReply::Refused(refusal) if refusal.is_transient() && began.elapsed() < GUARD => {
                    sleep(Duration::from_millis(20)).await;
                }
                reply => return reply,
            }
        }
    }

    /// Sends a command once; without a player if `player` is 0.
    pub async fn ask_once(&self, table: TableId, player: u64, id: u64, command: TableCommand) -> TableReply {
        let player = (player > 0).then_some(PlayerId(player));
        let request = TableRequest { table, id: CommandId(id), player, command, on_feed: false };
        let subject = subject::table_commands(subject::table_partition(table));
        self.admin.request(subject, &request, PATIENCE).await.unwrap()
    }

    pub async fn create(&self, table: TableId, config: TableConfig) {
        let created = self.ask(table, 0, 1, TableCommand::Create { config, bots: Vec::new() }).await;
        assert!(matches!(created, TableReply::Done { .. }), "{created:?}");
    }

    /// Opens the journal of a table for writing, like its worker.
    pub async fn journal(&self, table: TableId) -> (Journal, Cursor) {
        let worker = connect(&self.nats, "table-worker").await;
        let journal = TableStreams::new(&worker).journal(subject::table_partition(table)).await.unwrap();
        let recovered = journal.recover_one(&subject::table_journal(table)).await.unwrap().unwrap();
        (journal, recovered.cursor)
    }

    /// Returns all records of a table's journal.
    pub async fn records(&self, table: TableId) -> Vec<TableRecord> {
        let (journal, _) = self.journal(table).await;
        let stored: Vec<_> = journal.walk(&subject::table_journal(table)).try_collect().await.unwrap();
        stored.iter().map(|stored| codec::decode(&stored.payload).unwrap()).collect()
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

/// Returns the configuration of a table with two seats and this time to act.
pub fn config(action_ms: u32) -> TableConfig {
    TableConfig {
        name: "Under fire".to_owned(),
        seats: 2,
        action_ms,
        ..TableConfig::cash(Level::cash(Chips(5), Chips(10)), Chips(100)..=Chips(1_000)).without_pauses()
    }
}
