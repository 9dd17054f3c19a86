//! Real bot workers on a real server, with a simulated table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test helper that fails is a failed test"
)]

use bus::{Bus, Requests, WorkQueue};
use futures::StreamExt;
use servers::{Child, Signal};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use testkit::{GUARD, Stage};
use tokio::time::{sleep, timeout};
use wire::{
    Action, Card, Chips, HandNo, Legal, PlayerCommand, PlayerId, RaiseBounds, Refusal, TableId,
    bots::{BotAsk, Opponent},
    codec,
    fleet::Role,
    sender::Sender,
    subject,
    table::{TableCommand, TableReply, TableRequest},
};

struct Room {
    stage: Stage,
    table: Bus,
    commands: Requests,
    queue: WorkQueue,
}

impl Room {
    async fn open() -> Self {
        let stage = Stage::open().await.unwrap();
        let table = stage.bus("table-worker").await.unwrap();
        let commands =
            table.serve(subject::table_commands(subject::table_partition(TABLE)), None).await.unwrap();
        let queue = WorkQueue::open(&stage.admin, subject::BOT_ASKS_STREAM, subject::BOT_ASKS_CONSUMER);
        let queue = queue.await.unwrap();
        Self { stage, table, commands, queue }
    }

    async fn worker(&self, name: &str, args: &[&str]) -> Child {
        self.stage.start(Role::BotWorker, name, args).await.unwrap()
    }

    async fn ask(&self, turn: u32, left: Duration) -> BotAsk {
        let ask = ask(turn, left);
        let bytes = codec::encode(&ask).unwrap();
        self.table.publish(subject::BOT_ASK.to_owned(), bytes.into()).await.unwrap();
        ask
    }

    /// Returns the next command that reaches the table, and answers it with `reply`.
    async fn command(&mut self, reply: TableReply) -> TableRequest {
        let request = timeout(GUARD, self.commands.next()).await.expect("no command comes").unwrap();
        let command = request.decode().unwrap();
        request.answer(&reply).await.unwrap();
        command
    }

    /// Waits until every ask is acknowledged, so that none is delivered again, and checks that no
    /// command arrives.
    async fn assert_settled(&mut self) {
        let began = Instant::now();
        while self.queue.unsettled().await.unwrap() > 0 {
            assert!(began.elapsed() < GUARD, "an ask is not acknowledged");
            sleep(Duration::from_millis(10)).await;
        }
        // A command would have been sent before the ask was acknowledged.
        let mark = TableRequest {
            table: TABLE,
            id: wire::CommandId(0),
            player: None,
            command: TableCommand::Close,
            on_feed: false,
            pass: None,
        };
        let marked = codec::encode(&mark).unwrap();
        let subject = subject::table_commands_of(TABLE, Sender::Admin);
        self.stage.admin.publish(subject, marked.into()).await.unwrap();
        assert_eq!(self.command(DONE).await, mark);
    }
}

const TABLE: TableId = TableId(77);
const DONE: TableReply = TableReply::Done { event_no: 1 };

/// Returns an ask with aces before the flop, facing a raise.
fn ask(turn: u32, left: Duration) -> BotAsk {
    let card = |text: &str| -> Card { text.parse().unwrap() };
    BotAsk {
        table: TABLE,
        player: PlayerId(5),
        hand: HandNo(3),
        turn,
        // The deadline is by a clock that has no relation to the worker's.
        deadline_ms: 1_000,
        time_ms: Some(left.as_millis() as u64),
        variant: "NT".to_owned(),
        legal: Legal {
            fold: true,
            call: Some(Chips(300)),
            raise: Some(RaiseBounds { min: Chips(500), max: Chips(10_000) }),
            ..Legal::default()
        },
        hole: vec![card("As"), card("Ah")],
        board: Vec::new(),
        street: 0,
        pot: Chips(450),
        big_blind: Chips(100),
        stack: Chips(10_000),
        bet: Chips(0),
        opponents: vec![Opponent { seat: 1, stack: Chips(9_700), bet: Chips(300), up: Vec::new() }],
    }
}

const LONG: Duration = Duration::from_secs(50);

/// Returns hand, turn and action of a bot's command.
fn act(command: TableCommand) -> (HandNo, u32, Action) {
    match command {
        TableCommand::Player { command: PlayerCommand::Act { hand, turn, action, mix: None }, .. } => {
            (hand, turn, action)
        }
        other => panic!("no action: {other:?}"),
    }
}

