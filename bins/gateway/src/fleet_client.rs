//! Requests to the rest of the fleet, repeated until they are answered, so that a takeover in
//! between is not noticed.

use crate::{
    connections::Connections,
    limits::{EACH, EACH_CASHIER, GATHER, PATIENCE, PAUSE, REPAIRS},
    pauses::Pauses,
};
use bus::{Bus, Patience, Peers, PendingRequest, RequestError};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::sleep};
use wire::{
    CommandId, PlayerId, Refusal, TableId,
    cashier::{CashierReply, SessionRequest},
    fleet::Role,
    pass::Pass,
    sender::Sender,
    subject,
    table::{PlayerSeats, Resync, TableCommand, TableReply, TableRequest, WorkersAnswer, WorkersQuery},
    tournament::{TournamentReply, TournamentRequest},
};

/// Attempts that are rejected because their snapshot is older than the last event that the viewer
/// claims to have seen. After these the snapshot is passed on anyway: the viewer's claim may
/// be wrong.
const OUTDATED: u32 = 5;

/// Expected number of answers when no heartbeat is heard: at least as many as ever come in time.
const UNKNOWN: usize = 64;

/// Sends requests on behalf of connections. Clones share the connection to the server.
#[derive(Clone)]
pub(crate) struct FleetClient {
    bus: Bus,
    peers: Peers,
    /// Has the passes of players.
    connections: Arc<Connections>,
    /// Limits the resyncs that no client's request caused.
    replays: Arc<Semaphore>,
}

impl FleetClient {
    pub(crate) fn new(bus: &Bus, peers: &Peers, connections: &Arc<Connections>) -> Self {
        let connections = Arc::clone(connections);
        Self {
            bus: bus.clone(),
            peers: peers.clone(),
            connections,
            replays: Arc::new(Semaphore::new(REPAIRS)),
        }
    }

    /// Sends a request to the owner of a table, with the pass of its player.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when no answer comes, or no cashier gives a pass that the owner
    /// accepts; all other refusals are answers.
    pub(crate) async fn table(&self, request: &TableRequest) -> Result<TableReply, Refusal> {
        let subject = subject::table_commands_of(request.table, Sender::Gateway);
        let refusal = |reply: &TableReply| match reply {
            TableReply::Refused(refusal) => Some(refusal.clone()),
            TableReply::Done { .. } | TableReply::Seat { .. } | TableReply::Resync(_) => None,
        };
        let prove = |request: &mut TableRequest, refused: Option<&Refusal>| {
            self.prove(request.player, &mut request.pass, refused)
        };
        let reply = self.ask(subject, request.clone(), EACH, "the table", prove, refusal).await?;
        match reply {
            TableReply::Refused(Refusal::PassNeeded { .. }) => Err(Refusal::unavailable("the cashier")),
            reply => Ok(reply),
        }
    }

    /// Puts the player's pass into a request before it is sent. A pass that the owner has refused
    /// is renewed, while the request waits for its next repeat. A player who is no longer online
    /// here keeps the pass that the request had. Returns whether a repeat can succeed: no cashier
    /// gives a pass for a player who is not online here.
    fn prove(&self, player: Option<PlayerId>, pass: &mut Option<Pass>, refused: Option<&Refusal>) -> bool {
        let Some(player) = player else { return true };
        match refused {
            Some(Refusal::PassNeeded { .. }) => self.connections.pass_refused(player, pass.as_ref()),
            Some(_) => true,
            None => {
                *pass = self.connections.pass_of(player).or_else(|| pass.take());
                true
            }
        }
    }

    /// Gives an answer that came with another message to the task that waits for it.
    pub(crate) fn answered(&self, question: PendingRequest, reply: &TableReply) {
        if let Err(error) = self.bus.answered(question, reply) {
            tracing::error!(%error, "an answer cannot be encoded: its request is repeated");
        }
    }

    /// Sends a request to the owner of a tournament, with the pass of its player.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] as for a table; all other refusals are answers.
    pub(crate) async fn tournament(&self, request: &TournamentRequest) -> Result<TournamentReply, Refusal> {
        let subject = subject::tournament_commands_of(request.tournament, Sender::Gateway);
        let refusal = |reply: &TournamentReply| match reply {
            TournamentReply::Refused(refusal) => Some(refusal.clone()),
            TournamentReply::Done | TournamentReply::Standings(_) | TournamentReply::Instruction(_) => None,
        };
        let prove = |request: &mut TournamentRequest, refused: Option<&Refusal>| {
            self.prove(request.player, &mut request.pass, refused)
        };
        let reply = self.ask(subject, request.clone(), EACH, "the tournament", prove, refusal).await?;
        match reply {
            TournamentReply::Refused(Refusal::PassNeeded { .. }) => Err(Refusal::unavailable("the cashier")),
            reply => Ok(reply),
        }
    }

    /// Sends a request to a cashier.
    ///
    /// # Errors
    /// Every refusal.
    pub(crate) async fn cashier(&self, request: &SessionRequest) -> Result<CashierReply, Refusal> {
        let subject = subject::CASHIER_SESSION.to_owned();
        let reply = self.ask(
            subject,
            request,
            EACH_CASHIER,
            "the cashier",
            |_, _| true,
            |reply| match reply {
                CashierReply::Refused(refusal) => Some(refusal.clone()),
                CashierReply::Done
                | CashierReply::Session(_)
                | CashierReply::Balance { .. }
                | CashierReply::Bots(_)
                | CashierReply::Guests(_)
                | CashierReply::Player(_)
                | CashierReply::Sessions(_)
                | CashierReply::SecondFactor(_)
                | CashierReply::Ended(_)
                | CashierReply::Checked(_)
                | CashierReply::Results(_)
                | CashierReply::Audit(_) => None,
            },
        );
        match reply.await? {
            CashierReply::Refused(refusal) => Err(refusal),
            reply => Ok(reply),
        }
    }

