//! The whole fleet on one thread: handles the next event and passes its outputs on.

use crate::{
    agenda::Agenda,
    attempt::Run,
    cashier::{Answered, Asked, Cashier},
    chance::Chance,
    checks::Checks,
    client::Client,
    context::Trace,
    faults::{Fault, Faults},
    kinds::describe_stored,
    message::{Asker, Outside, PoolEvent, Token},
    mistake::Mistake,
    ops::{Ops, Target},
    play::choose,
    pool::{Pool, Shared},
    rude::Rude,
};
use poker::hosted::{OwnerOptions, TableHost, TableOrder, TablePublication};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
    rc::Rc,
};
use testkit::check::{Answer, ClientLog};
use tournament::{TournamentHost, TournamentOrder};
use wire::{
    PlayerCommand, TableId, TournamentId,
    bots::BotAsk,
    event::Event as TableEvent,
    journal::Cause,
    sender::Sender,
    table::{TableCommand, TableReply},
    tournament::TournamentReply,
};

/// Number of table workers.
const WORKERS: usize = 3;
/// Number of coordinators.
const COORDINATORS: usize = 2;
/// Longest time that the server is down, in milliseconds.
const LONGEST_AWAY_MS: u64 = 5_000;

/// An event of the simulation.
pub(crate) enum Event {
    Tables(PoolEvent<TableHost>),
    Tournaments(PoolEvent<TournamentHost>),
    AskCashier { run: u64, asked: Asked },
    CashierAnswered { run: u64, answered: Answered },
    RunTimeout(u64),
    TableAnswered { token: Token, reply: TableReply },
    TournamentAnswered { token: Token, reply: TournamentReply },
    RecordedEvents { client: usize, life: u32, first: u64, events: Rc<Vec<TableEvent>> },
    BotActs(Box<BotAsk>),
    ClientActs(usize),
    RudeActs(usize),
    Second,
    ServerBack,
}

/// A simulated fleet.
pub(crate) struct Fleet {
    pub(crate) shared: Shared,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) tables: Pool<TableHost>,
    pub(crate) tournaments: Pool<TournamentHost>,
    pub(crate) cashier: Cashier,
    pub(crate) cashier_back_ms: u64,
    /// Postings that the cashier has decided on, and whether it refuses them at random.
    pub(crate) refused: BTreeMap<String, bool>,
    pub(crate) runs: BTreeMap<u64, Run>,
    pub(crate) clients: Vec<Client>,
    pub(crate) rude: Vec<Rude>,
    /// Logs of client programs that have ended.
    pub(crate) ended: Vec<ClientLog>,
    pub(crate) ops: Ops,
    pub(crate) checks: Checks,
    pub(crate) mistake: Option<Mistake>,
    pub(crate) steps: u64,
    pub(crate) hash: DefaultHasher,
}

impl Fleet {
    pub(crate) fn new(seed: u64, mistake: Option<Mistake>, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let faults = Faults::draw(&mut chance);
        let trace = Trace::new(traced);
        let mut shared = Shared { now_ms: 0, chance, faults, trace, serial: 0, server_is_up: true };
        let tables = Pool::new(WORKERS, mistake, &mut shared);
        let tournaments = Pool::new(COORDINATORS, mistake, &mut shared);
        let mut fleet = Self {
            shared,
            agenda: Agenda::default(),
            tables,
            tournaments,
            cashier: Cashier::default(),
            cashier_back_ms: 0,
            refused: BTreeMap::new(),
            runs: BTreeMap::new(),
            clients: Vec::new(),
            rude: Vec::new(),
            ended: Vec::new(),
            ops: Ops::default(),
            checks: Checks::new(),
            mistake,
            steps: 0,
            hash: DefaultHasher::new(),
        };
        fleet.agenda.plan(1_000, Event::Second);
        fleet.settle();
        fleet
    }

