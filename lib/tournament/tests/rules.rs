//! The rules one by one: places and prizes, moves, waits, refusals.

// Clippy allows these in tests only, not in functions that tests call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use tournament::{Command, ENTRY_GRACE_MS, Effect, Payment, Tournament};
use wire::{
    Chips, HandNo, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    cashier::Account,
    event::Seed,
    tournament::{HandResult, Instruction, LevelSpec, Payout, Phase, Place, Report, Then, TournamentConfig},
};

const START_MS: u64 = 5_000_000;

fn config(seats: u8, entries: u32) -> TournamentConfig {
    let level = |bb: u64| LevelSpec {
        small_blind: Chips(bb / 2),
        big_blind: Chips(bb),
        ante: Chips::ZERO,
        seconds: 60,
    };
    TournamentConfig {
        name: "Rules".to_owned(),
        variant: "NT".to_owned(),
        seats,
        max_entries: entries,
        min_entries: 2,
        buy_in: Chips(100),
        fee: Chips(10),
        starting_stack: Chips(1_000),
        levels: vec![level(20), level(40)],
        start_ms: None,
        bots: 0,
        payout: Payout::Standard,
        action_ms: 10_000,
        hand_pause_ms: 0,
        bot_pace_ms: 0,
        absence: wire::table::Absence::default(),
    }
}

/// A tournament whose events are applied as they are decided.
struct Director {
    t: Tournament,
    now_ms: u64,
    /// Whether the next record is the first one of another owner.
    resumed: bool,
    hands: BTreeMap<TableId, u64>,
}

impl Director {
    fn create(config: TournamentConfig) -> Self {
        let mut director = Self {
            t: Tournament::new(TournamentId(7)),
            now_ms: START_MS,
            resumed: false,
            hands: BTreeMap::new(),
        };
        director.ask(Command::Create { config }).unwrap();
        director
    }

    fn ask(&mut self, command: Command) -> Result<usize, Refusal> {
        let events = self.t.decide(command, self.now_ms, self.resumed)?;
        if !events.is_empty() {
            self.t.wrote(self.now_ms, std::mem::take(&mut self.resumed));
        }
        events.iter().for_each(|event| self.t.evolve(event));
        Ok(events.len())
    }

    fn register(&mut self, player: u64) -> Result<usize, Refusal> {
        self.ask(Command::Register { player: PlayerId(player), name: format!("p{player}") })
    }

    fn entry_number(&self, player: u64) -> u32 {
        let entry = self.t.money_effects().find_map(|effect| match effect {
            Effect::Enter { player: whose, entry, .. } if whose == PlayerId(player) => Some(entry),
            _ => None,
        });
        entry.expect("an entry at the cashier")
    }

    fn pay(&mut self, player: u64, refused: Option<Refusal>) -> usize {
        let entry = self.entry_number(player);
        self.ask(Command::Paid(vec![Payment { player: PlayerId(player), entry, refused }])).unwrap()
    }

    /// Returns a started tournament whose tables (numbered from 1) are open and playing.
    fn started(seats: u8, players: u64) -> Self {
        let mut director = Self::seated(seats, players);
        director.push_all();
        director
    }

    /// Returns a started tournament whose tables are decided and not created yet.
    fn seated(seats: u8, players: u64) -> Self {
        let mut director = Self::create(config(seats, players as u32));
        for player in 1..=players {
            director.register(player).unwrap();
            director.pay(player, None);
        }
        director.ask(Command::Start { seed: Seed([3; 32]) }).unwrap();
        let tables = (1..=100).map(TableId).collect();
        director.ask(Command::OpenTables { tables }).unwrap();
        director
    }

    /// Lets the tables carry out all instructions that are sent to them, and returns these.
    fn push_all(&mut self) -> Vec<(TableId, Instruction)> {
        let mut pushed = Vec::new();
        loop {
            let effects: Vec<Effect> = self.t.table_effects().collect();
            if effects.is_empty() {
                return pushed;
            }
            for effect in effects {
                let Effect::Push { table, instruction, .. } = effect else { panic!("{effect:?}") };
                self.ask(Command::Applied { table, instruction: instruction.number }).unwrap();
                pushed.push((table, instruction));
            }
        }
    }

    fn at(&self, table: u64) -> BTreeMap<SeatNo, PlayerId> {
        let here = self.t.seated().filter(|(id, _, _)| *id == TableId(table));
        here.filter_map(|(_, seat, player)| Some((seat?, player))).collect()
    }

    fn heads(&self, table: u64) -> usize {
        self.at(table).len()
    }

