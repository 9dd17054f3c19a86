//! What a connection is made with.

use crate::Address;
use std::{fmt, time::Duration};

/// Who connects.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody: visitors may look, not play.
    Visitor,
    /// An account.
    Password {
        /// Account name.
        name: String,
        /// Password.
        password: String,
    },
    /// A session that was opened before.
    Token(String),
}

impl fmt::Debug for Login {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor => f.write_str("Visitor"),
            Self::Password { name, .. } => write!(f, "Password({name:?})"),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

/// How to connect. [`Options::new`] fills in what rarely matters.
#[derive(Clone, Debug)]
pub struct Options {
    /// Gateways, tried in this order and around again.
    pub addresses: Vec<Address>,
    /// Who connects.
    pub login: Login,
    /// Longest time for [`crate::Client::connect`] to find a node that lets us in.
    pub connect_patience: Duration,
    /// Longest time for one node to accept a connection and say hello.
    pub handshake_patience: Duration,
    /// How long a request is repeated that is refused for a passing reason (too fast, a part of the fleet away).
    pub refusal_patience: Duration,
    /// Events of tables that wait to be taken. When more come, the tables are asked again later.
    pub queue: usize,
    /// Stay with [`Options::addresses`] when a node sends its connections to other ones: behind a proxy that names them differently.
    pub stay: bool,
}

impl Options {
    /// The usual options.
    #[must_use]
    pub fn new(addresses: Vec<Address>, login: Login) -> Self {
        Self {
            addresses,
            login,
            connect_patience: Duration::from_secs(10),
            handshake_patience: Duration::from_secs(3),
            refusal_patience: Duration::from_secs(30),
            queue: 4_096,
            stay: false,
        }
    }
}
