//! What the program holds.

use crate::{
    ClientError, ClientEvent, Ended, Options, backoff,
    core::{Core, ProgramRequest},
    driver::Driver,
    queue::EventQueue,
    server_clock::ServerClock,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
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

/// Requests on their way to the connection.
pub(crate) type Requests = mpsc::Receiver<ProgramRequest>;

/// A player's (or visitor's) connection to the poker room. Dropping it closes the connection.
#[derive(Debug)]
pub struct Client {
    handle: Handle,
    /// The connection ends when this goes away.
    _alive: oneshot::Sender<()>,
}

/// Sends requests; can be cloned and passed around.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: mpsc::Sender<ProgramRequest>,
    shared: Arc<Shared>,
}

/// What the connection and the program share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: EventQueue,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    player: Option<PlayerId>,
    token: Option<String>,
    trouble: Option<String>,
    ended: Option<Ended>,
    clock: ServerClock,
}

impl Client {
    /// Connects to the first node that lets us in, and logs in.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when no node does within the options' patience, [`ClientError::Ended`] when the
    /// log-in is refused.
    pub async fn connect(options: Options) -> Result<Self, ClientError> {
        if options.addresses.is_empty() {
            return Err(ClientError::NoAddresses);
        }
        let shared = Arc::new(Shared { queue: EventQueue::new(options.queue), known: Mutex::default() });
        let (requests, asked) = mpsc::channel(16);
        let (alive, gone) = oneshot::channel();
        let (first, open) = oneshot::channel();
        let patience = options.connect_patience;
        let core = Core::new(
            options.login.clone(),
            CommandId::from_random(backoff::draw()),
            options.refusal_patience,
            Arc::clone(&shared),
        );
        tokio::spawn(Driver::new(options, core, asked, gone, first, Arc::clone(&shared)).run());
        match timeout(patience, open).await {
            Ok(Ok(())) => Ok(Self { handle: Handle { requests, shared }, _alive: alive }),
            Ok(Err(_)) => Err(shared.why_ended().into()),
            Err(_) => Err(ClientError::Unreachable { last: shared.trouble() }),
        }
    }

    /// Asks something and waits for the answer. See [`Handle::request`].
    ///
    /// # Errors
    /// See [`Handle::request`].
    pub async fn request(&self, message: ClientMessage) -> Result<ServerMessage, ClientError> {
        self.handle.request(message).await
    }

    /// The next thing that came unasked; none after [`ClientEvent::Closed`]. May be dropped and called again.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.handle.shared.queue.next().await
    }

    /// For asking from elsewhere. Does not keep the connection alive.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Who we are; nobody for visitors.
    #[must_use]
    pub fn player(&self) -> Option<PlayerId> {
        self.handle.shared.lock().player
    }

    /// Returns what time it is where deadlines are given, in milliseconds since 1970: by the node's
    /// clock, or by this machine's while no node has said.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        let clock = self.handle.shared.lock().clock;
        clock.now_ms(Instant::now()).unwrap_or_else(|| {
            UNIX_EPOCH.elapsed().map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        })
    }

    /// What continues the session: see [`crate::Login::Token`].
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.handle.shared.lock().token.clone()
    }
}

impl Handle {
    /// Asks something and waits for the answer, for as long as it takes: the request is repeated, with the same id,
    /// over reconnects until it is answered. When the returned future is dropped, it is repeated no more.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the answer is a refusal (one for a passing reason is repeated for a while first),
    /// [`ClientError::Ended`] when there will be no more connection.
    pub async fn request(&self, message: ClientMessage) -> Result<ServerMessage, ClientError> {
        self.ask(message, None).await
    }

    /// The same for a program that keeps books: `noted` is told the id that the request gets, by which journals know it.
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

impl Shared {
    #[cfg(test)]
    pub(crate) fn for_test(room: usize) -> Arc<Self> {
        Arc::new(Self { queue: EventQueue::new(room), known: Mutex::default() })
    }

    pub(crate) fn identify(&self, player: Option<PlayerId>, token: Option<String>) {
        let mut known = self.lock();
        known.player = player;
        known.token = token;
    }

    pub(crate) fn clock_is(&self, now_ms: u64, now: Instant) {
        self.lock().clock.tell(now_ms, now);
    }

    #[cfg(test)]
    pub(crate) fn clock(&self) -> ServerClock {
        self.lock().clock
    }

    pub(crate) fn trouble_is(&self, text: String) {
        self.lock().trouble = Some(text);
    }

    pub(crate) fn end(&self, why: Ended) {
        self.lock().ended = Some(why.clone());
        self.queue.push(ClientEvent::Closed(why));
    }

    fn trouble(&self) -> String {
        let known = self.lock();
        known.trouble.clone().unwrap_or_else(|| "no answer".into())
    }

    fn why_ended(&self) -> Ended {
        self.lock().ended.clone().unwrap_or(Ended::ByUs)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
