//! One connection to the server: publish, subscribe, request, serve.
//!
//! Core messages may be lost: whenever that may have happened, [`Bus::gaps`] counts up.

use crate::{BusError, Options, RequestError};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, Subject, client::RequestErrorKind};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use wire::codec::{self, CodecError};

/// How long [`Bus::connect`] tries before it says that no server answers.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// One attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A dead server is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// Longest pause between two attempts to reconnect.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);
/// First pause after "no responders": a hand-over takes no longer. Doubles up to [`LONGEST_PAUSE`], for a takeover does.
const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two attempts of a request that nobody hears.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How often those who wait for the server look for it without being told.
const GLANCE: Duration = Duration::from_millis(500);
/// Shortest time between two warnings of lost messages.
const WARN_EVERY: Duration = Duration::from_secs(1);
/// How long an owner that is one no more answers that it is none: longer than the next one needs to listen.
pub(crate) const TURN_AWAY: Duration = Duration::from_millis(500);
/// How long it lets the next owner go first.
const AFTER_YOU: Duration = Duration::from_millis(10);
/// Messages that wait for the connection's task; beyond it a sender waits.
const CLIENT_CAPACITY: usize = 8_192;

/// A connection. Clones share it.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    news: Arc<News>,
    node: String,
}

/// What the connection's events tell.
struct News {
    gaps: watch::Sender<u64>,
    outages: AtomicU64,
    connected_before: AtomicBool,
    /// When it was last said that messages were lost.
    warned: Mutex<Option<Instant>>,
}

/// How long a request waits, and repeats.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer, before the same bytes are sent again.
    pub each: Duration,
    /// Altogether.
    pub total: Duration,
}

/// A message that was heard.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its subject.
    pub subject: String,
    /// Its bytes.
    pub payload: Bytes,
}

