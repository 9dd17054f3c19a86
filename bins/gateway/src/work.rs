//! What a request becomes: whom to ask, in which order, and what the answer means for the connection.

use crate::{ask::surprised, gone, lanes::Lane, limits::STANDINGS, node::Node, outbox::Outbox};
use std::sync::Arc;
use wire::{
    CommandId, ConnectionId, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    cashier::{CashierReply, SessionRequest},
    client::{ClientMessage, PrivateCards, ServerMessage},
    table::{Resync, TableCommand, TableReply, TableRequest},
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// Something to do for a connection.
#[derive(Debug)]
pub(crate) struct Work {
    /// The request that it answers; none when the node does it by itself.
    pub(crate) re: Option<CommandId>,
    pub(crate) lane: Lane,
    pub(crate) task: Task,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Open a session.
    Open(SessionRequest),
    /// End the session.
    LogOut,
    /// Tables and tournaments.
    Lobby,
    /// Money.
    Balance,
    /// Where the player sits.
    Seats,
    /// Something that only the tournament can say or do.
    Tournament(TournamentId, Ask),
    /// Something that only the table can do.
    Table(TableId, TableCommand),
    /// Tell a table that the player is online here.
    Online(TableId),
    /// Take a seat, then watch.
    Sit(TableId, Option<SeatNo>, wire::Chips),
    /// Say something at a table.
    Say(TableId, String),
    /// Watch a table, or watch it anew.
    Watch(TableId, Since),
    /// See a table once.
    Look(TableId, Option<u64>),
    /// See one's own cards once more.
    LookAtCards(TableId),
    /// Watch no longer.
    Unwatch(TableId),
}

/// What is asked of a tournament.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    Register,
    Unregister,
    Show(u32),
}

/// From where a viewer goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    /// As the viewer says.
    Given(Option<u64>),
    /// Where this node left off.
    Sent,
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) node: Arc<Node>,
    /// Number of the connection.
    pub(crate) number: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) player: Option<(PlayerId, Arc<str>)>,
    pub(crate) token: Option<Arc<str>>,
    pub(crate) session: Option<ConnectionId>,
}

/// Something is done.
pub(crate) struct Finished {
    pub(crate) re: Option<CommandId>,
    pub(crate) lane: Lane,
    pub(crate) outcome: Outcome,
}

/// What it means for the connection.
pub(crate) enum Outcome {
    /// The answer.
    Answer(ServerMessage),
    /// A session is open.
    Opened(Box<Opened>),
    /// The session is over.
    LoggedOut,
    /// A table was told that the player is online here, or refuses to know the player.
    Told(TableId, Option<Refusal>),
    /// A seat was taken.
    Sat(TableId, SeatNo),
    /// The snapshot was sent. Whether the table is closed.
    Watching(TableId, bool),
    /// There is no snapshot. Whether the table is watched all the same, from where it was.
    NotWatching(TableId, bool, Refusal),
    /// Nothing.
    Nothing,
}

/// An open session.
pub(crate) struct Opened {
    pub(crate) player: PlayerId,
    pub(crate) name: String,
    pub(crate) token: String,
    /// Its name in the network.
    pub(crate) session: ConnectionId,
    pub(crate) seats: Vec<TableId>,
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Answer(refused(refusal))
    }
}

/// A refusal as an answer.
pub(crate) fn refused(refusal: Refusal) -> ServerMessage {
    let text = refusal.to_string();
    ServerMessage::Refused { refusal, text }
}

/// What a request becomes. None for a ping, which needs nobody.
pub(crate) fn plan(message: ClientMessage) -> Option<(Lane, Task)> {
    let at_table = |table, command| (Lane::Table(table), Task::Table(table, command));
    let at_tournament = |tournament, ask| (Lane::Tournament(tournament), Task::Tournament(tournament, ask));
    let open = |request| (Lane::Session, Task::Open(request));
    Some(match message {
        ClientMessage::Ping | ClientMessage::Time => return None,
        ClientMessage::LogIn { name, password } => open(SessionRequest::LogIn { name, password }),
        ClientMessage::Resume { token } => open(SessionRequest::Resume { token }),
        ClientMessage::LogOut => (Lane::Session, Task::LogOut),
        ClientMessage::Lobby => (Lane::Long, Task::Lobby),
        ClientMessage::Balance => (Lane::Alone, Task::Balance),
        ClientMessage::Seats => (Lane::Alone, Task::Seats),
        ClientMessage::Register { tournament } => at_tournament(tournament, Ask::Register),
        ClientMessage::Unregister { tournament } => at_tournament(tournament, Ask::Unregister),
        ClientMessage::Standings { tournament, limit } => {
            (Lane::Long, Task::Tournament(tournament, Ask::Show(limit.min(STANDINGS))))
        }
        ClientMessage::Sit { table, seat, buy_in } => (Lane::Table(table), Task::Sit(table, seat, buy_in)),
        ClientMessage::Act { table, hand, turn, action } => {
            at_table(table, TableCommand::Act { hand, turn, action })
        }
        ClientMessage::SitOut { table } => at_table(table, TableCommand::SitOut),
        ClientMessage::SitIn { table } => at_table(table, TableCommand::SitIn),
        ClientMessage::Leave { table } => at_table(table, TableCommand::Leave),
        ClientMessage::Say { table, text } => (Lane::Table(table), Task::Say(table, text)),
        ClientMessage::Watch { table, since } => {
            (Lane::Table(table), Task::Watch(table, Since::Given(since)))
        }
        ClientMessage::Unwatch { table } => (Lane::Table(table), Task::Unwatch(table)),
        ClientMessage::Resync { table, since } => (Lane::Table(table), Task::Look(table, since)),
    })
}

