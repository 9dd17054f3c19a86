//! Tests of the checks: an untampered table has no fault, and each planted fault is found under its
//! name.

use super::{
    log::{Answer, ClientLog, Kind, OwnCards},
    *,
};
use client::ClientEvent;
use poker::{
    hosted::MAX_BETWEEN,
    table::{self, Table, TableRecord},
};
use std::collections::HashMap;
use wire::{
    Action, Card, Chips, CommandId, Epoch, PlayerCommand, PlayerId, VERSION,
    cashier::{Audit, TableMoneyRequest},
    client::PrivateCards,
    event::{HandEvent, Seed, TableEvent},
    journal::Cause,
    table::{Level, TableCommand, TableConfig},
    view::TableView,
};

const TABLE: TableId = TableId(7);
/// Time of the first record, in milliseconds since 1970.
const BEGAN_MS: u64 = 1_700_000_000_000;
const PLAYERS: u64 = 4;

/// A table with a journal, the logs of its players' programs, and the cashier's answers.
struct Room {
    table: Table,
    journal: Vec<TableRecord>,
    logs: Vec<ClientLog>,
    visitor: ClientLog,
    now_ms: u64,
    commands: u64,
    audit: Audit,
    balances: HashMap<PlayerId, (i64, Chips)>,
}

impl Room {
    fn played() -> Self {
        let level = Level { number: 0, small_blind: Chips(5), big_blind: Chips(10), ante: Chips(0) };
        let config = TableConfig {
            name: "test".to_owned(),
            action_ms: 5_000,
            hand_pause_ms: 100,
            bot_pace_ms: 0,
            ..TableConfig::cash(level, Chips(100)..=Chips(1_000))
        };
        let mut room = Self {
            table: Table::new(TABLE, config.clone()),
            journal: Vec::new(),
            logs: (1..=PLAYERS).map(|player| ClientLog::of(Some(PlayerId(player)))).collect(),
            visitor: ClientLog::of(None),
            now_ms: BEGAN_MS,
            commands: 0,
            audit: Audit { sum: 0, unbalanced: vec![], tables: vec![], tournaments: vec![] },
            balances: (1..=PLAYERS).map(|player| (PlayerId(player), (10_000, Chips::ZERO))).collect(),
        };
        let created = table::create(TABLE, &config, &[]).unwrap();
        room.write(None, created);
        let view = Box::new(room.table.view());
        room.everybody_sees(&ClientEvent::Table { view, cards: None, so_far: Vec::new() });
        for player in 1..=PLAYERS {
            room.command(player, Kind::Paid, PlayerCommand::Sit { seat: None, buy_in: Chips(500) }.by("p"));
        }
        for _ in 0..200 {
            room.step();
        }
        room.close();
        room
    }

    fn everybody_sees(&mut self, event: &ClientEvent) {
        let at_ms = self.now_ms + 1;
        self.logs.iter_mut().for_each(|log| log.see(event, at_ms));
        self.visitor.see(event, at_ms);
    }

    fn write(&mut self, cause: Option<Cause>, events: Vec<TableEvent>) {
        if events.is_empty() {
            return;
        }
        let record = TableRecord {
            v: VERSION,
            epoch: Epoch(1),
            at_ms: self.now_ms,
            resumed: false,
            cause,
            events,
            state: None,
        };
        let first = self.table.event_no() + 1;
        self.table.apply(&record);
        for (number, event) in (first..).zip(record.events.iter().filter_map(table::public)) {
            self.everybody_sees(&ClientEvent::Event { table: TABLE, number, event });
        }
        let cards: Vec<_> = table::private_cards_dealt(&self.table, &record.events).collect();
        for (player, cards) in cards {
            self.logs[player.0 as usize - 1].see(&ClientEvent::Cards(cards), self.now_ms + 1);
        }
        self.journal.push(record);
    }

