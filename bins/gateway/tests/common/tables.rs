//! Tables without rules: every action is one event with its own number. They can fall silent,
//! forget events, and lose messages.

use super::numbered;
use bus::{Bus, Peers, Request, Requests};
use futures::StreamExt;
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use wire::{
    Chips, CommandId, ConnectionId, HandNo, PlayerCommand, PlayerId, Refusal, SeatNo, TableId, VERSION,
    client::{PrivateCards, ServerFrame, ServerMessage, TableEvents},
    codec::{self, Encoding},
    event::Event,
    subject,
    table::{
        DealtCards, FeedMessage, Level, PlayerSeats, Resync, TableCommand, TableConfig, TableNews,
        TableReply, TableRequest, TableSummary, WorkersAnswer, WorkersQuery,
    },
    view::{SeatView, TableView},
};

/// A line of chat that tables refuse, as they do beyond their limits.
pub const TOO_MUCH: &str = "too much";

/// Tables without rules, of one simulated table worker.
pub struct FakeTables {
    bus: Bus,
    _peers: Peers,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    tables: Mutex<BTreeMap<TableId, Table>>,
    /// Whether requests get no answer, as from a paused worker.
    silent: AtomicBool,
    /// Requests for more chips are taken and not answered, as while a cashier does not answer.
    chips_held: AtomicBool,
    resyncs: AtomicU64,
    /// Answers that rode on the feed, with the event that they tell of.
    ridden: AtomicU64,
    /// Commands that had been carried out before.
    repeats: AtomicU64,
}

#[derive(Default)]
struct Table {
    /// `events[i]` has number `i + 1`.
    events: Vec<Event>,
    /// Events up to this number are forgotten.
    forgotten: u64,
    seats: BTreeMap<SeatNo, PlayerId>,
    answers: HashMap<(PlayerId, CommandId), TableReply>,
    acted: Vec<(PlayerId, u32)>,
    /// Lines that were refused.
    refused_lines: u64,
    presence: Vec<(PlayerId, ConnectionId, bool)>,
    cards: HashMap<PlayerId, PrivateCards>,
}

impl FakeTables {
    /// Answers commands to all tables and queries from now on.
    pub async fn start(bus: Bus, peers: Peers) -> Self {
        let shared = Arc::new(Shared::default());
        let commands = bus.serve("command.table.*.*".to_owned(), None).await.unwrap();
        tokio::spawn(serve(commands, bus.clone(), Arc::clone(&shared)));
        let queries = bus.serve(subject::QUERY_TABLES.to_owned(), None).await.unwrap();
        tokio::spawn(answer_queries(queries, Arc::clone(&shared)));
        Self { bus, _peers: peers, shared }
    }

    fn with<T>(&self, table: TableId, change: impl FnOnce(&mut Table) -> T) -> T {
        change(self.shared.tables.lock().unwrap().entry(table).or_default())
    }

    /// Creates a table without events; other methods do so when they need one.
    pub fn open(&self, table: TableId) {
        self.with(table, |_| ());
    }

    /// Makes `count` events and publishes them in one message. Returns the number of the last one.
    pub async fn happen(&self, table: TableId, count: u64) -> u64 {
        let chunk = self.with(table, |t| t.happen(table, count));
        let last = chunk.last();
        publish_events(&self.bus, chunk).await;
        last
    }

    /// Makes an event as a newer worker writes it. Returns its number.
    pub async fn happen_as(&self, table: TableId, event: serde_json::Value) -> u64 {
        let first = self.with(table, |t| t.events.len() as u64 + 1);
        let events = json!({ "table": table, "first": first, "events": [event] });
        let read: TableEvents = Encoding::Json.decode_by_item(events.to_string().as_bytes()).unwrap();
        self.with(table, |t| t.events.extend(read.events));
        let frame = codec::encode(&json!({ "v": VERSION, "m": { "Events": events } })).unwrap();
        let told = TableNews { table, frame, cards: Vec::new(), answers: None, turn: None };
        tell_all(&self.bus, told).await;
        first
    }