    /// Handles the next event.
    pub(crate) fn step(&mut self) {
        let Some((at_ms, event)) = self.agenda.next() else { return };
        self.shared.now_ms = at_ms;
        self.shared.trace.at(at_ms);
        self.steps += 1;
        self.hash.write_u64(at_ms);
        match event {
            Event::Tables(event) => self.tables.handle(event, &mut self.shared),
            Event::Tournaments(event) => self.tournaments.handle(event, &mut self.shared),
            Event::AskCashier { run, asked } => self.cashier_asked(run, &asked),
            Event::CashierAnswered { run, answered } => self.cashier_answered(run, answered),
            Event::RunTimeout(run) => self.run_timeout(run),
            Event::TableAnswered { token, reply } => self.table_reply(token, &reply),
            Event::TournamentAnswered { token, reply } => self.tournament_reply(token, reply),
            Event::RecordedEvents { client, life, first, events } => {
                let now_ms = self.shared.now_ms;
                let client = self.clients.get_mut(client).filter(|client| client.life == life);
                client.into_iter().for_each(|client| client.hear(first, &events, now_ms));
            }
            Event::BotActs(ask) => self.bot_acts(&ask),
            Event::ClientActs(at) => self.client_acts(at),
            Event::RudeActs(at) => self.rude_acts(at),
            Event::Second => self.second(),
            Event::ServerBack => self.shared.server_is_up = true,
        }
        self.settle();
    }

    /// Moves newly planned events to the agenda, and passes the pools' outputs on.
    fn settle(&mut self) {
        loop {
            for (at_ms, event) in self.tables.planned.drain(..) {
                self.agenda.plan(at_ms, Event::Tables(event));
            }
            for (at_ms, event) in self.tournaments.planned.drain(..) {
                self.agenda.plan(at_ms, Event::Tournaments(event));
            }
            if self.tables.outside.is_empty() && self.tournaments.outside.is_empty() {
                return;
            }
            for outside in std::mem::take(&mut self.tables.outside) {
                self.pass_on_table(outside);
            }
            for outside in std::mem::take(&mut self.tournaments.outside) {
                self.pass_on_tournament(outside);
            }
        }
    }

    /// Returns how long a message takes, in milliseconds; `None` when it is lost.
    pub(crate) fn travel_ms(&mut self) -> Option<u64> {
        let Shared { chance, faults, server_is_up, .. } = &mut self.shared;
        if !*server_is_up || faults.strike(Fault::MessageLost, chance) {
            return None;
        }
        let late = faults.strike(Fault::MessageLate, chance);
        Some(if late { chance.between(20, 1_500) } else { chance.between(1, 3) })
    }

    fn pass_on_table(&mut self, outside: Outside<TableHost>) {
        match outside {
            Outside::Stored { id, sequence, payload } => {
                self.hash.write(&payload);
                self.shared.trace.note(|| describe_stored::<TableHost>(id, sequence, &payload));
                self.checks.table_stored(id, sequence, self.shared.now_ms, &payload);
            }
            Outside::Reply { process, token, reply } => {
                self.hash.write_u64(token.id.0);
                self.shared.trace.note(|| format!("process {process} answers {:?}: {reply:?}", token.id));
                let table = self.table_of(token);
                table.into_iter().for_each(|table| self.checks.table_replied(table, &reply));
                if let Some(travel_ms) = self.travel_ms() {
                    let answered = Event::TableAnswered { token, reply };
                    self.agenda.plan(self.shared.now_ms + travel_ms, answered);
                }
            }
            Outside::Tell { id, last, news, answers } => self.told(id, last, news, answers),
            Outside::Start { place, id, key, effect, tries } => {
                self.start_table_effect((place, id), key, effect, tries);
            }
            Outside::Unreadable { id, reason } => {
                self.checks.wrong("unreadable", format!("table {id}: {reason}"));
            }
            Outside::NotRecorded { id, reason } => {
                self.checks.wrong("not_recorded", format!("table {id}: {reason}"));
            }
        }
    }

