//! The work of an owner: a task for each owned partition, started when the partition is gained,
//! restarted when it fails, finished at a hand-over, and aborted when the partition is lost.

use super::{
    Change, Confirm, OwnedKind, Ownership, Tenure,
    tenure::{Certainty, Ending},
};
use crate::{BusError, Peers, Stop, clock, serve::TURN_AWAY};
use std::{collections::HashMap, fmt::Display, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::AbortHandle,
    time::sleep,
};
use wire::Epoch;

/// Pause before a failed partition is restarted.
const PAUSE: Duration = Duration::from_millis(300);

/// Owns this process' share of the partitions from now on and runs a task for each, until `stop`;
/// then hands all of them over. `run` makes the task of a partition for an epoch; `count` gets the
/// number of running tasks after each change.
///
/// # Errors
/// When the bucket is missing, the server does not answer, or `peers` is not a member itself.
pub async fn work<F, E>(
    peers: &Peers,
    kind: OwnedKind,
    stop: &Stop,
    count: impl Fn(usize),
    run: impl Fn(u16, Epoch, Tenure) -> F + Clone + Send + Sync + 'static,
) -> Result<(), BusError>
where
    F: Future<Output = Result<(), E>> + Send,
    E: Display + Send,
{
    let (ownership, mut changes) = Ownership::start(peers, kind).await?;
    let (certainty, confirm) = (ownership.certainty(), ownership.confirm());
    let mut owned = Owned { kind, running: HashMap::new(), certainty, confirm, count, run };
    peers.set_ready();
    tracing::info!("ready");
    owned.follow(&mut changes, stop.asked()).await;
    tracing::info!(partitions = owned.running.len(), "stopping: the partitions are handed over");
    peers.set_draining();
    owned.follow(&mut changes, ownership.drain()).await;
    // Requests that still come here are refused for now, so that their senders repeat them.
    sleep(TURN_AWAY).await;
    Ok(())
}

/// A partition's running task.
struct Running {
    release: watch::Sender<bool>,
    /// Gets a message when the task has ended.
    ended: oneshot::Receiver<()>,
    task: AbortHandle,
}

struct Owned<C, R> {
    kind: OwnedKind,
    running: HashMap<u16, Running>,
    certainty: Certainty,
    confirm: Confirm,
    count: C,
    run: R,
}

impl<C, R, F, E> Owned<C, R>
where
    C: Fn(usize),
    R: Fn(u16, Epoch, Tenure) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send,
    E: Display + Send,
{
    /// Carries out the changes until `end`.
    async fn follow(&mut self, changes: &mut mpsc::UnboundedReceiver<Change>, end: impl Future<Output = ()>) {
        tokio::pin!(end);
        loop {
            tokio::select! {
                Some(change) = changes.recv() => self.change(change),
                () = &mut end => return,
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Gained { partition, epoch } => self.start(partition, epoch),
            Change::Release { partition, done } => {
                if let Some(Running { release, ended, .. }) = self.running.remove(&partition) {
                    release.send_replace(true);
                    tokio::spawn(async move {
                        // The task ends in any case; `release` must live until then.
                        let _ = ended.await;
                        drop(release);
                        let _ = done.send(());
                    });
                }
            }
            Change::Lost { partition } => {
                if let Some(running) = self.running.remove(&partition) {
                    tracing::warn!(
                        kind = self.kind.name(),
                        partition,
                        "a partition was lost to another owner: its task is ended"
                    );
                    running.task.abort();
                }
            }
        }
        (self.count)(self.running.len());
    }

    fn start(&mut self, partition: u16, epoch: Epoch) {
        let (release, released) = watch::channel(false);
        let (end, ended) = oneshot::channel();
        let run = self.run.clone();
        let kind = self.kind.name();
        let ending = Ending::new(released, clock::adopted());
        let tenure = Tenure::new(partition, epoch, ending, self.certainty.clone());
        let confirm = self.confirm.clone();
        let task = tokio::spawn(async move {
            keep_running(kind, partition, epoch, tenure, confirm, run).await;
            let _ = end.send(());
        });
        self.running.insert(partition, Running { release, ended, task: task.abort_handle() });
    }
}

/// Runs a partition until it is released; restarts it when the clock was set and when it fails.
/// After a failure the claims are read first: an owner that has lost the partition unnoticed would
/// go on failing, and answer from its outdated state in between.
async fn keep_running<F, E>(
    kind: &str,
    partition: u16,
    epoch: Epoch,
    mut tenure: Tenure,
    confirm: Confirm,
    run: impl Fn(u16, Epoch, Tenure) -> F,
) where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        let Err(error) = run(partition, epoch, tenure.of_a_beginner()).await else {
            if tenure.is_released() {
                return;
            }
            tracing::debug!(kind, partition, "the clock was set: a partition's work is restarted");
            continue;
        };
        tracing::error!(
            kind,
            partition,
            error = format!("{error:#}"),
            "the work on a partition failed: it is restarted once the claims have been read"
        );
        let pause = async {
            confirm.confirmed().await;
            sleep(PAUSE).await;
        };
        tokio::select! {
            () = tenure.released() => return,
            () = pause => {}
        }
    }
}
