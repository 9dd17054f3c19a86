//! One player: connects, takes a seat, and acts in turn. After a lost connection it reconnects,
//! goes on where it was, and repeats requests that were not answered.

use super::{
    shared::Shared,
    table::{News, Table, Turn},
};
use crate::plan::{Order, PlayerPlan};
use bytes::Bytes;
use client::{
    Address,
    link::{self, LinkError, Reader, Received, SendError, Writer},
};
use std::{
    cell::RefCell,
    collections::VecDeque,
    net::IpAddr,
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{sleep, timeout},
};
use wire::{
    CommandId, HandNo, PlayerCommand, Refusal, SeatNo, TableId, VERSION,
    client::{ClientFrame, ClientMessage, Closing, ServerFrame, ServerMessage},
    codec::Encoding,
};

/// Time limit until a session is open; after it another connection is made.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// Pause before a request is repeated that was refused for now.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest pause before a reconnect; the pause is drawn at random.
const RECONNECT_MS: u32 = 1_000;
/// The seat number of a player at the table whose seat is not known yet, or who has none.
const NOWHERE: SeatNo = SeatNo::MAX;
/// After one hand of so many, a player whose stack is smaller than the buy-in brings the missing
/// chips.
const TOPS_UP_ONE_IN: u32 = 50;
/// The wait when no action is due.
const NEVER: Duration = Duration::from_secs(86_400);

/// A player over one connection at a time.
pub(super) struct Player {
    shared: Rc<Shared>,
    table: Rc<RefCell<Table>>,
    me: PlayerPlan,
    /// The player's index at the table, among the players of this process.
    number: usize,
    /// The local address of its connections.
    source: Option<IpAddr>,
    orders: watch::Receiver<Option<Order>>,
    next_id: u64,
    seat: Option<SeatNo>,
    /// Permit that is held while the player is being seated.
    chair: Option<OwnedSemaphorePermit>,
    /// A request to sit or to watch that has no answer yet.
    errand: Option<CommandId>,
    /// A request for more chips that is not answered yet.
    top_up: Option<CommandId>,
    /// The player's turn, and when it will act.
    due: Option<(Instant, Turn)>,
    /// The player's action that has no answer yet.
    act: Option<Act>,
    /// The last turn in which the player acted: a snapshot may show it once more.
    acted: Option<(HandNo, u32)>,
    /// Frames to be sent.
    outgoing: Vec<Vec<u8>>,
    ping_at: Instant,
    idle: Duration,
    connections: usize,
    /// Addresses that a full gateway has named.
    elsewhere: VecDeque<Address>,
    /// Whether the player has had a session.
    known: bool,
}

/// An action without an answer.
struct Act {
    id: CommandId,
    frame: Vec<u8>,
    at: Instant,
    /// When the action is to be repeated.
    again: Option<Instant>,
}

impl Player {
    pub(super) fn new(
        shared: Rc<Shared>,
        table: Rc<RefCell<Table>>,
        me: PlayerPlan,
        (number, source): (usize, Option<IpAddr>),
        orders: watch::Receiver<Option<Order>>,
    ) -> Self {
        let next_id = CommandId::from_random(table.borrow_mut().chance.number()).0;
        Self {
            shared,
            table,
            me,
            number,
            source,
            orders,
            next_id,
            seat: None,
            chair: None,
            errand: None,
            top_up: None,
            due: None,
            act: None,
            acted: None,
            outgoing: Vec::new(),
            ping_at: Instant::now() + NEVER,
            idle: NEVER,
            connections: 0,
            elsewhere: VecDeque::new(),
            known: false,
        }
    }

    /// Plays for as long as the process lives.
    pub(super) async fn play(mut self) {
        if self.orders.wait_for(|order| *order >= Some(Order::Connect)).await.is_err() {
            return;
        }
        loop {
            let Err(why) = self.connection().await;
            self.shared.tally.count(|counts| counts.dropped += 1);
            self.shared.tally.tell(format!("player {}: {why}", self.me.player));
            let pause = self.table.borrow_mut().chance.below(RECONNECT_MS);
            sleep(Duration::from_millis(pause.into())).await;
        }
    }

