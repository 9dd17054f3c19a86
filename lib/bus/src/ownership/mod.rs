//! Who owns which partition.
//!
//! A claim is a key of a bucket, written by compare-and-swap; its revision is the epoch. Everybody computes the
//! same fair shares from who is alive and who owns what; a partition that nobody alive owns is claimed at once by
//! the one whose share it is in, and one that its owner has too much of is handed over by that owner: the user
//! finishes what is under way, then the key is written as released to the next owner, who claims it at once.
//!
//! Ownership is for liveness only: what makes a second owner harmless is the journal's expected sequence.

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

/// What is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnedKind {
    /// Partitions of tables, by table workers.
    Tables,
    /// Partitions of tournaments, by coordinators.
    Tournaments,
    /// Units of the archive, whole streams of journals each, by archivists.
    Archive,
}

impl OwnedKind {
    /// Who may own them.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Tables => Role::TableWorker,
            Self::Tournaments => Role::Coordinator,
            Self::Archive => Role::Archivist,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn partitions(self) -> u16 {
        match self {
            Self::Tables => subject::TABLE_PARTITIONS,
            Self::Tournaments => subject::TOURNAMENT_PARTITIONS,
            Self::Archive => subject::ARCHIVE_UNITS,
        }
    }

    /// As the bucket's keys begin.
    const fn name(self) -> &'static str {
        match self {
            Self::Tables => "table",
            Self::Tournaments => "tournament",
            Self::Archive => "archive",
        }
    }
}

/// What a user of an ownership has to do.
#[derive(Debug)]
pub enum Change {
    /// The partition is ours: recover it and begin to work.
    Gained {
        /// Which.
        partition: u16,
        /// The number of this ownership, higher than every earlier one's.
        epoch: Epoch,
    },
    /// The partition is to be handed over: finish the appends under way, start nothing new, then signal `done`.
    Release {
        /// Which.
        partition: u16,
        /// To be sent, or dropped, when nothing is under way any more.
        done: oneshot::Sender<()>,
    },
    /// Somebody else has claimed the partition, because we were thought dead: stop at once.
    Lost {
        /// Which.
        partition: u16,
    },
}

/// The owners of all partitions and their epochs, as last seen.
type KnownOwners = Arc<RwLock<Vec<Option<(Member, Epoch)>>>>;

/// The part of one process in the ownership of a kind. Dropping it stops without handing over, like a crash.
pub struct Ownership {
    seen: KnownOwners,
    wishes: mpsc::UnboundedSender<OwnershipCall>,
    certainty: Certainty,
}

/// What is asked of the task behind an ownership. What it holds is sent something when it is done.
#[derive(Debug)]
enum OwnershipCall {
    /// Hand everything over.
    Drain(oneshot::Sender<()>),
    /// Read the claims now.
    Read(oneshot::Sender<()>),
}

/// Makes sure of what is owned.
#[derive(Clone, Debug)]
struct Confirm(mpsc::UnboundedSender<OwnershipCall>);

impl Confirm {
    /// Returns once the claims have been read: what has been lost was told as [`Change::Lost`] before.
    async fn confirmed(&self) {
        let (done, read) = oneshot::channel();
        if self.0.send(OwnershipCall::Read(done)).is_ok() {
            // An error means that the ownership is over, and whoever asks with it.
            let _ = read.await;
        }
    }
}

impl Ownership {
    /// Begins to own what is in this process' share, as soon as it is ready.
    ///
    /// # Errors
    /// When the bucket is missing, the server does not answer, or `peers` only watches.
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

    /// The owner of a partition as last seen; none when nobody owns it.
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

    /// Says that this process is draining, hands everything over and returns when that is done. While the server
    /// is away that may take as long as it is.
    pub async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.wishes.send(OwnershipCall::Drain(done)).is_ok() {
            // An error means that nobody takes the changes any more: then nothing is under way either.
            let _ = drained.await;
        }
    }
}

/// The owners of all partitions that have one, as the bucket has them now.
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