    /// Tells a player a message of a newer worker.
    pub async fn tell_as(&self, player: PlayerId, message: serde_json::Value) {
        let frame = codec::encode(&json!({ "v": VERSION, "m": message })).unwrap();
        self.bus.publish(subject::player_feed(player), frame.into()).await.unwrap();
    }

    /// Makes an event after which a player is to act. Returns its number.
    pub async fn ask_to_act(&self, table: TableId, player: PlayerId) -> u64 {
        let chunk = self.with(table, |t| t.happen(table, 1));
        let last = chunk.last();
        tell_all(&self.bus, TableNews { turn: Some(player), ..told(chunk) }).await;
        last
    }

    /// Makes events that are not published.
    pub fn happen_unheard(&self, table: TableId, count: u64) -> u64 {
        self.with(table, |t| t.happen(table, count)).last()
    }

    /// Publishes events that were published before.
    pub async fn repeat(&self, table: TableId, numbers: std::ops::RangeInclusive<u64>) {
        let events =
            self.with(table, |t| t.events[*numbers.start() as usize - 1..*numbers.end() as usize].to_vec());
        publish_events(&self.bus, TableEvents { table, first: *numbers.start(), events }).await;
    }

    /// Publishes the event that closes the table.
    pub async fn close(&self, table: TableId) {
        let chunk = self.with(table, |t| {
            t.events.push(Event::Closed);
            TableEvents { table, first: t.events.len() as u64, events: vec![Event::Closed] }
        });
        publish_events(&self.bus, chunk).await;
    }

    /// Forgets the events so far: a resync since one of them gets no events.
    pub fn forget(&self, table: TableId) {
        self.with(table, |t| t.forgotten = t.events.len() as u64);
    }

    /// Stops answering, like a paused worker, or begins again.
    pub fn silence(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::SeqCst);
    }

    /// Leaves requests for more chips without an answer, or answers them again.
    pub fn hold_chips(&self, held: bool) {
        self.shared.chips_held.store(held, Ordering::SeqCst);
    }

    /// Returns how many lines of chat were refused.
    pub fn refused_lines(&self, table: TableId) -> u64 {
        self.with(table, |t| t.refused_lines)
    }

    /// Returns how many resyncs were answered.
    pub fn resyncs(&self) -> u64 {
        self.shared.resyncs.load(Ordering::SeqCst)
    }

    /// Returns how many answers rode on the feed, and how many commands came twice.
    pub fn ridden_and_repeated(&self) -> (u64, u64) {
        (self.shared.ridden.load(Ordering::SeqCst), self.shared.repeats.load(Ordering::SeqCst))
    }

    /// Returns the players who acted, with the turns that they named.
    pub fn acted(&self, table: TableId) -> Vec<(PlayerId, u32)> {
        self.with(table, |t| t.acted.clone())
    }

    /// Returns the gateways' messages: the player, the connection, and whether it is present.
    pub fn presence(&self, table: TableId) -> Vec<(PlayerId, ConnectionId, bool)> {
        self.with(table, |t| t.presence.clone())
    }

    /// Gives a player a seat without any message.
    pub fn seat_secretly(&self, table: TableId, player: PlayerId, seat: SeatNo) {
        self.with(table, |t| t.seats.insert(seat, player));
    }

    /// Gives a player a seat and tells the player.
    pub async fn give_seat(&self, table: TableId, player: PlayerId, seat: SeatNo) {
        self.seat_secretly(table, player, seat);
        self.tell(player, ServerMessage::GivenSeat { table, seat, tournament: None }).await;
    }

    /// Deals a player cards without any message.
    pub fn deal_unheard(&self, table: TableId, player: PlayerId, hand: u64) -> PrivateCards {
        let cards = vec!["As".parse().unwrap(), "Kd".parse().unwrap()];
        let cards = PrivateCards { table, hand: HandNo(hand), cards, openings: Vec::new() };
        self.with(table, |t| t.cards.insert(player, cards.clone()));
        cards
    }

    /// Deals each of the players another hand, with one event. Returns the event's number.
    pub async fn deal(&self, table: TableId, hands: &[(PlayerId, u64)]) -> (u64, Vec<PrivateCards>) {
        let deal = |&(player, hand)| DealtCards { player, cards: self.deal_unheard(table, player, hand) };
        let cards: Vec<_> = hands.iter().map(deal).collect();
        let dealt = cards.iter().map(|dealt| dealt.cards.clone()).collect();
        let chunk = self.with(table, |t| t.happen(table, 1));
        let last = chunk.last();
        tell_all(&self.bus, TableNews { cards, ..told(chunk) }).await;
        (last, dealt)
    }

    /// Sends a player a message for that player alone.
    pub async fn tell(&self, player: PlayerId, message: ServerMessage) {
        publish(&self.bus, subject::player_feed(player), message).await;
    }

    /// Waits until all published messages have left.
    pub async fn flush(&self) {
        self.bus.flush().await;
    }

    /// Returns whether the connection to the server is up.
    pub fn is_connected(&self) -> bool {
        self.bus.is_connected()
    }
}