    /// Runs one connection until it ends.
    async fn connection(&mut self) -> Result<std::convert::Infallible, LinkError> {
        (self.chair, self.errand, self.top_up) = (None, None, None);
        self.outgoing.clear();
        let door = Arc::clone(&self.shared.doors).acquire_owned().await;
        let opened = timeout(HANDSHAKE, self.open()).await;
        let (mut reader, mut writer) = opened.map_err(|_| LinkError("no answer".into()))??;
        drop(door);
        if self.seat.is_some() {
            self.watch();
        }
        if let Some(act) = &self.act {
            self.outgoing.push(act.frame.clone());
        }
        let encoding = reader.encoding();
        let mut timer = pin!(sleep(self.idle));
        loop {
            self.handle_due(encoding);
            self.flush(&mut writer).await?;
            let next = self.next_due();
            if next < timer.deadline().into_std() || timer.is_elapsed() {
                timer.as_mut().reset(next.into());
            }
            let order = *self.orders.borrow();
            let wants_chair = order >= Some(Order::Sit) && self.seat.is_none() && self.chair.is_none();
            tokio::select! {
                biased;
                bytes = reader.next_bytes() => self.receive(bytes?, encoding)?,
                () = &mut timer => {}
                chair = Arc::clone(&self.shared.chairs).acquire_owned(), if wants_chair => {
                    self.chair = chair.ok();
                    self.go_to_table(encoding);
                }
                _ = self.orders.changed(), if order < Some(Order::Play) => {}
            }
        }
    }

    /// Connects and opens the session.
    async fn open(&mut self) -> Result<(Reader, Writer), LinkError> {
        let address = self.next_address();
        let (mut reader, mut writer) = link::connect(&address, self.source, None).await?;
        let id = self.id();
        loop {
            let Received::Frame(frame) = reader.next().await? else { continue };
            match frame.m {
                ServerMessage::Hello { idle_ms, .. } => {
                    self.idle = Duration::from_millis(u64::from(idle_ms) * 2 / 3);
                    let m = ClientMessage::Resume { token: self.me.token.clone() };
                    sent(writer.send(&ClientFrame { v: VERSION, id, m }).await)?;
                    self.ping_at = Instant::now() + self.idle;
                }
                ServerMessage::Welcome { seats, .. } if frame.re == Some(id) => {
                    if !std::mem::replace(&mut self.known, true) {
                        self.shared.tally.count(|counts| counts.connected += 1);
                    } else if seats.contains(&self.table_id()) {
                        // The player was seated by a request whose answer was lost.
                        self.seat = self.seat.or(Some(NOWHERE));
                    }
                    return Ok((reader, writer));
                }
                ServerMessage::Refused { text, .. } => return Err(LinkError(text)),
                ServerMessage::Closing { reason: Closing::NodeFull, elsewhere } => {
                    self.shared.tally.count(|counts| counts.turned_away += 1);
                    self.elsewhere = elsewhere.iter().filter_map(|text| address.sibling(text)).collect();
                    (reader, writer) = link::connect(&self.next_address(), self.source, None).await?;
                }
                ServerMessage::Closing { reason, .. } => return Err(self.closed(reason)),
                // A gateway sends none of these before the session is open, or they do not matter
                // yet.
                ServerMessage::Welcome { .. }
                | ServerMessage::Done
                | ServerMessage::Pong
                | ServerMessage::Time { .. }
                | ServerMessage::Lobby { .. }
                | ServerMessage::LobbyPage { .. }
                | ServerMessage::Balance { .. }
                | ServerMessage::Sessions(_)
                | ServerMessage::SecondFactor(_)
                | ServerMessage::Seats(_)
                | ServerMessage::Standings(_)
                | ServerMessage::Seated { .. }
                | ServerMessage::Table { .. }
                | ServerMessage::Events(_)
                | ServerMessage::Cards(_)
                | ServerMessage::GivenSeat { .. }
                | ServerMessage::LostSeat { .. }
                | ServerMessage::TimedOut { .. }
                | ServerMessage::Placed { .. }
                | ServerMessage::Service(_) => {}
            }
        }
    }

    /// Returns an address that a full gateway has named, else the next one of the plan.
    fn next_address(&mut self) -> Address {
        if let Some(address) = self.elsewhere.pop_front() {
            return address;
        }
        let addresses = &self.shared.addresses;
        let address = &addresses[(self.me.node + self.connections) % addresses.len()];
        self.connections += 1;
        address.clone()
    }

    fn id(&mut self) -> CommandId {
        self.next_id += 1;
        CommandId::from_random(self.next_id)
    }

    fn table_id(&self) -> TableId {
        self.table.borrow().id
    }

    fn closed(&self, reason: Closing) -> LinkError {
        if reason == Closing::TooSlow {
            self.shared.tally.count(|counts| counts.slow += 1);
        }
        LinkError(format!("closed by the gateway: {reason}"))
    }