impl Bus {
    /// Connects; tries for ten seconds when the server is not there yet.
    ///
    /// # Errors
    /// When no server answers, it refuses the user, or an address is none.
    pub async fn connect(options: Options) -> Result<Self, BusError> {
        let addresses = options
            .urls
            .iter()
            .map(|url| {
                url.trim()
                    .parse::<async_nats::ServerAddr>()
                    .map_err(|_| BusError::BadUrl { url: url.clone() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let news = Arc::new(News {
            gaps: watch::Sender::new(0),
            outages: AtomicU64::new(0),
            connected_before: AtomicBool::new(false),
            warned: Mutex::new(None),
        });
        let deadline = Instant::now() + CONNECT_PATIENCE;
        loop {
            let attempt = client_options(&options, Arc::clone(&news)).connect(addresses.as_slice());
            let error = match attempt.await {
                Ok(client) => {
                    let node = options.node;
                    return Ok(Self { inner: Arc::new(Inner { client, news, node }) });
                }
                Err(error) => error,
            };
            let urls = options.urls.join(",");
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    return Err(BusError::Unauthorized { urls, user: options.user });
                }
                _ if Instant::now() >= deadline => {
                    return Err(BusError::Unreachable { urls, reason: error.to_string() });
                }
                _ => sleep(RECONNECT_DELAY).await,
            }
        }
    }

    /// Sends a core message: whoever listens now hears it, nobody else.
    ///
    /// # Errors
    /// When it is too large, the subject is malformed, or the connection is closed for good.
    pub async fn publish(&self, subject: String, payload: Bytes) -> Result<(), BusError> {
        let name = subject.clone();
        self.client()
            .publish(subject, payload)
            .await
            .map_err(|error| BusError::Send { subject: name, reason: error.to_string() })
    }

    /// Asks until somebody answers: the same bytes are sent again when nobody listens or no answer comes.
    ///
    /// # Errors
    /// When the patience is over, the question cannot be sent, or the answer is something else.
    pub async fn request<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: String,
        question: &Q,
        patience: Patience,
    ) -> Result<A, RequestError> {
        let broken = |source: CodecError| RequestError::Codec { subject: subject.clone(), source };
        let payload = Bytes::from(codec::encode(question).map_err(broken)?);
        let started = Instant::now();
        let mut pause = PAUSE;
        while let Some(left) = patience.total.checked_sub(started.elapsed())
            && !left.is_zero()
        {
            if timeout(left, self.connected()).await.is_err() {
                break;
            }
            let request =
                async_nats::Request::new().payload(payload.clone()).timeout(Some(patience.each.min(left)));
            match self.client().send_request(subject.clone(), request).await {
                Ok(message) => return codec::decode(&message.payload).map_err(broken),
                Err(error) => match error.kind() {
                    RequestErrorKind::NoResponders => {
                        sleep(pause.min(left)).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    RequestErrorKind::TimedOut => {}
                    _ => {
                        let reason = error.to_string();
                        return Err(BusError::Send { subject, reason }.into());
                    }
                },
            }
        }
        let waited_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Err(RequestError::TimedOut { subject, waited_ms })
    }

    /// Asks everybody who listens; returns what came until `expect` answers are there or the window is over.
    ///
    /// # Errors
    /// When the question cannot be sent. An answer that cannot be decoded is left out, with a warning.
    pub async fn gather<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: &str,
        question: &Q,
        expect: usize,
        window: Duration,
    ) -> Result<Vec<A>, BusError> {
        let payload = Bytes::from(codec::encode(question)?);
        let inbox = self.client().new_inbox();
        let mut answers = self.raw_subscribe(inbox.clone(), None).await?;
        self.client()
            .publish_with_reply(subject.to_owned(), inbox, payload)
            .await
            .map_err(|error| BusError::Send { subject: subject.to_owned(), reason: error.to_string() })?;
        let deadline = Instant::now() + window;
        let mut gathered = Vec::with_capacity(expect);
        while let Ok(Some(message)) = tokio::time::timeout_at(deadline, answers.next()).await {
            if message.status.is_some() {
                break;
            }
            match codec::decode(&message.payload) {
                Ok(answer) => gathered.push(answer),
                Err(error) => tracing::warn!(subject, %error, "an answer is left out"),
            }
            if gathered.len() == expect {
                break;
            }
        }
        Ok(gathered)
    }

    /// Listens; a reconnect subscribes again by itself.
    ///
    /// # Errors
    /// When the subject is malformed or the connection is closed for good.
    pub async fn subscribe(&self, subject: String) -> Result<Subscription, BusError> {
        Ok(Subscription(self.raw_subscribe(subject, None).await?))
    }

    /// Listens for requests; of those who name the same queue only one hears each.
    ///
    /// # Errors
    /// When the subject is malformed or the connection is closed for good.
    pub async fn serve(&self, subject: String, queue: Option<&str>) -> Result<Requests, BusError> {
        let heard = self.raw_subscribe(subject, queue).await?;
        Ok(Requests { heard, client: self.client().clone() })
    }

    /// A number that counts up whenever messages may have been lost: after a reconnect, or when this process
    /// was too slow to take them.
    #[must_use]
    pub fn gaps(&self) -> watch::Receiver<u64> {
        self.inner.news.gaps.subscribe()
    }

    /// Returns when everything sent so far has left for the server, or after two seconds without one.
    pub async fn flush(&self) {
        match timeout(Duration::from_secs(2), self.client().flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot flush"),
            Err(_) => tracing::warn!("cannot flush: the NATS server is away"),
        }
    }

    /// The name of this process.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.inner.node
    }