    fn command(&mut self, player: u64, kind: Kind, command: TableCommand) {
        self.commands += 1;
        let id = CommandId(self.commands);
        let cause = Cause { player: Some(PlayerId(player)), id };
        let decided = self.table.decide(cause, &command, self.now_ms);
        let answer = if decided.is_ok() { Answer::Done } else { Answer::Refused };
        let sent = Sent { id, table: TABLE, kind, at_ms: self.now_ms, answer };
        self.logs[player as usize - 1].commands.push(sent);
        self.write(Some(cause), decided.unwrap_or_default());
    }

    fn step(&mut self) {
        self.now_ms += 300;
        self.pay();
        let chance = self.now_ms / 300;
        let due = self.table.tick(self.now_ms, || Seed([(chance % 251) as u8; 32]));
        if !due.is_empty() {
            return self.write(None, due);
        }
        let Some((hand, turn)) = self.table.view().hand.and_then(|hand| Some((hand.hand, hand.turn?))) else {
            return;
        };
        let player = self.table.players().find(|(seat, _)| *seat == turn.seat).unwrap().1.0;
        if chance.is_multiple_of(13) {
            self.command(player, Kind::Paid, PlayerCommand::TopUp { amount: Chips(60) }.by(""));
        }
        let action = match (chance % 5, turn.legal.check, turn.legal.bet) {
            (0, _, Some(bet)) => Action::Bet(bet.min),
            (_, true, _) => Action::Check,
            (1, false, _) => Action::Fold,
            _ => Action::Call,
        };
        if chance.is_multiple_of(17) {
            // For a turn that is not the current one.
            let late = PlayerCommand::act(hand, turn.turn + 1, action.clone()).by("");
            self.command(player, Kind::Change, late);
        }
        self.command(player, Kind::Change, PlayerCommand::act(hand, turn.turn, action).by(""));
    }

    /// Carries out the table's effects like the cashier.
    fn pay(&mut self) {
        for effect in self.table.effects() {
            let table::Effect::Money(request) = effect else { continue };
            let (player, change, events) = match request {
                TableMoneyRequest::BuyIn { posting, player, amount, .. } => {
                    (player, -(amount.0 as i64), self.table.money_arrived(&posting, None))
                }
                TableMoneyRequest::CashOut { posting, player, amount, .. } => {
                    (player, amount.0 as i64, self.table.paid_back(&posting))
                }
            };
            self.balances.get_mut(&player).unwrap().0 += change;
            self.write(None, events);
        }
    }

    fn close(&mut self) {
        let cause = Cause { player: None, id: CommandId(1) };
        let events = self.table.decide(cause, &TableCommand::Close, self.now_ms).unwrap();
        self.write(Some(cause), events);
        for _ in 0..200 {
            self.step();
        }
        assert!(self.table.is_closed());
    }

    fn story(&self) -> Story {
        let mut story = Story::new(TABLE);
        for (sequence, record) in (1..).zip(&self.journal) {
            story.record(sequence, record.at_ms, record);
        }
        story
    }

