//! A room without servers: tables and a tournament's director write journals as the roles do, and
//! exchange messages directly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a room that cannot play on is a failed test")]

use poker::table::{self, Effect, Table, TableRecord};
use std::collections::{BTreeMap, HashSet};
use tournament::{Command, Effect as DirectorEffect, Payment, Saved};
use wire::{
    Action, Chips, CommandId, Epoch, PlayerCommand, PlayerId, Refusal, TableId, TournamentId, VERSION,
    cashier::{Account, TableMoneyRequest},
    event::{Event, HandEvent, Seed, TableEvent},
    journal::{Cause, Record},
    table::{Absence, HouseBot, Level, Purpose, TableCommand, TableConfig},
    tournament::{LevelSpec, Payout, Phase, TournamentConfig, TournamentEvent},
};

/// A record of a tournament's journal.
pub type TournamentRecord = Record<TournamentEvent, Saved>;

/// Records that a tournament's first owner writes.
const FIRST_OWNERS: usize = 80;
/// By how much further ahead the clock of a tournament's next owner is, in milliseconds.
const OTHER_CLOCK_MS: u64 = 3_600_000;

/// A source of random choices.
pub struct Dice(pub u64);

impl Dice {
    /// Returns a number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn seed(&mut self) -> Seed {
        Seed(std::array::from_fn(|_| self.roll(256) as u8))
    }
}

/// A table and its journal.
pub struct JournaledTable {
    /// The table.
    pub table: Table,
    /// Its records, in order.
    pub journal: Vec<TableRecord>,
    heard: HashSet<u64>,
    /// Records since the last snapshot.
    tail: u32,
    /// The public events since the last hand began.
    told: Vec<Event>,
}

impl JournaledTable {
    fn new(id: TableId, config: &TableConfig, bots: &[HouseBot], at_ms: u64) -> Self {
        let events = table::creation(id, config, bots).unwrap();
        let mut hosted = Self {
            table: Table::new(id, config.clone()),
            journal: Vec::new(),
            heard: HashSet::new(),
            tail: 0,
            told: Vec::new(),
        };
        hosted.write(Some(Cause { player: None, id: CommandId(1) }), events, at_ms);
        hosted
    }

    fn write(&mut self, cause: Option<Cause>, events: Vec<TableEvent>, at_ms: u64) {
        if events.is_empty() {
            return;
        }
        let starts = events.iter().any(|event| matches!(event, TableEvent::HandStarted { .. }));
        self.tail += 1;
        let due = self.journal.is_empty() || starts || self.tail > 12;
        let mut record =
            TableRecord { v: VERSION, epoch: Epoch(1), at_ms, resumed: false, cause, events, state: None };
        self.table.apply(&record);
        if due {
            let mut snapshot = self.table.clone();
            if !starts && self.table.is_playing() {
                snapshot.keep_told(self.told.clone());
            }
            (record.state, self.tail) = (Some(snapshot), 0);
        }
        for event in &record.events {
            if matches!(event, TableEvent::HandStarted { .. }) {
                self.told.clear();
            }
            self.told.extend(table::public(event));
        }
        self.journal.push(record);
    }

    /// Carries out a command as the table's owner does: not twice, and not out of date.
    ///
    /// # Errors
    /// The table's refusal.
    pub fn command(&mut self, cause: Cause, command: &TableCommand, at_ms: u64) -> Result<(), Refusal> {
        let events = self.table.decide(cause, command, at_ms)?;
        self.write(Some(cause), events, at_ms);
        Ok(())
    }

    /// Carries out an action of the player in turn.
    fn act(&mut self, dice: &mut Dice, at_ms: u64) {
        let view = self.table.view();
        let Some((hand, turn)) = view.hand.and_then(|hand| Some((hand.hand, hand.turn?))) else {
            return;
        };
        let legal = turn.legal;
        let raise = legal.bet.map(|b| Action::Bet(b.max)).or(legal.raise.map(|r| Action::RaiseTo(r.max)));
        let action = match dice.roll(6) {
            0 => raise.unwrap_or(Action::Fold),
            1 | 2 => Action::Fold,
            _ if legal.check => Action::Check,
            _ => Action::Call,
        };
        let action = if action == Action::Call && legal.call.is_none() { Action::Fold } else { action };
        let player = view.seats.iter().find(|seat| seat.seat == turn.seat).unwrap().player;
        let cause = Cause { player: Some(player), id: CommandId(hand.0 * 4_096 + u64::from(turn.turn)) };
        let act = PlayerCommand::act(hand, turn.turn, action).by("");
        let events = self.table.decide(cause, &act, at_ms).unwrap();
        self.write(Some(cause), events, at_ms);
    }
}

