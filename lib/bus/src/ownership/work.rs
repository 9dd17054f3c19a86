//! The work of an owner: a task for each owned partition, begun when it is gained, begun again when it fails, finished when it is
//! handed over, ended at once when it is lost.

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

/// Pause before a failed partition begins again.
const PAUSE: Duration = Duration::from_millis(300);

/// Owns this process' share of the partitions from now on and runs a task for each, until `stop`; then hands all of them over.
/// `run` makes the task of a partition for an epoch; `count` is told how many there are.
///
/// # Errors
/// When the bucket is missing, the server does not answer, or `peers` only watches.
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
    tracing::info!(partitions = owned.running.len(), "stopping: handing over");
    peers.set_draining();
    owned.follow(&mut changes, ownership.drain()).await;
    // Whoever still asks here is told to ask again.
    sleep(TURN_AWAY).await;
    Ok(())
}

/// A partition's running task.
struct Running {
    release: watch::Sender<bool>,
    /// Fires when the task has ended.
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
    /// Follows the changes until `end`.
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
                        // It ends one way or the other; `release` must live until then.
                        let _ = ended.await;
                        drop(release);
                        let _ = done.send(());
                    });
                }
            }
            Change::Lost { partition } => {
                if let Some(running) = self.running.remove(&partition) {
                    tracing::warn!(kind = self.kind.name(), partition, "lost to another owner");
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

/// Runs a partition and begins again when the clock was set and when it fails, until it is released. After a failure it is first made
/// sure that the partition is owned still: whoever lost it without hearing so would go on failing, and answering from a past of its own in between.
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
            tracing::debug!(kind, partition, "the clock was set: beginning anew");
            continue;
        };
        tracing::error!(kind, partition, error = format!("{error:#}"), "beginning again");
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