#[tokio::test]
async fn an_ask_is_answered_once_with_an_action_that_was_offered() {
    let mut room = Room::open().await;
    let _worker = room.worker("bot-worker-1", &[]).await;
    let asked = room.ask(4, LONG).await;
    let command = room.command(DONE).await;
    assert_eq!(command.table, TABLE);
    assert_eq!(command.player, Some(asked.player));
    assert_eq!(command.id, asked.command_id());
    let (hand, turn, action) = act(command.command);
    assert_eq!((hand, turn), (asked.hand, asked.turn));
    match action {
        Action::Call => {}
        Action::RaiseTo(total) => assert!((500..=10_000).contains(&total.0)),
        other => panic!("aces do not {other:?}"),
    }

    // A refusal settles the ask as well.
    room.ask(5, LONG).await;
    room.command(TableReply::Refused(Refusal::TurnPassed { hand: HandNo(3), turn: 6 })).await;
    // An ask that comes too late is dropped.
    room.ask(6, Duration::ZERO).await;
    // An ask that cannot be decoded is dropped.
    room.table.publish(subject::BOT_ASK.to_owned(), vec![0xc1].into()).await.unwrap();
    room.assert_settled().await;
    let began = Instant::now();
    while room.stage.peers.alive(Role::BotWorker)[0].load.actions != 2 {
        assert!(began.elapsed() < GUARD, "the decisions are not in the heartbeat");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_ask_that_is_too_old_by_the_queues_clock_is_dropped() {
    let mut room = Room::open().await;
    room.ask(1, Duration::from_millis(300)).await;
    room.ask(2, LONG).await;
    sleep(Duration::from_millis(400)).await;
    let _worker = room.worker("bot-worker-1", &["--threads", "1"]).await;
    let (_, turn, _) = act(room.command(DONE).await.command);
    assert_eq!(turn, 2);
    room.assert_settled().await;
}

#[tokio::test]
async fn an_ask_without_the_time_left_is_answered() {
    let mut room = Room::open().await;
    let _worker = room.worker("bot-worker-1", &[]).await;
    let asked = BotAsk { time_ms: None, ..ask(4, LONG) };
    room.table.publish(subject::BOT_ASK.to_owned(), codec::encode(&asked).unwrap().into()).await.unwrap();
    assert_eq!(room.command(DONE).await.id, asked.command_id());
}

#[tokio::test]
async fn more_asks_than_permits_are_all_answered() {
    const ASKS: u32 = 500;
    let mut room = Room::open().await;
    for turn in 1..=ASKS {
        room.ask(turn, LONG).await;
    }
    let _worker = room.worker("bot-worker-1", &["--threads", "1"]).await;
    // An ask that waits for two seconds, on a slow machine, is delivered again.
    let mut answered = BTreeSet::new();
    while answered.len() < ASKS as usize {
        let (_, turn, _) = act(room.command(DONE).await.command);
        answered.insert(turn);
    }
    assert_eq!(answered, (1..=ASKS).collect());
}

#[tokio::test]
async fn a_table_that_cannot_answer_now_is_asked_again() {
    let mut room = Room::open().await;
    let _worker = room.worker("bot-worker-1", &[]).await;
    let asked = room.ask(4, LONG).await;
    let first = room.command(TableReply::Refused(Refusal::unavailable("journal"))).await;
    let second = room.command(DONE).await;
    assert_eq!(first, second);
    assert_eq!(second.id, asked.command_id());
}

#[tokio::test]
async fn an_ask_of_a_killed_worker_goes_to_another_one() {
    let mut room = Room::open().await;
    let slow = ["--budget-ms", "40000", "--rollouts", "4000000000", "--threads", "1"];
    let mut slow = room.worker("bot-worker-1", &slow).await;
    let asked = room.ask(4, LONG).await;
    sleep(Duration::from_millis(500)).await;
    slow.kill().await.unwrap();
    let _other = room.worker("bot-worker-2", &[]).await;
    assert_eq!(room.command(DONE).await.id, asked.command_id());
}

#[tokio::test]
async fn sigterm_lets_decisions_finish() {
    let mut room = Room::open().await;
    let slow = ["--budget-ms", "1500", "--rollouts", "4000000000", "--threads", "1"];
    let mut worker = room.worker("bot-worker-1", &slow).await;
    let asked = room.ask(4, LONG).await;
    sleep(Duration::from_millis(500)).await;
    worker.signal(Signal::TERM);
    assert_eq!(room.command(DONE).await.id, asked.command_id());
    let ended = timeout(GUARD, worker.ended()).await.expect("the worker does not end").unwrap();
    assert!(ended.success(), "{ended}");
    // The ask was acknowledged: no other worker gets it.
    let _other = room.worker("bot-worker-2", &[]).await;
    room.assert_settled().await;
}

#[tokio::test]
async fn decisions_do_not_delay_heartbeats() {
    let mut room = Room::open().await;
    let slow = ["--budget-ms", "3000", "--rollouts", "4000000000"];
    let _worker = room.worker("bot-worker-1", &slow).await;
    for turn in 1..=4 {
        room.ask(turn, LONG).await;
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        assert_eq!(room.stage.peers.alive(Role::BotWorker).len(), 1, "the worker is taken for dead");
        sleep(Duration::from_millis(50)).await;
    }
    room.command(DONE).await;
}
