//! One connection, from hello to closing: the same over TCP and WebSocket.
//!
//! One task per connection does all its work: reads frames, keeps requests in order, writes the
//! outbox's frames. It never waits for a client that reads slowly: frames that cannot be written
//! stay in the outbox until that is full.

mod pace;
mod requests;

use crate::{
    alarm::Alarm,
    format,
    gateway::Gateway,
    lanes::Lanes,
    limits::{CLOSING, DRAINING, IN_FLIGHT, OUTBOX_CALM, RESUME, TOGETHER, WRITE},
    outbox::Outbox,
    slots::Admission,
    socket::SocketState,
    transport::{Failed, Incoming, Transport},
};
use bytes::Bytes;
use futures::{Stream, stream::FuturesUnordered};
use pace::Pace;
use requests::{Finished, Running, Work};
use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::{Instant, timeout, timeout_at};
use wire::{
    CommandId, ConnectionId, PlayerId, TableId,
    client::{Closing, ServerMessage, Service},
    codec::Encoding,
};

/// A connection with its session, if one is open.
pub(crate) struct Session {
    gateway: Arc<Gateway>,
    number: u64,
    transport: Transport,
    socket: Arc<SocketState>,
    outbox: Arc<Outbox>,
    pace: Pace,
    online: Option<Online>,
    lanes: Lanes<Work>,
    under_way: FuturesUnordered<Running>,
    watching: BTreeSet<TableId>,
    /// Time of the client's last frame.
    heard: Instant,
    /// When the client last sent a request other than a ping.
    asked: Instant,
    /// The reason why the connection is closed unless it resumes a session, and until when it has
    /// to.
    to_resume: Option<(Closing, Instant)>,
    /// Since when no byte could be written, and how many had been written until then.
    blocked: Option<(Instant, u64)>,
    timer: Alarm,
}

/// The player who is logged in.
struct Online {
    player: PlayerId,
    name: Arc<str>,
    token: Arc<str>,
    /// The session's name in the fleet.
    session: ConnectionId,
    /// The tables at which the player sits, as far as this session knows.
    seats: BTreeSet<TableId>,
}

/// The next event of a connection.
enum SessionStep {
    Received(Incoming),
    Finished(Finished),
    /// A message for the player alone.
    Private(Bytes),
    /// Messages for the player may have been lost.
    Doubt,
    /// The gateway wants the connection closed.
    Close(Closing),
    /// The timer's deadline has come.
    Timer,
    /// The connection failed.
    Gone,
}

/// Runs a session in a task of its own.
pub(crate) fn spawn(gateway: &Arc<Gateway>, transport: Transport) {
    tokio::spawn(Session::new(gateway, transport).run());
}

impl Session {
    /// Returns a boxed session, because a future that takes it by value reserves memory for it
    /// twice.
    pub(crate) fn new(gateway: &Arc<Gateway>, transport: Transport) -> Box<Self> {
        let outbox = Arc::new(Outbox::new(transport.format(), &gateway.traffic));
        let (now, socket) = (Instant::now(), transport.state());
        let to_resume = match socket.slot().admission() {
            Admission::ToResume(reason) => Some((reason, now + RESUME)),
            Admission::Open | Admission::Refused(_) => None,
        };
        let idle = now + gateway.idle.min(gateway.visitor_idle);
        Box::new(Self {
            gateway: Arc::clone(gateway),
            number: gateway.connections.add(&outbox),
            socket,
            transport,
            outbox,
            pace: Pace::new(),
            online: None,
            lanes: Lanes::default(),
            under_way: FuturesUnordered::new(),
            watching: BTreeSet::new(),
            heard: now,
            asked: now,
            to_resume,
            blocked: None,
            timer: Alarm::new(to_resume.map_or(idle, |(_, until)| idle.min(until))),
        })
    }

    /// Runs until the connection is closed.
    pub(crate) async fn run(mut self: Box<Self>) {
        // The future for closing is boxed, so that its memory is allocated only when it is needed.
        if let Admission::Refused(reason) = self.socket.slot().admission() {
            return Box::pin(self.close(Some(reason))).await;
        }
        self.push(
            None,
            ServerMessage::Hello {
                node: self.gateway.name.to_string(),
                version: wire::RELEASE.to_owned(),
                idle_ms: u32::try_from(self.gateway.idle.as_millis()).unwrap_or(u32::MAX),
                now_ms: Some(bus::clock::now_ms()),
            },
        );
        let service = self.gateway.service.now();
        if service != Service::WHOLE {
            self.push(None, ServerMessage::Service(service));
        }
        let why = loop {
            let turn = poll_fn(|cx| self.poll(cx)).await;
            if let Some(why) = self.take(turn) {
                break why;
            }
        };
        // A player who is online elsewhere is not gone, and a gateway that stops sends its players
        // to other gateways.
        if !matches!(why, Some(Closing::OnlineElsewhere | Closing::NodeStopping)) {
            self.went_offline();
        }
        Box::pin(self.close(why)).await;
    }

