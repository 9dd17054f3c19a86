use super::*;
use crate::{following::tests::view, frame::Received};
use wire::{Refusal, client::Closing, event::Unseating, view::SeatView};

const TABLE: TableId = TableId(1);
const ME: PlayerId = PlayerId(7);

struct Node {
    core: Core,
    shared: Arc<Shared>,
    now: Instant,
}

impl Node {
    fn new(login: Login) -> Self {
        let shared = Arc::new(Shared::new(16));
        let core = Core::new(login, None, None, CommandId(0), Duration::from_secs(5), Arc::clone(&shared));
        Self { core, shared, now: Instant::now() }
    }

    fn password() -> Self {
        Self::new(Login::Password { name: "ann".into(), password: "secret".into() })
    }

    /// Connects and logs in.
    fn online() -> Self {
        let mut node = Self::password();
        node.connect();
        let [login] = &node.sent()[..] else { panic!("one frame") };
        let id = login.id;
        node.answer(id, welcome("t1", vec![]));
        node
    }

    fn connect(&mut self) {
        self.greet(None);
    }

    fn greet(&mut self, now_ms: Option<u64>) {
        let greeting = Greeting { node: "gateway-1".into(), idle_ms: 30_000, now_ms };
        self.core.connected(greeting, "tcp://a:1".parse().unwrap(), self.now);
    }

    fn sent(&mut self) -> Vec<ClientFrame> {
        self.core.frames(self.now)
    }

    fn messages(&mut self) -> Vec<ClientMessage> {
        self.sent().into_iter().map(|frame| frame.m).collect()
    }

    fn frame(&mut self, re: Option<CommandId>, m: ServerMessage) -> ConnectionStep {
        let frame = wire::client::ServerFrame { v: VERSION, re, m };
        self.core.receive(Received::Frame(Box::new(frame)), self.now)
    }

    fn answer(&mut self, id: CommandId, m: ServerMessage) {
        assert_eq!(self.frame(Some(id), m), ConnectionStep::Stay);
    }

    fn unasked(&mut self, m: ServerMessage) {
        assert_eq!(self.frame(None, m), ConnectionStep::Stay);
    }

    fn ask(&mut self, message: ClientMessage) -> oneshot::Receiver<Result<ServerMessage, ClientError>> {
        let (reply, answer) = oneshot::channel();
        self.core.request(ProgramRequest { message, noted: None, reply }, self.now);
        answer
    }

    fn events(&self) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        while let Some(Some(event)) = futures::FutureExt::now_or_never(self.shared.queue.next()) {
            events.push(event);
        }
        events
    }

    /// Follows the table from event 3 on.
    fn follow(&mut self) {
        let _answer = self.ask(ClientMessage::Watch { table: TABLE, since: None });
        let id = self.sent()[0].id;
        self.answer(id, table(3, None));
        self.events();
    }

    fn lose(&mut self) {
        self.core.lost(Down::Broken("cut".into()), self.now);
    }
}

fn welcome(token: &str, seats: Vec<TableId>) -> ServerMessage {
    ServerMessage::Welcome { player: ME, name: "ann".into(), token: token.into(), seats, device: None }
}

fn refused(refusal: Refusal) -> ServerMessage {
    let text = refusal.to_string();
    ServerMessage::Refused { refusal, text }
}

fn chunk(numbers: std::ops::RangeInclusive<u64>) -> wire::client::TableEvents {
    wire::client::TableEvents {
        table: TABLE,
        first: *numbers.start(),
        events: numbers.map(|_| wire::event::Event::SatOut { seat: 0 }).collect(),
    }
}

fn table(event_no: u64, events: Option<wire::client::TableEvents>) -> ServerMessage {
    ServerMessage::Table { view: Box::new(view(event_no)), events, cards: None }
}

