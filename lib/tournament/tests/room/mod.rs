//! A tournament and its tables, without a fleet. Invariants are checked after every event.

mod levels;
mod lots;
mod table;

use levels::Levels;
use lots::Lots;
use std::collections::{BTreeMap, BTreeSet};
use table::{Doing, Table};
use tournament::{Command, Effect, Payment, Saved, Tournament, prizes};
use wire::{
    Chips, CommandId, Epoch, PlayerId, Refusal, TableId, TournamentId,
    cashier::Account,
    event::Seed,
    journal::{Cause, Record},
    table::TableConfig,
    tournament::{Instruction, LevelSpec, Payout, Phase, Report, Then, TournamentConfig, TournamentEvent},
};

const ID: TournamentId = TournamentId(42);

/// The parameters of a simulated tournament.
#[derive(Clone, Debug)]
pub struct Shape {
    pub players: u32,
    pub seats: u8,
    pub starting_stack: Chips,
    pub buy_in: Chips,
    pub payout: Payout,
    pub lots: u64,
}

/// A message under way.
#[derive(Clone, Debug)]
enum Letter {
    Report(Report),
    Applied(TableId, u64),
    Reply(TableId, Instruction),
    Push(TableId, Option<TableConfig>, Instruction),
}

/// The director, the tables and the messages between them.
pub struct Room {
    saved: Saved,
    config: TournamentConfig,
    records: Vec<Record<TournamentEvent, Saved>>,
    tables: BTreeMap<TableId, Table>,
    letters: Vec<Letter>,
    lots: Lots,
    now_ms: u64,
    /// Whether the next record is the first one of another owner.
    resumed: bool,
    levels: Levels,
    /// Whether hands may bust players.
    deadly: bool,
}

impl Room {
    /// Creates a tournament of this shape, without entries.
    pub fn open(shape: &Shape) -> Self {
        let level = |number: u64| LevelSpec {
            small_blind: Chips(number),
            big_blind: Chips(number * 2),
            ante: Chips::ZERO,
            seconds: 60,
        };
        let config = TournamentConfig {
            name: "Simulated".to_owned(),
            variant: "NT".to_owned(),
            seats: shape.seats,
            max_entries: shape.players,
            min_entries: 2,
            buy_in: shape.buy_in,
            fee: Chips(1),
            starting_stack: shape.starting_stack,
            levels: (1..=5).map(level).collect(),
            start_ms: None,
            bots: shape.players / 2,
            payout: shape.payout.clone(),
            action_ms: 1_000,
            hand_pause_ms: 0,
            bot_pace_ms: 0,
            absence: wire::table::Absence::default(),
        };
        let mut room = Self {
            saved: Saved::new(ID),
            config: config.clone(),
            records: Vec::new(),
            tables: BTreeMap::new(),
            letters: Vec::new(),
            lots: Lots(shape.lots),
            now_ms: 1_000_000,
            resumed: false,
            levels: Levels::default(),
            deadly: true,
        };
        room.ask(None, Command::Create { config }).unwrap();
        room
    }

    fn t(&self) -> &Tournament {
        self.saved.tournament()
    }

    /// Decides a command, stores the record, applies it and checks the invariants.
    fn ask(&mut self, cause: Option<Cause>, command: Command) -> Result<(), Refusal> {
        // Now and then another owner goes on, with a clock of its own.
        if self.t().phase() == Phase::Running && self.lots.one_in(30) {
            (self.resumed, self.now_ms) = (true, 1_000_000 + self.lots.below(10_000_000) as u64);
        }
        let events = self.t().decide(command, self.now_ms, self.resumed)?;
        if events.is_empty() {
            return Ok(());
        }
        let resumed = std::mem::take(&mut self.resumed);
        let mut stepwise = self.t().clone();
        stepwise.wrote(self.now_ms, resumed);
        for event in &events {
            stepwise.evolve(event);
            check(&stepwise, event, &self.config);
            self.levels.check(event, &self.config);
        }
        let (v, epoch, at_ms) = (wire::VERSION, Epoch(1), self.now_ms);
        let mut record = Record { v, epoch, at_ms, resumed, cause, events, state: None };
        self.saved.evolve(&record);
        assert_eq!(&stepwise, self.t());
        record.state = (self.records.len() % 16 == 15).then(|| self.saved.clone());
        self.records.push(record);
        Ok(())
    }

    /// Fills the tournament with bots and with players, of whom some cannot pay and some withdraw,
    /// and starts it.
    pub fn register(&mut self) {
        let mut next = 1_000_000;
        while self.t().phase() == Phase::Registering {
            self.now_ms += 10;
            next += 1;
            let player = PlayerId(next);
            let id = CommandId(next);
            let name = format!("player {next}");
            let cause = Cause { player: Some(player), id };
            match self.ask(Some(cause), Command::Register { player, name }) {
                Ok(()) | Err(Refusal::TournamentFull) => {}
                Err(other) => panic!("{other:?}"),
            }
            let effects: Vec<Effect> = self.t().money_effects().collect();
            for effect in effects {
                self.cashier(effect);
            }
            if self.lots.one_in(20) {
                let cause = Cause { player: Some(player), id: CommandId(1) };
                let _ = self.ask(Some(cause), Command::Unregister { player });
            }
            if self.t().next_deadline_ms().is_some_and(|due_ms| self.now_ms >= due_ms) {
                let seed = Seed([self.lots.below(256) as u8; 32]);
                self.ask(None, Command::Start { seed }).unwrap();
            }
        }
        assert_eq!(self.t().phase(), Phase::Running);
    }

