//! One connection to the server: publish and subscribe.
//!
//! Core messages may be lost; [`Bus::gaps`] counts the times at which that may have happened.

use crate::{
    Args, BusError, Options, answers::Answers, no_responders::NoResponders, options::ADMIN,
    progress::Progress, serve::Requests,
};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, Subject};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};
use wire::fleet::Role;

/// How long [`Bus::connect`] tries before it reports that no server answers.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Time limit of one attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two pings; a dead server is noticed after two of them.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// Longest pause between two attempts to reconnect.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);
/// How often the connection's state is checked while a task waits for the server.
const GLANCE: Duration = Duration::from_millis(500);
/// Shortest time between two warnings about events that come in large numbers.
const WARN_EVERY: Duration = Duration::from_secs(1);
/// Messages that wait for the connection's task; further senders wait.
const CLIENT_CAPACITY: usize = 8_192;

/// A connection to the NATS server. Clones share it.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    answers: Arc<Answers>,
    progress: Progress,
    no_responders: NoResponders,
    hearing: AbortHandle,
    news: Arc<ConnectionNews>,
    options: Options,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.hearing.abort();
    }
}

/// Counters of the connection's events.
struct ConnectionNews {
    gaps: watch::Sender<u64>,
    outages: watch::Sender<u64>,
    connected_before: AtomicBool,
    /// When the last warning about events in large numbers was logged.
    warned: Mutex<Option<Instant>>,
}

/// A received message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's subject.
    pub subject: Subject,
    /// The message's bytes.
    pub payload: Bytes,
}

impl Bus {
    /// Connects; tries for ten seconds when no server answers.
    ///
    /// # Errors
    /// When no server answers, it refuses the user, or an address is malformed.
    pub async fn connect(options: Options) -> Result<Self, BusError> {
        if let Some(file) = &options.ca {
            // Else each attempt would fail, as if no server answered.
            std::fs::read(file)
                .map_err(|source| BusError::AuthorityFile { path: file.display().to_string(), source })?;
        }
        let addresses = options
            .urls
            .iter()
            .map(|url| {
                url.trim()
                    .parse::<async_nats::ServerAddr>()
                    .map_err(|_| BusError::BadUrl { url: url.clone() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let news = Arc::new(ConnectionNews {
            gaps: watch::Sender::new(0),
            outages: watch::Sender::new(0),
            connected_before: AtomicBool::new(false),
            warned: Mutex::new(None),
        });
        let deadline = Instant::now() + CONNECT_PATIENCE;
        loop {
            let attempt = client_options(&options, Arc::clone(&news)).connect(addresses.as_slice());
            let error = match attempt.await {
                Ok(client) => {
                    let answers = Answers::listen(&client).await;
                    let (answers, hearing) = answers.map_err(|error| BusError::Subscribe {
                        subject: "the inbox".to_owned(),
                        reason: error.to_string(),
                    })?;
                    let (progress, no_responders) = (Progress::default(), NoResponders::default());
                    let inner = Inner { client, answers, progress, no_responders, hearing, news, options };
                    return Ok(Self { inner: Arc::new(inner) });
                }
                Err(error) => error,
            };
            let urls = options.urls.join(",");
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    return Err(BusError::Unauthorized { urls, user: options.user });
                }
                _ if Instant::now() >= deadline => {
                    let tls = if options.ca.is_some() {
                        "; TLS is demanded by --nats-ca or NATS_CA_FILE"
                    } else {
                        ""
                    };
                    return Err(BusError::Unreachable { urls, reason: format!("{error}{tls}") });
                }
                _ => sleep(RECONNECT_DELAY).await,
            }
        }
    }

    /// Sends a core message to all present subscribers.
    ///
    /// # Errors
    /// When the message is too large, the subject is malformed, or the connection is closed for
    /// good.
    pub async fn publish(&self, subject: String, payload: Bytes) -> Result<(), BusError> {
        let name = subject.clone();
        self.client()
            .publish(subject, payload)
            .await
            .map_err(|error| BusError::Send { subject: name, reason: error.to_string() })
    }

    pub(crate) async fn publish_with_reply(
        &self,
        subject: String,
        reply: String,
        payload: Bytes,
    ) -> Result<(), BusError> {
        let name = subject.clone();
        self.client()
            .publish_with_reply(subject, reply, payload)
            .await
            .map_err(|error| BusError::Send { subject: name, reason: error.to_string() })
    }

    /// Subscribes to a subject; after a reconnect the subscription is made again.
    ///
    /// # Errors
    /// When the subject is malformed or the connection is closed for good.
    pub async fn subscribe(&self, subject: String) -> Result<Subscription, BusError> {
        Ok(Subscription(self.raw_subscribe(subject, None).await?))
    }

    /// Subscribes to requests; each request goes to one of the subscribers that name the same
    /// queue.
    ///
    /// # Errors
    /// When the subject is malformed or the connection is closed for good.
    pub async fn serve(&self, subject: String, queue: Option<&str>) -> Result<Requests, BusError> {
        let heard = self.raw_subscribe(subject, queue).await?;
        Ok(Requests::new(heard, self.client().clone()))
    }

    /// Returns a counter of the times at which messages may have been lost: after a reconnect, or
    /// when this process was too slow to take them.
    #[must_use]
    pub fn gaps(&self) -> watch::Receiver<u64> {
        self.inner.news.gaps.subscribe()
    }

    /// Returns when all sent messages have left for the server, or after two seconds without a
    /// server.
    pub async fn flush(&self) {
        match timeout(Duration::from_secs(2), self.client().flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "sent messages may not have left yet: flushing the connection failed")
            }
            Err(_) => tracing::warn!("sent messages have not left yet: the NATS server does not answer"),
        }
    }