    /// Whether the server is there now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client().connection_state() == async_nats::connection::State::Connected
    }

    /// Waits until the server is there.
    pub(crate) async fn connected(&self) {
        // A reconnect is told as a gap; the timeout only covers one between the two looks.
        let mut gaps = self.gaps();
        while !self.is_connected() {
            let _ = timeout(GLANCE, gaps.changed()).await;
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    /// Counts up at every disconnect: an answer that was awaited before it will not come.
    pub(crate) fn outages(&self) -> u64 {
        self.inner.news.outages.load(Ordering::Relaxed)
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

fn client_options(options: &Options, news: Arc<News>) -> ConnectOptions {
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
    match &options.password {
        Some(password) => connect.user_and_password(options.user.clone(), password.clone()),
        None => connect,
    }
}

impl News {
    fn tell(&self, event: &Event) {
        match event {
            Event::Connected => {
                if self.connected_before.swap(true, Ordering::Relaxed) {
                    tracing::info!("connected to the NATS server again");
                    self.gaps.send_modify(|gaps| *gaps += 1);
                }
            }
            Event::Disconnected => {
                tracing::warn!("the connection to the NATS server is lost");
                self.outages.fetch_add(1, Ordering::Relaxed);
            }
            // One event for each message.
            Event::SlowConsumer(subscription) => {
                self.gaps.send_modify(|gaps| *gaps += 1);
                let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
                if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
                    *warned = Some(Instant::now());
                    tracing::warn!(subscription, "messages come faster than they are taken: some are lost");
                }
            }
            Event::ServerError(error) => tracing::error!(%error, "the NATS server reports"),
            Event::ClientError(error) => tracing::debug!(%error, "connecting"),
            Event::LameDuckMode => tracing::info!("the NATS server is about to stop"),
            Event::Draining | Event::Closed => {}
        }
    }
}

/// Messages of a subject, in the order of their arrival.
pub struct Subscription(async_nats::Subscriber);

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.poll_next_unpin(cx).map(|message| {
            message
                .map(|message| Message { subject: message.subject.into_string(), payload: message.payload })
        })
    }
}

/// Requests of a subject, in the order of their arrival.
pub struct Requests {
    heard: async_nats::Subscriber,
    client: Client,
}

impl Requests {
    /// Gives everything that still comes `answer`, in the background and for [`TURN_AWAY`]; then hears nothing more. For an owner
    /// that is one no more: what the server sends here until it knows that nobody listens would otherwise be lost, and asked
    /// again only after a whole attempt, because the client forgets a subscription before the server does. Meanwhile the
    /// next owner answers too: whoever asks repeats what is refused, and the next owner knows what it has already done.
    pub fn turn_away<A: Serialize + Send + Sync + 'static>(self, answer: A) {
        tokio::spawn(async move {
            let requests = self.take_until(sleep(TURN_AWAY));
            requests
                .for_each_concurrent(None, async |request| {
                    sleep(AFTER_YOU).await;
                    if let Err(error) = request.answer(&answer).await {
                        tracing::debug!(%error, "nobody was turned away");
                    }
                })
                .await;
        });
    }
}

impl Stream for Requests {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        let client = self.client.clone();
        self.heard.poll_next_unpin(cx).map(|message| {
            message.map(|message| Request {
                subject: message.subject.into_string(),
                payload: message.payload,
                reply: message.reply,
                client,
            })
        })
    }
}

/// One request, to be answered once.
pub struct Request {
    /// Its subject.
    pub subject: String,
    /// Its bytes.
    pub payload: Bytes,
    reply: Option<Subject>,
    client: Client,
}

impl Request {
    /// The question.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        codec::decode(&self.payload)
    }

    /// Answers; a message that asks for no answer gets none.
    ///
    /// # Errors
    /// When the answer cannot be encoded, is too large, or the connection is closed for good.
    pub async fn answer<A: Serialize>(&self, answer: &A) -> Result<(), BusError> {
        let Some(reply) = self.reply.clone() else {
            return Ok(());
        };
        let payload = codec::encode(answer)?;
        self.client
            .publish(reply, payload.into())
            .await
            .map_err(|error| BusError::Send { subject: self.subject.clone(), reason: error.to_string() })
    }
}