    /// Returns the report of a hand that leaves these seats with these chips and the others
    /// unchanged.
    fn report(&self, table: u64, big_blind: SeatNo, after: &[(SeatNo, u64)]) -> Report {
        let seats = self.at(table);
        let result = |(&seat, &player): (&SeatNo, &PlayerId)| {
            let before = self.t.stack(player).unwrap();
            let after = after.iter().find(|(s, _)| *s == seat).map_or(before, |(_, chips)| Chips(*chips));
            HandResult { seat, player, before, after }
        };
        let id = TableId(table);
        Report {
            table: id,
            hand: HandNo(self.hands.get(&id).copied().unwrap_or(0) + 1),
            applied: self.t.instruction(id).unwrap().number,
            button: 0,
            big_blind,
            results: seats.iter().map(result).collect(),
            actions: 1,
        }
    }

    fn hand(&mut self, table: u64, big_blind: SeatNo, after: &[(SeatNo, u64)]) -> Instruction {
        let report = self.report(table, big_blind, after);
        *self.hands.entry(report.table).or_default() += 1;
        self.ask(Command::Report(report)).unwrap();
        self.t.instruction(TableId(table)).unwrap().clone()
    }

    /// Reports a hand in which these seats bust; the first of the others gets their chips.
    fn bust(&mut self, table: u64, big_blind: SeatNo, out: &[SeatNo]) -> Instruction {
        let seats = self.at(table);
        let stack = |seat: &SeatNo| self.t.stack(seats[seat]).unwrap().0;
        let winner = *seats.keys().find(|seat| !out.contains(seat)).unwrap();
        let won: u64 = out.iter().map(stack).sum();
        let mut after: Vec<(SeatNo, u64)> = out.iter().map(|&seat| (seat, 0)).collect();
        after.push((winner, stack(&winner) + won));
        self.hand(table, big_blind, &after)
    }

    fn place(&self, player: PlayerId) -> Place {
        self.t.places().into_iter().find(|place| place.player == player).unwrap()
    }
}

#[test]
fn the_larger_stack_ranks_higher_and_equal_stacks_share() {
    let mut d = Director::started(6, 6);
    let seats = d.at(1);
    d.hand(1, 1, &[(0, 1_500), (1, 500)]);
    d.bust(1, 2, &[1, 2, 3]);
    assert_eq!(d.place(seats[&2]).place, 4, "1,000 chips before the hand");
    assert_eq!(d.place(seats[&3]).place, 4, "as many");
    assert_eq!(d.place(seats[&1]).place, 6, "500 chips before the hand");
    assert_eq!(d.t.standings(10, d.now_ms).unwrap().stats.players_left, 3);
}

#[test]
fn the_standings_name_a_table_once_it_exists() {
    let mut d = Director::seated(6, 12);
    let told = |d: &Director| {
        let standings = d.t.standings(12, d.now_ms).unwrap();
        let placed = standings.players.iter().filter(|player| player.table.is_some()).count();
        (standings.stats.tables, standings.tables, placed)
    };
    assert_eq!(told(&d), (2, vec![], 0));
    d.ask(Command::Applied { table: TableId(2), instruction: 1 }).unwrap();
    assert_eq!(told(&d), (2, vec![TableId(2)], 6));
    d.push_all();
    assert_eq!(told(&d), (2, vec![TableId(1), TableId(2)], 12));
}

#[test]
fn the_end_pays_the_whole_pool() {
    let mut d = Director::started(10, 10);
    let seats = d.at(1);
    // Seats 1 and 2 finish together: second and third place share the one prize that is left.
    d.bust(1, 1, &[3, 4, 5, 6, 7, 8, 9]);
    let told = d.bust(1, 1, &[1, 2]);
    assert_eq!(told.then, Then::Close);
    assert_eq!(d.t.phase(), Phase::Finished);
    let Some(Effect::Settle { places, .. }) = d.t.effects().next() else { panic!() };
    assert_eq!(places.iter().map(|place| place.place).collect::<Vec<_>>(), [1, 2, 2, 4, 4, 4, 4, 4, 4, 4]);
    assert_eq!(places.iter().map(|place| place.prize).sum::<Chips>(), Chips(1_000));
    assert_eq!(places[0].player, seats[&0]);
    // The odd chip goes to the earlier position.
    let prizes = [1, 2].map(|seat| d.place(seats[&seat]).prize.0);
    assert_eq!(prizes[0], prizes[1] + 1);
    let standings = d.t.standings(3, d.now_ms).unwrap();
    assert_eq!(standings.players.len(), 3);
    assert_eq!((standings.players[0].place, standings.players[0].stack), (1, Chips(10_000)));
    d.ask(Command::Applied { table: TableId(1), instruction: told.number }).unwrap();
    d.ask(Command::Settled).unwrap();
    assert_eq!(d.t.effects().count(), 0);
}

