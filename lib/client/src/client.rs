//! The types that the program uses: [`Client`] and [`Handle`].

use crate::{
    ClientError, ClientEvent, Options, backoff,
    core::{Core, ProgramRequest},
    driver::Driver,
    shared::Shared,
};
use std::{
    sync::Arc,
    time::{Instant, UNIX_EPOCH},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use wire::{
    CommandId, PlayerId,
    client::{ClientMessage, ServerMessage},
};

/// A connection of a player or visitor to the poker room. Dropping it closes the connection.
#[derive(Debug)]
pub struct Client {
    handle: Handle,
    /// The connection ends when this is dropped.
    _alive: oneshot::Sender<()>,
}

/// Sends requests; can be cloned and passed to other tasks.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: mpsc::Sender<ProgramRequest>,
    shared: Arc<Shared>,
}

impl Client {
    /// Connects to the first gateway that accepts the connection, and logs in.
    ///
    /// # Errors
    /// [`ClientError::NoAddresses`] when the options have no address, [`ClientError::Unreachable`]
    /// when no gateway accepts within [`Options::connect_patience`], [`ClientError::Ended`] when
    /// the log-in is refused.
    pub async fn connect(options: Options) -> Result<Self, ClientError> {
        if options.addresses.is_empty() {
            return Err(ClientError::NoAddresses);
        }
        let shared = Arc::new(Shared::new(options.queue));
        let (requests, asked) = mpsc::channel(16);
        let (alive, gone) = oneshot::channel();
        let (first, open) = oneshot::channel();
        let patience = options.connect_patience;
        let mut core = Core::new(
            options.login.clone(),
            options.device.clone(),
            options.code.clone(),
            CommandId::from_random(backoff::draw()),
            options.refusal_patience,
            Arc::clone(&shared),
        );
        let mut secret = [0; 32];
        // Numbers that others could guess would be no part in a deck.
        if options.verify_deals && getrandom::fill(&mut secret).is_ok() {
            core.verify_deals(secret);
        }
        tokio::spawn(Driver::new(options, core, asked, gone, first, Arc::clone(&shared)).run());
        match timeout(patience, open).await {
            Ok(Ok(())) => Ok(Self { handle: Handle { requests, shared }, _alive: alive }),
            Ok(Err(_)) => Err(shared.why_ended().into()),
            Err(_) => Err(ClientError::Unreachable { last: shared.trouble() }),
        }
    }

    /// Sends a request and waits for the answer. See [`Handle::request`].
    ///
    /// # Errors
    /// See [`Handle::request`].
    pub async fn request(&self, message: ClientMessage) -> Result<ServerMessage, ClientError> {
        self.handle.request(message).await
    }

    /// Returns the next event; none after [`ClientEvent::Closed`]. May be dropped and called again.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.handle.shared.queue.next().await
    }

    /// Returns a handle for other tasks. It does not keep the connection open.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Returns the player that is logged in; none for visitors.
    #[must_use]
    pub fn player(&self) -> Option<PlayerId> {
        self.handle.shared.player()
    }

    /// Returns the time by which deadlines are given, in milliseconds since 1970: the gateway's
    /// clock, or this machine's as long as no gateway has told its time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        let clock = self.handle.shared.clock();
        clock.now_ms(Instant::now()).unwrap_or_else(|| {
            UNIX_EPOCH.elapsed().map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        })
    }

    /// Returns the session's token, for [`crate::Login::Token`].
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.handle.shared.token()
    }

    /// Returns the device's token, for [`Options::device`] of later log-ins: with it, wrong
    /// passwords that others try do not lock this device out. None before a log-in with a password.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        self.handle.shared.device()
    }
}

impl Handle {
    /// Sends a request and waits for the answer without a time limit: the request is repeated under
    /// the same id, over reconnects, until it is answered. It is not repeated once the returned
    /// future is dropped.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the answer is a refusal (after a passing one the request is
    /// repeated first, for [`Options::refusal_patience`]), [`ClientError::Ended`] when there will
    /// be no further connection.
    pub async fn request(&self, message: ClientMessage) -> Result<ServerMessage, ClientError> {
        self.ask(message, None).await
    }

    /// Sends a request like [`Handle::request`], and sends its command id, by which journals know
    /// it, to `noted`.
    ///
    /// # Errors
    /// See [`Handle::request`].
    pub async fn request_noted(
        &self,
        message: ClientMessage,
        noted: oneshot::Sender<CommandId>,
    ) -> Result<ServerMessage, ClientError> {
        self.ask(message, Some(noted)).await
    }

    async fn ask(
        &self,
        message: ClientMessage,
        noted: Option<oneshot::Sender<CommandId>>,
    ) -> Result<ServerMessage, ClientError> {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(ProgramRequest { message, noted, reply }).await.is_err() {
            return Err(self.shared.why_ended().into());
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.shared.why_ended().into()),
        }
    }
}
