//! Separate servers, journals in them, and the content of the archive.

use archivist::{
    context::Context,
    error::ArchiveError,
    pack,
    store::{self, Database},
    stream::StreamArchivist,
    tournaments::TournamentArchivist,
};
use bus::{Bus, Cursor, Journal, Stored, TableStreams};
use database::tokio_postgres::Client;
use futures::TryStreamExt;
use poker::table::TableRecord;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use testkit::{Stage, TestDatabase};
use tokio::time::{sleep, timeout};
use wire::{
    TableId, TournamentId, archive::Archived, codec, event::TableEvent, fleet::Role, journal::Record, subject,
};

/// Guard against hangs, generous for busy machines.
const GUARD: Duration = Duration::from_secs(90);
/// How long the journals of closed tables stay in these tests.
const LINGER: Duration = Duration::from_millis(200);

/// Servers of one test: NATS, and a database with the tables of the archive.
pub struct House {
    stage: Stage,
    database: TestDatabase,
    owner: Client,
}

/// The content of the database, in counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub hands: u64,
    pub tournaments: u64,
    pub uncrossed: u64,
    pub violations: u64,
    pub trimmed: u64,
}

impl House {
    /// Starts the servers.
    pub async fn start() -> Self {
        let (database, stage) = tokio::join!(TestDatabase::start(), Stage::open());
        let (database, stage) = (database.unwrap(), stage.unwrap());
        let owner = database.owner().await.unwrap();
        Self { stage, database, owner }
    }

    /// Connects as a NATS user, e.g. `archivist`.
    pub async fn bus(&self, user: &str) -> Bus {
        self.stage.bus(user).await.unwrap()
    }

    /// Returns the names of the tables' streams.
    pub async fn table_streams(&self) -> Vec<String> {
        let all = TableStreams::new(&self.bus("admin").await).all().await.unwrap();
        all.iter().map(|journal| journal.stream().to_owned()).collect()
    }

    /// Returns the stream of a table.
    pub async fn stream_of(&self, table: TableId) -> String {
        let streams = TableStreams::new(&self.bus("admin").await);
        streams.journal(subject::table_partition(table)).await.unwrap().stream().to_owned()
    }

    /// Returns the journals in a stream, to be read and written by the administrator.
    pub async fn journal(&self, stream: &str) -> Journal {
        Journal::open(&self.bus("admin").await, stream).await.unwrap()
    }

    /// Appends to a table's journal, like its table worker.
    pub async fn append(&self, table: TableId, records: &[TableRecord]) {
        let streams = TableStreams::new(&self.bus("table-worker").await);
        let journal = streams.journal(subject::table_partition(table)).await.unwrap();
        self.append_to(&journal, subject::table_journal(table), records).await;
    }

    /// Appends to a tournament's journal, like its coordinator.
    pub async fn append_tournament(&self, id: TournamentId, records: &[audit::TournamentRecord]) {
        let bus = self.bus("coordinator").await;
        let journal = Journal::open(&bus, subject::TOURNAMENTS_STREAM).await.unwrap();
        self.append_to(&journal, subject::tournament_journal(id), records).await;
    }

    async fn append_to<E: Serialize, S: Serialize>(
        &self,
        journal: &Journal,
        subject: String,
        records: &[Record<E, S>],
    ) {
        let known = journal.recover_one(&subject).await.unwrap();
        let mut cursor = known.map_or_else(|| Cursor::new(subject), |recovered| recovered.cursor);
        for record in records {
            let bytes = codec::encode(record).unwrap();
            cursor = journal.append(&cursor, bytes.into(), record.state.is_some()).await.unwrap();
        }
    }

    async fn context(&self) -> Arc<Context> {
        let database: Database = store::open(&self.database.url(Role::Archivist), 4).unwrap();
        Arc::new(Context::new(self.bus("archivist").await, database, LINGER))
    }

    /// Runs the archivist of a tables' stream until all records are read and the database has the
    /// expected counts, then ends it without a chance to finish.
    pub async fn archive_tables(&self, stream: &str, expected: impl Fn(Held) -> bool) {
        let context = self.context().await;
        let journal = Journal::open(&context.bus, stream).await.unwrap();
        let archive = StreamArchivist::begin(context, stream.to_owned(), journal).await.unwrap();
        self.until(stream, archive.run(), expected).await;
    }

    /// Does the same with the stream of tournaments as [`Self::archive_tables`] with one of tables.
    pub async fn archive_tournaments(&self, expected: impl Fn(Held) -> bool) {
        let context = self.context().await;
        let journal = Journal::open(&context.bus, subject::TOURNAMENTS_STREAM).await.unwrap();
        let archive = TournamentArchivist::begin(context, journal).await.unwrap();
        self.until(subject::TOURNAMENTS_STREAM, archive.run(), expected).await;
    }

    async fn until(
        &self,
        stream: &str,
        run: impl Future<Output = Result<(), ArchiveError>>,
        expected: impl Fn(Held) -> bool,
    ) {
        let last = self.journal(stream).await.extent().await.unwrap().last;
        let held = async {
            while self.read_to(stream).await < last || !expected(self.archived().await) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            ended = run => panic!("the archive ended: {ended:?}"),
            held = timeout(GUARD, held) => held.unwrap(),
        }
    }