impl Task {
    /// Whether visitors may do it too.
    pub(crate) const fn is_for_visitors(&self) -> bool {
        match self {
            Self::Open(_)
            | Self::Lobby
            | Self::Tournament(_, Ask::Show(_))
            | Self::Watch(..)
            | Self::Look(..)
            | Self::Unwatch(_) => true,
            Self::LogOut
            | Self::Balance
            | Self::Seats
            | Self::Tournament(..)
            | Self::Table(..)
            | Self::Online(_)
            | Self::Sit(..)
            | Self::Say(..)
            | Self::LookAtCards(_) => false,
        }
    }
}

/// Does it.
pub(crate) async fn perform(caller: Caller, work: Work) -> Finished {
    let Work { re, lane, task } = work;
    let outcome = caller.perform(re, task).await;
    Finished { re, lane, outcome }
}

impl Caller {
    fn id(&self) -> Option<PlayerId> {
        self.player.as_ref().map(|(player, _)| *player)
    }

    /// Display name; empty for visitors, who may do nothing that needs one.
    fn name(&self) -> String {
        self.player.as_ref().map_or("", |(_, name)| name).to_owned()
    }

    async fn perform(&self, re: Option<CommandId>, task: Task) -> Outcome {
        // What the node asks by itself changes nothing, so its id does not matter.
        let id = re.unwrap_or(CommandId(0));
        let result = match task {
            Task::Open(request) => self.open(request).await,
            Task::LogOut => self.log_out().await,
            Task::Lobby => Ok(Outcome::Answer(self.node.lobby.show(&self.node.asker).await)),
            Task::Balance => self.balance().await,
            Task::Seats => self.seats().await,
            Task::Tournament(tournament, ask) => self.tournament(id, tournament, ask).await,
            Task::Table(table, command) => self.table(id, table, command).await,
            Task::Online(table) => Ok(Outcome::Told(table, self.tell_online(table).await)),
            Task::Sit(table, seat, buy_in) => self.sit(id, table, seat, buy_in).await,
            Task::Say(table, text) => {
                self.table(id, table, TableCommand::Say { name: self.name(), text }).await
            }
            Task::Watch(table, since) => Ok(self.watch(re, table, since).await),
            Task::Look(table, since) => self.look(table, since).await,
            Task::LookAtCards(table) => Ok(self.look_at_cards(table).await),
            Task::Unwatch(table) => {
                self.node.feeds.leave(table, self.number);
                Ok(Outcome::Answer(ServerMessage::Done))
            }
        };
        result.unwrap_or_else(Outcome::from)
    }

    async fn open(&self, request: SessionRequest) -> Result<Outcome, Refusal> {
        // Said at once: whoever knows the name of the trouble need not wait for it to pass.
        self.money_moves()?;
        let session = match self.node.asker.cashier(&request).await? {
            CashierReply::Session(session) => session,
            _ => return Err(surprised("the cashier")),
        };
        let player = session.account.player;
        let name = self.node.session_name(self.number);
        self.node.connections.came_online(player, self.number, name.0.clone());
        self.node.announce(player, name.0.clone()).await;
        let seats = self.node.seats.of(player).await;
        Ok(Outcome::Opened(Box::new(Opened {
            player,
            name: session.account.name,
            token: session.token,
            session: name,
            seats,
        })))
    }