    /// Queues a request.
    fn ask(&mut self, m: ClientMessage, encoding: Encoding) -> CommandId {
        let id = self.id();
        // All frames that are sent here can be encoded.
        if let Ok(frame) = link::encode(&ClientFrame { v: VERSION, id, m }, encoding) {
            self.outgoing.push(frame);
        }
        id
    }

    fn go_to_table(&mut self, encoding: Encoding) {
        if self.me.rail {
            return self.watch();
        }
        let (table, buy_in) = (self.table_id(), self.shared.buy_in);
        self.errand = Some(self.ask(PlayerCommand::Sit { seat: None, buy_in }.at(table), encoding));
    }

    fn watch(&mut self) {
        let (table, since) = (self.table_id(), self.table.borrow().seen(self.number));
        let encoding = self.shared.encoding;
        self.errand = Some(self.ask(ClientMessage::Watch { table, since }, encoding));
    }

    fn next_due(&self) -> Instant {
        let gate = *self.orders.borrow() >= Some(Order::Play);
        let due = self.due.as_ref().filter(|_| gate && self.act.is_none()).map(|(at, _)| *at);
        let again = self.act.as_ref().and_then(|act| act.again);
        due.into_iter().chain(again).fold(self.ping_at, Instant::min)
    }

    /// Acts, repeats an action, or pings.
    fn handle_due(&mut self, encoding: Encoding) {
        let Some((at, _)) = &self.due else {
            return self.keep_alive(encoding);
        };
        let gate = *self.orders.borrow() >= Some(Order::Play);
        let now = Instant::now();
        if gate
            && self.act.is_none()
            && *at <= now
            && let Some((_, turn)) = self.due.take()
        {
            self.start_act(&turn, now, encoding);
        }
        self.keep_alive(encoding);
    }

    fn start_act(&mut self, turn: &Turn, at: Instant, encoding: Encoding) {
        let mut table = self.table.borrow_mut();
        let action = table.chance.act(&turn.legal);
        table.sends(turn.seat, at);
        self.acted = Some((turn.hand, turn.turn));
        let m = PlayerCommand::act(turn.hand, turn.turn, action).at(table.id);
        drop(table);
        let id = self.ask(m, encoding);
        let Some(frame) = self.outgoing.last().cloned() else { return };
        self.shared.tally.count(|counts| {
            counts.sent += 1;
            counts.sent_bytes += frame.len() as u64;
        });
        self.act = Some(Act { id, frame, at, again: None });
    }

    fn keep_alive(&mut self, encoding: Encoding) {
        let now = Instant::now();
        if let Some(act) = &mut self.act
            && act.again.is_some_and(|at| at <= now)
        {
            act.again = None;
            self.outgoing.push(act.frame.clone());
        }
        if !self.outgoing.is_empty() {
            self.ping_at = now + self.idle;
        } else if self.ping_at <= now {
            self.ask(ClientMessage::Ping, encoding);
            self.ping_at = now + self.idle;
        }
    }

    async fn flush(&mut self, writer: &mut Writer) -> Result<(), LinkError> {
        for frame in std::mem::take(&mut self.outgoing) {
            sent(writer.send_bytes(frame).await)?;
        }
        Ok(())
    }

    /// Handles a frame.
    fn receive(&mut self, bytes: Bytes, encoding: Encoding) -> Result<(), LinkError> {
        let now = Instant::now();
        let same = self.table.borrow_mut().same(self.number, &bytes, now);
        if let Some(news) = same {
            self.count_events(&bytes, news.starts);
            self.news(news, now);
            return Ok(());
        }
        let Received::Frame(frame) = link::decode(&bytes, encoding)? else {
            return Ok(());
        };
        let ServerFrame { re, m, .. } = *frame;
        match m {
            ServerMessage::Events(events) if events.table == self.table_id() => {
                let tally = &self.shared.tally;
                let news = self.table.borrow_mut().hear(self.number, &bytes, &events, now, tally);
                self.count_events(&bytes, news.starts);
                self.news(news, now);
            }
            ServerMessage::Table { view, events, .. } if view.table == self.table_id() => {
                let tally = &self.shared.tally;
                let news = self.table.borrow_mut().look(self.number, &view, events.as_ref(), now, tally);
                let seat = view.seats.iter().find(|seat| seat.player == self.me.player);
                self.errand = None;
                if self.chair.take().is_some() {
                    self.shared.tally.count(|counts| counts.seated += 1);
                }
                self.seat = seat.map(|seat| seat.seat).or(self.seat).or(self.me.rail.then_some(NOWHERE));
                self.news(news, now);
            }
            ServerMessage::Cards(_) => self.shared.tally.count(|counts| {
                counts.card_frames += 1;
                counts.card_bytes += bytes.len() as u64;
            }),
            ServerMessage::LostSeat { table, .. } if table == self.table_id() => {
                (self.seat, self.due, self.act) = (None, None, None);
            }
            ServerMessage::Closing { reason, .. } => return Err(self.closed(reason)),
            m if re.is_some() => self.answered(re, m, bytes.len(), now),
            // Messages about other tables, and messages that a playing player does not use.
            ServerMessage::Hello { .. }
            | ServerMessage::Welcome { .. }
            | ServerMessage::Done
            | ServerMessage::Refused { .. }
            | ServerMessage::Pong
            | ServerMessage::Time { .. }
            | ServerMessage::Lobby { .. }
            | ServerMessage::LobbyPage { .. }
            | ServerMessage::Balance { .. }
            | ServerMessage::Sessions(_)
            | ServerMessage::SecondFactor(_)
            | ServerMessage::Seats(_)
            | ServerMessage::Standings(_)
            | ServerMessage::Seated { .. }
            | ServerMessage::Table { .. }
            | ServerMessage::Events(_)
            | ServerMessage::GivenSeat { .. }
            | ServerMessage::LostSeat { .. }
            | ServerMessage::TimedOut { .. }
            | ServerMessage::Placed { .. }
            | ServerMessage::Service(_) => {}
        }
        Ok(())
    }

