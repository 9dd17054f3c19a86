//! Ownership of partitions.
//!
//! A claim is a key of a bucket, written by compare-and-swap; its revision is the epoch. All
//! members compute the same fair shares from the live members and the present claims. A partition
//! without a live owner is claimed at once by the member whose share it is in. A partition that its
//! owner has too many of is handed over by that owner: the user finishes its work under way, then
//! the key is written as released to the next owner, which claims it at once.
//!
//! Ownership is for liveness only: the journal's expected sequence makes a second owner harmless.

mod board;
mod claims;
mod share;
mod task;
mod tenure;
mod work;

pub use tenure::Tenure;
pub use work::work;

use crate::{Bus, BusError, Peers, peers::Member};
use claims::Claims;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use tenure::Certainty;
use tokio::sync::{mpsc, oneshot};
use wire::{Epoch, NodeId, fleet::Role, subject};

/// A kind of partition that is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OwnedKind {
    /// Partitions of tables, by table workers.
    #[strum(serialize = "table")]
    Tables,
    /// Partitions of tournaments, by coordinators.
    #[strum(serialize = "tournament")]
    Tournaments,
    /// Units of the archive, whole streams of journals each, by archivists.
    Archive,
}

impl OwnedKind {
    /// Returns the role whose members may own partitions of this kind.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Tables => Role::TableWorker,
            Self::Tournaments => Role::Coordinator,
            Self::Archive => Role::Archivist,
        }
    }

    /// Returns the number of partitions of this kind.
    #[must_use]
    pub const fn partitions(self) -> u16 {
        match self {
            Self::Tables => subject::TABLE_PARTITIONS,
            Self::Tournaments => subject::TOURNAMENT_PARTITIONS,
            Self::Archive => subject::ARCHIVE_UNITS,
        }
    }

    /// Returns the first part of the bucket's keys.
    fn name(self) -> &'static str {
        self.into()
    }
}

/// A change that the user of an ownership has to carry out.
#[derive(Debug)]
pub enum Change {
    /// The partition was gained: recover it and begin to work.
    Gained {
        /// The partition.
        partition: u16,
        /// The epoch of this tenure, higher than every earlier one.
        epoch: Epoch,
    },
    /// The partition is to be handed over: finish the appends under way, begin no others, then
    /// signal `done`.
    Release {
        /// The partition.
        partition: u16,
        /// To be sent to, or dropped, when no work is under way any more.
        done: oneshot::Sender<()>,
    },
    /// Another member has claimed the partition because this one seemed dead: stop at once.
    Lost {
        /// The partition.
        partition: u16,
    },
}

/// The owners of all partitions and their epochs, as last seen.
type KnownOwners = Arc<RwLock<Vec<Option<(Member, Epoch)>>>>;

/// One process' part in the ownership of a kind. Dropping it stops the process' part without
/// hand-over, like a crash.
pub struct Ownership {
    seen: KnownOwners,
    wishes: mpsc::UnboundedSender<OwnershipCall>,
    certainty: Certainty,
}

/// A call to the task behind an ownership; the sender that it holds is used when the call is done.
#[derive(Debug)]
enum OwnershipCall {
    /// Hand all partitions over.
    Drain(oneshot::Sender<()>),
    /// Read the claims now.
    Read(oneshot::Sender<()>),
}

/// Confirms the ownership by reading the claims.
#[derive(Clone, Debug)]
struct Confirm(mpsc::UnboundedSender<OwnershipCall>);

impl Confirm {
    /// Returns once the claims have been read; partitions that were lost have been reported as
    /// [`Change::Lost`] before.
    async fn confirmed(&self) {
        let (done, read) = oneshot::channel();
        if self.0.send(OwnershipCall::Read(done)).is_ok() {
            // An error means that the ownership has ended, and with it the caller's work.
            let _ = read.await;
        }
    }
}

impl Ownership {
    /// Begins to own this process' share of the partitions, as soon as the process is ready.
    ///
    /// # Errors
    /// When the bucket is missing, the server does not answer, or `peers` is not a member itself.
    pub async fn start(
        peers: &Peers,
        kind: OwnedKind,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Change>), BusError> {
        let claims = Claims::open(peers.bus(), kind).await?;
        let seen: KnownOwners = Arc::new(RwLock::new(vec![None; usize::from(kind.partitions())]));
        let (wishes, wished) = mpsc::unbounded_channel();
        let (changes, receiver) = mpsc::unbounded_channel();
        let certainty = Certainty::new(peers, &seen);
        let task =
            task::Task::new(peers, claims, kind, Arc::clone(&seen), changes, certainty.clone()).await?;
        tokio::spawn(task.run(wished));
        Ok((Self { seen, wishes, certainty }, receiver))
    }

    /// Returns the last known owner of a partition; `None` when it has no owner.
    #[must_use]
    pub fn owner_of(&self, partition: u16) -> Option<NodeId> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let owner = seen.get(usize::from(partition))?.as_ref();
        owner.map(|(member, _)| member.node.clone())
    }

    fn certainty(&self) -> Certainty {
        self.certainty.clone()
    }

    fn confirm(&self) -> Confirm {
        Confirm(self.wishes.clone())
    }

    /// Marks this process as draining, hands all partitions over and returns when that is done.
    /// While the server is not connected, this waits for it.
    pub async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.wishes.send(OwnershipCall::Drain(done)).is_ok() {
            // An error means that the user has dropped the changes: then no work is under way
            // either.
            let _ = drained.await;
        }
    }
}

/// Returns the owners of all partitions that have one, as the bucket has them now.
///
/// # Errors
/// When the bucket is missing or the server does not answer.
pub async fn owners(bus: &Bus, kind: OwnedKind) -> Result<HashMap<u16, NodeId>, BusError> {
    let entries = Claims::open(bus, kind).await?.read().await?;
    Ok(entries
        .into_iter()
        .filter_map(|entry| {
            let owner = Member::from(entry.claim.owner?);
            Some((entry.partition, owner.node))
        })
        .collect())
}