async fn publish_events(bus: &Bus, chunk: TableEvents) {
    tell_all(bus, told(chunk)).await;
}

fn told(chunk: TableEvents) -> TableNews {
    let (table, frame) = (chunk.table, frame(ServerMessage::Events(chunk)));
    TableNews { table, frame, cards: Vec::new(), answers: None, turn: None }
}

async fn tell_all(bus: &Bus, told: TableNews) {
    let news = FeedMessage { told: vec![told] };
    bus.publish(subject::TABLE_FEED.to_owned(), codec::encode(&news).unwrap().into()).await.unwrap();
}

async fn publish(bus: &Bus, subject: String, message: ServerMessage) {
    bus.publish(subject, frame(message).into()).await.unwrap();
}

fn frame(m: ServerMessage) -> Vec<u8> {
    codec::encode(&ServerFrame { v: VERSION, re: None, m }).unwrap()
}

async fn serve(mut commands: Requests, bus: Bus, shared: Arc<Shared>) {
    while let Some(request) = commands.next().await {
        if shared.silent.load(Ordering::SeqCst) {
            continue;
        }
        let command: TableRequest = request.decode().unwrap();
        let chips =
            matches!(&command.command, TableCommand::Player { command: PlayerCommand::TopUp { .. }, .. });
        if chips && shared.chips_held.load(Ordering::SeqCst) {
            continue;
        }
        let (reply, chunk) = {
            let mut tables = shared.tables.lock().unwrap();
            match tables.get_mut(&command.table) {
                Some(table) => table.carry_out(&command, &shared),
                None => (TableReply::Refused(Refusal::NoSuchTable), None),
            }
        };
        match (chunk, reply) {
            // As real tables do: for the sender, the events are the answer.
            (Some(chunk), TableReply::Done { .. }) if command.on_feed => {
                shared.ridden.fetch_add(1, Ordering::SeqCst);
                let answers = request.inbox().map(str::to_owned);
                tell_all(&bus, TableNews { answers, ..told(chunk) }).await;
            }
            (chunk, reply) => {
                answer(&request, &reply).await;
                if let Some(chunk) = chunk {
                    publish_events(&bus, chunk).await;
                }
            }
        }
    }
}

async fn answer_queries(mut queries: Requests, shared: Arc<Shared>) {
    while let Some(request) = queries.next().await {
        if shared.silent.load(Ordering::SeqCst) {
            continue;
        }
        let reply = {
            let tables = shared.tables.lock().unwrap();
            match request.decode().unwrap() {
                WorkersQuery::Tables { .. } => {
                    let summary = |(&table, t): (&TableId, &Table)| TableSummary {
                        table,
                        config: t.view(table).config,
                        players: t.seats.len() as u8,
                        hands: 0,
                        closed: false,
                    };
                    WorkersAnswer::Tables(tables.iter().map(summary).collect())
                }
                WorkersQuery::SeatsOf { players } => {
                    let seats = |player: PlayerId| {
                        let sits = |(_, t): &(&TableId, &Table)| t.seats.values().any(|&p| p == player);
                        let tables = tables.iter().filter(sits).map(|(&table, _)| table).collect();
                        PlayerSeats { player, tables }
                    };
                    WorkersAnswer::SeatsOf(players.into_iter().map(seats).collect())
                }
                WorkersQuery::Seats { .. } => panic!("gateways ask for many players at once"),
            }
        };
        answer(&request, &reply).await;
    }
}

