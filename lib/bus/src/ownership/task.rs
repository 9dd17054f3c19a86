//! The task behind an ownership: reads and writes claims, hears news of them, and reports changes
//! to the user.

use super::{
    Change, KnownOwners, OwnedKind, OwnershipCall,
    board::{Around, Board, Todo},
    claims::{Claim, ClaimWrite, Claims, StoredClaim},
    tenure::Certainty,
};
use crate::{Bus, BusError, Peers, peers::Member};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{sync::PoisonError, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval},
};
use wire::Epoch;

/// How often the board is checked when no event wakes the task.
const LOOK: Duration = Duration::from_millis(100);
/// How long a newcomer listens before it claims: longer than the time between two heartbeats.
const LISTEN: Duration = Duration::from_millis(350);
/// How often the claims are read though no news seems to be lost.
const REREAD: Duration = Duration::from_secs(5);
/// Shortest time between two readings.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// Pause between two readings while ownership is not certain.
const DOUBT_PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Task {
    bus: Bus,
    peers: Peers,
    claims: Claims,
    kind: OwnedKind,
    board: Board,
    seen: KnownOwners,
    changes: mpsc::UnboundedSender<Change>,
    news: async_nats::Subscriber,
    started: Instant,
    drained: Vec<oneshot::Sender<()>>,
    certainty: Certainty,
    /// The reading that is under way.
    reading: Option<ClaimsReading>,
    /// The callers that wait for that reading, and those that wait for the next one.
    readers: Vec<oneshot::Sender<()>>,
    next_readers: Vec<oneshot::Sender<()>>,
    read_at: Instant,
    /// When the last reading began, and the number of disconnects before it.
    read_from: Instant,
    read_after: u64,
    writes: FuturesUnordered<BoxFuture<'static, (u16, Claim, ClaimWrite)>>,
    finishing: FuturesUnordered<BoxFuture<'static, u16>>,
}

/// The number of doubts before a reading, and its result.
type ClaimsReading = BoxFuture<'static, (u64, Result<Vec<StoredClaim>, BusError>)>;

/// The event that woke the task.
enum Woken {
    News(async_nats::Message),
    Read(u64, Result<Vec<StoredClaim>, BusError>),
    ClaimWrite(u16, Claim, ClaimWrite),
    Finished(u16),
    OwnershipCall(OwnershipCall),
    Gap,
    Look,
    Over,
}

impl Task {
    pub(super) async fn new(
        peers: &Peers,
        claims: Claims,
        kind: OwnedKind,
        seen: KnownOwners,
        changes: mpsc::UnboundedSender<Change>,
        certainty: Certainty,
    ) -> Result<Self, BusError> {
        let me = match peers.me() {
            Some((role, me)) if role == kind.role() => me,
            _ => {
                let what = format!("owning partitions of kind {}", kind.name());
                let reason = format!("only a member of the role {} may own them", kind.role().name());
                return Err(BusError::JetStream { what, reason });
            }
        };
        let now = Instant::now();
        let news = claims.listen().await?;
        let mut task = Self {
            bus: peers.bus().clone(),
            peers: peers.clone(),
            claims,
            kind,
            board: Board::new(me, kind.partitions(), now),
            seen,
            changes,
            news,
            started: now,
            drained: Vec::new(),
            certainty,
            reading: None,
            readers: Vec::new(),
            next_readers: Vec::new(),
            read_at: now,
            read_from: now,
            read_after: 0,
            writes: FuturesUnordered::new(),
            finishing: FuturesUnordered::new(),
        };
        for entry in task.claims.read().await? {
            task.observe(entry);
        }
        Ok(task)
    }

