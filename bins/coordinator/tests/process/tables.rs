//! Simulated tables: they play random hands as soon as they are told to, and check that the
//! coordinator keeps the protocol.

use bus::{Bus, Patience};
use futures::StreamExt;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use wire::{
    Chips, CommandId, HandNo, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    sender::Sender,
    subject,
    table::{Purpose, TableCommand, TableConfig, TableReply, TableRequest},
    tournament::{
        HandResult, Instruction, Report, Then, TournamentCommand, TournamentReply, TournamentRequest,
    },
};

const PATIENCE: Patience = Patience { each: Duration::from_secs(1), total: Duration::from_secs(120) };
/// The time of a hand.
const HAND: Duration = Duration::from_millis(15);

struct Table {
    config: TableConfig,
    seats: BTreeMap<SeatNo, (PlayerId, Chips)>,
    applied: u64,
    hand: HandNo,
    big_blind: SeatNo,
    then: Then,
}

/// The simulated tables; clones share them.
#[derive(Clone)]
pub struct Tables {
    bus: Bus,
    tables: Arc<Mutex<HashMap<TableId, Table>>>,
}

impl Tables {
    /// Answers the commands to tables from now on, and plays their hands.
    pub async fn start(bus: Bus) -> Self {
        let mut requests = bus.serve("command.table.*.*".to_owned(), None).await.unwrap();
        bus.flush().await;
        let tables = Self { bus, tables: Arc::default() };
        let here = tables.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let asked: TableRequest = request.decode().unwrap();
                let reply = here.command(asked);
                request.answer(&reply).await.unwrap();
            }
        });
        tables
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<TableId, Table>> {
        self.tables.lock().unwrap()
    }

    /// Waits until all tables are closed.
    pub async fn until_all_closed(&self) {
        let began = Instant::now();
        while !self.tables().values().all(|table| table.then == Then::Close) {
            assert!(began.elapsed() < testkit::GUARD, "a table is still open");
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn command(&self, asked: TableRequest) -> TableReply {
        let id = asked.table;
        match asked.command {
            TableCommand::Create { config, .. } => {
                let table = Table {
                    config,
                    seats: BTreeMap::new(),
                    applied: 0,
                    hand: HandNo(0),
                    big_blind: 0,
                    then: Then::Wait,
                };
                self.tables().entry(id).or_insert(table);
                TableReply::Done { event_no: 0 }
            }
            TableCommand::Instruct(told) => {
                let mut tables = self.tables();
                let Some(table) = tables.get_mut(&id) else {
                    return TableReply::Refused(Refusal::NoSuchTable);
                };
                if told.number > table.applied {
                    assert_eq!(table.then, Then::Wait, "an instruction arrives during a hand");
                    table.carry_out(&told);
                    tokio::spawn(self.clone().go_on(id, told));
                }
                TableReply::Done { event_no: 0 }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Follows an instruction: confirms, plays, reports, and carries out the next one.
    async fn go_on(self, id: TableId, mut told: Instruction) {
        loop {
            let tournament = self.tables()[&id].tournament();
            if !told.remove.is_empty() || told.then != Then::Play {
                let applied = TournamentCommand::Applied { table: id, instruction: told.number };
                assert_eq!(self.ask(tournament, applied).await, TournamentReply::Done);
            }
            if told.then != Then::Play {
                return;
            }
            sleep(HAND).await;
            let report = self.tables().get_mut(&id).unwrap().play(id);
            match self.ask(tournament, TournamentCommand::Report(report)).await {
                TournamentReply::Instruction(next) => told = next,
                other => panic!("a report is answered {other:?}"),
            }
            self.tables().get_mut(&id).unwrap().carry_out(&told);
        }
    }

    async fn ask(&self, tournament: TournamentId, command: TournamentCommand) -> TournamentReply {
        let subject = subject::tournament_commands_of(tournament, Sender::TableWorker);
        let request = TournamentRequest { tournament, id: CommandId(0), player: None, command, pass: None };
        loop {
            match self.bus.request(subject.clone(), &request, PATIENCE).await.unwrap() {
                TournamentReply::Refused(refusal) if refusal.is_transient() => {
                    sleep(Duration::from_millis(50)).await;
                }
                reply => return reply,
            }
        }
    }
}

impl Table {
    fn tournament(&self) -> TournamentId {
        match self.config.purpose {
            Purpose::Tournament { tournament } => tournament,
            Purpose::Cash { .. } => panic!("a cash table"),
        }
    }

    fn carry_out(&mut self, told: &Instruction) {
        assert_eq!(told.number, self.applied + 1, "an instruction is missing");
        self.applied = told.number;
        self.seats.retain(|_, (_, stack)| !stack.is_zero());
        for player in &told.remove {
            let before = self.seats.len();
            self.seats.retain(|_, (seated, _)| seated != player);
            assert_eq!(self.seats.len() + 1, before, "removed a player who is not there");
        }
        for arrival in &told.add {
            let before = self.seats.insert(arrival.seat, (arrival.player, arrival.stack));
            assert_eq!(before, None, "a seat is given twice");
        }
        self.then = told.then;
    }

    /// Plays a hand: one player in twenty-five puts all chips in, and the winner is drawn.
    fn play(&mut self, id: TableId) -> Report {
        self.hand = self.hand.next();
        let mut lots = id.0 ^ (self.hand.0 << 32);
        let mut below = |bound: u64| {
            lots = lots.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (lots >> 33) % bound
        };
        let taken: Vec<SeatNo> = self.seats.keys().copied().collect();
        let winner = taken[below(taken.len() as u64) as usize];
        let next = taken.iter().find(|seat| **seat > self.big_blind).unwrap_or(&taken[0]);
        self.big_blind = *next;
        let mut won = Chips::ZERO;
        let mut results = Vec::new();
        for (&seat, (player, stack)) in &mut self.seats {
            let before = *stack;
            if seat != winner {
                let lost = if below(25) == 0 { before } else { Chips(before.0 / 20) };
                *stack = before.minus_or_zero(lost);
                won = won.plus(lost);
            }
            results.push(HandResult { seat, player: *player, before, after: *stack });
        }
        for result in results.iter_mut().filter(|result| result.seat == winner) {
            result.after = result.before.plus(won);
            self.seats.insert(winner, (result.player, result.after));
        }
        let (button, big_blind) = (taken[0], self.big_blind);
        Report { table: id, hand: self.hand, applied: self.applied, button, big_blind, results, actions: 5 }
    }
}
