//! Tables played at random, and the single cases that matter.

use super::*;
use wire::{
    Action, CommandId, PlayerCommand, Refusal, codec,
    deal::Contribution,
    event::{Event, Unseating},
    journal::Cause,
    table::{Absence, HouseBot, TableCommand},
    tournament::{Arrival, Instruction, Stats},
};

/// A small deterministic source of random numbers: xorshift64* (Vigna 2016).
pub(crate) struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn seed(&mut self) -> Seed {
        Seed(std::array::from_fn(|_| self.next(256) as u8))
    }
}

/// A table and its journal, checked at every record.
pub(crate) struct Desk {
    pub(crate) table: Table,
    pub(crate) journal: Vec<TableRecord>,
    pub(crate) seen: Vec<Event>,
    chance: Chance,
    pub(crate) now_ms: u64,
    commands: u64,
}

impl Desk {
    pub(crate) fn new(config: &TableConfig, bots: &[HouseBot], seed: u64) -> Self {
        let id = TableId(77);
        let mut desk = Self {
            table: Table::new(id, config.clone()),
            journal: Vec::new(),
            seen: Vec::new(),
            chance: Chance(seed | 1),
            now_ms: 1_000,
            commands: 0,
        };
        let events = create(id, config, bots).unwrap();
        desk.write(None, events);
        desk
    }

    pub(crate) fn write(&mut self, cause: Option<Cause>, events: Vec<TableEvent>) {
        assert!(!events.is_empty());
        let mut before = self.table.chips();
        for event in &events {
            match event {
                TableEvent::Seated { stack, .. } => before = before.plus(*stack),
                TableEvent::ToppedUp { amount, .. } => before = before.plus(*amount),
                TableEvent::Unseated { cash_out, seat, posting, .. } => {
                    assert_eq!(posting.is_some(), self.table.tournament.is_none(), "all are cashed out");
                    let at_seat = self.table.seat(*seat).map_or(Chips::ZERO, |seat| seat.stack);
                    let gone = if self.table.tournament.is_some() { at_seat } else { *cash_out };
                    before = before.checked_minus(gone).unwrap();
                }
                _ => {}
            }
        }
        self.seen.extend(events.iter().filter_map(public));
        let record = TableRecord {
            v: 1,
            epoch: wire::Epoch(1),
            at_ms: self.now_ms,
            resumed: false,
            cause,
            events,
            state: None,
        };
        self.table.apply(&record);
        assert_eq!(self.table.chips(), before, "chips are conserved: {:?}", record.events);
        assert_eq!(self.table.event_no(), self.seen.len() as u64, "public events are numbered without gaps");
        self.journal.push(record);
    }

    pub(crate) fn send(&mut self, player: Option<u64>, command: &TableCommand) -> Result<(), Refusal> {
        self.commands += 1;
        let cause = Cause { player: player.map(PlayerId), id: CommandId(self.commands) };
        self.repeat(cause, command)
    }

    pub(crate) fn repeat(&mut self, cause: Cause, command: &TableCommand) -> Result<(), Refusal> {
        let events = self.table.decide(cause, command, self.now_ms)?;
        if !events.is_empty() {
            self.write(Some(cause), events);
        }
        Ok(())
    }