    async fn read_to(&self, stream: &str) -> u64 {
        let row = self
            .owner
            .query_opt("SELECT read_to FROM archive.streams WHERE name = $1", &[&stream])
            .await
            .unwrap();
        row.map_or(0, |row| row.get::<_, i64>(0) as u64)
    }

    /// Returns the counts of the database.
    pub async fn archived(&self) -> Held {
        let counts =
            "SELECT (SELECT count(*) FROM archive.hands), (SELECT count(*) FROM archive.tournaments),
            (SELECT count(*) FROM archive.tournaments WHERE crossed_at IS NULL),
            (SELECT count(*) FROM archive.violations),
            (SELECT coalesce(max(trimmed_to), 0) FROM archive.streams)";
        let row = self.owner.query_one(counts, &[]).await.unwrap();
        let number = |column| row.get::<_, i64>(column) as u64;
        Held {
            hands: number(0),
            tournaments: number(1),
            uncrossed: number(2),
            violations: number(3),
            trimmed: number(4),
        }
    }

    /// Returns the chips that all players put into pots, and those that they won, in all archived
    /// hands.
    pub async fn committed_and_won(&self) -> (i64, i64) {
        let sums = "SELECT sum(committed)::bigint, sum(won)::bigint FROM archive.hand_players";
        let row = self.owner.query_one(sums, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }

    /// Returns the violations that the archivists recorded, in words.
    pub async fn violations(&self) -> Vec<String> {
        let rows = self.owner.query("SELECT what FROM archive.violations", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Returns all records of a stream.
    pub async fn stored(&self, stream: &str) -> Vec<Stored> {
        self.journal(stream).await.walk("journal.>").try_collect().await.unwrap()
    }

    /// Runs the archivist of a stream until a journal is removed.
    pub async fn wait_until_removed(&self, stream: &str, subject: &str) {
        let context = self.context().await;
        let journal = Journal::open(&context.bus, stream).await.unwrap();
        let looking = self.journal(stream).await;
        let gone = async {
            // A journal is incomplete for a moment if it is removed while it is read.
            while !matches!(looking.recover_one(subject).await, Ok(None)) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let run = async {
            if stream == subject::TOURNAMENTS_STREAM {
                TournamentArchivist::begin(context, journal).await.unwrap().run().await
            } else {
                StreamArchivist::begin(context, stream.to_owned(), journal).await.unwrap().run().await
            }
        };
        tokio::select! {
            ended = run => panic!("the archive ended: {ended:?}"),
            gone = timeout(GUARD, gone) => gone.unwrap(),
        }
    }

    /// Adds as many streams as possible, so that nearly all partitions are moved.
    pub async fn add_streams(&self) {
        let tables = servers::find::nats_config().unwrap().join("tables.json");
        let tables = std::fs::read_to_string(tables).unwrap();
        let more = tables.replace("\"streams\": 8", "\"streams\": 64");
        assert_ne!(more, tables);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tables.json"), more).unwrap();
        bus::admin::apply(&self.stage.admin, folder.path()).await.unwrap();
    }

    /// Runs the archivist of a stream until an earlier one has no records of a partition.
    pub async fn wait_until_cleared(&self, stream: &str, earlier: &str, partition: u16) {
        let context = self.context().await;
        let journal = Journal::open(&context.bus, stream).await.unwrap();
        let archive = StreamArchivist::begin(context, stream.to_owned(), journal).await.unwrap();
        let looking = self.journal(earlier).await;
        let cleared = async {
            while looking.first_of(&subject::table_journals(partition)).await.unwrap().is_some() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            ended = archive.run() => panic!("the archive ended: {ended:?}"),
            cleared = timeout(GUARD, cleared) => cleared.unwrap(),
        }
    }

    /// Returns the numbers of records and hands in a table's row.
    pub async fn counted(&self, table: TableId) -> (u64, u64) {
        let select = "SELECT records, hands FROM archive.tables WHERE table_id = $1";
        let row = self.owner.query_one(select, &[&(table.0 as i64)]).await.unwrap();
        (row.get::<_, i64>(0) as u64, row.get::<_, i64>(1) as u64)
    }

    /// Returns the archived pieces of a table, in order.
    pub async fn bodies(&self, table: TableId) -> Vec<Vec<u8>> {
        let select = "SELECT body FROM (
                SELECT first, body FROM archive.hands WHERE table_id = $1
                UNION ALL SELECT first, body FROM archive.stretches WHERE table_id = $1) AS pieces
            ORDER BY first";
        let rows = self.owner.query(select, &[&(table.0 as i64)]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// Returns all archived records of a table.
pub async fn all_records(house: &House, table: TableId) -> Vec<Archived<TableEvent>> {
    let bodies = house.bodies(table).await;
    bodies.iter().flat_map(|body| pack::unpack::<TableEvent>(body).unwrap()).collect()
}