    fn count_events(&self, bytes: &Bytes, starts: bool) {
        let bytes = bytes.len() as u64;
        self.shared.tally.count(|counts| {
            if starts {
                counts.start_frames += 1;
                counts.start_bytes += bytes;
            } else {
                counts.event_frames += 1;
                counts.event_bytes += bytes;
            }
        });
    }

    fn news(&mut self, news: News, now: Instant) {
        if let Some(took) = news.took {
            self.shared.tally.seen_by_all(took);
        }
        match news.turn {
            Some(turn) if self.acted == Some((turn.hand, turn.turn)) => {}
            Some(turn) if Some(turn.seat) == self.seat => {
                let think = self.table.borrow_mut().chance.think(self.shared.pace);
                self.due = Some((now + think, turn));
            }
            Some(_) => self.due = None,
            None => {}
        }
        if news.ends {
            self.top_up();
        }
    }

    /// Sometimes brings the stack back to the buy-in. The request may arrive before the next hand
    /// or during it; if the player has won a hand since, the amount may be too large, and the
    /// request is refused.
    fn top_up(&mut self) {
        let Some(seat) = self.seat.filter(|seat| *seat != NOWHERE) else { return };
        let mut table = self.table.borrow_mut();
        let missing = table.missing(seat, self.shared.buy_in);
        if self.top_up.is_some() || missing.is_zero() || table.chance.below(TOPS_UP_ONE_IN) > 0 {
            return;
        }
        let command = PlayerCommand::TopUp { amount: missing }.at(table.id);
        drop(table);
        self.top_up = Some(self.ask(command, self.shared.encoding));
    }

    fn answered(&mut self, re: Option<CommandId>, m: ServerMessage, bytes: usize, now: Instant) {
        if self.top_up.take_if(|id| Some(*id) == re).is_some() {
            return;
        }
        let transient = matches!(&m, ServerMessage::Refused { refusal, .. } if refusal.is_transient());
        if self.act.as_ref().map(|act| act.id) == re {
            if transient {
                if let Some(act) = &mut self.act {
                    act.again = Some(now + PAUSE);
                }
                return;
            }
            if let Some(act) = self.act.take() {
                self.shared.tally.answered(now - act.at);
            }
            self.shared.tally.count(|counts| {
                counts.answers += 1;
                counts.answer_bytes += bytes as u64;
            });
        }
        let errand = self.errand == re;
        if let ServerMessage::Refused { refusal, text } = m {
            if errand {
                // The loop sends the request again once the permit is returned.
                (self.errand, self.chair) = (None, None);
            }
            if errand && refusal == Refusal::AlreadySeated {
                self.seat = Some(NOWHERE);
                self.watch();
            } else if errand && transient && self.seat.is_some() {
                self.watch();
            } else if !transient {
                self.shared.tally.count(|counts| counts.refused += 1);
                self.shared.tally.tell(format!("player {}: {text}", self.me.player));
            }
        }
    }
}

fn sent(result: Result<(), SendError>) -> Result<(), LinkError> {
    result.map_err(|why| match why {
        SendError::Link(why) => why,
        why => LinkError(why.to_string()),
    })
}
