//! Reports lost connections to the tables where their players sit: one queue, from which a bounded
//! number of tables is told at a time.

use crate::{
    fleet_client::FleetClient,
    limits::{DISCONNECT_DELAY, DISCONNECTS_AT_ONCE, DISCONNECTS_WAITING},
};
use futures::{StreamExt, stream};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use wire::{
    CommandId, ConnectionId, PlayerId, Refusal, TableId,
    pass::Pass,
    table::{TableCommand, TableReply, TableRequest},
};

/// Tries before a table is left to find out by its clock.
const TRIES: u32 = 3;

/// One table to be told of one player.
#[derive(Debug)]
struct Gone {
    table: TableId,
    player: PlayerId,
    connection: Arc<ConnectionId>,
    /// The pass of the session that was open on the connection.
    pass: Option<Pass>,
    /// Not before this.
    due: Instant,
}

/// Reports lost connections to the tables where their players sit.
pub(crate) struct DisconnectNotifier {
    queue: mpsc::Sender<Gone>,
    /// Whether the queue was full when it was last used: that is logged once.
    full: AtomicBool,
}

impl DisconnectNotifier {
    /// Starts the task that tells tables.
    pub(crate) fn new(fleet: &FleetClient) -> Self {
        let fleet = fleet.clone();
        Self::start(move |request| {
            let fleet = fleet.clone();
            async move { fleet.table(&request).await }
        })
    }

    /// Starts the same with another way to ask a table.
    fn start<F>(ask: impl Fn(TableRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<TableReply, Refusal>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(DISCONNECTS_WAITING);
        // All wait for the same time: the first in the queue is the first to be due.
        let due = stream::unfold(waiting, |mut waiting| async {
            let gone: Gone = waiting.recv().await?;
            sleep_until(gone.due).await;
            Some((gone, waiting))
        });
        tokio::spawn(async move {
            due.for_each_concurrent(DISCONNECTS_AT_ONCE, |gone| tell(gone, &ask)).await;
        });
        Self { queue, full: AtomicBool::new(false) }
    }

    /// Reports a lost connection to these tables, in the background and after a delay. A player who
    /// has reconnected by then is not absent: tables know the newer connection. Tables beyond the
    /// queue's bound are not told: the clocks of their players run out in full.
    pub(crate) fn say(
        &self,
        (player, pass): (PlayerId, Option<Pass>),
        connection: &ConnectionId,
        tables: BTreeSet<TableId>,
    ) {
        let (connection, due) = (Arc::new(connection.clone()), Instant::now() + DISCONNECT_DELAY);
        for table in tables {
            let gone = Gone { table, player, connection: Arc::clone(&connection), pass: pass.clone(), due };
            let is_full = self.queue.try_send(gone).is_err();
            if is_full && !self.full.swap(true, Relaxed) {
                tracing::warn!(
                    waiting = DISCONNECTS_WAITING,
                    "tables are not told of further players whose connections are gone until there is room in \
                     the queue: the clocks of these players run out in full"
                );
            } else if !is_full {
                self.full.store(false, Relaxed);
            }
        }
    }
}

async fn tell<F>(gone: Gone, ask: &impl Fn(TableRequest) -> F)
where
    F: Future<Output = Result<TableReply, Refusal>>,
{
    let Gone { table, player, connection, pass, .. } = gone;
    let command = TableCommand::Gone { connection: Arc::unwrap_or_clone(connection) };
    let id = own_command_id();
    let request = TableRequest { table, id, player: Some(player), command, on_feed: false, pass };
    for _ in 0..TRIES {
        match ask(request.clone()).await {
            Ok(TableReply::Refused(refusal)) if refusal.is_transient() => {}
            Ok(_) => return,
            Err(refusal) => {
                tracing::warn!(%table, %refusal, "a table was not told that a player's connection is gone");
            }
        }
    }
}

/// Returns a new id for a command of the gateway itself.
pub(crate) fn own_command_id() -> CommandId {
    CommandId::from_random(getrandom::u64().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, atomic::AtomicUsize};
    use tokio::{sync::Semaphore, time::advance};

    const TABLES: usize = 1_000;

    fn tables(count: usize) -> BTreeSet<TableId> {
        (1..=count as u64).map(TableId).collect()
    }

    /// Waits until no task can continue; the test's time does not pass meanwhile.
    async fn settle() {
        for _ in 0..10 * TABLES {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tables_are_told_after_the_delay_and_not_too_many_at_once() {
        let room = Arc::new(Semaphore::new(0));
        let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let told = Arc::new(Mutex::new(Vec::new()));
        let notifier = DisconnectNotifier::start({
            let (room, busy, most, told) =
                (Arc::clone(&room), Arc::clone(&busy), Arc::clone(&most), Arc::clone(&told));
            move |request| {
                let (room, busy, most, told) =
                    (Arc::clone(&room), Arc::clone(&busy), Arc::clone(&most), Arc::clone(&told));
                async move {
                    most.fetch_max(busy.fetch_add(1, Relaxed) + 1, Relaxed);
                    room.acquire().await.unwrap().forget();
                    busy.fetch_sub(1, Relaxed);
                    told.lock().unwrap().push(request.table);
                    Ok(TableReply::Done { event_no: 1 })
                }
            }
        });
        notifier.say((PlayerId(1), None), &ConnectionId("one".to_owned()), tables(TABLES));
        settle().await;
        assert_eq!(busy.load(Relaxed), 0, "before the delay is over");
        advance(DISCONNECT_DELAY).await;
        settle().await;
        assert_eq!(busy.load(Relaxed), DISCONNECTS_AT_ONCE);
        room.add_permits(TABLES);
        settle().await;
        assert_eq!(told.lock().unwrap().iter().copied().collect::<BTreeSet<_>>(), tables(TABLES));
        assert_eq!(most.load(Relaxed), DISCONNECTS_AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn tables_beyond_the_queues_bound_are_left_out_and_later_ones_are_told() {
        let told = Arc::new(AtomicUsize::new(0));
        let notifier = DisconnectNotifier::start({
            let told = Arc::clone(&told);
            move |_| {
                told.fetch_add(1, Relaxed);
                async { Ok(TableReply::Done { event_no: 1 }) }
            }
        });
        let connection = ConnectionId("one".to_owned());
        notifier.say((PlayerId(1), None), &connection, tables(DISCONNECTS_WAITING + 500));
        assert!(notifier.full.load(Relaxed));
        advance(DISCONNECT_DELAY).await;
        while notifier.queue.capacity() < DISCONNECTS_WAITING {
            tokio::task::yield_now().await;
        }
        settle().await;
        assert_eq!(told.load(Relaxed), DISCONNECTS_WAITING);
        notifier.say((PlayerId(2), None), &connection, tables(1));
        assert!(!notifier.full.load(Relaxed));
        advance(DISCONNECT_DELAY).await;
        settle().await;
        assert_eq!(told.load(Relaxed), DISCONNECTS_WAITING + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_cannot_answer_now_is_asked_again_and_then_left_alone() {
        let asked = Arc::new(AtomicUsize::new(0));
        let notifier = DisconnectNotifier::start({
            let asked = Arc::clone(&asked);
            move |_| {
                asked.fetch_add(1, Relaxed);
                async { Err(Refusal::unavailable("the table")) }
            }
        });
        notifier.say((PlayerId(1), None), &ConnectionId("one".to_owned()), tables(1));
        advance(DISCONNECT_DELAY).await;
        settle().await;
        assert_eq!(asked.load(Relaxed), TRIES as usize);
    }
}