    async fn log_out(&self) -> Result<Outcome, Refusal> {
        if let Some(token) = &self.token {
            let request = SessionRequest::LogOut { token: token.to_string() };
            match self.node.asker.cashier(&request).await {
                // A session that is over anyway is what was asked for.
                Ok(CashierReply::Done) | Err(Refusal::SessionExpired) => {}
                Ok(_) => return Err(surprised("the cashier")),
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Outcome::LoggedOut)
    }

    /// Why the table does not know the player, if it does not.
    async fn tell_online(&self, table: TableId) -> Option<Refusal> {
        let connection = self.session.clone()?;
        let command = TableCommand::Online { connection };
        let request = TableRequest { table, id: gone::told(), player: self.id(), command, on_feed: false };
        match self.node.asker.table(&request).await {
            Ok(TableReply::Refused(refusal)) | Err(refusal) => Some(refusal),
            Ok(_) => None,
        }
    }

    async fn balance(&self) -> Result<Outcome, Refusal> {
        let player = self.id().ok_or(Refusal::VisitorsOnlyLook)?;
        match self.node.asker.cashier(&SessionRequest::Balance { player }).await? {
            CashierReply::Balance { balance, in_play } => {
                Ok(Outcome::Answer(ServerMessage::Balance { balance, in_play }))
            }
            _ => Err(surprised("the cashier")),
        }
    }

    async fn seats(&self) -> Result<Outcome, Refusal> {
        let player = self.id().ok_or(Refusal::VisitorsOnlyLook)?;
        Ok(Outcome::Answer(ServerMessage::Seats(self.node.seats.of(player).await)))
    }

    async fn tournament(
        &self,
        id: CommandId,
        tournament: TournamentId,
        ask: Ask,
    ) -> Result<Outcome, Refusal> {
        let command = match ask {
            Ask::Register => {
                self.money_moves()?;
                TournamentCommand::Register { name: self.name() }
            }
            Ask::Unregister => TournamentCommand::Unregister,
            Ask::Show(limit) => TournamentCommand::Show { limit },
        };
        let request = TournamentRequest { tournament, id, player: self.id(), command };
        match self.node.asker.tournament(&request).await? {
            TournamentReply::Done => Ok(Outcome::Answer(ServerMessage::Done)),
            TournamentReply::Standings(standings) => Ok(Outcome::Answer(ServerMessage::Standings(standings))),
            TournamentReply::Refused(refusal) => Err(refusal),
            TournamentReply::Instruction(_) => Err(surprised("the tournament")),
        }
    }

    async fn table(&self, id: CommandId, table: TableId, command: TableCommand) -> Result<Outcome, Refusal> {
        let on_feed = self.node.feeds.is_watched_by(table, self.number);
        let request = TableRequest { table, id, player: self.id(), command, on_feed };
        match self.node.asker.table(&request).await? {
            TableReply::Done { .. } => Ok(Outcome::Answer(ServerMessage::Done)),
            TableReply::Refused(refusal) => Err(refusal),
            _ => Err(surprised("the table")),
        }
    }

    async fn sit(
        &self,
        id: CommandId,
        table: TableId,
        seat: Option<SeatNo>,
        buy_in: wire::Chips,
    ) -> Result<Outcome, Refusal> {
        self.money_moves()?;
        let command = TableCommand::Sit { name: self.name(), seat, buy_in };
        let request = TableRequest { table, id, player: self.id(), command, on_feed: false };
        match self.node.asker.table(&request).await? {
            TableReply::Seat { seat, .. } => Ok(Outcome::Sat(table, seat)),
            TableReply::Refused(refusal) => Err(refusal),
            _ => Err(surprised("the table")),
        }
    }

    /// Whether a buy-in can be paid now: one that has to wait might be paid when the player has long thought better of it.
    fn money_moves(&self) -> Result<(), Refusal> {
        if self.node.service.now().money { Ok(()) } else { Err(Refusal::unavailable("the cashier")) }
    }

    /// Listens first, then asks how the table stands: nothing falls between the two.
    async fn watch(&self, re: Option<CommandId>, table: TableId, since: Since) -> Outcome {
        let feeds = &self.node.feeds;
        let before = feeds.join(table, self.number, &self.outbox);
        let since = match since {
            Since::Given(since) => since,
            Since::Sent => before,
        };
        let seen = since.max(before);
        match self.node.asker.resync(table, self.id(), since, seen).await {
            Ok(resync) => {
                let closed = resync.view.closed;
                feeds.caught_up(table, self.number, resync, re);
                Outcome::Watching(table, closed)
            }
            Err(refusal) => Outcome::NotWatching(table, feeds.give_up(table, self.number), refusal),
        }
    }

    async fn look(&self, table: TableId, since: Option<u64>) -> Result<Outcome, Refusal> {
        let Resync { view, events, cards } = self.node.asker.resync(table, self.id(), since, since).await?;
        Ok(Outcome::Answer(ServerMessage::Table { view: Box::new(view), events, cards }))
    }

    async fn look_at_cards(&self, table: TableId) -> Outcome {
        let Some(player) = self.id() else { return Outcome::Nothing };
        let cards: Option<PrivateCards> =
            self.node.asker.look_again(table, player).await.and_then(|resync| resync.cards);
        cards.map_or(Outcome::Nothing, |cards| Outcome::Answer(ServerMessage::Cards(cards)))
    }
}
