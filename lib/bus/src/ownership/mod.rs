//! Who owns which partition.
//!
//! A claim is a key of a bucket, written by compare-and-swap; its revision is the epoch. Everybody computes the
//! same fair shares from who is alive ([`share`]); a partition that nobody alive owns is claimed at once by the
//! one whose share it is in, and one whose owner is alive is handed over by that owner: the user finishes what
//! is under way, then the key is written as released to the next owner, who claims it at once.
//!
//! Ownership is for liveness only: what makes a second owner harmless is the journal's expected sequence.

use crate::{Bus, BusError, Peers};
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};
use wire::{Epoch, NodeId, fleet::Role, subject};

/// What is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnedKind {
    /// Partitions of tables, by table workers.
    Tables,
    /// Partitions of tournaments, by coordinators.
    Tournaments,
}

impl OwnedKind {
    /// Who may own them.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Tables => Role::TableWorker,
            Self::Tournaments => Role::Coordinator,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn partitions(self) -> u16 {
        match self {
            Self::Tables => subject::TABLE_PARTITIONS,
            Self::Tournaments => subject::TOURNAMENT_PARTITIONS,
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

/// The part of one process in the ownership of a kind.
pub struct Ownership {}

impl Ownership {
    /// Begins to own what is in this process' share, as soon as it is ready.
    ///
    /// # Errors
    /// When the bucket is missing, the server does not answer, or `peers` only watches.
    pub async fn start(
        _bus: &Bus,
        _peers: &Peers,
        _kind: OwnedKind,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Change>), BusError> {
        Err(BusError::Missing {
            what: "ownership".into(),
        })
    }

    /// The owner of a partition as last seen.
    #[must_use]
    pub fn owner_of(&self, _partition: u16) -> Option<NodeId> {
        None
    }

    /// Says that this process is draining, hands everything over and returns when that is done.
    pub async fn drain(&self) {}
}

/// The owners of all partitions that have one, as the bucket has them now.
///
/// # Errors
/// When the bucket is missing or the server does not answer.
pub async fn owners(_bus: &Bus, _kind: OwnedKind) -> Result<HashMap<u16, NodeId>, BusError> {
    Err(BusError::Missing {
        what: "ownership".into(),
    })
}
