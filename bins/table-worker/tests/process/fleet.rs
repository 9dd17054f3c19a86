//! A NATS server, table workers as processes, and a cashier that accepts all postings.

use bus::{Bus, Cursor, Journal, OwnedKind, Patience, TableStreams, admin};
use futures::{StreamExt, TryStreamExt};
use poker::table::TableRecord;
use servers::Child;
use std::time::Duration;
pub use testkit::GUARD;
use testkit::Stage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    sync::Mutex,
    time::{Instant, sleep},
};
use wire::{
    Chips, CommandId, PlayerId, TableId,
    cashier::CashierReply,
    codec,
    fleet::Role,
    sender::Sender,
    subject,
    table::{Level, TableCommand, TableConfig, TableReply, TableRequest},
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: GUARD };

/// A server with table workers as processes, and a cashier that agrees to each request.
pub struct Fleet {
    // The workers end before the server, because fields are dropped in this order.
    workers: Vec<Child>,
    stage: Mutex<Stage>,
    pub admin: Bus,
}

impl Fleet {
    /// Starts workers that take any amount of chat: most tests use lines as commands that are
    /// always possible.
    pub async fn start(workers: usize) -> Self {
        Self::start_with(workers, &["--chat-rate", "100000"]).await
    }

    /// Starts workers with these options.
    pub async fn start_with(workers: usize, args: &[&str]) -> Self {
        let stage = Stage::open().await.unwrap();
        let cashier = stage.bus("cashier").await.unwrap();
        let requests = cashier.serve(subject::CASHIER_TABLE.to_owned(), Some("cashier")).await.unwrap();
        cashier.flush().await;
        tokio::spawn(async move {
            requests.for_each(async |request| request.answer(&CashierReply::Done).await.unwrap()).await;
            drop(cashier);
        });
        let mut started = Vec::new();
        for number in 0..workers {
            let program = stage.program(Role::TableWorker, &format!("table-worker-{number}"));
            started.push(program.unwrap().args(args).start().await.unwrap());
        }
        Self { admin: stage.admin.clone(), stage: Mutex::new(stage), workers: started }
    }

    /// Kills a worker (SIGKILL) and waits for its end.
    pub async fn kill(&mut self, number: usize) {
        self.workers[number].kill().await.unwrap();
    }

    /// Kills the server and starts it again with the same data.
    pub async fn kill_nats(&self) {
        let nats = &mut self.stage.lock().await.nats;
        nats.kill().await.unwrap();
        nats.restart().await.unwrap();
    }

    /// Returns how many messages the server has sent since it started.
    pub async fn messages_sent(&self) -> u64 {
        let port = self.stage.lock().await.nats.monitor_port().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"GET /varz HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (_, rest) = text.split_once("\"out_msgs\":").unwrap();
        rest.split(',').next().unwrap().trim().parse().unwrap()
    }

    /// Makes all streams of tables refuse records larger than this, headers included.
    pub async fn limit_records(&self, bytes: usize) {
        let folder = self.stage.lock().await.nats.dir().join("limited");
        let config = servers::find::nats_config().unwrap().join("tables.json");
        let config = std::fs::read_to_string(config).unwrap();
        let limited =
            config.replace("\"max_age\": 0,", &format!("\"max_age\": 0, \"max_msg_size\": {bytes},"));
        assert_ne!(config, limited);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("tables.json"), limited).unwrap();
        admin::apply(&self.admin, &folder).await.unwrap();
    }

    /// Removes all records before a sequence from the stream that holds a table, as an archivist
    /// does.
    pub async fn trim_before(&self, table: TableId, sequence: u64) {
        let streams = TableStreams::new(&self.admin);
        let journal = streams.journal(subject::table_partition(table)).await.unwrap();
        journal.trim_before(sequence).await.unwrap();
    }

    /// Returns the size of a table's last record, its headers apart.
    pub async fn last_record_bytes(&self, table: TableId) -> usize {
        let (journal, _) = self.journal(table).await;
        let recovered = journal.recover_one(&subject::table_journal(table)).await.unwrap().unwrap();
        recovered.records.last().unwrap().payload.len()
    }

    /// Sends a signal, e.g. `-STOP`.
    pub async fn signal(&self, number: usize, signal: &str) {
        let pid = self.workers[number].id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    /// Returns the number of the worker that owns the table.
    pub async fn owner_of(&self, table: TableId) -> usize {
        self.stage.lock().await.owner_of(OwnedKind::Tables, subject::table_partition(table)).await.unwrap()
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
        let request = TableRequest { table, id: CommandId(id), player, command, on_feed: false, pass: None };
        let subject = subject::table_commands_of(table, Sender::Admin);
        self.admin.request(subject, &request, PATIENCE).await.unwrap()
    }

    /// Creates a table.
    pub async fn create(&self, table: TableId, config: TableConfig) {
        let created = self.ask(table, 0, 1, TableCommand::Create { config, bots: Vec::new() }).await;
        assert!(matches!(created, TableReply::Done { .. }), "{created:?}");
    }

    /// Opens the journal of a table for writing, like its worker.
    pub async fn journal(&self, table: TableId) -> (Journal, Cursor) {
        let worker = self.stage.lock().await.bus("table-worker").await.unwrap();
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

/// Returns the configuration of a table with two seats and this time to act.
pub fn config(action_ms: u32) -> TableConfig {
    TableConfig {
        name: "Under fire".to_owned(),
        seats: 2,
        action_ms,
        ..TableConfig::cash(Level::cash(Chips(5), Chips(10)), Chips(100)..=Chips(1_000)).without_pauses()
    }
}
