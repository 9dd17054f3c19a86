//! The client's state and decisions: frames and requests in, frames and events out. Without
//! sockets, tasks, or a clock of its own.

mod incoming;
mod tables;

use crate::{
    Address, ClientError, ClientEvent, Down, Ended, Login,
    following::Following,
    outstanding::{AnswerTo, Outstanding, OutstandingRequest},
    shared::Shared,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use wire::{
    CommandId, PlayerId, TableId, VERSION,
    client::{ClientFrame, ClientMessage, ServerMessage},
};

/// Time without a frame from the gateway after which it is asked for one.
const PING_AFTER: Duration = Duration::from_secs(5);
/// Time without a frame from the gateway after which the connection is given up.
const SILENCE: Duration = Duration::from_secs(13);
/// First pause before the player's seats are asked for while no events come: the message about a
/// seat may have been lost. Doubles up to [`SEATS_PAUSE_LONGEST`], because the request goes to
/// every table worker.
const SEATS_PAUSE: Duration = Duration::from_secs(5);
const SEATS_PAUSE_LONGEST: Duration = Duration::from_secs(30);
/// The pause after a reconnect: the loss of the connection may have had the same cause as the death
/// of a table's owner.
const SEATS_AFTER_RECONNECT: Duration = Duration::from_secs(2);
/// How long a passing refusal of a log-in is repeated before another gateway is tried.
const LOGIN_PATIENCE: Duration = Duration::from_secs(5);
/// Tables that the program left and that are remembered: as many as one connection may watch.
/// Without a bound, a visitor that goes from table to table would remember all of them.
const MOST_UNWANTED: usize = 256;
/// The client's own requests for tables are repeated as long as the connection holds.
const ALWAYS: Duration = Duration::from_secs(1_000_000);

/// The receiver of the answer to a program's request.
pub(crate) type Reply = oneshot::Sender<Result<ServerMessage, ClientError>>;

/// A request of the program.
#[derive(Debug)]
pub(crate) struct ProgramRequest {
    /// The message.
    pub(crate) message: ClientMessage,
    /// Gets the id of the request.
    pub(crate) noted: Option<oneshot::Sender<CommandId>>,
    /// Gets the answer.
    pub(crate) reply: Reply,
}

/// The next step with the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConnectionStep {
    /// Keep it.
    Stay,
    /// Close it and connect again, to these gateways first.
    Leave {
        /// The reason.
        down: Down,
        /// Addresses of gateways that may accept the connection.
        elsewhere: Vec<String>,
    },
    /// Close it for good.
    End(Ended),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionState {
    /// Not connected.
    Down,
    /// Connected; the session is not open yet.
    Opening,
    /// The session is open.
    Ready,
}

/// The content of a gateway's hello.
#[derive(Debug)]
pub(crate) struct Greeting {
    /// The gateway's name.
    pub(crate) node: String,
    /// Longest silence of a client before the gateway closes the connection, in milliseconds.
    pub(crate) idle_ms: u32,
    /// The gateway's time, in milliseconds since 1970; none from a gateway of a version that does
    /// not tell it.
    pub(crate) now_ms: Option<u64>,
}

/// Times of the current connection that decide when a frame is due.
#[derive(Debug)]
struct Clock {
    heard: Instant,
    sent: Instant,
    ping_after_sent: Duration,
    seats_at: Option<Instant>,
    seats_pause: Duration,
    /// Whether the request for seats after a reconnect is still due: it is sent even while events
    /// come.
    seats_first: bool,
    /// Whether the gateway answers requests for its time.
    tells_time: bool,
}

impl Clock {
    /// Postpones the request for seats: events come, so the connection works.
    fn busy(&mut self, now: Instant) {
        if self.seats_at.is_some() && !self.seats_first {
            self.seats_at = Some(now + SEATS_PAUSE);
            self.seats_pause = SEATS_PAUSE;
        }
    }
}

/// The client's state.
#[derive(Debug)]
pub(crate) struct Core {
    login: Login,
    token: Option<String>,
    /// The device's token, which goes with passwords.
    device: Option<String>,
    /// The code of the second factor for the first log-in.
    code: Option<String>,
    player: Option<PlayerId>,
    stage: ConnectionState,
    node: String,
    address: Option<Address>,
    outstanding: Outstanding,
    tables: BTreeMap<TableId, Following>,
    /// Followed tables of which an answer said that the player has a seat there; the first snapshot
    /// decides.
    found: BTreeSet<TableId>,
    /// Tables that the program does not watch although the player may have a seat there.
    unwanted: BTreeSet<TableId>,
    shared: Arc<Shared>,
    clock: Clock,
    refusal_patience: Duration,
    /// Makes the player's numbers for decks; none if deals are not verified.
    secret: Option<[u8; 32]>,
}

impl Core {
    pub(crate) fn new(
        login: Login,
        device: Option<String>,
        code: Option<String>,
        first: CommandId,
        refusal_patience: Duration,
        shared: Arc<Shared>,
    ) -> Self {
        let token = match &login {
            Login::Token(token) => Some(token.clone()),
            _ => None,
        };
        let now = Instant::now();
        Self {
            login,
            token,
            device,
            code,
            player: None,
            stage: ConnectionState::Down,
            node: String::new(),
            address: None,
            outstanding: Outstanding::new(first),
            tables: BTreeMap::new(),
            found: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            shared,
            clock: Clock {
                heard: now,
                sent: now,
                ping_after_sent: PING_AFTER,
                seats_at: None,
                seats_pause: SEATS_PAUSE,
                seats_first: true,
                tells_time: false,
            },
            refusal_patience,
            secret: None,
        }
    }

    /// Verifies the deals of followed tables. `secret` makes the player's numbers for their decks;
    /// it has to be drawn at random.
    pub(crate) fn verify_deals(&mut self, secret: [u8; 32]) {
        self.secret = Some(secret);
    }

    /// Returns whether the session is open.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage == ConnectionState::Ready
    }

    /// Returns whether the program may send a further request.
    pub(crate) fn has_room(&self) -> bool {
        self.outstanding.has_room()
    }

    /// Handles a gateway's hello: opens the session.
    pub(crate) fn connected(&mut self, greeting: Greeting, address: Address, now: Instant) {
        let Greeting { node, idle_ms, now_ms } = greeting;
        if let Some(now_ms) = now_ms {
            self.shared.clock_is(now_ms, now);
        }
        self.node = node;
        self.address = Some(address);
        self.stage = ConnectionState::Opening;
        self.clock = Clock {
            heard: now,
            sent: now,
            ping_after_sent: Duration::from_millis(u64::from(idle_ms / 3)).min(PING_AFTER * 2),
            seats_at: None,
            seats_pause: SEATS_PAUSE,
            seats_first: true,
            tells_time: now_ms.is_some(),
        };
        if let Some(token) = self.token.clone() {
            self.open(ClientMessage::Resume { token }, now);
        } else if let Login::Password { name, password } = self.login.clone() {
            self.log_in(name, password, now);
        } else {
            self.ready(Vec::new(), now);
        }
    }

    fn log_in(&mut self, name: String, password: String, now: Instant) {
        let (device, code) = (self.device.clone(), self.code.clone());
        self.open(ClientMessage::LogIn { name, password, device, code }, now);
    }

    fn open(&mut self, message: ClientMessage, now: Instant) {
        self.outstanding.add(message, AnswerTo::Opening, now, LOGIN_PATIENCE);
    }

    /// Continues where the last connection ended: the session is open.
    fn ready(&mut self, seats: Vec<TableId>, now: Instant) {
        self.stage = ConnectionState::Ready;
        if let Some(address) = self.address.clone() {
            self.shared.queue.push(ClientEvent::Up { node: self.node.clone(), address, player: self.player });
        }
        let tables: Vec<TableId> = self.tables.keys().copied().collect();
        for table in tables {
            self.ask_table(table, now);
        }
        self.sits_at(seats, now);
        if self.player.is_some() {
            self.clock.seats_at = Some(now + SEATS_AFTER_RECONNECT);
        }
    }

    /// Handles the loss of the connection.
    pub(crate) fn lost(&mut self, down: Down, now: Instant) {
        if self.stage == ConnectionState::Ready {
            self.shared.queue.push(ClientEvent::Down(down));
        }
        self.stage = ConnectionState::Down;
        self.outstanding.lost(now);
        self.tables.values_mut().for_each(Following::unasked);
    }

    /// Answers all requests with the reason why there will be no further connection.
    pub(crate) fn end(&mut self, why: &Ended) {
        for asked in self.outstanding.drain() {
            if let AnswerTo::Program(reply) = asked.asker {
                let _ = reply.send(Err(ClientError::Ended(why.clone())));
            }
        }
        self.shared.end(why.clone());
    }

    /// Accepts a request of the program.
    pub(crate) fn request(&mut self, request: ProgramRequest, now: Instant) {
        let ProgramRequest { mut message, noted, reply } = request;
        self.contribute(&mut message);
        if let ClientMessage::Watch { table, since } = &message {
            self.unwanted.remove(table);
            self.tables.entry(*table).or_insert_with(|| Following::after(*since));
        } else if let ClientMessage::Unwatch { table } = &message {
            if self.unwanted.len() >= MOST_UNWANTED {
                self.unwanted.pop_first();
            }
            self.unwanted.insert(*table);
            self.found.remove(table);
            self.tables.remove(table);
        }
        let id = self.outstanding.add(message, AnswerTo::Program(reply), now, self.refusal_patience);
        if let Some(noted) = noted {
            // A caller that stopped waiting does not need the id.
            let _ = noted.send(id);
        }
    }

    /// Answers a request that is too large to be sent.
    pub(crate) fn too_large(&mut self, id: CommandId, size: usize) {
        if let Some(OutstandingRequest { asker: AnswerTo::Program(reply), .. }) =
            self.outstanding.answered(id)
        {
            let _ = reply.send(Err(ClientError::TooLarge { size, limit: wire::client::MAX_CLIENT_FRAME }));
        }
    }

    /// Returns the frames that are due.
    pub(crate) fn frames(&mut self, now: Instant) -> Vec<ClientFrame> {
        if self.stage == ConnectionState::Down {
            return Vec::new();
        }
        let opening = self.stage == ConnectionState::Opening;
        let due = self.outstanding.due(now, opening);
        if !due.is_empty() {
            self.clock.sent = now;
        }
        due.into_iter()
            .map(|(id, mut m)| {
                self.bring_up_to_date(&mut m);
                ClientFrame { v: VERSION, id, m }
            })
            .collect()
    }

    /// Returns when [`Core::tick`] or [`Core::frames`] is due next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let clock = &self.clock;
        match self.stage {
            ConnectionState::Down => return None,
            ConnectionState::Opening => {
                let due = self.outstanding.next_due(true);
                return due.into_iter().chain([clock.heard + SILENCE]).min();
            }
            ConnectionState::Ready => {}
        }
        let ping = (clock.heard + PING_AFTER).max(clock.sent + Duration::from_secs(1));
        let times = [
            self.outstanding.next_due(false),
            clock.seats_at,
            Some(ping),
            Some(clock.sent + clock.ping_after_sent),
            Some(clock.heard + SILENCE),
        ];
        times.into_iter().flatten().min()
    }

    /// Handles the passing of time: silence, pings, and the request for seats.
    pub(crate) fn tick(&mut self, now: Instant) -> ConnectionStep {
        if now >= self.clock.heard + SILENCE {
            return ConnectionStep::Leave {
                down: Down::Broken("the gateway was silent for too long".into()),
                elsewhere: Vec::new(),
            };
        }
        if self.stage != ConnectionState::Ready {
            return ConnectionStep::Stay;
        }
        let silent = now >= self.clock.heard + PING_AFTER && now >= self.clock.sent + Duration::from_secs(1);
        if silent || now >= self.clock.sent + self.clock.ping_after_sent {
            // Either answer shows that the gateway is alive.
            let sign = if self.clock.tells_time { ClientMessage::Time } else { ClientMessage::Ping };
            self.outstanding.add(sign, AnswerTo::NoReceiver, now, Duration::ZERO);
        }
        if self.clock.seats_at.is_some_and(|at| now >= at) {
            self.outstanding.add(ClientMessage::Seats, AnswerTo::Seats, now, Duration::ZERO);
            self.clock.seats_at = Some(now + self.clock.seats_pause);
            self.clock.seats_pause = (self.clock.seats_pause * 2).min(SEATS_PAUSE_LONGEST);
            self.clock.seats_first = false;
        }
        ConnectionStep::Stay
    }
}

#[cfg(test)]
mod tests;