    fn pass_on_tournament(&mut self, outside: Outside<TournamentHost>) {
        match outside {
            Outside::Stored { id, sequence, payload } => {
                self.hash.write(&payload);
                self.shared.trace.note(|| describe_stored::<TournamentHost>(id, sequence, &payload));
                self.checks.tournament_stored(id, sequence, self.shared.now_ms, &payload);
            }
            Outside::Reply { token, reply, .. } => {
                self.hash.write_u64(token.id.0);
                let table = match token.from {
                    Asker::Effect(run) => match self.runs.get(&run) {
                        Some(Run::Table { id, .. }) => Some(*id),
                        _ => None,
                    },
                    _ => None,
                };
                self.checks.tournament_replied(table, &reply);
                if let Some(travel_ms) = self.travel_ms() {
                    let answered = Event::TournamentAnswered { token, reply };
                    self.agenda.plan(self.shared.now_ms + travel_ms, answered);
                }
            }
            Outside::Tell { .. } => {}
            Outside::Start { place, id, key, effect, .. } => {
                self.start_tournament_effect((place, id), key, effect);
            }
            Outside::Unreadable { id, reason } => {
                self.checks.wrong("unreadable", format!("tournament {id}: {reason}"));
            }
            Outside::NotRecorded { id, reason } => {
                self.checks.wrong("not_recorded", format!("tournament {id}: {reason}"));
            }
        }
    }

    /// Returns the table that an answer is from, if it is known.
    fn table_of(&self, token: Token) -> Option<TableId> {
        match token.from {
            Asker::Client(client, _) => self.clients.get(client).map(|client| client.table),
            Asker::Admin | Asker::Bot | Asker::Rude | Asker::Effect(_) => None,
        }
    }

    fn told(&mut self, id: TableId, last: u64, news: TablePublication, answers: Option<Token>) {
        let told = match news {
            TablePublication::AskBot(ask) => {
                let after_ms = self.shared.chance.between(1, 200);
                if self.travel_ms().is_some() {
                    self.agenda.plan(self.shared.now_ms + after_ms, Event::BotActs(ask));
                }
                return;
            }
            TablePublication::Happened(told) | TablePublication::Repeated(told) => told,
        };
        self.checks.table_told(id, last);
        let first = last + 1 - (told.public.len() as u64).min(last + 1);
        let events = Rc::new(told.public);
        let now_ms = self.shared.now_ms;
        for client in 0..self.clients.len() {
            let Some((at, life)) = self.clients.get(client).map(|client| (client.table, client.life)) else {
                continue;
            };
            if at == id
                && !events.is_empty()
                && let Some(travel_ms) = self.travel_ms()
            {
                let events = Rc::clone(&events);
                self.agenda.plan(now_ms + travel_ms, Event::RecordedEvents { client, life, first, events });
            }
        }
        if let Some(token) = answers
            && let Some(travel_ms) = self.travel_ms()
        {
            let reply = TableReply::Done { event_no: last };
            self.agenda.plan(now_ms + travel_ms, Event::TableAnswered { token, reply });
        }
    }

    pub(crate) fn tell_table(&mut self, id: TableId, cause: Cause, command: TableCommand, token: Token) {
        let sender = match token.from {
            Asker::Bot => Sender::BotWorker,
            Asker::Effect(_) => Sender::Coordinator,
            Asker::Admin => Sender::Admin,
            Asker::Client(..) | Asker::Rude => Sender::Gateway,
        };
        let order = TableOrder::Asked { command, sender, options: OwnerOptions::default() };
        self.tables.command(id, cause, &order, token, &mut self.shared);
    }

    pub(crate) fn tell_tournament(
        &mut self,
        id: TournamentId,
        cause: Cause,
        order: &TournamentOrder,
        token: Token,
    ) {
        self.tournaments.command(id, cause, order, token, &mut self.shared);
    }

