//! One run, from the start of the fleet to the judgement.

use crate::{
    chance::{Chance, Stream},
    faults::Breaker,
    lines::Lines,
    now::now_ms,
    options::Options,
    player::{Game, Player, RunPhase},
    report::Report,
    room::{self, Account},
    schedule::schedule,
    tally::Tally,
    tournaments::{self, Played},
    verdict, visitor,
};
use anyhow::Context;
use client::{Address, Login};
use futures::{StreamExt, TryStreamExt, stream};
use std::{collections::HashMap, sync::Arc, time::Duration};
use testkit::{
    Fleet, FleetSize,
    check::{ClientLog, Fault, Finding},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use wire::{CommandId, TableId, TournamentId, table::TableCommand, table::TableReply};

/// How often progress is printed.
const TELL: Duration = Duration::from_secs(5);
/// Clients that connect at the same time.
const CONNECTING: usize = 64;
/// One client in this many reaches its gateway over a line that can be disturbed.
const DISTURBED_EVERY: usize = 5;
/// Time of undisturbed play before the first fault.
const WARM_UP: Duration = Duration::from_secs(3);
/// Time limit, after the last fault, until every table has played on and every seat is paid out,
/// apart from the time that players think.
const RECOVERS: Duration = Duration::from_secs(60);
/// More actions than a hand has.
const ACTIONS: u32 = 40;
/// Time limit for tournaments to end by themselves.
const TOURNAMENTS_END: Duration = Duration::from_secs(150);

/// Carries a run out. Returns the report, and the lines that explain the first violation.
///
/// # Errors
/// When the fleet does not start, or cannot be judged.
pub async fn run(options: &Options) -> anyhow::Result<(Report, Vec<String>)> {
    let size = FleetSize {
        gateways: options.gateways,
        table_workers: options.table_workers,
        bot_workers: options.bot_workers,
        coordinators: options.coordinators,
    };
    tell(format!("seed {}: starting {size:?}", options.seed));
    let archivists = options.archivists.to_string();
    let mut args = vec!["--archivists", &archivists];
    if options.chats_fast() {
        args.extend(["--chat-rate", "100000"]);
    }
    let fleet = Arc::new(Fleet::start_with(size, &args).await?);
    let mut result = Run::open(options, &fleet).await?.play().await;
    let violated = !result.as_ref().is_ok_and(|(report, _)| report.violations == 0);
    // The findings are reported even if the fleet does not stop.
    if let Err(error) = stop(fleet, violated || options.keep).await
        && let Ok((report, trace)) = &mut result
    {
        report.violations += 1;
        trace.push(format!("the fleet does not stop: {error:#}"));
    }
    result
}

async fn stop(fleet: Arc<Fleet>, keep: bool) -> anyhow::Result<()> {
    let fleet = Arc::into_inner(fleet).context("a task still uses the fleet")?;
    if !keep {
        return fleet.stop().await;
    }
    tell(format!("the fleet's folder is kept: {}", fleet.stop_and_keep().await?.display()));
    Ok(())
}

struct Run<'a> {
    options: &'a Options,
    fleet: Arc<Fleet>,
    tally: Arc<Tally>,
    lines: Lines,
    tables: Vec<TableId>,
    accounts: Vec<Account>,
    stage: watch::Sender<RunPhase>,
    clients: JoinSet<anyhow::Result<ClientLog>>,
}

impl<'a> Run<'a> {
    /// Makes accounts and tables and connects all clients.
    async fn open(options: &'a Options, fleet: &Arc<Fleet>) -> anyhow::Result<Self> {
        let people = options.players + options.tournaments * options.tournament_players;
        let accounts = room::accounts(fleet, people).await?;
        let tables = room::tables(fleet, options).await?;
        tell(format!("{} accounts, {} tables", accounts.len(), tables.len()));
        Ok(Self {
            options,
            fleet: Arc::clone(fleet),
            tally: Arc::new(Tally::default()),
            lines: Lines::default(),
            tables,
            accounts,
            stage: watch::Sender::new(RunPhase::Play),
            clients: JoinSet::new(),
        })
    }

