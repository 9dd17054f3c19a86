//! `pokerctl verify` joins the archive's proof with the journals' present records.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use bus::TableStreams;
use serde_json::Value;
use std::time::{Duration, Instant};
use testkit::{Fleet, FleetSize};
use tokio_postgres::NoTls;
use wire::{TableId, subject};

const SIZE: FleetSize = FleetSize { gateways: 1, table_workers: 1, bot_workers: 1, coordinators: 1 };
/// Guard against hangs; generous, for machines with other load.
const GUARD: Duration = Duration::from_secs(120);
/// Number of archived hands before the first check.
const HANDS: u64 = 3;

/// The output of `verify`, and whether it succeeded.
struct Verified {
    text: String,
    succeeded: bool,
}

impl Verified {
    async fn of(fleet: &Fleet, options: &[&str]) -> Self {
        let args: Vec<&str> = ["verify"].iter().chain(options).copied().collect();
        let (succeeded, text) = fleet.pokerctl_ends(&args).await.unwrap();
        Self { text, succeeded }
    }

    fn says(&self, what: &str) {
        assert!(self.text.contains(what), "{what:?} is not in:\n{}", self.text);
    }
}

/// Returns a number with its thousands apart, as `verify` prints it.
fn number(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(" ")
}

async fn json(fleet: &Fleet) -> Value {
    serde_json::from_str(&fleet.pokerctl_prints(&["verify", "--json"]).await.unwrap()).unwrap()
}

/// Connects to the fleet's database as its owner.
async fn database(fleet: &Fleet) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&fleet.database_url().unwrap(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Lets bots play at a table, closes it, and waits until all of it is archived.
async fn played(fleet: &Fleet, database: &tokio_postgres::Client) -> TableId {
    let options =
        ["table", "create", "proof", "--bots", "4", "--bot-pace-ms", "0", "--hand-pause-ms", "0", "--json"];
    let created = fleet.pokerctl(&options).await.unwrap();
    let created: Value = serde_json::from_str(&created).unwrap();
    let table = TableId(created["table"].as_u64().unwrap());
    let archived = async |what: &str| {
        let count = format!("SELECT count(*) FROM archive.{what}");
        database.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) as u64
    };
    let began = Instant::now();
    while archived("hands").await < HANDS {
        assert!(began.elapsed() < GUARD, "no hand is archived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fleet.pokerctl(&["table", "close", &table.to_string()]).await.unwrap();
    while archived("tables WHERE closed_at IS NOT NULL").await == 0 {
        assert!(began.elapsed() < GUARD, "the table is not closed in the archive");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn trimmed_records_are_proved_by_the_archive_or_are_a_violation() {
    // Closed tables stay in their journals for the time of this test.
    let fleet = Fleet::start(SIZE).await.unwrap();
    let database = database(&fleet).await;
    let table = played(&fleet, &database).await;

    // Trims as an archivist would: the removed records are archived.
    let journal = TableStreams::new(&fleet.admin).journal(subject::table_partition(table)).await.unwrap();
    let whole = journal.extent().await.unwrap();
    let middle = (whole.first + whole.last) / 2;
    journal.trim_before(middle).await.unwrap();
    let clean = Verified::of(&fleet, &["--require-archive"]).await;
    assert!(clean.succeeded, "{}", clean.text);
    clean.says("1 journal is checked from the first snapshot on");
    let (to, from) = (number(whole.last), number(middle));
    clean.says(&format!("{}: archive to record {to}; journals from record {from}", journal.stream()));
    clean.says("1 journal continues where it ends");
    let told = json(&fleet).await;
    assert_eq!((&told["violations"], &told["archive"]["joined"]), (&0.into(), &1.into()), "{told}");
    let streams = told["archive"]["streams"].as_array().unwrap();
    let stream = streams.iter().find(|stream| stream["stream"] == journal.stream()).unwrap();
    assert_eq!((&stream["archived_to"], &stream["journal_from"]), (&whole.last.into(), &middle.into()));

    // A violation that an archivist has recorded.
    let plant = "INSERT INTO archive.violations (place, stream, sequence, rule, what)
        VALUES ('table 17', 'TABLES_3', 55, 'chips', 'seat 4 has 90 chips, not 100')";
    database.execute(plant, &[]).await.unwrap();
    let recorded = Verified::of(&fleet, &[]).await;
    assert!(!recorded.succeeded);
    recorded.says("archive: table 17, TABLES_3 record 55: seat 4 has 90 chips, not 100");
    recorded.says("1 violation");
    let told = json(&fleet).await;
    assert_eq!((&told["violations"], &told["archive"]["violations"]), (&1.into(), &1.into()), "{told}");
    database.execute("DELETE FROM archive.violations", &[]).await.unwrap();

    // Records that are neither in the journal nor in the archive.
    let short = "UPDATE archive.tables SET archived_to = 1, hands = 0";
    database.execute(short, &[]).await.unwrap();
    let gap = Verified::of(&fleet, &[]).await;
    assert!(!gap.succeeded);
    gap.says("; archive to record 1");
    gap.says("the archive has 0 of its hands");

    // A table that the archive has as open, without a journal.
    database.execute("UPDATE archive.tables SET closed_at = NULL", &[]).await.unwrap();
    journal.remove(&subject::table_journal(table)).await.unwrap();
    let lost = Verified::of(&fleet, &["--without-ledger"]).await;
    assert!(!lost.succeeded);
    lost.says(&format!(
        "table {table}: there is no journal; it is archived to record 1, and the table is open"
    ));

    // Without an archivist.
    fleet.pokerctl(&["drain", "archivist-1", "--force"]).await.unwrap();
    let alone = Verified::of(&fleet, &[]).await;
    assert!(alone.succeeded, "{}", alone.text);
    alone.says("no archivist answers");
    alone.says("Only the journals were checked");
    assert_eq!(json(&fleet).await["archive"]["answered"], false);
    assert!(!Verified::of(&fleet, &["--require-archive"]).await.succeeded);
    fleet.stop().await.unwrap();
}
