use super::*;
use wire::{
    Action, Chips, CommandId, Epoch, PlayerCommand, PostingId, VERSION,
    sender::Sender,
    table::{HouseBot, Level, TableConfig},
};

const TABLE: TableId = TableId(7);

fn config() -> TableConfig {
    TableConfig {
        name: "test".to_owned(),
        seats: 2,
        action_ms: 1_000,
        hand_pause_ms: 100,
        bot_pace_ms: 0,
        ..TableConfig::cash(Level::cash(Chips(5), Chips(10)), Chips(100)..=Chips(1_000))
    }
}

/// A table with the records that its journal would give a new owner.
struct Journaled {
    host: TableHost,
    /// The records since the last snapshot, that one included.
    records: Vec<Vec<u8>>,
}

impl Journaled {
    /// Writes a record, and checks that a recovery from the journal gives the same table with the
    /// same hand.
    fn write(&mut self, events: Vec<TableEvent>, at_ms: u64) {
        let (host, first) = (&mut self.host, self.records.is_empty());
        let mut record = TableRecord {
            v: VERSION,
            epoch: Epoch(1),
            at_ms,
            resumed: false,
            cause: None,
            events,
            state: None,
        };
        record.state = host.snapshot(&record, first);
        let payload = TableHost::encode(&record).unwrap();
        host.wrote(payload.len(), record.state.is_some());
        if record.state.is_some() {
            self.records.clear();
        }
        self.records.push(payload);
        let events = host.evolve(record);
        host.news(events);
        let past = |bytes: &Vec<u8>| Past { record: TableHost::decode(bytes).unwrap(), bytes: bytes.len() };
        let mut records: Vec<_> = self.records.iter().map(past).collect();
        let recovered = TableHost::replay(TABLE, &mut records).unwrap();
        assert_eq!(recovered.table, host.table);
        assert_eq!(recovered.tail, host.tail);
        if host.between < MAX_BETWEEN {
            assert_eq!(recovered.history.hand(), host.history.hand());
        }
    }
}

/// Returns a table of two bots in a hand that began at `now_ms`.
fn playing(now_ms: u64) -> Journaled {
    let bots: Vec<_> = (1..=2)
        .map(|n| HouseBot { player: PlayerId(n), name: format!("bot {n}"), buy_in: Chips(500) })
        .collect();
    let command = TableCommand::Create { config: config(), bots };
    let order = TableOrder::Asked { command, sender: Sender::Admin, options: OwnerOptions::default() };
    let (host, created) = TableHost::create(TABLE, &order, 1).unwrap().unwrap();
    let mut journaled = Journaled { host, records: Vec::new() };
    journaled.write(created, 1);
    for number in 1..=2 {
        let posting = PostingId(format!("table.{TABLE}.{number}"));
        let arrived = journaled.host.table.money_arrived(&posting, None);
        journaled.write(arrived, 2);
    }
    let begun = journaled.host.tick(now_ms, || Seed([3; 32]));
    journaled.write(begun, now_ms);
    journaled
}

fn said() -> Vec<TableEvent> {
    let (name, text) = ("ann".to_owned(), "hello".to_owned());
    vec![TableEvent::Said { player: PlayerId(9), name, text }]
}

#[test]
fn a_time_out_of_a_player_whose_clock_a_new_owner_would_extend_is_for_now_only() {
    let host = playing(10_000).host;
    let over_ms = host.next_deadline_ms().unwrap();
    assert_eq!(host.tick(over_ms - 1, || Seed([4; 32])), []);
    let over = host.tick(over_ms, || Seed([4; 32]));
    assert!(matches!(over[..], [TableEvent::TimedOut { .. }, ..]));
    assert!(host.is_for_now_only(&over, over_ms));
    assert!(matches!(host.resume(over_ms)[..], [TableEvent::ClockExtended { .. }]));
    assert!(!host.is_for_now_only(&said(), over_ms));
}