    /// Returns the name of this process.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.inner.options.node
    }

    /// Opens another connection of this process, for messages that must not wait behind all its
    /// other ones. The server handles each connection separately.
    pub(crate) async fn beside(&self, what: &str) -> Result<Self, BusError> {
        let options = self.inner.options.clone();
        let node = format!("{}.{what}", options.node);
        Self::connect(Options { node, ..options }).await
    }

    /// Returns whether the server is connected now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client().connection_state() == async_nats::connection::State::Connected
    }

    /// Waits until the server is connected.
    pub(crate) async fn connected(&self) {
        // A reconnect counts as a gap; the timeout covers one between the two checks.
        let mut gaps = self.gaps();
        while !self.is_connected() {
            let _ = timeout(GLANCE, gaps.changed()).await;
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn answers(&self) -> &Arc<Answers> {
        &self.inner.answers
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    /// Returns the subjects without responders.
    pub(crate) fn no_responders(&self) -> &NoResponders {
        &self.inner.no_responders
    }

    /// Returns the number of disconnects: an answer that was awaited before one will not come.
    pub(crate) fn outages(&self) -> u64 {
        *self.inner.news.outages.borrow()
    }

    /// Returns a counter of disconnects.
    pub(crate) fn news_of_outages(&self) -> watch::Receiver<u64> {
        self.inner.news.outages.subscribe()
    }

    pub(crate) async fn raw_subscribe(
        &self,
        subject: String,
        queue: Option<&str>,
    ) -> Result<async_nats::Subscriber, BusError> {
        let name = subject.clone();
        match queue {
            None => self.client().subscribe(subject).await,
            Some(queue) => self.client().queue_subscribe(subject, queue.to_owned()).await,
        }
        .map_err(|error| BusError::Subscribe { subject: name, reason: error.to_string() })
    }
}

impl Args {
    /// Connects as a role.
    ///
    /// # Errors
    /// When no server answers, it refuses the user, or an option is wrong.
    pub async fn connect(&self, role: Role) -> Result<Bus, BusError> {
        Bus::connect(self.options(role.name())?).await
    }

    /// Connects as the administrator.
    ///
    /// # Errors
    /// Those of [`Args::connect`].
    pub async fn connect_admin(&self) -> Result<Bus, BusError> {
        Bus::connect(self.options(ADMIN)?).await
    }
}

fn client_options(options: &Options, news: Arc<ConnectionNews>) -> ConnectOptions {
    let connect = ConnectOptions::new()
        .name(&options.node)
        .custom_inbox_prefix(format!("_INBOX_{}", options.name))
        .connection_timeout(CONNECT_TIMEOUT)
        .ping_interval(PING_INTERVAL)
        .client_capacity(CLIENT_CAPACITY)
        .reconnect_delay_callback(|attempts| match attempts {
            0 | 1 => Duration::ZERO,
            _ => RECONNECT_DELAY,
        })
        .event_callback(move |event| {
            let news = Arc::clone(&news);
            async move { news.tell(&event) }
        });
    let connect = match &options.ca {
        Some(file) => connect.add_root_certificates(file.clone()).require_tls(true),
        None => connect,
    };
    match &options.password {
        Some(password) => connect.user_and_password(options.user.clone(), password.clone()),
        None => connect,
    }
}

impl ConnectionNews {
    fn tell(&self, event: &Event) {
        match event {
            Event::Connected => {
                if self.connected_before.swap(true, Ordering::Relaxed) {
                    tracing::info!(
                        "connected to the NATS server again: subscriptions are renewed, and messages that were sent meanwhile are lost"
                    );
                    self.gaps.send_modify(|gaps| *gaps += 1);
                }
            }
            Event::Disconnected => {
                tracing::warn!("the connection to the NATS server is lost: connecting again");
                self.outages.send_modify(|outages| *outages += 1);
            }
            // The library reports one event for each lost message.
            Event::SlowConsumer(subscription) => {
                self.gaps.send_modify(|gaps| *gaps += 1);
                if self.may_warn() {
                    tracing::warn!(
                        subscription,
                        "messages came faster than this process took them: some were lost and are asked for again"
                    );
                }
            }
            Event::ServerError(error) if is_late_answer(&error.to_string()) => {
                if self.may_warn() {
                    tracing::warn!(%error, "the server refused an answer: its request was answered already, or this user may not answer");
                }
            }
            Event::ServerError(error) => tracing::error!(%error, "the NATS server reports an error"),
            Event::ClientError(error) => {
                tracing::debug!(%error, "an attempt to connect failed: trying again")
            }
            Event::LameDuckMode => tracing::info!("the NATS server is about to stop"),
            Event::Draining | Event::Closed => {}
        }
    }

    /// Returns whether a warning may be logged, and notes that it is.
    fn may_warn(&self) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let may = warned.is_none_or(|at| at.elapsed() >= WARN_EVERY);
        if may {
            *warned = Some(Instant::now());
        }
        may
    }
}

/// Returns whether the server refused an answer: the request was answered already, or was sent
/// before the server restarted and forgot which user may answer it.
fn is_late_answer(error: &str) -> bool {
    error.contains("Permissions Violation for Publish to \"_INBOX_")
}

/// Messages of a subject, in the order of their arrival.
pub struct Subscription(async_nats::Subscriber);

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let heard = self.0.poll_next_unpin(cx);
        heard.map(|message| {
            message.map(|message| Message { subject: message.subject, payload: message.payload })
        })
    }
}