    /// Applies all that is due now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000 {
            let seed = self.chance.seed();
            let events = self.table.tick(self.now_ms, || seed);
            if events.is_empty() {
                return;
            }
            self.write(None, events);
        }
        panic!("the table does not come to rest");
    }

    pub(crate) fn pay(&mut self, refused: bool) {
        for effect in self.table.effects() {
            let Effect::Money(request) = effect else {
                continue;
            };
            let events = match request {
                wire::cashier::TableMoneyRequest::BuyIn { posting, .. } => {
                    let refusal = refused.then_some(Refusal::InsufficientFunds { balance: Chips::ZERO });
                    self.table.money_arrived(&posting, refusal.as_ref())
                }
                wire::cashier::TableMoneyRequest::CashOut { posting, .. } => self.table.paid_back(&posting),
            };
            self.write(None, events);
        }
    }

    pub(crate) fn turn(&self) -> Option<(u64, HandNo, u32, wire::Legal)> {
        let view = self.table.view();
        let turn = view.hand.and_then(|hand| Some((hand.hand, hand.turn?)));
        let seat = turn.as_ref().and_then(|(_, turn)| view.seats.iter().find(|seat| seat.seat == turn.seat));
        let person = seat.filter(|seat| !seat.bot).map(|seat| seat.player);
        assert_eq!(self.table.player_to_act(), person, "the player to act is the public view's");
        let (player, (hand, turn)) = (seat?.player, turn?);
        Some((player.0, hand, turn.turn, turn.legal))
    }

    /// Plays an action together with the player's part in the next decks.
    pub(crate) fn act_with(&mut self, action: Action, mix: Option<Contribution>) {
        let (player, hand, turn, _) = self.turn().expect("a seat has the turn");
        self.send(Some(player), &PlayerCommand::Act { hand, turn, action, mix }.by("")).unwrap();
    }

    pub(crate) fn act(
        &mut self,
        pick: impl FnOnce(&mut Chance, &wire::Legal) -> Action,
    ) -> Result<(), Refusal> {
        let (player, hand, turn, legal) = self.turn().expect("a seat has the turn");
        let action = pick(&mut self.chance, &legal);
        self.send(Some(player), &PlayerCommand::act(hand, turn, action).by(""))
    }

    pub(crate) fn check_replay(&self) {
        let replayed = Table::replay(self.table.id(), &self.journal).unwrap();
        assert_eq!(replayed, self.table, "replay gives the same state");
        let bytes = codec::encode(&self.table).unwrap();
        assert_eq!(codec::decode::<Table>(&bytes).unwrap(), self.table, "a snapshot gives the same state");
    }
}

fn any_legal(chance: &mut Chance, legal: &wire::Legal) -> Action {
    let mut offered = Vec::new();
    if legal.check {
        offered.push(Action::Check);
    }
    if legal.call.is_some() {
        offered.push(Action::Call);
    }
    if legal.fold && !legal.check {
        offered.push(Action::Fold);
    }
    let within = |bounds: wire::RaiseBounds, chance: &mut Chance| {
        Chips(bounds.min.0 + chance.next(bounds.max.0 - bounds.min.0 + 1))
    };
    if let Some(bounds) = legal.bet {
        offered.push(Action::Bet(within(bounds, chance)));
    }
    if let Some(bounds) = legal.raise {
        offered.push(Action::RaiseTo(within(bounds, chance)));
    }
    let picked = chance.next(offered.len() as u64) as usize;
    offered.swap_remove(picked)
}

pub(crate) fn cash_config() -> TableConfig {
    TableConfig {
        name: "cash".into(),
        action_ms: 10_000,
        hand_pause_ms: 100,
        bot_pace_ms: 0,
        ..TableConfig::cash(Level::cash(Chips(1), Chips(2)), Chips(40)..=Chips(200))
    }
}

fn bots(n: u64) -> Vec<HouseBot> {
    (1..=n).map(|i| HouseBot { player: PlayerId(i), name: format!("bot {i}"), buy_in: Chips(100) }).collect()
}

/// Returns a table where the players 1 to `n`, persons, wait for their first hand.
pub(crate) fn table_of(n: u64, seed: u64) -> Desk {
    let mut desk = Desk::new(&cash_config(), &[], seed);
    for player in 1..=n {
        let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.by(&format!("p{player}"));
        desk.send(Some(player), &sit).unwrap();
    }
    desk.pay(false);
    desk
}

/// Returns a table of `n` bots that wait for their first hand.
pub(super) fn bot_table(n: u64, seed: u64) -> Desk {
    let mut desk = Desk::new(&cash_config(), &bots(n), seed);
    desk.pay(false);
    desk
}

/// Sends a random report of a player's connection.
fn presence(desk: &mut Desk) -> Result<(), Refusal> {
    let player = 10 + desk.chance.next(5);
    let connection = wire::ConnectionId(format!("node.1.{}", desk.chance.next(2)));
    let command = match desk.chance.next(2) {
        0 => TableCommand::Online { connection },
        _ => TableCommand::Gone { connection },
    };
    desk.send(Some(player), &command)
}