#[test]
fn a_repeated_report_gets_the_same_instruction_and_an_old_one_is_past() {
    let mut d = Director::started(6, 6);
    let first = d.report(1, 1, &[(0, 900), (1, 1_100)]);
    let told = d.hand(1, 1, &[(0, 900), (1, 1_100)]);
    let before = d.t.clone();
    assert_eq!(d.ask(Command::Report(first.clone())), Ok(0));
    assert_eq!(d.t, before);
    assert_eq!(d.t.instruction(TableId(1)), Some(&told));
    d.hand(1, 2, &[]);
    assert_eq!(d.ask(Command::Report(first)), Err(Refusal::TournamentPast));
    let unknown = Command::Applied { table: TableId(9), instruction: 1 };
    assert_eq!(d.ask(unknown), Err(Refusal::NoSuchTable));
}

#[test]
fn a_report_that_makes_chips_or_moves_players_is_refused() {
    let d = Director::started(6, 6);
    let spoil: [fn(&mut Report); 7] = [
        |r| r.results[0].after = Chips(1_001),
        |r| r.results[0].before = Chips(999),
        |r| r.results[0].seat = 1,
        |r| r.results[1] = r.results[0],
        |r| r.applied = 0,
        |r| r.applied = 2,
        |r| r.big_blind = 6,
    ];
    for (i, spoil) in spoil.into_iter().enumerate() {
        let mut report = d.report(1, 1, &[]);
        spoil(&mut report);
        let refused = d.t.decide(Command::Report(report), d.now_ms, false);
        assert!(matches!(refused, Err(Refusal::BadMessage { .. })), "spoiler {i}: {refused:?}");
    }
}

#[test]
fn the_level_changes_with_the_next_hand() {
    let mut d = Director::started(6, 6);
    d.now_ms += 59_999;
    assert_eq!(d.hand(1, 1, &[]).level.number, 1);
    d.now_ms += 1;
    let told = d.hand(1, 2, &[]);
    assert_eq!((told.level.number, told.level.big_blind), (2, Chips(40)));
}

#[test]
fn a_level_neither_comes_early_nor_goes_back_when_the_next_owner_has_another_time() {
    let mut d = Director::started(6, 6);
    d.now_ms += 59_999;
    assert_eq!(d.hand(1, 1, &[]).level.number, 1);
    d.resumed = true;
    d.now_ms += 3_600_000;
    assert_eq!(d.hand(1, 2, &[]).level.number, 1, "that hour has not passed");
    d.now_ms += 1;
    assert_eq!(d.hand(1, 3, &[]).level.number, 2);
    d.resumed = true;
    d.now_ms -= 7_200_000;
    assert_eq!(d.hand(1, 4, &[]).level.number, 2, "the level goes on");
    assert_eq!(d.t.standings(1, d.now_ms).unwrap().level.number, 2);
}

/// TDA 11-A: the next big blind goes to the worst seat.
#[test]
fn the_next_big_blind_moves_to_the_worst_seat() {
    let mut d = Director::started(9, 18);
    // Table 1 loses the seats 2 and 5 and plays on: it is only two short.
    d.bust(1, 1, &[2, 5]);
    // Seat 3 had the big blind at table 2, so seat 4 is the next.
    let next = d.at(2)[&4];
    let told = d.hand(2, 3, &[]);
    assert_eq!(told.remove, [next]);
    assert_eq!(told.then, Then::Play);
    // Table 1 plays a hand in the meantime with the big blind on seat 3, so seat 5 is the worst
    // free seat.
    d.ask(Command::Applied { table: TableId(2), instruction: told.number }).unwrap();
    let told = d.hand(1, 3, &[]);
    let arrival = &told.add[0];
    assert_eq!((arrival.player, arrival.seat, arrival.stack), (next, 5, Chips(1_000)));
    assert_eq!((d.heads(1), d.heads(2)), (8, 8));
}

