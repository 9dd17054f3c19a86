//! Errors of a client.

use wire::{Refusal, client::Closing};

/// The reason why there will be no further connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The gateway closed the connection for a reason that a reconnect does not change.
    #[error("the connection was closed: {0}")]
    ByNode(Closing),
    /// The session could not be opened, or not opened again.
    #[error("cannot log in: {0}")]
    LogInRefused(Refusal),
    /// The client was dropped.
    #[error("the client was closed")]
    ByUs,
}

/// The reason why a request was not carried out, or a connection not made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request was refused.
    #[error("{0}")]
    Refused(Refusal),
    /// There will be no further connection.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// No gateway accepted the connection in time.
    #[error("no gateway answers ({last}): check the addresses, and that the fleet runs")]
    Unreachable {
        /// The last failure.
        last: String,
    },
    /// The options have no address.
    #[error("name at least one address of a gateway")]
    NoAddresses,
    /// The request is larger than a gateway accepts.
    #[error("the request has {size} bytes, a gateway accepts at most {limit}: send a smaller one")]
    TooLarge {
        /// The request's size, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is of a kind that this version does not know.
    #[error("the gateway's answer is of a kind that this version does not know: update this program")]
    Unintelligible,
}

/// The reason why a connection is unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LinkError(pub String);