    /// Sends a question until a lasting answer comes. `prepare` is called before each try, and with
    /// each passing refusal; then it says whether a repeat can succeed.
    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: String,
        mut question: Q,
        each: Duration,
        whom: &str,
        prepare: impl Fn(&mut Q, Option<&Refusal>) -> bool,
        refusal: impl Fn(&A) -> Option<Refusal>,
    ) -> Result<A, Refusal> {
        let until = Instant::now() + PATIENCE;
        let (mut pauses, mut refused) = (Pauses::new(), None);
        loop {
            let patience = Patience { each, total: until.saturating_duration_since(Instant::now()) };
            prepare(&mut question, None);
            let reply: A = match self.bus.request(subject.clone(), &question, patience).await {
                Ok(reply) => reply,
                Err(RequestError::TimedOut { .. }) => return Err(Refusal::unavailable(whom)),
                Err(error) => {
                    tracing::warn!(subject, %error, "a request failed: the client is told that the service is unavailable");
                    return Err(Refusal::unavailable(whom));
                }
            };
            let Some(passing) = refusal(&reply).filter(Refusal::is_transient) else { return Ok(reply) };
            if !prepare(&mut question, Some(&passing)) {
                return Ok(reply);
            }
            let since: &mut Instant = refused.get_or_insert_with(Instant::now);
            // Without a random number the pause is the longest: late, but not wrong.
            let pause = pauses.next(since.elapsed(), getrandom::u32().unwrap_or(u32::MAX));
            if Instant::now() + pause >= until {
                return Ok(reply);
            }
            sleep(pause).await;
        }
    }

    /// Returns a table as `player` may see it, and the events after `since`. `seen` is the number
    /// of the last event that was sent to the viewer: a former owner may still answer from a state
    /// before it.
    ///
    /// # Errors
    /// Every refusal.
    pub(crate) async fn resync(
        &self,
        table: TableId,
        player: Option<PlayerId>,
        since: Option<u64>,
        seen: Option<u64>,
    ) -> Result<Resync, Refusal> {
        let command = TableCommand::Resync { since };
        let request = TableRequest { table, id: CommandId(0), player, command, on_feed: false, pass: None };
        for _ in 0..OUTDATED {
            let resync = into_resync(self.table(&request).await?)?;
            if seen.is_none_or(|seen| resync.view.event_no >= seen) {
                return Ok(resync);
            }
            sleep(PAUSE).await;
        }
        into_resync(self.table(&request).await?)
    }

    /// Returns the events after `since` at a table, as any viewer may see them; `None` when the
    /// table does not answer.
    pub(crate) async fn replay(&self, table: TableId, since: u64) -> Option<Resync> {
        let _permit = self.replays.acquire().await.ok()?;
        let answer = self.resync(table, None, Some(since), Some(since)).await;
        answer.inspect_err(|refusal| tracing::warn!(%table, %refusal, "a resync failed: it is repeated")).ok()
    }

    /// Returns a table as a player may see it, after messages may have been lost; `None` when the
    /// table does not answer.
    pub(crate) async fn look_again(&self, table: TableId, player: PlayerId) -> Option<Resync> {
        let _permit = self.replays.acquire().await.ok()?;
        self.resync(table, Some(player), None, None).await.ok()
    }

    /// Returns the tables of players' seats, as far as table workers answer in time.
    pub(crate) async fn seats_of(&self, players: Vec<PlayerId>) -> HashMap<PlayerId, BTreeSet<TableId>> {
        let answers = self.workers(&WorkersQuery::SeatsOf { players }).await;
        let seats = answers.into_iter().filter_map(|answer| match answer {
            WorkersAnswer::SeatsOf(seats) => Some(seats),
            WorkersAnswer::Seats(_) | WorkersAnswer::Tables(_) => None,
        });
        let mut of: HashMap<PlayerId, BTreeSet<TableId>> = HashMap::new();
        for PlayerSeats { player, tables } in seats.flatten() {
            // During a hand-over two workers may answer for the same table.
            of.entry(player).or_default().extend(tables);
        }
        of
    }

    /// Sends a query to all table workers.
    pub(crate) async fn workers(&self, query: &WorkersQuery) -> Vec<WorkersAnswer> {
        self.gather(subject::QUERY_TABLES, query, Role::TableWorker).await
    }

    /// Sends a query to all processes of a role; answers that come too late are left out.
    pub(crate) async fn gather<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: &str,
        query: &Q,
        role: Role,
    ) -> Vec<A> {
        let ready = self.peers.alive(role).iter().filter(|peer| peer.ready).count();
        // Without any heartbeat this process may be deaf: then all answers that come are taken.
        let expect = if ready == 0 { UNKNOWN } else { ready };
        let answers = self.bus.gather(subject, query, expect, GATHER).await;
        answers.unwrap_or_else(|error| {
            tracing::warn!(subject, %error, "a query failed: the fleet's answer is taken as empty");
            Vec::new()
        })
    }
}

fn into_resync(reply: TableReply) -> Result<Resync, Refusal> {
    match reply {
        TableReply::Resync(resync) => Ok(*resync),
        TableReply::Refused(refusal) => Err(refusal),
        TableReply::Done { .. } | TableReply::Seat { .. } => Err(surprised("the table")),
    }
}

/// Returns the refusal for an answer of the wrong type, which a process of another version may
/// give. The log does not show the answer: it may have a session's token.
pub(crate) fn surprised(whom: &str) -> Refusal {
    tracing::error!(
        whom,
        "an answer is of the wrong type: the client is told that the service is unavailable"
    );
    Refusal::unavailable(whom)
}