#[test]
fn players_arrive_only_after_the_old_table_has_confirmed() {
    let mut d = Director::started(9, 18);
    d.bust(1, 1, &[2, 5]);
    let removed = d.hand(2, 3, &[]);
    assert_eq!(removed.remove.len(), 1);
    assert_eq!(d.hand(1, 3, &[]).add, [], "still at the old table");
    assert_eq!(d.t.travelling().count(), 0);
    // The next report confirms the instruction as well.
    d.hand(2, 5, &[]);
    assert_eq!(d.t.travelling().count(), 1);
    assert_eq!(d.hand(1, 4, &[]).add.len(), 1);
}

/// A table three players short stops until it is balanced (TDA 11-D).
#[test]
fn a_table_three_short_waits() {
    let mut d = Director::started(9, 18);
    assert_eq!(d.bust(1, 1, &[2, 5, 6]).then, Then::Wait);
    d.ask(Command::Applied { table: TableId(1), instruction: 2 }).unwrap();
    assert_eq!(d.t.table_effects().count(), 0, "no player can be moved yet");
    let told = d.hand(2, 3, &[]);
    assert_eq!(told.remove.len(), 1, "9 and 6 become 8 and 7");
    d.ask(Command::Applied { table: TableId(2), instruction: told.number }).unwrap();
    let pushed = d.push_all();
    assert_eq!(pushed.len(), 1);
    assert_eq!((pushed[0].0, pushed[0].1.then, pushed[0].1.add.len()), (TableId(1), Then::Play, 1));
    // A waiting table plays no hand in the meantime, so the seat after its last big blind is the
    // worst.
    assert_eq!(pushed[0].1.add[0].seat, 2);
}

#[test]
fn the_highest_table_breaks_first_and_its_players_fill_the_others_evenly() {
    let mut d = Director::started(6, 18);
    d.bust(1, 1, &[2, 3]);
    d.bust(2, 1, &[2, 3]);
    assert_eq!(d.hand(2, 4, &[]).remove, [], "14 players need three tables");
    // Table 1 gives no player up: table 3 breaks as soon as two more players are bust.
    let told = d.bust(3, 1, &[2, 4]);
    assert_eq!((told.then, told.remove.len()), (Then::Close, 4));
    assert_eq!(told.stats.tables, 2);
    d.ask(Command::Applied { table: TableId(3), instruction: told.number }).unwrap();
    assert_eq!(d.t.travelling().count(), 4);
    assert_eq!(d.hand(1, 1, &[]).add.len(), 2);
    assert_eq!(d.hand(2, 1, &[]).add.len(), 2);
    assert_eq!((d.heads(1), d.heads(2), d.heads(3)), (6, 6, 0));
    let again = Command::Applied { table: TableId(3), instruction: told.number };
    assert_eq!(d.ask(again), Ok(0), "a closed table's repeat is answered");
}

#[test]
fn a_player_alone_waits_until_the_final_two_share_a_table() {
    let mut d = Director::started(2, 4);
    let told = d.bust(1, 1, &[1]);
    assert_eq!(told.then, Then::Wait);
    d.ask(Command::Applied { table: TableId(1), instruction: told.number }).unwrap();
    let told = d.bust(2, 1, &[1]);
    assert_eq!((told.then, told.remove.len()), (Then::Close, 1));
    d.ask(Command::Applied { table: TableId(2), instruction: told.number }).unwrap();
    let pushed = d.push_all();
    assert_eq!((pushed[0].0, pushed[0].1.then), (TableId(1), Then::Play));
    assert_eq!(d.heads(1), 2);
    assert_eq!(d.bust(1, 0, &[0]).then, Then::Close);
    assert_eq!(d.t.phase(), Phase::Finished);
}

#[test]
fn a_waiting_table_that_is_no_longer_needed_is_broken_by_itself() {
    let mut d = Director::started(2, 4);
    let told = d.bust(2, 1, &[1]);
    assert_eq!(told.then, Then::Wait);
    d.ask(Command::Applied { table: TableId(2), instruction: told.number }).unwrap();
    assert_eq!(d.bust(1, 1, &[1]).then, Then::Wait);
    let pushed = d.push_all();
    assert_eq!((pushed[0].0, pushed[0].1.then), (TableId(2), Then::Close));
    assert_eq!(d.heads(1), 1, "table 1 has not confirmed that it waits");
    d.ask(Command::Applied { table: TableId(1), instruction: 2 }).unwrap();
    assert_eq!(d.push_all()[0].1.then, Then::Play);
    assert_eq!(d.heads(1), 2);
}