    async fn play(mut self) -> anyhow::Result<(Report, Vec<String>)> {
        let announced: Vec<watch::Sender<Option<TournamentId>>> =
            (0..self.options.tournaments).map(|_| watch::Sender::new(None)).collect();
        self.let_everybody_in(&announced).await?;
        let mut playing = JoinSet::new();
        for announce in announced {
            let (fleet, stage) = (Arc::clone(&self.fleet), self.stage.subscribe());
            playing.spawn(tournaments::play(fleet, self.options.clone(), announce, stage));
        }
        let breaker = Breaker::new(Arc::clone(&self.fleet), self.lines.clone(), &self.tables, self.options);
        sleep(WARM_UP).await;
        self.break_things(&breaker).await;
        tell("the faults are over".to_owned());
        let mut found = self.until_all_played().await;
        self.stage.send_replace(RunPhase::Finish);
        found.extend(self.close_tables().await);
        let played = playing.join_all().await;
        let (settled, stuck) = self.end_tournaments(&played).await;
        found.extend(stuck);
        // Lets the last published events reach the clients.
        sleep(Duration::from_secs(1)).await;
        self.stage.send_replace(RunPhase::Stop);
        let mut logs = Vec::new();
        while let Some(log) = self.clients.join_next().await {
            logs.push(log??);
        }
        tell(format!("{}; judging", self.tally.words()));
        let cash_players =
            self.accounts.iter().take(self.options.players as usize).map(|account| account.player).collect();
        let done = std::mem::take(&mut *breaker.done());
        let evidence = verdict::Evidence { logs, done, cash_players, settled, found };
        verdict::judge(&self.fleet, self.options, &evidence, &self.tally).await
    }

    /// Returns the time limit for recovery: a hand has to end before its table can close.
    fn recovers(&self) -> Duration {
        RECOVERS + Duration::from_millis(self.options.think_most_ms) * ACTIONS
    }

    /// Returns the gateways' addresses for each kind of connection, with each gateway first in
    /// turn; those of every fifth client lead over lines.
    async fn ways(&self) -> anyhow::Result<Vec<Vec<Address>>> {
        let mut ways = Vec::new();
        for nodes in [self.fleet.tcp()?, self.fleet.ws()?, self.fleet.ws_json()?] {
            let mut over_lines = Vec::with_capacity(nodes.len());
            for node in &nodes {
                over_lines.push(self.lines.to(node).await?);
            }
            for start in 0..nodes.len() {
                for nodes in [&nodes, &over_lines] {
                    let mut list = nodes.clone();
                    list.rotate_left(start);
                    ways.push(list);
                }
            }
        }
        Ok(ways)
    }

    async fn let_everybody_in(
        &mut self,
        announced: &[watch::Sender<Option<TournamentId>>],
    ) -> anyhow::Result<()> {
        let ways = self.ways().await?;
        let (lined, direct): (Vec<_>, Vec<_>) =
            ways.into_iter().enumerate().partition(|(number, _)| number % 2 == 1);
        let way = |number: usize| {
            let over_line = number.is_multiple_of(DISTURBED_EVERY);
            let (some, which) =
                if over_line { (&lined, number / DISTURBED_EVERY) } else { (&direct, number) };
            // A gateway's redirection would not lead over a line.
            let stay = over_line;
            (some[which % some.len()].1.clone(), stay)
        };
        let cash = self.options.players as usize;
        let connecting = self.accounts.iter().enumerate().map(|(number, account)| {
            let game = if number < cash {
                Game::Cash(self.tables[number % self.tables.len().max(1)])
            } else {
                let tournament = (number - cash) / (self.options.tournament_players as usize).max(1);
                Game::Tournaments(announced[tournament].subscribe())
            };
            let (addresses, stay) = way(number);
            let connection = client::Options {
                connect_patience: Duration::from_secs(60),
                stay,
                ..client::Options::new(addresses, Login::Token(account.token.clone()))
            };
            let chance = Chance::new(self.options.seed, Stream::Player(number as u32));
            Player::connect(connection, game, self.options, chance, Arc::clone(&self.tally))
        });
        let players: Vec<Player> =
            stream::iter(connecting).buffer_unordered(CONNECTING).try_collect().await?;
        for player in players {
            let stage = self.stage.subscribe();
            self.clients.spawn(async move { Ok(player.play(stage).await) });
        }
        for number in 0..self.options.visitors {
            let (addresses, stay) = way(number as usize);
            let connection = client::Options { stay, ..client::Options::new(addresses, Login::Visitor) };
            let chance = Chance::new(self.options.seed, Stream::Visitor(number));
            self.clients.spawn(visitor::visit(
                connection,
                self.tables.clone(),
                chance,
                self.stage.subscribe(),
            ));
        }
        tell(format!("{} players are connected", self.accounts.len()));
        Ok(())
    }