fn table_config(purpose: Purpose) -> TableConfig {
    let level = Level { ante: Chips(1), ..Level::cash(Chips(5), Chips(10)) };
    let cash = TableConfig::cash(level, Chips(100)..=Chips(1_000));
    TableConfig {
        name: "test".to_owned(),
        purpose,
        action_ms: 5_000,
        hand_pause_ms: 100,
        bot_pace_ms: 0,
        ..cash
    }
}

/// Returns a cash table where bots play and a person comes, times out and leaves.
#[must_use]
pub fn cash_table(steps: u32, seed: u64) -> JournaledTable {
    cash_table_named("test", steps, seed)
}

/// Does the same with a table of this name.
#[must_use]
pub fn cash_table_named(name: &str, steps: u32, seed: u64) -> JournaledTable {
    let mut dice = Dice(seed);
    let mut now_ms = 1_700_000_000_000;
    let cash = Purpose::Cash { min_buy_in: Chips(100), max_buy_in: Chips(1_000) };
    let config = TableConfig { name: name.to_owned(), ..table_config(cash) };
    let bots: Vec<HouseBot> = (1..=4)
        .map(|n| HouseBot { player: PlayerId(n), name: format!("bot-{n}"), buy_in: Chips(200) })
        .collect();
    let mut hosted = JournaledTable::new(TableId(7), &config, &bots, now_ms);
    let person = |id| Cause { player: Some(PlayerId(99)), id: CommandId(id) };
    for step in 0..steps {
        now_ms += 200;
        let command = match step {
            20 => Some(PlayerCommand::Sit { seat: None, buy_in: Chips(500) }.by("ann")),
            120 => Some(PlayerCommand::SitOut.by("")),
            140 => Some(PlayerCommand::SitIn.by("")),
            60 | 90 | 160 => Some(PlayerCommand::TopUp { amount: Chips(75) }.by("")),
            200 => Some(PlayerCommand::Leave.by("")),
            _ => None,
        };
        if let Some(command) = command {
            let cause = person(u64::from(step));
            if let Ok(events) = hosted.table.decide(cause, &command, now_ms) {
                hosted.write(Some(cause), events, now_ms);
            }
        }
        for effect in hosted.table.effects() {
            let Effect::Money(request) = effect else { continue };
            let events = match request {
                TableMoneyRequest::BuyIn { posting, .. } => hosted.table.money_arrived(&posting, None),
                TableMoneyRequest::CashOut { posting, .. } => hosted.table.paid_back(&posting),
            };
            hosted.write(None, events, now_ms);
        }
        if dice.roll(40) == 0 {
            let resumed = hosted.table.resume(now_ms);
            hosted.write(None, resumed, now_ms);
        }
        if dice.roll(30) == 0 {
            now_ms += 20_000;
        }
        let due = hosted.table.tick(now_ms, || dice.seed());
        if due.is_empty() { hosted.act(&mut dice, now_ms) } else { hosted.write(None, due, now_ms) }
    }
    hosted
}

/// A tournament that was played to its end.
pub struct Room {
    /// The tournament.
    pub tournament: TournamentId,
    /// Its records, in order.
    pub journal: Vec<TournamentRecord>,
    /// Its tables.
    pub tables: BTreeMap<TableId, JournaledTable>,
    saved: Saved,
    dice: Dice,
    now_ms: u64,
    /// By how much the tournament's owner's clock is ahead.
    ahead_ms: u64,
}

impl Room {
    /// Plays a tournament of this many bots to its end.
    ///
    /// # Panics
    /// When it does not end.
    #[must_use]
    pub fn tournament(entries: u32, seed: u64) -> Self {
        let tournament = TournamentId(5);
        let mut room = Self {
            tournament,
            journal: Vec::new(),
            tables: BTreeMap::new(),
            saved: Saved::new(tournament),
            dice: Dice(seed),
            now_ms: 1_700_000_000_000,
            ahead_ms: 0,
        };
        let config = config(entries);
        room.command(Some(Cause { player: None, id: CommandId(1) }), Command::Create { config });
        for _ in 0..20_000 {
            room.step();
            if room.saved.tournament().effects().next().is_none() && room.is_over() {
                return room;
            }
        }
        panic!("the tournament does not end");
    }

    fn is_over(&self) -> bool {
        let events = self.journal.iter().flat_map(|record| &record.events);
        let settled = events.into_iter().any(|event| matches!(event, TournamentEvent::Settled));
        settled && self.tables.values().all(|hosted| hosted.table.is_closed())
    }

    fn command(&mut self, cause: Option<Cause>, command: Command) {
        let here = self.saved.tournament();
        // In long journals another owner goes on now and then, with a clock of its own.
        let written = self.journal.len();
        let resumed = here.phase() == Phase::Running && written > FIRST_OWNERS && written % 10 == 9;
        if resumed {
            self.ahead_ms = (self.ahead_ms + OTHER_CLOCK_MS) % (3 * OTHER_CLOCK_MS);
        }
        let at_ms = self.now_ms + self.ahead_ms;
        let Ok(events) = here.decide(command, at_ms, resumed) else { return };
        if events.is_empty() {
            return;
        }
        let (v, epoch, state) = (VERSION, Epoch(1), None);
        let mut record = TournamentRecord { v, epoch, at_ms, resumed, cause, events, state };
        self.saved.evolve(&record);
        record.state = self.journal.len().is_multiple_of(10).then(|| self.saved.clone());
        self.journal.push(record);
    }