async fn answer(request: &Request, reply: &impl serde::Serialize) {
    request.answer(reply).await.unwrap();
}

impl Table {
    fn happen(&mut self, table: TableId, count: u64) -> TableEvents {
        let first = self.events.len() as u64 + 1;
        let events: Vec<Event> = (first..first + count).map(numbered).collect();
        self.events.extend(events.iter().cloned());
        TableEvents { table, first, events }
    }

    /// Returns the answer, and the events to be published.
    fn carry_out(&mut self, request: &TableRequest, shared: &Shared) -> (TableReply, Option<TableEvents>) {
        if let TableCommand::Resync { since } = request.command {
            shared.resyncs.fetch_add(1, Ordering::SeqCst);
            return (TableReply::Resync(Box::new(self.resync(request.table, request.player, since))), None);
        }
        let player = request.player.unwrap();
        if let TableCommand::Online { connection } | TableCommand::Gone { connection } = &request.command {
            if !self.seats.values().any(|&seated| seated == player) {
                return (TableReply::Refused(Refusal::NotSeated), None);
            }
            let online = matches!(request.command, TableCommand::Online { .. });
            self.presence.push((player, connection.clone(), online));
            return (TableReply::Done { event_no: self.events.len() as u64 }, None);
        }
        if let TableCommand::Player { command: PlayerCommand::Say { text }, .. } = &request.command
            && text == TOO_MUCH
        {
            self.refused_lines += 1;
            return (TableReply::Refused(Refusal::TooMuchTalk), None);
        }
        if let Some(answer) = self.answers.get(&(player, request.id)) {
            shared.repeats.fetch_add(1, Ordering::SeqCst);
            return (answer.clone(), None);
        }
        let chunk = self.happen(request.table, 1);
        let event_no = chunk.last();
        let reply = match &request.command {
            TableCommand::Player { command: PlayerCommand::Sit { seat, .. }, .. } => {
                let seat = seat.unwrap_or_default();
                self.seats.insert(seat, player);
                TableReply::Seat { seat, event_no }
            }
            TableCommand::Player { command: PlayerCommand::Act { turn, .. }, .. } => {
                self.acted.push((player, *turn));
                TableReply::Done { event_no }
            }
            _ => TableReply::Done { event_no },
        };
        self.answers.insert((player, request.id), reply.clone());
        (reply, Some(chunk))
    }

    fn resync(&self, table: TableId, player: Option<PlayerId>, since: Option<u64>) -> Resync {
        let event_no = self.events.len() as u64;
        let events = since.filter(|&since| since >= self.forgotten && since <= event_no).map(|since| {
            TableEvents { table, first: since + 1, events: self.events[since as usize..].to_vec() }
        });
        let cards = player.and_then(|player| self.cards.get(&player).cloned());
        Resync { view: self.view(table), events, cards }
    }

    fn view(&self, table: TableId) -> TableView {
        let seats = self.seats.iter().map(|(&seat, &player)| SeatView {
            seat,
            player,
            name: String::new(),
            bot: false,
            stack: Chips(100),
            waiting: Chips::ZERO,
            sitting_out: false,
            disconnected: false,
            in_hand: None,
        });
        let config = TableConfig {
            name: format!("table {table}"),
            action_ms: 1_000,
            ..TableConfig::cash(Level::default(), Chips(1)..=Chips(1_000)).without_pauses()
        };
        TableView {
            event_no: self.events.len() as u64,
            seats: seats.collect(),
            closed: self.events.last() == Some(&Event::Closed),
            ..TableView::new(table, config)
        }
    }
}