#[test]
fn a_bot_worker_acts_for_the_tables_house_bots_alone() {
    let journaled = playing(10_000);
    let act = |host: &TableHost, sender, player| {
        let view = host.table.view();
        let hand = view.hand.unwrap();
        let act = PlayerCommand::act(hand.hand, hand.turn.unwrap().turn, Action::Fold);
        let order = TableOrder::Asked { command: act.by(""), sender, options: OwnerOptions::default() };
        let cause = Cause { player: Some(PlayerId(player)), id: CommandId(9) };
        host.decide(Some(cause), &order, 10_001, false)
    };
    let in_turn = [1, 2].map(|bot| act(&journaled.host, Sender::BotWorker, bot));
    assert_eq!(in_turn.iter().filter(|decided| decided.is_ok()).count(), 1, "{in_turn:?}");
    assert!(in_turn.contains(&Err(Refusal::NotYourTurn)), "{in_turn:?}");
    let stranger = act(&journaled.host, Sender::BotWorker, 77);
    assert!(matches!(stranger, Err(Refusal::BadMessage { .. })), "{stranger:?}");
    assert_eq!(act(&journaled.host, Sender::Gateway, 77), Err(Refusal::NotSeated));
}

#[test]
fn only_owners_that_take_scripts_make_tables_for_them() {
    let command =
        TableCommand::Create { config: TableConfig { scripted: true, ..config() }, bots: Vec::new() };
    for takes_scripts in [true, false] {
        let options = OwnerOptions { takes_scripts, ..OwnerOptions::default() };
        let order = TableOrder::Asked { command: command.clone(), sender: Sender::Admin, options };
        let refusal = TableHost::create(TABLE, &order, 1).unwrap().err();
        assert_eq!(refusal, (!takes_scripts).then_some(Refusal::ScriptedDecksOff));
    }
}

#[test]
fn only_chat_has_a_low_priority_and_its_limits_follow_from_the_owners_rate() {
    let order = |command: TableCommand, chat_rate| {
        let options = OwnerOptions { chat_rate, ..OwnerOptions::default() };
        TableOrder::Asked { command, sender: Sender::Gateway, options }
    };
    let say = || PlayerCommand::Say { text: "hello".to_owned() }.by("ann");
    let limits = |chat_rate| {
        let limits = TableHost::low_priority(&order(say(), chat_rate)).unwrap();
        assert_eq!(limits.refusal, Refusal::TooMuchTalk);
        let [player, all] = [limits.player, limits.aggregate].map(|rate| (rate.every_ms, rate.burst));
        (player, all)
    };
    assert_eq!(limits(CHAT_RATE), ((500, 10), (100, 30)));
    assert_eq!(limits(1), ((5_000, 10), (1_000, 3)));
    assert_eq!(limits(1_001), ((0, 10), (0, 3_003)), "no limit");
    for other in [PlayerCommand::Leave.by(""), TableCommand::Resync { since: None }, TableCommand::Close] {
        assert_eq!(TableHost::low_priority(&order(other, CHAT_RATE)), None);
    }
    assert_eq!(TableHost::low_priority(&TableOrder::PaidBack(PostingId("x".to_owned()))), None);
}

#[test]
fn a_long_hand_is_recovered_from_few_records_and_repeated_whole_until_some_time_after_its_end() {
    let mut now_ms = 10_000;
    let mut journaled = playing(now_ms);
    assert_eq!(journaled.records.len(), 1, "a hand begins with a snapshot");
    let mut longest = 0;
    for _ in 0..3 * MAX_TAIL {
        journaled.write(said(), now_ms);
        longest = longest.max(journaled.records.len());
    }
    assert_eq!(longest, MAX_TAIL, "the snapshot included");
    for _ in 0..1_000 {
        journaled.write(said(), now_ms);
        longest = longest.max(journaled.records.len());
    }
    assert!((2 * MAX_TAIL..=1_200 / RETOLD).contains(&longest), "{longest} records are read");
    while journaled.host.table.is_playing() {
        now_ms += 2_000;
        let events = journaled.host.table.tick(now_ms, || Seed([4; 32]));
        journaled.write(events, now_ms);
    }
    for _ in 0..2 * MAX_BETWEEN {
        journaled.write(said(), now_ms);
    }
    let mut snapshot = TableHost::decode(&journaled.records[0]).unwrap().state.unwrap();
    assert!(snapshot.take_told().is_empty(), "the hand is long over");
}