    fn step(&mut self) {
        self.now_ms += 150;
        let effects: Vec<DirectorEffect> = self.saved.tournament().effects().collect();
        for effect in effects {
            self.direct(effect);
        }
        if self.saved.tournament().next_deadline_ms().is_some_and(|due_ms| due_ms <= self.now_ms) {
            let seed = self.dice.seed();
            self.command(None, Command::Start { seed });
        }
        for id in self.tables.keys().copied().collect::<Vec<_>>() {
            self.play(id);
        }
    }

    fn direct(&mut self, effect: DirectorEffect) {
        match effect {
            DirectorEffect::AskBots { count } => {
                let account = |n: u32| Account { player: PlayerId(u64::from(n)), name: format!("bot-{n}") };
                self.command(None, Command::EnterBots { bots: (1..=count).map(account).collect() });
            }
            DirectorEffect::Enter { player, entry, .. } => {
                self.command(None, Command::Paid(vec![Payment { player, entry, refused: None }]));
            }
            DirectorEffect::Refund { player, .. } => self.command(None, Command::Refunded(vec![player])),
            DirectorEffect::OpenTables { count } => {
                let tables = (0..count).map(|n| TableId(100 + u64::from(n))).collect();
                self.command(None, Command::OpenTables { tables });
            }
            DirectorEffect::Push { table, create, instruction } => {
                let now_ms = self.now_ms;
                if let Some(config) = create
                    && !self.tables.contains_key(&table)
                {
                    self.tables.insert(table, JournaledTable::new(table, &config, &[], now_ms));
                }
                let hosted = self.tables.get_mut(&table).unwrap();
                let number = instruction.number;
                let cause = Cause { player: None, id: CommandId(1_000_000 + number) };
                let told = TableCommand::Instruct(instruction);
                let events = hosted.table.decide(cause, &told, now_ms).unwrap();
                hosted.write(Some(cause), events, now_ms);
                self.command(None, Command::Applied { table, instruction: number });
            }
            DirectorEffect::Settle { .. } => self.command(None, Command::Settled),
        }
    }

    fn play(&mut self, id: TableId) {
        let now_ms = self.now_ms;
        let hosted = self.tables.get_mut(&id).unwrap();
        for effect in hosted.table.effects() {
            match effect {
                Effect::Report(report) => {
                    self.command(None, Command::Report(report));
                    let told = self.saved.tournament().instruction(id).cloned();
                    let hosted = self.tables.get_mut(&id).unwrap();
                    if let Some(told) = told {
                        let events = hosted.table.instruct(&told, now_ms).unwrap();
                        hosted.write(None, events, now_ms);
                    }
                }
                Effect::Applied(number) => {
                    if self.tables.get_mut(&id).unwrap().heard.insert(number) {
                        self.command(None, Command::Applied { table: id, instruction: number });
                    }
                }
                Effect::Money(_) => {}
            }
        }
        let hosted = self.tables.get_mut(&id).unwrap();
        let due = hosted.table.tick(now_ms, || self.dice.seed());
        if due.is_empty() { hosted.act(&mut self.dice, now_ms) } else { hosted.write(None, due, now_ms) }
    }
}

fn config(entries: u32) -> TournamentConfig {
    let level = |n: u64| LevelSpec {
        small_blind: Chips(10 * n),
        big_blind: Chips(20 * n),
        ante: Chips(n),
        seconds: 5,
    };
    TournamentConfig {
        name: "test".to_owned(),
        variant: "NT".to_owned(),
        seats: 6,
        max_entries: entries,
        min_entries: 2,
        buy_in: Chips(100),
        fee: Chips(10),
        starting_stack: Chips(1_000),
        levels: (1..=20).map(level).collect(),
        start_ms: None,
        bots: entries,
        payout: Payout::Standard,
        action_ms: 5_000,
        hand_pause_ms: 100,
        bot_pace_ms: 0,
        absence: Absence::default(),
    }
}

/// Returns the first event of this kind in a hand, for tampering.
///
/// # Panics
/// When there is none.
pub fn find_hand_event(journal: &mut [TableRecord], wanted: impl Fn(&HandEvent) -> bool) -> &mut HandEvent {
    let events = journal.iter_mut().flat_map(|record| &mut record.events);
    let mut in_hand = events.filter_map(|event| match event {
        TableEvent::Hand(event) => Some(event),
        _ => None,
    });
    in_hand.find(|event| wanted(event)).unwrap()
}