    /// Handles the next event. At the end of the connection returns the reason to tell the client,
    /// or `Some(None)` when the client is gone.
    fn take(&mut self, turn: SessionStep) -> Option<Option<Closing>> {
        match turn {
            SessionStep::Received(incoming) => {
                self.heard = Instant::now();
                return match incoming {
                    Incoming::Frame(frame) => self.receive(&frame).map(Some),
                    Incoming::Sign => self.sign().map(Some),
                    Incoming::Nonsense => self.nonsense().map(Some),
                    Incoming::TooLarge => Some(Some(Closing::FrameTooLarge)),
                    Incoming::Broken => Some(Some(Closing::Malformed)),
                    Incoming::Gone => Some(None),
                };
            }
            SessionStep::Finished(finished) => self.finish(finished),
            SessionStep::Private(frame) => self.private(frame),
            SessionStep::Doubt => self.look_again(),
            SessionStep::Close(reason) => return Some(Some(reason)),
            SessionStep::Timer => return self.overdue().map(Some),
            SessionStep::Gone => return Some(None),
        }
        None
    }

    /// Returns the next event; else writes waiting frames, so that frames of several events leave
    /// in one write.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<SessionStep> {
        self.outbox.register(cx.waker());
        let waits = self.outbox.look(self.online.is_some());
        if let Some(reason) = waits.closing {
            return Poll::Ready(SessionStep::Close(reason));
        }
        if waits.doubt {
            return Poll::Ready(SessionStep::Doubt);
        }
        if let Some(frame) = waits.heard {
            return Poll::Ready(SessionStep::Private(frame));
        }
        let calm = waits.backlog < OUTBOX_CALM;
        if calm && let Poll::Ready(turn) = self.poll_turn(cx) {
            return Poll::Ready(turn);
        }
        if waits.backlog > 0 || !self.transport.is_idle() {
            if self.poll_send(cx).is_err() {
                return Poll::Ready(SessionStep::Gone);
            }
            // While the client does not read, its requests are not read: answers wait, and only
            // events pile up.
            if !calm
                && self.outbox.backlog() < OUTBOX_CALM
                && let Poll::Ready(turn) = self.poll_turn(cx)
            {
                return Poll::Ready(turn);
            }
        }
        self.timer.poll(cx).map(|()| SessionStep::Timer)
    }

    /// Returns the next event, apart from writing.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<SessionStep> {
        if !self.under_way.is_empty()
            && let Poll::Ready(Some(finished)) = Pin::new(&mut self.under_way).poll_next(cx)
        {
            return Poll::Ready(SessionStep::Finished(finished));
        }
        if self.lanes.len() < IN_FLIGHT
            && let Poll::Ready(incoming) = self.transport.poll_receive(cx)
        {
            return Poll::Ready(SessionStep::Received(incoming));
        }
        Poll::Pending
    }

    /// Writes as much as can be written now.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        loop {
            match self.transport.poll_send(cx) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => {
                    let now = Instant::now();
                    let written = self.socket.written();
                    if self.blocked.is_none() {
                        self.blocked = Some((now, written));
                        self.outbox.blocked(true);
                        let until = now + WRITE;
                        if until < self.timer.deadline() {
                            self.timer.reset(until);
                        }
                    }
                    return Ok(());
                }
            }
            if self.blocked.take().is_some() {
                self.outbox.blocked(false);
            }
            if !self.outbox.take(TOGETHER, |frame| self.transport.start(frame)) {
                return Ok(());
            }
        }
    }

    /// Returns the reason to close a client that has been silent, or has not read, for too long.
    fn overdue(&mut self) -> Option<Closing> {
        let now = Instant::now();
        let written = self.socket.written();
        if let Some((since, before)) = &mut self.blocked {
            if *before != written {
                (*since, *before) = (now, written);
            } else if now >= *since + WRITE {
                return Some(Closing::TooSlow);
            }
        }
        // While requests are not read, the client's silence does not count.
        let reading = self.lanes.len() < IN_FLIGHT && self.outbox.backlog() < OUTBOX_CALM;
        if !reading {
            self.heard = now;
        }
        let idle = match self.silence_ends(now) {
            (until, reason) if now >= until => return Some(reason),
            (until, _) => until,
        };
        let next = self.blocked.map_or(idle, |(since, _)| idle.min(since + WRITE));
        self.timer.reset(next);
        None
    }

    /// Returns until when the client has to send its next frame, and the reason to close it then.
    fn silence_ends(&mut self, now: Instant) -> (Instant, Closing) {
        // Requests that are under way are no silence.
        let waits = self.lanes.len() > 0;
        if waits || self.online.is_some() || !self.watching.is_empty() {
            self.asked = now;
        }
        let silent = [self.heard + self.gateway.idle, self.asked + self.gateway.visitor_idle];
        let idle = (silent[0].min(silent[1]), Closing::Idle);
        match self.to_resume {
            Some((_, until)) if waits && now >= until => (idle.0.min(now + RESUME), idle.1),
            Some((reason, until)) if until < idle.0 => (until, reason),
            Some(_) | None => idle,
        }
    }

    /// Ends the player's session: the tables are told of the lost connection.
    fn went_offline(&mut self) {
        if let Some(Online { player, session, seats, .. }) = self.online.take() {
            self.socket.slot().has_no_session();
            self.outbox.forget_heard();
            let pass = self.gateway.connections.pass_of(player);
            self.gateway.disconnects.say((player, pass), &session, seats);
        }
    }

    /// Queues a message of this gateway.
    fn push(&self, re: Option<CommandId>, message: ServerMessage) {
        let frame = format::encode(re, message, self.outbox.format());
        match re {
            Some(_) => self.outbox.answer(frame),
            None => self.outbox.push(frame),
        }
    }

    /// Queues a frame that came encoded as MessagePack.
    fn pass_on(&self, frame: Bytes, decoded: &impl serde::Serialize) {
        self.outbox.push(match self.outbox.format() {
            Encoding::MessagePack => frame,
            Encoding::Json => format::encode_frame(decoded, Encoding::Json),
        });
    }

    /// Closes the connection and tells the client the reason, if it still listens.
    async fn close(mut self: Box<Self>, why: Option<Closing>) {
        let Some(reason) = why else {
            // A WebSocket still answers the client's closing message.
            let _ = timeout(CLOSING, poll_fn(|cx| self.transport.poll_send(cx))).await;
            return;
        };
        tracing::debug!(number = self.number, ?reason, "closing a connection");
        if reason == Closing::NodeStopping {
            self.drain().await;
        }
        self.outbox.close(reason);
        let elsewhere = match reason {
            // Gateways do not know each other's connections from an address.
            Closing::NodeFull | Closing::NodeStopping | Closing::TooManyConnections => {
                self.gateway.elsewhere(self.transport.listener())
            }
            Closing::OnlineElsewhere
            | Closing::Banned
            | Closing::FrameTooLarge
            | Closing::Malformed
            | Closing::TooFast
            | Closing::Idle
            | Closing::TooSlow
            | Closing::SessionEnded => Vec::new(),
        };
        let last = ServerMessage::Closing { reason, elsewhere };
        let last = format::encode(None, last, self.outbox.format());
        self.socket.linger();
        let _ = timeout(CLOSING, self.last_words(last, reason)).await;
    }

    /// Lets requests that are under way finish.
    async fn drain(&mut self) {
        let until = Instant::now() + DRAINING;
        while !self.under_way.is_empty() {
            let next = poll_fn(|cx| {
                if self.poll_send(cx).is_err() {
                    return Poll::Ready(None);
                }
                Pin::new(&mut self.under_way).poll_next(cx)
            });
            match timeout_at(until, next).await {
                Ok(Some(finished)) => self.finish(finished),
                _ => return,
            }
        }
    }

    async fn last_words(&mut self, last: Bytes, reason: Closing) -> Result<(), Failed> {
        poll_fn(|cx| self.transport.poll_send(cx)).await?;
        while self.outbox.take(TOGETHER, |frame| self.transport.start(frame)) {
            poll_fn(|cx| self.transport.poll_send(cx)).await?;
        }
        self.transport.start(last);
        poll_fn(|cx| self.transport.poll_send(cx)).await?;
        self.transport.start_close(reason);
        poll_fn(|cx| self.transport.poll_send(cx)).await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.gateway.connections.remove(self.number);
        for &table in &self.watching {
            self.gateway.feeds.leave(table, self.number);
        }
    }
}