#[test]
fn random_cash_tables_conserve_chips_and_replay() {
    for seed in 1..=40_u64 {
        println!("seed {seed}");
        let absence = Absence { grace_ms: 3_000, limit_ms: 15_000 };
        let mut desk = Desk::new(&TableConfig { absence, ..cash_config() }, &bots(3), seed * 7_919);
        for _ in 0..400 {
            desk.now_ms += desk.chance.next(60);
            match desk.chance.next(21) {
                0 => {
                    let player = 10 + desk.chance.next(5);
                    let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(80) }.by("x");
                    let _ = desk.send(Some(player), &sit);
                }
                1 => drop(desk.send(Some(10), &PlayerCommand::SitOut.by(""))),
                2 => drop(desk.send(Some(10), &PlayerCommand::SitIn.by(""))),
                3 => {
                    let player = 10 + desk.chance.next(5);
                    drop(desk.send(Some(player), &PlayerCommand::Leave.by("")));
                }
                4 => desk.now_ms += 11_000,
                5 => {
                    let refused = desk.chance.next(10) == 0;
                    desk.pay(refused);
                }
                6 => drop(presence(&mut desk)),
                7 => {
                    let (player, amount) = (10 + desk.chance.next(5), Chips(desk.chance.next(150)));
                    drop(desk.send(Some(player), &PlayerCommand::TopUp { amount }.by("")));
                }
                _ if desk.turn().is_some() => desk.act(any_legal).unwrap(),
                _ => desk.now_ms += 100,
            }
            desk.settle();
        }
        assert!(desk.table.hands() > 3, "hands were played");
        desk.check_replay();
    }
}

#[test]
fn a_repeated_command_is_answered_again_and_is_not_carried_out_again() {
    let mut desk = table_of(3, 5);
    desk.settle();
    let (player, hand, turn, _) = desk.turn().unwrap();
    let cause = Cause { player: Some(PlayerId(player)), id: CommandId(999) };
    let fold = PlayerCommand::act(hand, turn, Action::Fold).by("");
    desk.repeat(cause, &fold).unwrap();
    let (records, answer) = (desk.journal.len(), desk.table.answer(cause).cloned());
    assert!(matches!(answer, Some(Answer::Done(_))));
    desk.repeat(cause, &fold).unwrap();
    assert_eq!((desk.journal.len(), desk.table.answer(cause).cloned()), (records, answer));
    // The same action under a new id comes too late and is refused with the reason.
    let late = desk.repeat(Cause { id: CommandId(1_000), ..cause }, &fold);
    assert!(matches!(late, Err(Refusal::TurnPassed { .. })));
}

#[test]
fn a_command_older_than_the_remembered_ones_is_refused_as_out_of_date() {
    let mut desk = table_of(2, 15);
    let say = |text: &str| PlayerCommand::Say { text: text.into() }.by("guest");
    let cause = |id| Cause { player: Some(PlayerId(70)), id: CommandId(id) };
    for id in 1_001..=1_006 {
        desk.repeat(cause(id), &say(&format!("line {id}"))).unwrap();
    }
    for _ in 0..2 {
        // Each answer is the first answer, also from a snapshot.
        for id in 1_003..=1_006 {
            let records = desk.journal.len();
            desk.repeat(cause(id), &say("something else")).unwrap();
            assert_eq!(desk.journal.len(), records);
            let number = desk.seen.len() as u64 - (1_006 - id);
            assert_eq!(desk.table.answer(cause(id)), Some(&Answer::Done(number)));
        }
        for id in [1_001, 1_002, 999] {
            assert_eq!(desk.repeat(cause(id), &say("again?")), Err(Refusal::OutOfDate));
        }
        desk.check_replay();
        desk.table = codec::decode(&codec::encode(&desk.table).unwrap()).unwrap();
    }
}

