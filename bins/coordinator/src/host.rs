//! The one task of a tournament. It alone touches the tournament, so there are no locks: requests, the clock and answers from
//! outside come in one after the other. Everything that is slow runs beside it, a bounded number at a time.

use crate::{
    lobby::Lobby,
    outside::{self, Key, Outcome, Outside},
    recovery::{self, LoadError, Loaded},
    source::{self, now_ms},
};
use bus::{AppendError, Journal, Request, Tenure};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, JoinSet},
};
use tournament::{Answer, Command, Effect, Saved};
use wire::{
    Epoch, PlayerId, Refusal, TournamentId,
    codec::CodecError,
    journal::Cause,
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// Requests to the cashier under way at a time, per tournament: enough to keep it busy, few enough to leave room for others.
const MONEY_AT_ONCE: usize = 64;
/// Tables told something at a time, per tournament.
const TABLES_AT_ONCE: usize = 64;
/// Requests that wait for a tournament's task; more are refused for now.
pub const MAILBOX: usize = 1_024;
/// Repeats of one player's registration that wait for the cashier: the oldest have been given up by their senders.
const REPEATS: usize = 4;
/// Most players in one answer to a show.
const MOST_SHOWN: u32 = 10_000;
/// Pause before a task that failed begins again from the journal.
const PAUSE: Duration = Duration::from_millis(300);
/// A tournament that is over leaves memory when nobody has asked for it for so long.
const IDLE: Duration = Duration::from_secs(60);
/// Longest sleep: the computer's clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);

/// What a tournament's task works with.
pub struct Means {
    /// The tournaments' journals.
    pub journal: Journal,
    /// Cashier and tables.
    pub outside: Outside,
    /// The list of this coordinator's tournaments.
    pub lobby: Arc<Lobby>,
}

/// A request on its way to a tournament's task.
pub type Mail = (TournamentRequest, Request);

/// Why a tournament's task cannot go on with what it knows.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The journal cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The journal cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A record cannot be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Somebody owns it who came after us.
    #[error("tournament {tournament} has a newer owner (epoch {epoch})")]
    Superseded {
        /// Which tournament.
        tournament: TournamentId,
        /// The newer ownership.
        epoch: Epoch,
    },
}

/// A tournament and everything under way for it.
pub struct Host {
    /// What it works with.
    pub means: Arc<Means>,
    /// The ownership under which it writes.
    pub epoch: Epoch,
    tenure: Tenure,
    /// The tournament and where its journal stands.
    pub loaded: Loaded,
    /// Whether a record was written since it was loaded: from then on no earlier owner can write.
    pub written: bool,
    /// Since when it is here.
    pub since: Instant,
    /// Registrations that wait for the cashier.
    pub entrants: HashMap<PlayerId, Vec<(Cause, Request)>>,
    effects: JoinSet<(Key, Outcome)>,
    running: HashMap<Key, AbortHandle>,
}

