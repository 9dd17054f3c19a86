//! What can go wrong.

use wire::{Refusal, client::Closing};

/// Why there will be no more connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The node closed the connection for a reason that trying again does not change.
    #[error("the connection was closed: {0}")]
    ByNode(Closing),
    /// The session could not be opened (again).
    #[error("cannot log in: {0}")]
    LogInRefused(Refusal),
    /// The client was dropped.
    #[error("the client was closed")]
    ByUs,
}

/// Why a request was not carried out, or a connection not made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not done, and why.
    #[error("{0}")]
    Refused(Refusal),
    /// There will be no more connection.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// No node let us in in time.
    #[error("no gateway answers ({last}): check the addresses and whether the fleet is up")]
    Unreachable {
        /// What went wrong last.
        last: String,
    },
    /// The options name no node.
    #[error("name at least one address of a gateway")]
    NoAddresses,
    /// The request is larger than a node accepts.
    #[error("the request takes {size} bytes, a node accepts {limit}: make it smaller")]
    TooLarge {
        /// Its size, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is of a kind that this version does not know.
    #[error("the answer is of a kind that this version does not know: update this program")]
    Unintelligible,
}