#[test]
fn seated_and_unseated_players_chat_in_public_events() {
    let mut desk = table_of(2, 16);
    desk.settle();
    let say = |text: &str| PlayerCommand::Say { text: text.into() }.by("kim");
    desk.send(Some(1), &say(" nice hand ")).unwrap();
    desk.send(Some(99), &say("hello")).unwrap();
    let said: Vec<(u64, &str)> = desk
        .seen
        .iter()
        .filter_map(|event| match event {
            Event::Said { player, text, .. } => Some((player.0, text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(said, [(1, "nice hand"), (99, "hello")]);
    assert!(matches!(desk.send(Some(1), &say("a\nb")), Err(Refusal::BadLine { .. })));
    assert!(matches!(desk.send(None, &say("boo")), Err(Refusal::BadMessage { .. })));
    desk.check_replay();
}

#[test]
fn out_of_turn_and_unseated_players_are_refused_with_the_reason() {
    let mut desk = table_of(3, 6);
    desk.settle();
    let (player, hand, turn, _) = desk.turn().unwrap();
    let other = (1..=3).find(|&p| p != player).unwrap();
    let act = PlayerCommand::act(hand, turn, Action::Call).by("");
    assert_eq!(desk.send(Some(other), &act), Err(Refusal::NotYourTurn));
    assert_eq!(desk.send(Some(50), &act), Err(Refusal::NotSeated));
}

#[test]
fn a_player_who_runs_out_of_time_is_folded_and_sits_out() {
    let mut desk = table_of(3, 7);
    desk.settle();
    let (player, ..) = desk.turn().unwrap();
    desk.now_ms += 9_999;
    desk.settle();
    assert_eq!(desk.turn().unwrap().0, player, "not yet");
    desk.now_ms += 1;
    desk.settle();
    assert_ne!(desk.turn().unwrap().0, player);
    let seat = desk.table.seat_of(PlayerId(player)).unwrap();
    assert!(desk.seen.contains(&Event::TimedOut { seat }));
    assert!(desk.table.seat(seat).unwrap().sitting_out);
}

#[test]
fn a_refused_buy_in_frees_the_seat_and_is_remembered() {
    let mut desk = Desk::new(&cash_config(), &[], 8);
    let cause = Cause { player: Some(PlayerId(1)), id: CommandId(1) };
    let sit = PlayerCommand::Sit { seat: Some(2), buy_in: Chips(100) }.by("p");
    desk.repeat(cause, &sit).unwrap();
    assert!(matches!(desk.table.answer(cause), Some(Answer::Seat { seat: 2, paid: false, .. })));
    desk.pay(true);
    assert!(matches!(desk.table.answer(cause), Some(Answer::Refused(Refusal::InsufficientFunds { .. }))));
    assert_eq!(desk.table.seat_of(PlayerId(1)), None);
}

#[test]
fn leaving_in_a_hand_folds_at_once_when_it_is_your_turn_and_pays_the_rest_back() {
    let mut desk = table_of(2, 9);
    desk.settle();
    let (player, ..) = desk.turn().unwrap();
    desk.send(Some(player), &PlayerCommand::Leave.by("")).unwrap();
    desk.settle();
    assert_eq!(desk.table.seat_of(PlayerId(player)), None);
    assert_eq!(desk.table.pending_cash_outs().plus(desk.table.chips()), Chips(200));
    desk.pay(false);
    assert_eq!(desk.table.pending_postings(), 0);
}

#[test]
fn hidden_cards_are_not_in_public_events() {
    let mut desk = table_of(4, 10);
    desk.settle();
    let mut hidden: Vec<String> = Vec::new();
    for player in 1..=4 {
        let cards = desk.table.cards_of(PlayerId(player)).expect("dealt in").cards;
        assert_eq!(cards.len(), 2);
        hidden.extend(cards.iter().map(ToString::to_string));
    }
    assert_eq!(desk.table.cards_of(PlayerId(9)), None);
    let seed = desk.table.playing.as_ref().unwrap().seed.to_string();
    let public = serde_json::to_string(&(desk.table.view(), &desk.seen)).unwrap();
    assert!(!public.contains(&seed));
    for card in hidden {
        assert!(!public.contains(&format!("\"{card}\"")), "{card} is public");
    }
}

pub(super) fn tournament_config() -> TableConfig {
    let purpose = Purpose::Tournament { tournament: wire::TournamentId(3) };
    TableConfig { purpose, ..cash_config() }
}

pub(super) fn instruction(number: u64, add: &[(u64, u8)], remove: &[u64], then: Then) -> TableCommand {
    TableCommand::Instruct(Instruction {
        number,
        level: Level { number: 1, small_blind: Chips(5), big_blind: Chips(10), ante: Chips(1) },
        remove: remove.iter().copied().map(PlayerId).collect(),
        add: add
            .iter()
            .map(|&(player, seat)| Arrival {
                player: PlayerId(player),
                name: format!("p{player}"),
                bot: false,
                stack: Chips(500),
                seat,
            })
            .collect(),
        then,
        stats: Stats::default(),
    })
}

#[test]
fn a_tournament_table_waits_for_instructions_and_carries_each_out_once() {
    let mut desk = Desk::new(&tournament_config(), &[], 11);
    desk.settle();
    assert!(desk.turn().is_none());
    desk.send(None, &instruction(1, &[(1, 0), (2, 1), (3, 2)], &[], Then::Play)).unwrap();
    desk.now_ms += 1_000;
    desk.settle();
    assert_eq!(desk.send(None, &instruction(2, &[], &[1], Then::Play)), Err(Refusal::NotAtThisStage));
    while desk.table.report().is_none() {
        desk.act(|_, legal| if legal.check { Action::Check } else { Action::Fold }).unwrap();
        desk.settle();
    }
    let report = desk.table.report().unwrap();
    assert_eq!((report.hand, report.applied, report.results.len()), (HandNo(1), 1, 3));
    desk.now_ms += 60_000;
    desk.settle();
    assert!(desk.turn().is_none(), "no hand without an instruction");
    desk.send(None, &instruction(2, &[(4, 0)], &[1], Then::Play)).unwrap();
    desk.send(None, &instruction(2, &[(4, 0)], &[1], Then::Play)).unwrap();
    assert_eq!(desk.table.players().map(|(_, p)| p.0).collect::<Vec<_>>(), [4, 2, 3]);
    assert!(desk.table.effects().contains(&Effect::Applied(2)));
    desk.now_ms += 1_000;
    desk.settle();
    assert!(desk.turn().is_some());
    desk.check_replay();
}

#[test]
fn closing_a_tournament_table_unseats_all_players_left() {
    let mut desk = Desk::new(&tournament_config(), &[], 12);
    desk.send(None, &instruction(1, &[(1, 0), (2, 1)], &[], Then::Wait)).unwrap();
    desk.send(None, &instruction(2, &[], &[1], Then::Close)).unwrap();
    assert!(desk.table.is_closed());
    assert_eq!(desk.table.players().count(), 0);
    let seated_elsewhere = Event::Unseated { seat: 0, player: PlayerId(1), reason: Unseating::Moved };
    assert!(desk.seen.contains(&seated_elsewhere));
    assert_eq!(desk.table.next_deadline_ms(), None);
}

#[test]
fn closing_a_cash_table_pays_all_players_back() {
    let mut desk = Desk::new(&cash_config(), &bots(3), 13);
    desk.pay(false);
    desk.settle();
    desk.send(None, &TableCommand::Close).unwrap();
    while desk.turn().is_some() {
        desk.act(|_, legal| if legal.check { Action::Check } else { Action::Fold }).unwrap();
    }
    desk.settle();
    assert!(desk.table.is_closed());
    assert_eq!(desk.table.pending_cash_outs(), Chips(300));
    let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.by("late");
    assert_eq!(desk.send(Some(20), &sit), Err(Refusal::TableClosed));
}

#[test]
fn bad_configurations_are_refused() {
    let broken: [fn(&mut TableConfig); 5] = [
        |config| config.seats = 11,
        |config| config.variant = "XX".into(),
        |config| config.level.big_blind = Chips::ZERO,
        |config| config.action_ms = 1,
        |config| config.purpose = Purpose::Cash { min_buy_in: Chips(9), max_buy_in: Chips(8) },
    ];
    for breaks in broken {
        let mut config = cash_config();
        breaks(&mut config);
        assert!(matches!(create(TableId(1), &config, &[]), Err(Refusal::BadMessage { .. })));
    }
}

#[test]
fn names_that_cannot_be_shown_are_refused_but_read_from_old_journals() {
    let long = "é".repeat(61);
    for name in ["", "  ", "a\nb", "\u{1b}[2J", "a\u{202e}b", &long] {
        let config = TableConfig { name: name.into(), ..cash_config() };
        let refused = create(TableId(1), &config, &[]).unwrap_err();
        assert_eq!(refused, Refusal::BadName { most: 60 }, "{name:?}");
        assert!(creation(TableId(1), &config, &[]).is_ok(), "{name:?}");
    }
    assert!(create(TableId(1), &TableConfig { name: "é".repeat(60), ..cash_config() }, &[]).is_ok());
}
