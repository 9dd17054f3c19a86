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
