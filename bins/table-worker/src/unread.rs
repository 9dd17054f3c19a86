//! Tables of an owned partition whose journals are still to be read: first those that somebody asks for, meanwhile the others a few
//! at a time. So a table goes on as soon as it can, however many wait with it.

use crate::{
    queue::refuse,
    recovery::{self, Loaded},
};
use bus::{Journal, Last, Request};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::collections::{HashMap, VecDeque};
use wire::{Refusal, TableId, subject};

/// Tables that are read at the same time though nobody has asked for them. Each takes a round trip for every record.
const UNASKED: usize = 2;
/// Requests that wait for one table; there are more only when they are repeated.
const MAX_WAITING: usize = 64;

/// See the module.
pub struct Unread {
    journal: Journal,
    tables: HashMap<TableId, Entry>,
    /// In which order those are read that nobody asks for.
    order: VecDeque<TableId>,
    reading: FuturesUnordered<BoxFuture<'static, Reading>>,
    unasked: usize,
}

/// A table.
struct Entry {
    /// None once its journal is being read.
    last: Option<Last>,
    requests: Vec<Request>,
}

/// What a reading leads to.
struct Reading {
    table: TableId,
    asked: bool,
    loaded: anyhow::Result<Option<Loaded>>,
}

impl Unread {
    /// The tables of a partition.
    ///
    /// # Errors
    /// When the journals cannot be read.
    pub async fn of(journal: &Journal, partition: u16) -> anyhow::Result<Self> {
        let mut unread = Self {
            journal: journal.clone(),
            tables: HashMap::new(),
            order: VecDeque::new(),
            reading: FuturesUnordered::new(),
            unasked: 0,
        };
        for last in journal.lasts(&subject::table_journals(partition)).await? {
            let Some(table) = subject::parse_table_journal(last.subject()) else {
                tracing::error!(subject = last.subject(), "not the subject of a table's journal");
                continue;
            };
            unread.order.push_back(table);
            unread.tables.insert(table, Entry { last: Some(last), requests: Vec::new() });
        }
        Ok(unread)
    }

    /// Keeps a request to a table that is still to be read, and reads that table now. Gives it back when there is no such table.
    pub async fn ask(&mut self, table: TableId, request: Request) -> Option<Request> {
        let Some(entry) = self.tables.get_mut(&table) else {
            return Some(request);
        };
        if entry.requests.len() >= MAX_WAITING {
            refuse(Some(&request), Refusal::unavailable("table")).await;
            return None;
        }
        entry.requests.push(request);
        self.read(table, true);
        None
    }

    /// The next table that is read, and the requests to it; none for a journal that makes no sense. Waits for ever when there is
    /// nothing to read.
    ///
    /// # Errors
    /// When the journals cannot be read.
    pub async fn next(&mut self) -> anyhow::Result<(Option<Loaded>, Vec<Request>)> {
        while self.unasked < UNASKED
            && let Some(table) = self.order.pop_front()
        {
            self.read(table, false);
        }
        match self.reading.next().await {
            Some(Reading { table, asked, loaded }) => {
                self.unasked -= usize::from(!asked);
                let entry = self.tables.remove(&table);
                Ok((loaded?, entry.map(|entry| entry.requests).unwrap_or_default()))
            }
            None => std::future::pending().await,
        }
    }

    fn read(&mut self, table: TableId, asked: bool) {
        let Some(last) = self.tables.get_mut(&table).and_then(|entry| entry.last.take()) else {
            return;
        };
        self.unasked += usize::from(!asked);
        let journal = self.journal.clone();
        self.reading.push(Box::pin(async move {
            let loaded = recovery::complete(&journal, last).await;
            Reading { table, asked, loaded }
        }));
    }

    /// Nothing is read any more: who waits asks again, and the next owner knows what to say.
    pub async fn send_away(&mut self) {
        for entry in self.tables.values() {
            for request in &entry.requests {
                refuse(Some(request), Refusal::unavailable("table")).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::{Bus, Cursor, Options, Patience, admin};
    use servers::{Nats, NatsOptions};
    use std::time::Duration;
    use wire::table::TableReply;

    const PARTITION: u16 = 8;
    const TABLES: usize = 40;
    const RECORDS: u64 = 6;
    const PATIENCE: Patience = Patience { each: Duration::from_secs(5), total: Duration::from_secs(30) };

    async fn connect(nats: &Nats, user: &str) -> Bus {
        let password = nats.password(user).map(str::to_owned);
        let (urls, user) = (vec![nats.url()], user.to_owned());
        Bus::connect(Options { urls, name: user.clone(), node: user.clone(), password, user }).await.unwrap()
    }

    /// Records of one table whose bytes mean nothing, the first one a snapshot.
    async fn written(journal: &Journal, table: TableId) {
        let mut cursor = Cursor::new(subject::table_journal(table));
        for n in 0..RECORDS {
            cursor = journal.append(&cursor, "?".into(), n == 0).await.unwrap();
        }
    }

    /// What the records mean is of no importance here, only in which order tables are read.
    #[tokio::test]
    async fn who_is_asked_for_is_read_first_and_a_journal_that_makes_no_sense_stops_nobody() {
        let config = servers::find::nats_config().unwrap();
        let nats = Nats::start(NatsOptions { config: Some(config.clone()), ..NatsOptions::default() })
            .await
            .unwrap();
        admin::apply(&connect(&nats, "admin").await, &config).await.unwrap();
        let (worker, gateway) = (connect(&nats, "table-worker").await, connect(&nats, "gateway").await);
        let journal = Journal::open(&worker, &subject::table_stream(PARTITION)).await.unwrap();
        let here = |table: &TableId| subject::table_partition(*table) == PARTITION;
        let tables: Vec<TableId> = (1..).map(TableId).filter(here).take(TABLES).collect();
        for &table in &tables {
            written(&journal, table).await;
        }
        let mut requests = worker.serve(subject::table_commands(PARTITION), None).await.unwrap();
        worker.flush().await;
        let question = tokio::spawn(async move {
            gateway.request::<_, TableReply>(subject::table_commands(PARTITION), &1_u32, PATIENCE).await
        });
        let request = requests.next().await.unwrap();

        let mut unread = Unread::of(&journal, PARTITION).await.unwrap();
        let Some(request) = unread.ask(TableId(0), request).await else { panic!("there is no such table") };
        let last = *tables.last().unwrap();
        assert!(unread.ask(last, request).await.is_none());
        let mut read = 0;
        let waited = loop {
            let (loaded, requests) = unread.next().await.unwrap();
            assert!(loaded.is_none(), "bytes that mean nothing");
            read += 1;
            if !requests.is_empty() {
                break requests;
            }
        };
        // Those that had been begun with it may be ready before it.
        assert!(read <= 1 + 2 * UNASKED, "{read} tables were read first");
        refuse(waited.first(), Refusal::NoSuchTable).await;
        assert!(matches!(question.await.unwrap(), Ok(TableReply::Refused(Refusal::NoSuchTable))));
        for _ in read..TABLES {
            unread.next().await.unwrap();
        }
        assert!(unread.tables.is_empty());
    }
}