    fn table_reply(&mut self, token: Token, reply: &TableReply) {
        let now_ms = self.shared.now_ms;
        match token.from {
            Asker::Client(client, life) => {
                let client = self.clients.get_mut(client);
                let heard = |client: &&mut Client| client.life == life && now_ms >= client.cut_until_ms;
                let client = client.filter(heard);
                client.into_iter().for_each(|client| client.answered(token.id, reply, now_ms));
            }
            Asker::Admin => match reply {
                TableReply::Refused(refusal) if refusal.is_transient() => {}
                TableReply::Refused(_) => self.ops.answered(token.id, Answer::Refused),
                _ => self.ops.answered(token.id, Answer::Done),
            },
            Asker::Bot | Asker::Rude => {}
            Asker::Effect(run) => self.table_answered(run, token.id, reply),
        }
    }

    fn tournament_reply(&mut self, token: Token, reply: TournamentReply) {
        match token.from {
            Asker::Effect(run) => self.tournament_answered(run, reply),
            Asker::Admin => match reply {
                TournamentReply::Refused(refusal) if refusal.is_transient() => {}
                TournamentReply::Refused(_) => self.ops.answered(token.id, Answer::Refused),
                _ => self.ops.answered(token.id, Answer::Done),
            },
            Asker::Client(..) | Asker::Bot | Asker::Rude => {}
        }
    }

    fn bot_acts(&mut self, ask: &BotAsk) {
        let action = choose(&ask.legal, &ask.hole, &mut self.shared.chance);
        let id = ask.command_id();
        let cause = Cause { player: Some(ask.player), id };
        let command = PlayerCommand::act(ask.hand, ask.turn, action).by("");
        self.tell_table(ask.table, cause, command, Token { from: Asker::Bot, id });
    }

    fn client_acts(&mut self, at: usize) {
        let now_ms = self.shared.now_ms;
        let Some(client) = self.clients.get_mut(at) else { return };
        let (player, table) = (client.player, client.table);
        let from = Asker::Client(at, client.life);
        let sendings = client.act(now_ms, &mut self.shared.chance);
        self.agenda.plan(now_ms + self.shared.chance.between(20, 150), Event::ClientActs(at));
        for sending in sendings {
            let twice = self.shared.faults.strike(Fault::ClientRepeats, &mut self.shared.chance);
            for _ in 0..=u8::from(twice) {
                let cause = Cause { player: Some(player), id: sending.id };
                self.tell_table(table, cause, sending.command.clone(), Token { from, id: sending.id });
            }
        }
    }

    /// Draws the faults of this second and sends due commands of the administrator and of entrants.
    fn second(&mut self) {
        let now_ms = self.shared.now_ms;
        self.agenda.plan(now_ms + 1_000, Event::Second);
        self.tables.disturb(&mut self.shared);
        self.tournaments.disturb(&mut self.shared);
        let Shared { chance, faults, server_is_up, .. } = &mut self.shared;
        if *server_is_up && faults.strike(Fault::ServerAway, chance) {
            let back_ms = now_ms + chance.between(100, LONGEST_AWAY_MS);
            self.shared.server_is_up = false;
            self.shared.trace.note(|| "the server goes down".to_owned());
            self.tables.cut_all(back_ms);
            self.tournaments.cut_all(back_ms);
            self.agenda.plan(back_ms, Event::ServerBack);
        }
        let Shared { chance, faults, .. } = &mut self.shared;
        if faults.strike(Fault::CashierAway, chance) {
            self.cashier_back_ms = now_ms + chance.between(500, 8_000);
        }
        for client in &mut self.clients {
            if faults.strike(Fault::ClientCut, chance) {
                client.cut(now_ms + chance.below(4_000));
            }
            if faults.strike(Fault::ClientKilled, chance) {
                self.ended.push(client.begin_again(chance));
            }
        }
        for (target, cause) in self.ops.due(now_ms) {
            let token = Token { from: Asker::Admin, id: cause.id };
            match target {
                Target::Table(id, order) => self.tables.command(id, cause, &order, token, &mut self.shared),
                Target::Tournament(id, order) => self.tell_tournament(id, cause, &order, token),
            }
        }
    }
}
