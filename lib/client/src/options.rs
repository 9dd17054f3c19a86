//! Options of a connection.

use crate::Address;
use std::{fmt, time::Duration};
use tls::Trust;

/// The log-in.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// No account: a visitor can watch and not play.
    Visitor,
    /// Name and password of an account.
    Password {
        /// Account name.
        name: String,
        /// Password.
        password: String,
    },
    /// The token of a session that was opened before.
    Token(String),
}

impl fmt::Debug for Login {
    /// Writes the kind of log-in, without password and token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor => f.write_str("Visitor"),
            Self::Password { name, .. } => write!(f, "Password({name:?})"),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

/// The options of a client. [`Options::new`] has defaults for most of them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Addresses of gateways, tried in this order, again and again.
    pub addresses: Vec<Address>,
    /// Authorities of gateways with TLS; without, those of the system.
    pub trust: Option<Trust>,
    /// The log-in.
    pub login: Login,
    /// The device's token from an earlier log-in to the account ([`crate::Client::device`]), if the
    /// program has kept one: it is sent with passwords.
    pub device: Option<String>,
    /// A code of the account's second factor, or a recovery code, for accounts that have one
    /// ([`wire::Refusal::CodeNeeded`]): it is sent with the password once.
    pub code: Option<String>,
    /// Time limit for [`crate::Client::connect`] to find a gateway that accepts the connection.
    pub connect_patience: Duration,
    /// Time limit for a gateway to accept a connection and send its hello.
    pub handshake_patience: Duration,
    /// How long a request is repeated after passing refusals (too fast, a part of the fleet is
    /// away).
    pub refusal_patience: Duration,
    /// Number of table events that wait for the program. Beyond, tables are asked again later.
    pub queue: usize,
    /// Whether to verify the deals of followed tables ([`crate::ClientEvent::Verified`]), and to
    /// take part in their decks with each hand's first action.
    pub verify_deals: bool,
    /// Whether to stay with [`Options::addresses`] when a gateway names others, for example behind
    /// a proxy with other names.
    pub stay: bool,
}

impl Options {
    /// Returns the default options.
    #[must_use]
    pub fn new(addresses: Vec<Address>, login: Login) -> Self {
        Self {
            addresses,
            trust: None,
            login,
            device: None,
            code: None,
            connect_patience: Duration::from_secs(10),
            handshake_patience: Duration::from_secs(3),
            refusal_patience: Duration::from_secs(30),
            queue: 4_096,
            verify_deals: true,
            stay: false,
        }
    }
}