    /// Returns the names of all faults found.
    fn judged(&self) -> Vec<Fault> {
        let story = self.story();
        let mut findings = story.findings().to_vec();
        findings.extend(clocks(&story, &[], 0));
        findings.extend(money([&story].into_iter(), &self.audit, &self.balances, 10_000));
        let stories = HashMap::from([(TABLE, story)]);
        for log in self.logs.iter().chain([&self.visitor]) {
            findings.extend(testimony(log, &stories));
        }
        let mut faults: Vec<Fault> = findings.iter().map(|finding| finding.fault).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// Returns the index of an action's record in the middle of the journal.
    fn an_action(&self) -> usize {
        let acts =
            |record: &TableRecord| matches!(record.events[0], TableEvent::Hand(HandEvent::Acted { .. }));
        40 + self.journal.iter().skip(40).position(acts).unwrap()
    }

    fn stretch(&mut self) -> &mut Vec<log::SeenEvent> {
        &mut self.logs[1].stretches[0].seen
    }

    fn events(&mut self) -> impl Iterator<Item = &mut TableEvent> {
        self.journal.iter_mut().flat_map(|record| &mut record.events)
    }
}

/// Returns the faults that are found after tampering.
fn after(tamper: impl FnOnce(&mut Room)) -> Vec<Fault> {
    let mut room = Room::played();
    tamper(&mut room);
    room.judged()
}

#[test]
fn an_untampered_table_has_no_fault() {
    let room = Room::played();
    assert_eq!(room.judged(), []);
    let story = room.story();
    assert!(story.hands() > 5, "{} hands", story.hands());
    assert!(room.logs.iter().all(|log| log.seen() > 100 && log.cards.len() > 5 && log.commands.len() > 10));
    assert!(room.logs.iter().flat_map(|log| &log.commands).any(|sent| sent.answer == Answer::Refused));
}

#[test]
fn a_record_dropped_doubled_or_swapped_is_found() {
    let dropped = after(|room| drop(room.journal.remove(room.an_action())));
    assert!(dropped.contains(&Fault::Lost) && dropped.contains(&Fault::Foreign), "{dropped:?}");
    let doubled = after(|room| {
        let at = room.an_action();
        room.journal.insert(at, room.journal[at].clone());
    });
    assert!(doubled.contains(&Fault::Doubled), "{doubled:?}");
    let swapped = after(|room| {
        let at = room.an_action();
        room.journal.swap(at, at + 1);
    });
    assert!(swapped.contains(&Fault::Foreign), "{swapped:?}");
    let zombie = after(|room| {
        let at = room.an_action();
        room.journal[at].epoch = Epoch(3);
    });
    assert_eq!(zombie, [Fault::Journal]);
}

#[test]
fn a_missed_repeated_or_misplaced_event_is_found() {
    assert_eq!(after(|room| _ = room.stretch().remove(50)), [Fault::Gap]);
    let twice = after(|room| {
        let seen = room.stretch()[50];
        room.stretch().insert(51, seen);
    });
    assert_eq!(twice, [Fault::Repeat]);
    assert_eq!(after(|room| room.stretch().swap(50, 51)), [Fault::Gap, Fault::Repeat]);
    assert_eq!(after(|room| room.stretch()[50].sum ^= 1), [Fault::Foreign]);
    let invented = after(|room| {
        let mut seen = *room.stretch().last().unwrap();
        seen.number += 1;
        room.stretch().push(seen);
    });
    assert_eq!(invented, [Fault::Foreign]);
    assert_eq!(after(|room| room.stretch()[50].at_ms -= 100), [Fault::Early]);
}

#[test]
fn a_hand_that_is_not_replayed_is_a_gap_and_an_older_one_is_not() {
    let forgotten = |back: u64| {
        after(|room| {
            let story = room.story();
            let hands: Vec<u64> = story.hands.values().map(|hand| hand.began).collect();
            let (began, at) = (hands[3], hands[3] + 5);
            let split = at as usize - room.stretch()[0].number as usize + 1;
            let seen = room.stretch().split_off(split);
            let since = began + 2 - back;
            room.stretch().retain(|seen| seen.number <= since);
            let stretch = Stretch { table: TABLE, after: at, view: at, forgotten_since: Some(since), seen };
            room.logs[1].stretches.push(stretch);
        })
    };
    assert_eq!(forgotten(0), [Fault::Gap]);
    assert_eq!(forgotten(10), []);
}

#[test]
fn a_hand_is_remembered_for_as_many_records_as_tables_repeat_it_in_snapshots() {
    let room = Room::played();
    let ends = |record: &TableRecord| {
        record.events.iter().any(|event| matches!(event, TableEvent::HandEnded { .. }))
    };
    let end = room.journal.iter().position(ends).unwrap();
    let mut story = Story::new(TABLE);
    for (sequence, record) in (1..).zip(&room.journal[..=end]) {
        story.record(sequence, record.at_ms, record);
    }
    let (last, began) = (story.last_event(), story.hands.values().next().unwrap().began);
    let nothing = TableRecord { cause: None, events: Vec::new(), state: None, ..room.journal[end].clone() };
    for _ in 0..MAX_BETWEEN {
        assert_eq!(story.remembered_hand(last), Some(began));
        story.record(0, nothing.at_ms, &nothing);
    }
    assert_eq!(story.remembered_hand(last), None);
}

#[test]
fn a_card_too_early_or_of_another_player_is_found() {
    let others = after(|room| {
        let cards = room.logs[0].cards[3].clone();
        room.logs[1].cards.push(cards);
    });
    assert_eq!(others, [Fault::Leak]);
    let visitor = after(|room| {
        let OwnCards { table, hand, cards, at_ms } = room.logs[0].cards[3].clone();
        let cards = PrivateCards { table, hand, cards, openings: Vec::new() };
        room.visitor.see(&ClientEvent::Cards(cards), at_ms);
    });
    assert_eq!(visitor, [Fault::Leak]);
    assert_eq!(after(|room| room.logs[0].cards[3].at_ms -= 5_000), [Fault::Leak]);
    let tabled = after(|room| {
        let at = room.an_action();
        let cards = Card::all().take(2).collect();
        let shown = HandEvent::Shown { seat: 0, cards, hand: "a pair".into() };
        room.journal[at - 1].events.push(TableEvent::Hand(shown));
    });
    assert!(tabled.contains(&Fault::Leak), "{tabled:?}");
}

#[test]
fn an_extra_chip_is_found() {
    let ended = after(|room| {
        let stacks = room.events().find_map(|event| match event {
            TableEvent::HandEnded { stacks, .. } => Some(stacks),
            _ => None,
        });
        stacks.unwrap()[0].chips.0 += 1;
    });
    assert!(ended.contains(&Fault::Chips), "{ended:?}");
    let paid = after(|room| {
        let paid = room.events().find_map(|event| match event {
            TableEvent::Unseated { cash_out, .. } if !cash_out.is_zero() => Some(cash_out),
            _ => None,
        });
        paid.unwrap().0 += 1;
    });
    assert!(paid.contains(&Fault::Chips), "{paid:?}");
    assert_eq!(after(|room| room.balances.get_mut(&PlayerId(2)).unwrap().0 += 1), [Fault::Chips]);
    assert_eq!(after(|room| room.balances.get_mut(&PlayerId(2)).unwrap().1 = Chips(1)), [Fault::Chips]);
    assert_eq!(after(|room| room.audit.sum = 1), [Fault::Chips]);
}

#[test]
fn a_seat_held_twice_is_found() {
    let found = after(|room| {
        let player = room.events().filter_map(|event| match event {
            TableEvent::SeatReserved { player, .. } => Some(player),
            _ => None,
        });
        *player.into_iter().nth(1).unwrap() = PlayerId(1);
    });
    assert!(found.contains(&Fault::Seats), "{found:?}");
}

#[test]
fn a_wrong_button_or_blind_is_found() {
    fn start(room: &mut Room) -> &mut wire::event::HandStart {
        let starts = room.events().filter_map(|event| match event {
            TableEvent::HandStarted { start, .. } => Some(start),
            _ => None,
        });
        starts.into_iter().nth(3).unwrap()
    }
    let button = after(|room| {
        let start = start(room);
        start.button = start.big_blind + 1;
    });
    assert!(button.contains(&Fault::Button), "{button:?}");
    let blinds = after(|room| {
        let start = start(room);
        (start.small_blind, start.big_blind) = (Some(start.big_blind), start.small_blind.unwrap());
    });
    assert!(blinds.contains(&Fault::Button), "{blinds:?}");
}

#[test]
fn chat_lines_out_of_order_are_found() {
    let said = |numbers: [u64; 3]| {
        after(|room| {
            for number in numbers {
                let (player, name, text) = (PlayerId(3), "p".to_owned(), number.to_string());
                let said = TableEvent::Said { player, name, text };
                let record = TableRecord {
                    v: VERSION,
                    epoch: Epoch(1),
                    at_ms: room.now_ms,
                    resumed: false,
                    cause: None,
                    events: vec![said],
                    state: None,
                };
                room.journal.push(record);
            }
        })
    };
    assert_eq!(said([1, 2, 4]), []);
    assert_eq!(said([1, 3, 2]), [Fault::Order]);
    assert_eq!(said([1, 2, 2]), [Fault::Order]);
}

#[test]
fn a_refused_command_that_is_carried_out_is_found() {
    let found = after(|room| {
        let sent = room.logs[0].commands.iter_mut().find(|sent| sent.kind == Kind::Change);
        sent.unwrap().answer = Answer::Refused;
    });
    assert_eq!(found, [Fault::Undenied]);
}

#[test]
fn a_clock_that_runs_during_an_outage_is_found() {
    let mut story = Story::new(TABLE);
    let record = |at_ms, events| TableRecord {
        v: VERSION,
        epoch: Epoch(1),
        at_ms,
        resumed: false,
        cause: None,
        events,
        state: None,
    };
    let legal = Box::new(wire::Legal::default());
    let turn = TableEvent::Turn { seat: 1, turn: 1, legal: *legal, deadline_ms: BEGAN_MS + 5_000 };
    story.record(1, BEGAN_MS, &record(BEGAN_MS, vec![turn]));
    let out = TableEvent::TimedOut { seat: 1 };
    story.record(2, BEGAN_MS + 5_100, &record(BEGAN_MS + 5_100, vec![out]));
    let outage = |from: u64, to: u64, table: u64| Outage {
        from_ms: BEGAN_MS + from,
        to_ms: BEGAN_MS + to,
        tables: Some([TableId(table)].into()),
    };
    assert_eq!(clocks(&story, &[outage(1_000, 3_000, 8)], 500), []);
    let found = clocks(&story, &[outage(1_000, 3_000, 7)], 500);
    assert_eq!(found.iter().map(|finding| finding.fault).collect::<Vec<_>>(), [Fault::Clock]);
    assert_eq!(clocks(&story, &[outage(1_000, 1_400, 7)], 500), []);
}

#[test]
fn after_a_lost_connection_the_grace_counts_as_the_given_time() {
    let record = |at_ms, events| TableRecord {
        v: VERSION,
        epoch: Epoch(1),
        at_ms,
        resumed: false,
        cause: None,
        events,
        state: None,
    };
    let turn = || {
        let legal = wire::Legal::default();
        TableEvent::Turn { seat: 1, turn: 1, legal, deadline_ms: BEGAN_MS + 20_000 }
    };
    let gone = TableEvent::Disconnected {
        seat: 1,
        connection: wire::ConnectionId("a".to_owned()),
        deadline_ms: Some(BEGAN_MS + 6_000),
    };
    let timed_out_at = |events: Vec<TableEvent>, at_ms| {
        let mut story = Story::new(TABLE);
        story.record(1, BEGAN_MS, &record(BEGAN_MS, vec![turn()]));
        story.record(2, BEGAN_MS + 1_000, &record(BEGAN_MS + 1_000, events));
        story.record(3, at_ms, &record(at_ms, vec![TableEvent::TimedOut { seat: 1 }]));
        clocks(&story, &[], 0).len()
    };
    assert_eq!(timed_out_at(vec![gone.clone()], BEGAN_MS + 6_000), 0);
    assert_eq!(timed_out_at(vec![gone.clone()], BEGAN_MS + 5_000), 2, "too early even for the grace");
    let back = TableEvent::Reconnected { seat: 1, deadline_ms: Some(BEGAN_MS + 20_000) };
    assert_eq!(timed_out_at(vec![gone, back], BEGAN_MS + 6_000), 2, "too early after a reconnect");
}

#[test]
fn a_view_without_events_shows_no_fault() {
    let room = Room::played();
    let view: TableView = room.table.view();
    let mut log = ClientLog::of(None);
    log.see(&ClientEvent::Table { view: Box::new(view), cards: None, so_far: Vec::new() }, BEGAN_MS);
    assert_eq!(testimony(&log, &HashMap::from([(TABLE, room.story())])), []);
}