fn numbers(events: &[ClientEvent]) -> Vec<u64> {
    let number = |event: &ClientEvent| match event {
        ClientEvent::Event { number, .. } => Some(*number),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

#[test]
fn a_reconnect_continues_requests_and_tables() {
    let mut node = Node::online();
    node.follow();
    let mut answer = node.ask(ClientMessage::Balance);
    let balance = node.sent()[0].id;
    node.unasked(ServerMessage::Events(chunk(4..=5)));
    node.lose();
    node.connect();
    let resume = node.sent();
    assert_eq!(resume.len(), 1);
    assert_eq!(resume[0].m, ClientMessage::Resume { token: "t1".into() });
    node.answer(resume[0].id, welcome("t2", vec![TABLE]));
    let sent = node.sent();
    assert_eq!(sent[0].id, balance, "the same id again");
    assert_eq!(sent[1].m, ClientMessage::Watch { table: TABLE, since: Some(5) });
    assert_eq!(sent.len(), 2, "the seat is followed already");
    node.answer(sent[1].id, table(7, Some(chunk(6..=7))));
    node.unasked(ServerMessage::Events(chunk(8..=8)));
    assert_eq!(numbers(&node.events()), [4, 5, 6, 7, 8]);
    node.answer(balance, ServerMessage::Done);
    assert!(matches!(answer.try_recv(), Ok(Ok(ServerMessage::Done))));
}

#[test]
fn an_expired_session_falls_back_to_the_password() {
    let mut node = Node::online();
    node.lose();
    node.connect();
    let id = node.sent()[0].id;
    node.answer(id, refused(Refusal::SessionExpired));
    assert!(matches!(node.messages()[..], [ClientMessage::LogIn { .. }]));

    let mut node = Node::new(Login::Token("old".into()));
    node.connect();
    let id = node.sent()[0].id;
    let verdict = node.frame(Some(id), refused(Refusal::SessionExpired));
    assert_eq!(verdict, ConnectionStep::End(Ended::LogInRefused(Refusal::SessionExpired)));
}

#[test]
fn a_device_that_was_logged_in_is_named_with_the_next_password() {
    let mut node = Node::password();
    node.connect();
    let id = node.sent()[0].id;
    let mut first = welcome("t1", Vec::new());
    if let ServerMessage::Welcome { device, .. } = &mut first {
        *device = Some("d1".into());
    }
    node.answer(id, first);
    node.lose();
    node.connect();
    let id = node.sent()[0].id;
    node.answer(id, refused(Refusal::SessionExpired));
    let [ClientMessage::LogIn { device, .. }] = &node.messages()[..] else { panic!("no log-in") };
    assert_eq!(device.as_deref(), Some("d1"));
}

#[test]
fn a_code_goes_with_log_ins_until_one_succeeds() {
    let mut node = Node::password();
    node.core.code = Some("287082".into());
    let code = |node: &mut Node| match &node.sent()[..] {
        [ClientFrame { id, m: ClientMessage::LogIn { code, .. }, .. }] => (*id, code.clone()),
        other => panic!("no log-in but {other:?}"),
    };
    node.connect();
    assert_eq!(code(&mut node).1.as_deref(), Some("287082"));
    // The answer is lost: the cashier may not have seen the code.
    node.lose();
    node.connect();
    let (id, again) = code(&mut node);
    assert_eq!(again.as_deref(), Some("287082"));
    node.answer(id, welcome("t1", Vec::new()));
    node.lose();
    node.connect();
    let id = node.sent()[0].id;
    node.answer(id, refused(Refusal::SessionExpired));
    let (id, spent) = code(&mut node);
    assert_eq!(spent, None, "no code is accepted twice");
    let verdict = node.frame(Some(id), refused(Refusal::CodeNeeded));
    assert_eq!(verdict, ConnectionStep::End(Ended::LogInRefused(Refusal::CodeNeeded)));
}

#[test]
fn a_login_with_passing_refusals_is_tried_at_another_gateway() {
    let mut node = Node::password();
    node.connect();
    for _ in 0..100 {
        if let [login] = &node.sent()[..] {
            let id = login.id;
            match node.frame(Some(id), refused(Refusal::unavailable("cashier"))) {
                ConnectionStep::Stay => {}
                ConnectionStep::Leave { .. } => return,
                ConnectionStep::End(why) => panic!("{why}"),
            }
        }
        node.now = node.core.next_deadline().unwrap();
    }
    panic!("tried forever");
}

#[test]
fn a_gap_in_the_events_is_asked_for() {
    let mut node = Node::online();
    node.follow();
    node.unasked(ServerMessage::Events(chunk(6..=6)));
    let sent = node.sent();
    assert_eq!(sent[0].m, ClientMessage::Watch { table: TABLE, since: Some(3) });
    node.unasked(ServerMessage::Events(chunk(7..=7)));
    node.answer(sent[0].id, table(7, Some(chunk(4..=7))));
    assert_eq!(numbers(&node.events()), [4, 5, 6, 7]);
}

#[test]
fn a_gap_that_the_table_cannot_fill_is_a_restart() {
    let mut node = Node::online();
    node.follow();
    node.lose();
    node.connect();
    let id = node.sent()[0].id;
    node.answer(id, welcome("t2", vec![]));
    let id = node.sent()[0].id;
    node.events();
    node.answer(id, table(90, None));
    assert!(matches!(&node.events()[..], [ClientEvent::Restarted { view, .. }] if view.event_no == 90));
}

#[test]
fn a_seat_whose_message_was_lost_is_found() {
    let mut node = Node::online();
    node.events();
    node.now += SEATS_AFTER_RECONNECT;
    assert_eq!(node.core.tick(node.now), ConnectionStep::Stay);
    let sent = node.sent();
    assert_eq!(sent[0].m, ClientMessage::Seats);
    node.answer(sent[0].id, ServerMessage::Seats(vec![TABLE]));
    let sent = node.sent();
    assert_eq!(sent[0].m, ClientMessage::Watch { table: TABLE, since: None });
    let mut seen = view(3);
    seen.seats.push(SeatView {
        seat: 4,
        player: ME,
        name: "ann".into(),
        bot: false,
        stack: wire::Chips(5),
        waiting: wire::Chips::ZERO,
        sitting_out: false,
        disconnected: false,
        in_hand: None,
    });
    node.answer(sent[0].id, ServerMessage::Table { view: Box::new(seen), events: None, cards: None });
    assert!(matches!(node.events()[..], [ClientEvent::GivenSeat { seat: 4, .. }, ClientEvent::Table { .. }]));
}

#[test]
fn a_visitor_that_goes_from_table_to_table_remembers_few_of_them() {
    let mut node = Node::online();
    for table in (1_000..2_000).map(TableId) {
        let _watched = node.ask(ClientMessage::Watch { table, since: None });
        let _left = node.ask(ClientMessage::Unwatch { table });
    }
    assert_eq!(node.core.unwanted.len(), MOST_UNWANTED);
    assert!(node.core.unwanted.contains(&TableId(1_999)), "the last one left is not followed again");
    assert!(node.core.tables.is_empty());
}

#[test]
fn a_seat_that_is_gone_again_is_not_followed() {
    let mut node = Node::online();
    node.events();
    node.core.sits_at(vec![TABLE], node.now);
    let id = node.sent()[0].id;
    node.answer(id, table(3, None));
    assert_eq!(node.messages(), [ClientMessage::Unwatch { table: TABLE }]);
    assert!(node.events().is_empty());
}

#[test]
fn requests_for_seats_become_rarer_and_stop_while_events_come() {
    let mut node = Node::online();
    node.follow();
    let mut asked = Vec::new();
    for second in 0..120 {
        node.now += Duration::from_secs(1);
        node.core.tick(node.now);
        for frame in node.sent() {
            match frame.m {
                ClientMessage::Seats => {
                    asked.push(second);
                    node.answer(frame.id, ServerMessage::Seats(vec![TABLE]));
                }
                _ => node.answer(frame.id, ServerMessage::Pong),
            }
        }
    }
    assert!((5..=7).contains(&asked.len()), "{asked:?}");
    let quiet = asked.len();
    for number in 4..30 {
        node.now += Duration::from_secs(1);
        node.unasked(ServerMessage::Events(chunk(number..=number)));
        node.core.tick(node.now);
        asked.extend(node.messages().iter().filter(|m| **m == ClientMessage::Seats).map(|_| 0));
    }
    assert_eq!(asked.len(), quiet);
}

#[test]
fn a_program_that_does_not_take_its_events_loses_no_event() {
    let mut node = Node::online();
    node.follow();
    for number in 4..=60 {
        node.unasked(ServerMessage::Events(chunk(number..=number)));
    }
    let seen = numbers(&node.events());
    assert_eq!(seen, (4..=19).collect::<Vec<_>>());
    node.core.room(node.now);
    let sent = node.sent();
    assert_eq!(sent[0].m, ClientMessage::Watch { table: TABLE, since: Some(19) });
    node.answer(sent[0].id, table(60, Some(chunk(20..=60))));
    assert_eq!(numbers(&node.events()), (20..=60).collect::<Vec<_>>());
}

#[test]
fn a_silent_gateway_is_pinged_and_then_left() {
    let mut node = Node::online();
    let started = node.now;
    let mut pings = 0;
    loop {
        node.now = node.core.next_deadline().unwrap();
        if node.core.tick(node.now) != ConnectionStep::Stay {
            break;
        }
        pings += node.messages().iter().filter(|m| **m == ClientMessage::Ping).count();
    }
    assert!(pings > 0 && pings < 20, "{pings}");
    assert_eq!(node.now - started, SILENCE);
}

#[test]
fn the_gateways_time_is_kept_and_asked_for_instead_of_a_ping() {
    let mut node = Node::password();
    node.greet(Some(50_000));
    let [login] = &node.sent()[..] else { panic!("one frame") };
    let id = login.id;
    node.answer(id, welcome("t1", vec![]));
    assert_eq!(node.shared.clock().now_ms(node.now), Some(50_000));
    node.now += PING_AFTER;
    assert_eq!(node.core.tick(node.now), ConnectionStep::Stay);
    let sent = node.sent();
    let asked = sent.iter().find(|frame| frame.m == ClientMessage::Time).expect("the time is asked for");
    assert!(!sent.iter().any(|frame| frame.m == ClientMessage::Ping));
    node.answer(asked.id, ServerMessage::Time { now_ms: 3_655_000 });
    assert_eq!(node.shared.clock().now_ms(node.now), Some(3_655_000), "the gateway's clock was set");
}

#[test]
fn a_connection_replaced_by_another_one_ends_the_client() {
    let mut node = Node::online();
    let closing = |reason| ServerMessage::Closing { reason, elsewhere: vec![] };
    assert_eq!(
        node.frame(None, closing(Closing::OnlineElsewhere)),
        ConnectionStep::End(Ended::ByNode(Closing::OnlineElsewhere))
    );
    assert!(matches!(node.frame(None, closing(Closing::NodeStopping)), ConnectionStep::Leave { .. }));
}

#[test]
fn a_moved_player_stops_watching_the_old_table() {
    let mut node = Node::online();
    node.follow();
    node.unasked(ServerMessage::LostSeat { table: TABLE, reason: Unseating::Moved });
    assert_eq!(node.messages(), [ClientMessage::Unwatch { table: TABLE }]);
    node.unasked(ServerMessage::Events(chunk(4..=4)));
    assert!(matches!(node.events()[..], [ClientEvent::LostSeat { .. }]));
}