    fn cashier(&mut self, effect: Effect) {
        match effect {
            Effect::AskBots { count } => {
                let account = |n| Account { player: PlayerId(n), name: format!("bot {n}") };
                let bots = (1..=u64::from(count)).map(account).collect();
                self.ask(None, Command::EnterBots { bots }).unwrap();
            }
            Effect::Enter { player, entry, .. } => {
                let poor = player.0 > 1_000_000 && self.lots.one_in(8);
                let refused = poor.then_some(Refusal::InsufficientFunds { balance: Chips(3) });
                let payment = Payment { player, entry, refused };
                self.ask(None, Command::Paid(vec![payment.clone(), payment])).unwrap();
            }
            Effect::Refund { player, .. } => {
                self.ask(None, Command::Refunded(vec![player, player])).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }

    /// Plays until the tournament is over; at random times checks that the tables become balanced.
    pub fn play(&mut self) {
        let mut steps = 0_u64;
        while self.t().phase() == Phase::Running || !self.tables.values().all(|t| t.doing == Doing::Closed) {
            self.step();
            steps += 1;
            if self.lots.one_in(300) && self.t().phase() == Phase::Running {
                self.settle_down();
            }
            assert!(steps < 3_000_000, "the play does not end: {:?}", self.t().standings(3, self.now_ms));
        }
    }

    fn step(&mut self) {
        self.now_ms += 50;
        self.levels.passed_ms += 50;
        if self.lots.one_in(3) {
            self.effects();
        }
        let ids: Vec<TableId> = self.tables.keys().copied().collect();
        if let Some(&id) = ids.get(self.lots.below(ids.len().max(1))) {
            self.table_step(id);
        }
        if !self.letters.is_empty() {
            let i = self.lots.below(self.letters.len());
            let letter = self.letters[i].clone();
            // One message in six arrives again later, one in twelve is lost: its sender repeats it.
            if !self.lots.one_in(6) {
                self.letters.swap_remove(i);
            }
            if !self.lots.one_in(12) {
                self.deliver(letter);
            }
        }
        if self.letters.len() > 400 {
            self.letters.drain(..200);
        }
    }

    fn effects(&mut self) {
        let effects: Vec<Effect> = self.t().table_effects().collect();
        for effect in effects {
            match effect {
                Effect::OpenTables { count } => {
                    let some = self.lots.below(count as usize) + 1;
                    let tables = (0..some).map(|_| TableId(self.lots.below(1 << 40) as u64)).collect();
                    self.ask(None, Command::OpenTables { tables }).unwrap();
                }
                Effect::Push { table, create, instruction } => {
                    self.letters.push(Letter::Push(table, create, instruction));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn table_step(&mut self, id: TableId) {
        let Some(table) = self.tables.get_mut(&id) else { return };
        if let Some(number) = table.confirm {
            self.letters.push(Letter::Applied(id, number));
        }
        match &table.doing {
            Doing::Playing => table.play_hand(&mut self.lots, self.deadly),
            Doing::Reporting(report) => self.letters.push(Letter::Report(report.clone())),
            Doing::Waiting | Doing::Closed => {}
        }
    }

    fn deliver(&mut self, letter: Letter) {
        match letter {
            Letter::Report(report) => {
                let id = report.table;
                match self.ask(None, Command::Report(report)) {
                    Ok(()) => {
                        let told = self.t().instruction(id).unwrap().clone();
                        self.letters.push(Letter::Reply(id, told));
                    }
                    Err(Refusal::TournamentPast) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            Letter::Applied(id, number) => {
                self.ask(None, Command::Applied { table: id, instruction: number }).unwrap();
                self.tables.get_mut(&id).unwrap().confirmed(number);
            }
            Letter::Reply(id, told) => self.tables.get_mut(&id).unwrap().answer(&told),
            Letter::Push(id, create, told) => {
                let table = match create {
                    Some(config) => self.tables.entry(id).or_insert_with(|| Table::new(id, config)),
                    None => self.tables.get_mut(&id).expect("a table that exists"),
                };
                if table.push(&told) {
                    let applied = Command::Applied { table: id, instruction: told.number };
                    self.ask(None, applied).unwrap();
                }
            }
        }
        self.check_that_players_have_one_seat();
    }

    fn check_that_players_have_one_seat(&self) {
        let mut seen = BTreeSet::new();
        for table in self.tables.values() {
            for seat in table.seats.values().filter(|seat| !seat.1.is_zero()) {
                assert!(seen.insert(seat.0), "{:?} sits at two tables", seat.0);
            }
        }
    }

    /// Plays hands without busts until the state no longer changes: then all tables play and are
    /// balanced.
    fn settle_down(&mut self) {
        self.deadly = false;
        for _ in 0..12 {
            self.effects();
            let ids: Vec<TableId> = self.tables.keys().copied().collect();
            for id in ids {
                self.table_step(id);
                self.table_step(id);
            }
            while let Some(letter) = self.letters.pop() {
                self.deliver(letter);
            }
        }
        self.deadly = true;
        if self.t().phase() != Phase::Running {
            // The report of the last hand was already on its way.
            return;
        }
        let open: Vec<&Table> = self.tables.values().filter(|table| table.doing != Doing::Closed).collect();
        let heads = |table: &&Table| table.seats.len();
        let (least, most) = (open.iter().map(heads).min().unwrap(), open.iter().map(heads).max().unwrap());
        assert!(most - least <= 1, "{least} to {most} players");
        assert_eq!(self.t().travelling().count(), 0);
        let all: usize = open.iter().map(heads).sum();
        assert_eq!(open.len(), all.div_ceil(usize::from(self.config.seats)), "as few tables as can be");
        assert!(open.iter().all(|table| table.doing != Doing::Waiting || table.seats.len() < 2));
    }

    /// Checks places and prizes of a finished tournament, and settles it.
    pub fn check_end(&mut self) {
        self.check_places();
        let Some(Effect::Settle { places, .. }) = self.t().effects().next() else { panic!("not settled") };
        assert_eq!(places, self.t().places());
        self.ask(None, Command::Settled).unwrap();
        assert_eq!(self.t().effects().next(), None);
        self.check_replay();
        self.check_answers();
    }

    fn check_places(&self) {
        let places = self.t().places();
        assert_eq!(places.len(), self.config.max_entries as usize);
        let players: BTreeSet<PlayerId> = places.iter().map(|place| place.player).collect();
        assert_eq!(players.len(), places.len());
        let mut next = 1;
        for equals in places.chunk_by(|a, b| a.place == b.place) {
            assert_eq!(equals[0].place, next, "no place is missing");
            next += equals.len() as u32;
        }
        assert_eq!(places.iter().filter(|place| place.place == 1).count(), 1, "one winner");
        let pool = self.config.buy_in.times(u64::from(self.config.max_entries));
        assert_eq!(places.iter().map(|place| place.prize).sum::<Chips>(), pool);
        let first = prizes(&self.config.payout, self.config.max_entries, self.config.buy_in)[0];
        assert_eq!(places[0].prize, first);
        let all = self.config.starting_stack.times(u64::from(self.config.max_entries));
        assert_eq!(self.t().stack(places[0].player), Some(all));
    }

    /// Checks that the same state results from a replay of all records and from a replay of the
    /// last snapshot and its tail through the encoding of the journal.
    fn check_replay(&self) {
        let mut whole = Saved::new(ID);
        for record in &self.records {
            whole.carry_out(Record { state: None, ..record.clone() });
        }
        assert_eq!(whole, self.saved);
        let last = self.records.iter().rposition(|record| record.state.is_some()).unwrap_or(0);
        let mut tail = Saved::new(ID);
        for record in &self.records[last..] {
            let bytes = wire::codec::encode(record).unwrap();
            tail.carry_out(wire::codec::decode(&bytes).unwrap());
        }
        assert_eq!(tail, self.saved);
    }

    /// Checks that every player's registration keeps its first answer.
    fn check_answers(&self) {
        for (player, entry) in self.t().places().iter().map(|place| (place.player, place)) {
            if player.0 > 1_000_000 {
                let cause = Cause { player: Some(player), id: CommandId(player.0) };
                let answer = self.saved.answer(cause);
                assert_eq!(answer, Some(&tournament::Answer::Done), "{entry:?}");
            }
        }
    }
}

/// Checks the invariants after an event.
fn check(t: &Tournament, event: &TournamentEvent, config: &TournamentConfig) {
    if matches!(t.phase(), Phase::Running | Phase::Finished) {
        let all = config.starting_stack.times(u64::from(config.max_entries));
        assert_eq!(t.chips_in_play(), all, "after {event:?}");
    }
    let mut seen = BTreeSet::new();
    for (_, _, player) in t.seated() {
        assert!(seen.insert(player), "{player:?} is at two tables after {event:?}");
    }
    for player in t.travelling() {
        assert!(seen.insert(player), "{player:?} is at a table and on the way after {event:?}");
    }
    if let TournamentEvent::Instructed { table, instruction } = event {
        let here = t.seated().filter(|(id, seat, _)| id == table && seat.is_some()).count();
        match instruction.then {
            Then::Play => assert!(here >= 2, "{here} players told to play"),
            Then::Close if t.phase() == Phase::Running => assert_eq!(here, 0, "left behind"),
            Then::Close | Then::Wait => {}
        }
    }
}