    async fn break_things(&self, breaker: &Breaker) {
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        let mut next_tell = began + TELL;
        for fault in schedule(self.options) {
            while next_tell < began + fault.at {
                sleep_until(next_tell).await;
                next_tell += TELL;
                self.tell_progress(began, breaker);
            }
            sleep_until(began + fault.at).await;
            breaker.begin(fault, &mut tasks).await;
        }
        while next_tell < began + Duration::from_secs(self.options.seconds) {
            sleep_until(next_tell).await;
            next_tell += TELL;
            self.tell_progress(began, breaker);
        }
        while tasks.join_next().await.is_some() {}
    }

    fn tell_progress(&self, began: Instant, breaker: &Breaker) {
        let seconds = began.elapsed().as_secs();
        let done = breaker.done();
        let faults: u32 = done.counts.values().sum();
        tell(format!("{seconds} of {} s: {faults} faults, {}", self.options.seconds, self.tally.words()));
    }

    /// Waits until every table with two or more players goes on by itself.
    async fn until_all_played(&self) -> Vec<Finding> {
        let began = Instant::now();
        let mut hands: HashMap<TableId, (u64, bool)> = HashMap::new();
        loop {
            let mut waiting = Vec::new();
            for &table in &self.tables {
                if hands.get(&table).is_some_and(|&(_, went_on)| went_on) {
                    continue;
                }
                let resync = TableCommand::Resync { since: None };
                match self.fleet.ask_table(table, None, CommandId(0), resync).await {
                    Ok(TableReply::Resync(resync)) => {
                        let events = resync.view.event_no;
                        let players = resync.view.seats.iter().filter(|seat| !seat.sitting_out).count();
                        let (before, went_on) = hands.entry(table).or_insert((events, false));
                        *went_on = events > *before || players < 2;
                        if !*went_on {
                            waiting.push(stuck(
                                table,
                                format!("does not go on after event {events}: {:?}", resync.view.hand),
                            ));
                        }
                    }
                    other => waiting.push(stuck(table, format!("does not answer: {other:?}"))),
                }
            }
            if waiting.is_empty() || began.elapsed() > self.recovers() {
                return waiting;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Closes the tables and waits until all players are paid out.
    async fn close_tables(&self) -> Vec<Finding> {
        let began = Instant::now();
        let close = |table: TableId| async move {
            (table, self.fleet.ask_table(table, None, CommandId(now_ms()), TableCommand::Close).await)
        };
        let mut closing = stream::iter(self.tables.iter().copied()).map(close).buffer_unordered(CONNECTING);
        let mut found = Vec::new();
        while let Some((table, reply)) = closing.next().await {
            if !matches!(reply, Ok(TableReply::Done { .. })) {
                found.push(stuck(table, format!("was not closed: {reply:?}")));
            }
        }
        loop {
            let money = verdict::audit(&self.fleet).await.map(|audit| audit.tables);
            let left: Vec<_> = money.into_iter().flatten().filter(|table| table.amount != 0).collect();
            if left.is_empty() {
                return found;
            }
            if began.elapsed() > self.recovers() {
                found.extend(
                    left.iter()
                        .map(|left| stuck(left.table, format!("{} chips are not paid back", left.amount))),
                );
                return found;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Waits until the last tournaments are settled; returns how many of all are.
    async fn end_tournaments(&self, played: &[Played]) -> (u64, Vec<Finding>) {
        let (mut settled, mut found) = (played.iter().map(|played| played.settled).sum(), Vec::new());
        for tournament in played.iter().filter_map(|played| played.unsettled) {
            match self.fleet.until_settled(tournament, TOURNAMENTS_END).await {
                Ok(_) => settled += 1,
                Err(error) => found.push(Finding {
                    fault: Fault::Stuck,
                    table: None,
                    sequence: None,
                    player: None,
                    what: format!("tournament {tournament}: {error:#}"),
                }),
            }
        }
        (settled, found)
    }
}

fn stuck(table: TableId, what: String) -> Finding {
    Finding { fault: Fault::Stuck, table: Some(table), sequence: None, player: None, what }
}

fn tell(line: String) {
    eprintln!("soak: {line}");
}