#[test]
fn entries_are_refused_with_the_reason() {
    let mut d = Director::create(TournamentConfig { bots: 1, ..config(6, 3) });
    assert_eq!(d.ask(Command::Create { config: config(6, 3) }), Err(Refusal::AlreadyExists));
    d.register(10).unwrap();
    assert_eq!(d.register(10), Err(Refusal::AlreadyRegistered));
    assert!(matches!(d.ask(Command::Unregister { player: PlayerId(10) }), Err(Refusal::Unavailable { .. })));
    d.register(11).unwrap();
    assert_eq!(d.register(12), Err(Refusal::TournamentFull), "one entry is kept for a bot");
    d.pay(10, Some(Refusal::Banned));
    d.register(12).unwrap();
    d.pay(11, None);
    d.ask(Command::Unregister { player: PlayerId(11) }).unwrap();
    assert!(matches!(d.register(11), Err(Refusal::Unavailable { .. })), "not paid back yet");
    let number = d.entry_number(12);
    d.ask(Command::Refunded(vec![PlayerId(11)])).unwrap();
    d.register(11).unwrap();
    assert!(d.entry_number(11) > number, "a new entry");
    assert_eq!(d.ask(Command::Unregister { player: PlayerId(99) }), Err(Refusal::NotRegistered));
}

#[test]
fn a_tournament_starts_when_it_is_full_and_not_before() {
    let mut d = Director::create(TournamentConfig { bots: 2, ..config(6, 3) });
    let bots = (1..=5).map(|n| Account { player: PlayerId(n), name: format!("bot {n}") }).collect();
    assert_eq!(d.t.effects().next(), Some(Effect::AskBots { count: 2 }));
    assert_eq!(d.ask(Command::EnterBots { bots }), Ok(2));
    d.register(10).unwrap();
    for player in [1, 2] {
        d.pay(player, None);
    }
    assert_eq!(d.t.next_deadline_ms(), None);
    assert_eq!(d.ask(Command::Start { seed: Seed([0; 32]) }), Err(Refusal::NotAtThisStage));
    d.pay(10, None);
    assert!(d.t.next_deadline_ms().unwrap() <= d.now_ms);
    d.ask(Command::Start { seed: Seed([0; 32]) }).unwrap();
    assert_eq!(d.t.phase(), Phase::Running);
    assert_eq!(d.ask(Command::Cancel), Err(Refusal::TournamentPast));
    assert_eq!(d.register(11), Err(Refusal::RegistrationClosed));
}

#[test]
fn a_scheduled_start_waits_a_little_for_entries_that_are_being_paid() {
    let mut d = Director::create(TournamentConfig { start_ms: Some(START_MS + 500), ..config(6, 6) });
    for player in 1..=3 {
        d.register(player).unwrap();
    }
    d.pay(1, None);
    d.pay(2, None);
    assert_eq!(d.t.next_deadline_ms(), Some(START_MS + 500 + ENTRY_GRACE_MS));
    let late = d.entry_number(3);
    d.now_ms = START_MS + 500;
    assert_eq!(d.register(4), Err(Refusal::RegistrationClosed));
    d.now_ms += ENTRY_GRACE_MS;
    d.ask(Command::Start { seed: Seed([0; 32]) }).unwrap();
    // The entry is paid too late: it does not take part and is paid back.
    d.ask(Command::Paid(vec![Payment { player: PlayerId(3), entry: late, refused: None }])).unwrap();
    let refund = Effect::Refund { player: PlayerId(3), entry: late, buy_in: Chips(100), fee: Chips(10) };
    assert_eq!(d.t.money_effects().next(), Some(refund));
    let standings = d.t.standings(10, d.now_ms).unwrap();
    assert_eq!((standings.stats.entries, standings.prize_pool), (2, Chips(200)));
    assert_eq!(standings.players.len(), 2);
}

#[test]
fn with_too_few_entries_the_tournament_is_cancelled_and_all_are_paid_back() {
    let start_ms = Some(START_MS + 500);
    let mut d = Director::create(TournamentConfig { start_ms, min_entries: 3, ..config(6, 6) });
    d.register(1).unwrap();
    d.pay(1, None);
    d.register(2).unwrap();
    d.now_ms = START_MS + 500 + ENTRY_GRACE_MS;
    d.ask(Command::Start { seed: Seed([0; 32]) }).unwrap();
    assert_eq!(d.t.phase(), Phase::Cancelled);
    d.pay(2, None);
    assert_eq!(d.t.money_effects().filter(|effect| matches!(effect, Effect::Refund { .. })).count(), 2);
    d.ask(Command::Refunded(vec![PlayerId(1), PlayerId(2)])).unwrap();
    assert_eq!(d.t.effects().count(), 0);
}
