//! How long tables are without an owner that answers, measured from outside: by requests to owners,
//! and by the times of records.

use crate::now::now_ms;
use bus::{OwnedKind, Patience, RequestError, owners};
use futures::{StreamExt, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use testkit::{Fleet, check::Story};
use tokio::{sync::watch, time::sleep};
use wire::{
    CommandId, TableId,
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
};

/// Pause between two requests to one partition.
const BETWEEN: Duration = Duration::from_millis(15);
/// Time until a request is repeated after a kill: short, to notice soon when another owner answers.
const EACH: Duration = Duration::from_millis(150);
/// Time until a request is repeated otherwise, as gateways do.
const EACH_AS_NODES: Duration = Duration::from_secs(1);
/// Pause before a request is repeated that was refused for now: the first pause of gateways.
const PAUSE: Duration = Duration::from_millis(10);
/// Time limit of all repeats: longer than any outage.
const TOTAL: Duration = Duration::from_secs(45);

/// Tables by partition.
pub type Partitions = BTreeMap<u16, Vec<TableId>>;

/// A table worker that was paused or killed, and when its partitions answered again.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// When it was killed or paused, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether it was killed; otherwise it was paused.
    pub died: bool,
    /// For each partition its tables, and when its new owner answered.
    pub answered: Vec<(u16, Vec<TableId>, Option<u64>)>,
    /// Whether another part that all tables need was away meanwhile.
    pub disturbed: bool,
}

impl Takeover {
    /// Returns for each table the time from the kill to its next record by another owner, or to its
    /// partition's answer, whichever came first; in milliseconds.
    #[must_use]
    pub fn times_ms(&self, stories: &HashMap<TableId, Story>) -> Vec<u64> {
        let of = |table: &TableId, answered: Option<u64>| {
            let record = stories.get(table).and_then(|story| story.taken_over_ms(self.at_ms));
            // A table without either by the end of the run counts with the whole time limit.
            let first = record.into_iter().chain(answered).min();
            first.map_or(TOTAL.as_millis() as u64, |first| first.saturating_sub(self.at_ms))
        };
        let each = self.answered.iter().flat_map(|(_, tables, at)| tables.iter().map(|table| of(table, *at)));
        each.collect()
    }
}

/// Returns the partitions with cash tables that a worker owns now.
///
/// # Errors
/// When the claims cannot be read.
pub async fn owned(fleet: &Fleet, node: &str, partitions: &Partitions) -> anyhow::Result<Partitions> {
    let owners = owners(&fleet.admin, OwnedKind::Tables).await?;
    let owned = |partition: &u16| owners.get(partition).is_some_and(|owner| owner.as_str() == node);
    Ok(partitions.iter().filter(|(p, _)| owned(p)).map(|(p, tables)| (*p, tables.clone())).collect())
}

/// Waits until each partition answers; returns when it did.
pub async fn until_answered(fleet: &Arc<Fleet>, owned: &Partitions) -> Vec<(u16, Vec<TableId>, Option<u64>)> {
    let mut asking: FuturesUnordered<_> = owned
        .iter()
        .map(|(&partition, tables)| async move {
            let answered = ask(fleet, tables.first().copied(), EACH).await;
            (partition, tables.clone(), answered.then(now_ms))
        })
        .collect();
    let mut all = Vec::with_capacity(owned.len());
    while let Some(answered) = asking.next().await {
        all.push(answered);
    }
    all
}

/// Sends requests to partitions until `stop` says so or its sender is gone. Returns for each table
/// how long the longest request took, in milliseconds.
pub async fn longest_waits(fleet: Arc<Fleet>, owned: Partitions, stop: watch::Receiver<bool>) -> Vec<u64> {
    let mut asking: FuturesUnordered<_> = owned
        .values()
        .map(|tables| {
            let (fleet, stop) = (&fleet, stop.clone());
            async move {
                let mut longest = 0;
                // Ends also when the sender of `stop` is gone.
                while !*stop.borrow() && stop.has_changed().is_ok() {
                    let began = std::time::Instant::now();
                    ask(fleet, tables.first().copied(), EACH_AS_NODES).await;
                    longest = longest.max(began.elapsed().as_millis() as u64);
                    sleep(BETWEEN).await;
                }
                (tables.len(), longest)
            }
        })
        .collect();
    let mut all = Vec::new();
    while let Some((tables, longest)) = asking.next().await {
        all.extend(std::iter::repeat_n(longest, tables));
    }
    all
}

/// Returns whether the owner of a table answers.
async fn ask(fleet: &Fleet, table: Option<TableId>, each: Duration) -> bool {
    let Some(table) = table else {
        return false;
    };
    let command = TableCommand::Resync { since: None };
    let request = TableRequest { table, id: CommandId(0), player: None, command, on_feed: false, pass: None };
    let subject = subject::table_commands_of(table, Sender::Admin);
    let began = std::time::Instant::now();
    while began.elapsed() < TOTAL {
        let answer = fleet.admin.request(subject.clone(), &request, Patience { each, total: each }).await;
        match answer {
            Ok(TableReply::Refused(refusal)) if refusal.is_transient() => sleep(PAUSE).await,
            Ok(_) => return true,
            Err(RequestError::TimedOut { .. }) => {}
            Err(_) => return false,
        }
    }
    false
}