    /// Works until the ownership is dropped, or its user drops the changes.
    pub(super) async fn run(mut self, mut wishes: mpsc::UnboundedReceiver<OwnershipCall>) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gaps = self.bus.gaps();
        let mut peers = self.peers.changes();
        loop {
            let woken = tokio::select! {
                wish = wishes.recv() => wish.map_or(Woken::Over, Woken::OwnershipCall),
                message = self.news.next() => message.map_or(Woken::Over, Woken::News),
                Some((partition, claim, written)) = self.writes.next() => Woken::ClaimWrite(partition, claim, written),
                Some(partition) = self.finishing.next() => Woken::Finished(partition),
                Some((doubts, read)) = maybe(&mut self.reading) => Woken::Read(doubts, read),
                Ok(()) = gaps.changed() => Woken::Gap,
                Ok(()) = peers.changed() => Woken::Look,
                _ = look.tick() => Woken::Look,
                () = self.changes.closed() => Woken::Over,
            };
            match woken {
                Woken::Over => return,
                Woken::Look => {}
                Woken::Gap => {
                    if self.bus.outages() != self.read_after {
                        // The answer to the reading under way will not come on the new connection.
                        self.reading = None;
                        self.next_readers.append(&mut self.readers);
                    }
                    self.read_at = Instant::now();
                }
                Woken::News(message) => {
                    if let Some(entry) = self.claims.heard(&message) {
                        self.observe(entry);
                    }
                }
                Woken::Read(doubts, read) => self.take_in(doubts, read),
                Woken::ClaimWrite(partition, claim, written) => self.written(partition, claim, written),
                Woken::Finished(partition) => self.board.finished(partition),
                Woken::OwnershipCall(OwnershipCall::Drain(done)) => {
                    self.peers.set_draining();
                    self.board.drain();
                    self.drained.push(done);
                }
                Woken::OwnershipCall(OwnershipCall::Read(done)) => self.next_readers.push(done),
            }
            self.step();
        }
    }

    fn step(&mut self) {
        let now = Instant::now();
        if self.bus.is_connected() && now.duration_since(self.started) >= LISTEN {
            let around = self.around();
            for todo in self.board.step(&around, now) {
                self.carry_out(todo);
            }
        }
        if !self.certainty.holds() {
            self.read_at = self.read_at.min(self.read_from + DOUBT_PAUSE);
        }
        let is_due = now >= self.read_at || !self.next_readers.is_empty();
        if self.reading.is_none() && is_due && self.bus.is_connected() {
            let (claims, doubts) = (self.claims.clone(), self.certainty.doubts());
            (self.read_from, self.read_after) = (now, self.bus.outages());
            self.read_at = now + REREAD;
            self.readers.append(&mut self.next_readers);
            self.reading = Some(async move { (doubts, claims.read().await) }.boxed());
        }
        if self.board.is_drained() {
            for done in self.drained.drain(..) {
                // The caller may have stopped waiting.
                let _ = done.send(());
            }
        }
    }

    fn around(&self) -> Around {
        let beats = self.peers.alive(self.kind.role());
        let member =
            |beat: &wire::fleet::Heartbeat| Member { node: beat.node.clone(), incarnation: beat.incarnation };
        Around {
            alive: beats.iter().map(member).collect(),
            eligible: beats.iter().filter(|beat| beat.ready && !beat.draining).map(member).collect(),
            heard_all: self.peers.has_heard_all(),
        }
    }

    fn observe(&mut self, entry: StoredClaim) {
        let partition = entry.partition;
        let todo = self.board.observe(entry, Instant::now());
        let owner = self.board.owner(partition).map(|(member, epoch)| (member.clone(), epoch));
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.get_mut(usize::from(partition)) {
            *seen = owner;
        }
        drop(seen);
        if let Some(todo) = todo {
            self.carry_out(todo);
        }
    }

    fn carry_out(&mut self, todo: Todo) {
        let kind = self.kind.name();
        match todo {
            Todo::Gained(partition, revision) => {
                tracing::debug!(kind, partition, revision, "a partition was gained");
                self.tell(Change::Gained { partition, epoch: Epoch(revision) });
            }
            Todo::Lost(partition) => {
                tracing::warn!(kind, partition, "a partition was lost to another owner: its task is ended");
                self.tell(Change::Lost { partition });
            }
            Todo::Release(partition) => {
                tracing::debug!(kind, partition, "a partition is handed over");
                let (done, finished) = oneshot::channel();
                self.finishing.push(finished.map(move |_| partition).boxed());
                self.tell(Change::Release { partition, done });
            }
            Todo::Write(partition, revision, claim) => {
                let claims = self.claims.clone();
                let write = async move {
                    let written = claims.write(partition, revision, &claim).await;
                    (partition, claim, written)
                };
                self.writes.push(write.boxed());
            }
        }
    }

    /// Reports a change. When the user has dropped the changes, the loop ends at its next turn.
    fn tell(&self, change: Change) {
        let _ = self.changes.send(change);
    }

    fn written(&mut self, partition: u16, claim: Claim, written: ClaimWrite) {
        let well = matches!(written, ClaimWrite::Yes(_));
        self.board.written(partition, well, Instant::now());
        match written {
            ClaimWrite::Yes(revision) => self.observe(StoredClaim { partition, revision, claim }),
            ClaimWrite::No => self.read_soon(),
            ClaimWrite::Unclear(reason) => {
                tracing::warn!(
                    kind = self.kind.name(),
                    partition,
                    reason,
                    "a claim was not written: the claims are read, then it is tried again"
                );
                self.read_soon();
            }
        }
    }

    fn read_soon(&mut self) {
        self.read_at = self.read_at.min(Instant::now() + READ_PAUSE);
    }

    fn take_in(&mut self, doubts: u64, read: Result<Vec<StoredClaim>, BusError>) {
        match read {
            Ok(entries) => {
                for entry in entries {
                    self.observe(entry);
                }
                self.certainty.settle(doubts);
                for done in self.readers.drain(..) {
                    // The caller may have stopped waiting.
                    let _ = done.send(());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the claims cannot be read: trying again");
                self.read_soon();
            }
        }
    }
}

/// Waits for the future, or for ever when there is none.
async fn maybe<T>(waiting: &mut Option<BoxFuture<'static, T>>) -> Option<T> {
    match waiting {
        Some(future) => {
            let value = future.await;
            *waiting = None;
            Some(value)
        }
        None => std::future::pending().await,
    }
}