/// Runs a tournament until `stop` says so or the mailbox is closed, and begins again from the journal when something fails.
pub async fn keep(
    means: Arc<Means>,
    epoch: Epoch,
    id: TournamentId,
    mut loaded: Option<Loaded>,
    mut mail: mpsc::Receiver<Mail>,
    tenure: Tenure,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let outcome = match loaded.take() {
            Some(loaded) => Ok(loaded),
            None => recovery::load_one(&means.journal, id).await,
        };
        let ended = match outcome {
            Ok(loaded) => {
                let host = Host::new(Arc::clone(&means), epoch, tenure.clone(), loaded);
                host.run(&mut mail, &mut stop).await
            }
            Err(error) => Err(error.into()),
        };
        let Err(error) = ended else { return };
        tracing::warn!(tournament = %id, %error, "beginning again");
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// What woke the task.
enum Wake {
    Mail(Option<Box<Mail>>),
    Outcome(Outcome),
    Clock,
    Stop,
}

impl Host {
    fn new(means: Arc<Means>, epoch: Epoch, tenure: Tenure, loaded: Loaded) -> Self {
        Self {
            means,
            epoch,
            tenure,
            loaded,
            written: false,
            since: Instant::now(),
            entrants: HashMap::new(),
            effects: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// The state.
    pub const fn saved(&self) -> &Saved {
        &self.loaded.saved
    }

    /// Which tournament.
    pub const fn id(&self) -> TournamentId {
        self.loaded.saved.tournament().id()
    }

    async fn run(
        mut self,
        mail: &mut mpsc::Receiver<Mail>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        if self.loaded.epoch > self.epoch {
            return Err(Ended::Superseded { tournament: self.id(), epoch: self.loaded.epoch });
        }
        self.means.lobby.update(self.saved().tournament(), self.epoch);
        let last = std::mem::take(&mut self.loaded.last);
        self.announce(&last).await;
        self.start_effects();
        loop {
            let due = self.due();
            let wake = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Wake::Stop,
                wake = self.wake(mail, due) => wake,
            };
            match wake {
                Wake::Stop | Wake::Mail(None) => return Ok(()),
                Wake::Mail(Some(mail)) => self.request(mail.0, mail.1).await?,
                Wake::Outcome(first) => self.outcomes(first).await?,
                Wake::Clock if recovery::is_over(self.saved()) => {
                    // Whoever wrote before the mailbox closed is still answered.
                    mail.close();
                }
                Wake::Clock => self.clock().await?,
            }
        }
    }

    /// Requests and outcomes take turns by lot, so that neither has to wait until there are none of the others.
    async fn wake(&mut self, mail: &mut mpsc::Receiver<Mail>, due: Duration) -> Wake {
        tokio::select! {
            outcome = next(&mut self.effects, &mut self.running) => Wake::Outcome(outcome),
            mail = mail.recv() => Wake::Mail(mail.map(Box::new)),
            () = tokio::time::sleep(due) => Wake::Clock,
        }
    }

    fn due(&self) -> Duration {
        if recovery::is_over(self.saved()) {
            return IDLE;
        }
        let deadline_ms = self.saved().tournament().next_deadline_ms();
        deadline_ms.map_or(LONGEST_SLEEP, |due_ms| {
            Duration::from_millis(due_ms.saturating_sub(now_ms())).min(LONGEST_SLEEP)
        })
    }

    /// The start is due, or the sleep was the longest there is.
    async fn clock(&mut self) -> Result<(), Ended> {
        if self.saved().tournament().next_deadline_ms().is_none_or(|due_ms| now_ms() < due_ms) {
            return Ok(());
        }
        let tournament = self.id();
        match source::seed() {
            Ok(seed) => match self.carry_out(None, Command::Start { seed }).await? {
                Ok(()) => {
                    tracing::info!(%tournament, phase = %self.saved().tournament().phase(), "the start was due")
                }
                Err(refusal) => tracing::warn!(%tournament, %refusal, "the start was due"),
            },
            Err(error) => {
                tracing::error!(%tournament, %error, "no random numbers from the operating system; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Carries out what came back from outside: this outcome and whatever else is there by now.
    async fn outcomes(&mut self, first: Outcome) -> Result<(), Ended> {
        let mut outcomes = vec![first];
        while let Some(ended) = self.effects.try_join_next() {
            if let Ok((key, outcome)) = ended {
                self.running.remove(&key);
                outcomes.push(outcome);
            }
        }
        for command in outside::commands(outcomes) {
            if let Err(refusal) = self.carry_out(None, command).await? {
                tracing::warn!(tournament = %self.id(), %refusal, "something from outside came too late");
            }
        }
        // An outcome that changed nothing leaves its effect to be done again.
        self.start_effects();
        Ok(())
    }

    /// Starts what is left to be done outside and does not run yet.
    pub fn start_effects(&mut self) {
        let here = self.loaded.saved.tournament();
        let money = |key: &Key| matches!(key, Key::Bots | Key::Entry(_) | Key::Settle);
        let busy = self.running.keys().filter(|key| money(key)).count();
        let (money_left, tables_left) =
            (MONEY_AT_ONCE.saturating_sub(busy), TABLES_AT_ONCE.saturating_sub(self.running.len() - busy));
        let fresh = |effect: &Effect| !self.running.contains_key(&outside::key(effect));
        let at_cashier = here.money_effects().filter(fresh).take(money_left);
        let at_tables = here.table_effects().filter(fresh).take(tables_left);
        let start: Vec<Effect> = at_cashier.chain(at_tables).collect();
        for effect in start {
            let key = outside::key(&effect);
            let work = self.means.outside.clone().carry_out(self.id(), effect);
            let handle = self.effects.spawn(async move { (key, work.await) });
            self.running.insert(key, handle);
        }
    }

    /// Stops telling tables what they have been told already: a table's report confirms an instruction too.
    pub fn drop_idle_pushes(&mut self) {
        let here = self.loaded.saved.tournament();
        self.running.retain(|key, task| match key {
            Key::Push(table, number) if !here.is_push_due(*table, *number) => {
                task.abort();
                false
            }
            _ => true,
        });
    }

    async fn request(&mut self, asked: TournamentRequest, request: Request) -> Result<(), Ended> {
        let cause = Cause { player: asked.player, id: asked.id };
        if let TournamentCommand::Show { limit } = asked.command {
            respond(&request, &self.show(limit)).await;
            return Ok(());
        }
        let command = match Command::from_wire(asked.player, asked.command) {
            Ok(Some(command)) => command,
            Ok(None) => return Ok(()),
            Err(refusal) => {
                respond(&request, &TournamentReply::Refused(refusal)).await;
                return Ok(());
            }
        };
        let reporting = match &command {
            Command::Report(report) => Some(report.table),
            _ => None,
        };
        let reply = match (self.carry_out(Some(cause), command).await?, reporting) {
            (Err(refusal), _) => self.sure(TournamentReply::Refused(refusal)),
            (Ok(()), Some(table)) => match self.saved().tournament().instruction(table) {
                Some(told) => TournamentReply::Instruction(told.clone()),
                None => self.sure(TournamentReply::Refused(Refusal::TournamentPast)),
            },
            (Ok(()), None) => match self.saved().answer(cause).cloned() {
                Some(Answer::Pending) => {
                    self.hold(cause, request);
                    return Ok(());
                }
                Some(known) => {
                    answer(&request, &known).await;
                    return Ok(());
                }
                None => self.sure(TournamentReply::Done),
            },
        };
        respond(&request, &reply).await;
        Ok(())
    }

    /// A reply that no record stands behind, or that the tournament cannot be asked now: another owner may know better.
    fn sure(&self, reply: TournamentReply) -> TournamentReply {
        if self.tenure.is_certain() {
            reply
        } else {
            TournamentReply::Refused(Refusal::unavailable("tournament"))
        }
    }

    fn show(&self, limit: u32) -> TournamentReply {
        match self.saved().tournament().standings(limit.min(MOST_SHOWN), now_ms()) {
            Some(standings) => TournamentReply::Standings(Box::new(standings)),
            None => TournamentReply::Refused(Refusal::NoSuchTournament),
        }
    }

    /// Keeps a registration until the cashier has answered.
    pub fn hold(&mut self, cause: Cause, request: Request) {
        let Some(player) = cause.player else { return };
        let waiting = self.entrants.entry(player).or_default();
        if waiting.len() == REPEATS {
            waiting.remove(0);
        }
        waiting.push((cause, request));
    }
}

/// The next outcome; never, while nothing runs. What was stopped has none.
async fn next(effects: &mut JoinSet<(Key, Outcome)>, running: &mut HashMap<Key, AbortHandle>) -> Outcome {
    loop {
        match effects.join_next().await {
            Some(Ok((key, outcome))) => {
                running.remove(&key);
                return outcome;
            }
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(%error, "an effect failed");
                running.retain(|_, task| !task.is_finished());
            }
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }
}

/// Answers with what is remembered of a command.
pub async fn answer(request: &Request, answer: &Answer) {
    let reply = match answer {
        Answer::Done | Answer::Pending => TournamentReply::Done,
        Answer::Refused(refusal) => TournamentReply::Refused(refusal.clone()),
    };
    respond(request, &reply).await;
}

/// Answers; whoever asked asks again when the answer is lost.
pub async fn respond(request: &Request, reply: &TournamentReply) {
    if let Err(error) = request.answer(reply).await {
        tracing::debug!(%error, "an answer was not sent");
    }
}
