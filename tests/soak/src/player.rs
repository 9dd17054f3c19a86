//! A player's program: sits at a cash table or plays tournaments, thinks, acts, leaves and returns,
//! and logs the events that it sees and the answers that it gets.

use crate::{chance::Chance, now::now_ms, options::Options, room::BUY_IN, tally::Tally};
use anyhow::Context;
use client::{Client, ClientError, ClientEvent, Ended, Handle, Login};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::HashMap, sync::Arc, time::Duration};
use testkit::check::{Answer, ClientLog, Kind, Sent};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until},
};
use wire::{
    Action, Chips, CommandId, HandNo, Legal, PlayerCommand, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    client::{ClientMessage, ServerMessage},
    event::Event,
    view::TableView,
};

/// Lines that a player says at once now and then: more than a table takes of one player.
const FLOOD: u64 = 16;
/// A player says that many lines once in so many times, on average.
const FLOOD_ONE_IN: u64 = 8;

/// The phase of a run, as players see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunPhase {
    /// Play.
    Play,
    /// Do not sit down again; play on until the table closes.
    Finish,
    /// Stop.
    Stop,
}

/// The game of a player.
#[derive(Clone, Debug)]
pub enum Game {
    /// Cash, at this table.
    Cash(TableId),
    /// Tournaments, one after the other, as they are announced.
    Tournaments(watch::Receiver<Option<TournamentId>>),
}

/// A player's program.
pub struct Player {
    client: Client,
    handle: Handle,
    me: PlayerId,
    game: Game,
    chance: Chance,
    think_ms: (u64, u64),
    chat_ms: u64,
    /// Whether many lines are said at once now and then.
    floods: bool,
    /// Number of chat lines so far.
    lines: u64,
    log: ClientLog,
    tally: Arc<Tally>,
    tables: HashMap<TableId, AtTable>,
    sitting: bool,
    entered: Option<TournamentId>,
    /// Planned steps and their times.
    plans: Vec<(Instant, Plan)>,
    asked: FuturesUnordered<BoxFuture<'static, Answered>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct AtTable {
    seat: Option<SeatNo>,
    hand: Option<HandNo>,
}

#[derive(Clone, Debug)]
enum Plan {
    Sit(TableId),
    Act { table: TableId, hand: HandNo, turn: u32, legal: Box<Legal> },
    Leave(TableId),
    SitOut(TableId),
    SitIn(TableId),
    TopUp(TableId, Chips),
    Say(TableId),
    Enter(TournamentId),
}

/// A request that is under way.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Table { table: TableId, kind: Kind, sits: bool, at_ms: u64 },
    Entry(TournamentId),
}

/// A request, its command id, and its answer.
struct Answered {
    asked: Asked,
    id: Option<CommandId>,
    answer: Result<ServerMessage, ClientError>,
}

impl Player {
    /// Connects a player.
    ///
    /// # Errors
    /// When no gateway accepts the connection.
    pub async fn connect(
        connection: client::Options,
        game: Game,
        options: &Options,
        chance: Chance,
        tally: Arc<Tally>,
    ) -> anyhow::Result<Self> {
        debug_assert!(matches!(connection.login, Login::Token(_)));
        let client = Client::connect(connection).await?;
        let me = client.player().context("the session has no player id")?;
        Ok(Self {
            handle: client.handle(),
            client,
            me,
            game,
            chance,
            think_ms: (options.think_least_ms, options.think_most_ms),
            chat_ms: options.chat_ms,
            floods: !options.chats_fast(),
            lines: 0,
            log: ClientLog::of(Some(me)),
            tally,
            tables: HashMap::new(),
            sitting: false,
            entered: None,
            plans: Vec::new(),
            asked: FuturesUnordered::new(),
        })
    }

    /// Plays until told to stop; returns the log.
    pub async fn play(mut self, mut stage: watch::Receiver<RunPhase>) -> ClientLog {
        if let Game::Cash(table) = self.game {
            self.plan(0, 2_000, Plan::Sit(table));
            if self.chat_ms > 0 {
                self.plan(0, self.chat_ms, Plan::Say(table));
            }
        }
        let mut announced = match &self.game {
            Game::Tournaments(announced) => Some(announced.clone()),
            Game::Cash(_) => None,
        };
        loop {
            let now = *stage.borrow_and_update();
            if now == RunPhase::Stop {
                return self.log;
            }
            if now == RunPhase::Finish {
                self.plans.retain(|(_, plan)| !matches!(plan, Plan::Sit(_) | Plan::Enter(_) | Plan::Say(_)));
            }
            if let Some(announced) = &mut announced
                && let Some(tournament) = *announced.borrow_and_update()
                && self.entered != Some(tournament)
            {
                self.entered = Some(tournament);
                self.plan(0, 500, Plan::Enter(tournament));
            }
            let next = self.plans.iter().map(|&(at, _)| at).min();
            tokio::select! {
                event = self.client.next() => match event {
                    Some(event) => self.take(&event, now == RunPhase::Play),
                    None => return self.log,
                },
                Some(answered) = self.asked.next() => self.answered(&answered, now == RunPhase::Play),
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.carry_out_due(),
                Ok(()) = stage.changed() => {}
                Ok(()) = changed(&mut announced) => {}
            }
        }
    }

    fn plan(&mut self, least_ms: u64, most_ms: u64, plan: Plan) {
        let at = Instant::now() + self.chance.pause(least_ms, most_ms);
        self.plans.push((at, plan));
    }

    fn carry_out_due(&mut self) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.plans).into_iter().partition(|&(at, _)| at <= now);
        self.plans = later;
        let due: Vec<(Instant, Plan)> = due;
        for (_, plan) in due {
            self.carry_out(plan);
        }
    }

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Sit(table) => {
                if !self.sitting {
                    self.sitting = true;
                    let sit = PlayerCommand::Sit { seat: None, buy_in: BUY_IN };
                    self.command(table, Kind::Paid, sit);
                }
            }
            Plan::Act { table, hand, turn, legal } => {
                let action = self.choose(&legal);
                let act = PlayerCommand::act(hand, turn, action);
                self.command(table, Kind::Change, act);
            }
            Plan::Leave(table) => self.command(table, Kind::Wish, PlayerCommand::Leave),
            Plan::SitOut(table) => self.command(table, Kind::Wish, PlayerCommand::SitOut),
            Plan::SitIn(table) => self.command(table, Kind::Wish, PlayerCommand::SitIn),
            Plan::TopUp(table, amount) => self.command(table, Kind::Paid, PlayerCommand::TopUp { amount }),
            Plan::Say(table) => {
                // Sent whether the line before has been answered or not.
                self.plan(self.chat_ms, self.chat_ms, Plan::Say(table));
                let lines = if self.floods && self.chance.one_in(FLOOD_ONE_IN) { FLOOD } else { 1 };
                for _ in 0..lines {
                    self.lines += 1;
                    let say = PlayerCommand::Say { text: self.lines.to_string() };
                    self.command(table, Kind::Change, say);
                }
            }
            Plan::Enter(tournament) => {
                self.ask(Asked::Entry(tournament), ClientMessage::Register { tournament })
            }
        }
    }

    fn command(&mut self, table: TableId, kind: Kind, command: PlayerCommand) {
        let sits = matches!(command, PlayerCommand::Sit { .. });
        self.ask(Asked::Table { table, kind, sits, at_ms: now_ms() }, command.at(table));
    }

    fn ask(&mut self, asked: Asked, message: ClientMessage) {
        let handle = self.handle.clone();
        self.asked.push(Box::pin(async move {
            let (noted, id) = oneshot::channel();
            let answer = handle.request_noted(message, noted).await;
            Answered { asked, id: id.await.ok(), answer }
        }));
    }

    fn answered(&mut self, Answered { asked, id, answer }: &Answered, playing: bool) {
        let (table, kind, sits, at_ms) = match *asked {
            Asked::Entry(tournament) => {
                // The client repeats transient refusals; this one lasted longer. There is time
                // until the tournament is full.
                if matches!(answer, Err(ClientError::Refused(refusal)) if refusal.is_transient()) {
                    self.plan(500, 1_500, Plan::Enter(tournament));
                }
                return;
            }
            Asked::Table { table, kind, sits, at_ms } => (table, kind, sits, at_ms),
        };
        let outcome = match answer {
            Ok(_) => {
                self.tally.acknowledged();
                Answer::Done
            }
            // Transient refusals and late answers do not tell whether the command was carried out.
            Err(ClientError::Refused(refusal))
                if !refusal.is_transient() && *refusal != Refusal::OutOfDate =>
            {
                self.tally.refused(refusal);
                Answer::Refused
            }
            Err(_) => Answer::None,
        };
        if let Some(id) = *id {
            self.log.commands.push(Sent { id, table, kind, at_ms, answer: outcome });
        }
        if sits {
            self.sitting = false;
            match answer {
                Ok(ServerMessage::Seated { seat, .. }) => {
                    self.tables.entry(table).or_default().seat = Some(*seat);
                }
                Err(ClientError::Refused(Refusal::AlreadySeated)) => {}
                _ if playing => self.plan(1_000, 3_000, Plan::Sit(table)),
                _ => {}
            }
        }
    }

    fn take(&mut self, event: &ClientEvent, playing: bool) {
        self.log.see(event, now_ms());
        match event {
            ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. } => self.view(view),
            ClientEvent::Event { table, event, .. } => self.event(*table, event, playing),
            ClientEvent::GivenSeat { table, seat, .. } => {
                self.tables.entry(*table).or_default().seat = Some(*seat);
            }
            ClientEvent::Up { .. } => self.tally.connected(),
            ClientEvent::Closed(ended) if *ended != Ended::ByUs => self.tally.ended(ended),
            _ => {}
        }
    }

    fn view(&mut self, view: &TableView) {
        let seat = view.seats.iter().find(|seat| seat.player == self.me).map(|seat| seat.seat);
        let hand = view.hand.as_ref().map(|hand| hand.hand);
        self.tables.insert(view.table, AtTable { seat, hand });
        if let Some(hand) = &view.hand
            && let Some(turn) = &hand.turn
            && Some(turn.seat) == seat
        {
            self.think(view.table, turn.turn, &turn.legal);
        }
    }

    fn event(&mut self, table: TableId, event: &Event, playing: bool) {
        let at = self.tables.entry(table).or_default();
        match event {
            Event::Seated { seat, player, .. } if *player == self.me => at.seat = Some(*seat),
            Event::Unseated { player, .. } if *player == self.me => {
                at.seat = None;
                if let (Game::Cash(home), true) = (&self.game, playing) {
                    let home = *home;
                    self.plan(500, 3_000, Plan::Sit(home));
                }
            }
            Event::HandStarted(start) => at.hand = Some(start.hand),
            Event::Turn { seat, turn, legal, .. } if Some(*seat) == at.seat => {
                self.think(table, *turn, legal)
            }
            Event::TimedOut { seat } if Some(*seat) == at.seat => {
                // A player who ran out of time sits out until the next command.
                self.plan(100, 200, Plan::SitOut(table));
                self.plan(600, 1_200, Plan::SitIn(table));
            }
            Event::HandEnded { .. } => {
                self.tally.hand_seen();
                at.hand = None;
                if at.seat.is_some() && playing && matches!(self.game, Game::Cash(_)) {
                    self.between_hands(table);
                }
            }
            _ => {}
        }
    }

    /// Leaves the seat, sits out for a while, or brings more chips now and then, before the next
    /// hand or in it.
    fn between_hands(&mut self, table: TableId) {
        match self.chance.below(60) {
            0 => self.plan(0, 300, Plan::Leave(table)),
            1 => {
                self.plan(0, 300, Plan::SitOut(table));
                self.plan(3_000, 6_000, Plan::SitIn(table));
            }
            2..5 => {
                // Some are too many, and are refused.
                let amount = Chips(1 + self.chance.below(BUY_IN.0));
                self.plan(0, 2_000, Plan::TopUp(table, amount));
            }
            _ => {}
        }
    }

    fn think(&mut self, table: TableId, turn: u32, legal: &Legal) {
        if let Some(hand) = self.tables.get(&table).and_then(|at| at.hand) {
            let (least, most) = self.think_ms;
            self.plans.retain(|(_, plan)| !matches!(plan, Plan::Act { table: other, .. } if *other == table));
            self.plan(least, most, Plan::Act { table, hand, turn, legal: Box::new(legal.clone()) });
        }
    }

    /// Chooses mostly checks and folds, now and then a bet, seldom all chips.
    fn choose(&mut self, legal: &Legal) -> Action {
        let cash = matches!(self.game, Game::Cash(_));
        let all = if cash { 150 } else { 12 };
        if let Some(raise) = &legal.raise
            && self.chance.one_in(10)
        {
            return Action::RaiseTo(if self.chance.one_in(all) { raise.max } else { raise.min });
        }
        if let Some(bet) = &legal.bet
            && self.chance.one_in(5)
        {
            return Action::Bet(if self.chance.one_in(all) { bet.max } else { bet.min });
        }
        match (legal.check, legal.call) {
            _ if legal.discard.is_some() => Action::Discard(Vec::new()),
            (true, _) => Action::Check,
            (false, Some(call)) if call <= Chips(60) || self.chance.one_in(4) => Action::Call,
            _ if legal.bring_in.is_some() => Action::BringIn,
            _ => Action::Fold,
        }
    }
}

/// Waits for the next tournament; for ever for a player of cash tables.
async fn changed(
    announced: &mut Option<watch::Receiver<Option<TournamentId>>>,
) -> Result<(), watch::error::RecvError> {
    match announced {
        Some(announced) => announced.changed().await,
        None => std::future::pending().await,
    }
}

/// Time limit for players to stop.
pub const STOPPED: Duration = Duration::from_secs(5);
