//! What all kinds of requests have in common.

use super::{
    balance::Balance,
    command::Command,
    lobby::Lobby,
    log_out::LogOut,
    open::Open,
    seats::Seats,
    tournament::{Ask, Tournament},
    watch::{Look, Since, Unwatch, Watch},
};
use crate::{gateway::Gateway, lanes::Lane, limits::STANDINGS, session::Session};
use futures::future::BoxFuture;
use std::{
    future::ready,
    pin::Pin,
    task::{Context, Poll},
};
use wire::{
    CommandId, PlayerId, Refusal,
    cashier::SessionRequest,
    client::{ClientMessage, ServerMessage},
};

/// A kind of request: what it keeps its order with, and what is done about it.
pub(crate) trait Kind: Send {
    /// What it keeps its order with.
    fn lane(&self) -> Lane;

    /// Begins it, when its turn has come. `re` is the id of the program's request; none when the
    /// gateway does it by itself.
    ///
    /// # Errors
    /// Why this connection may not ask for it.
    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled;
}

/// What is left to wait for.
pub(crate) type Handled = Result<BoxFuture<'static, Result<RequestResult, Refusal>>, Refusal>;

/// What a finished request means for its connection.
pub(crate) enum RequestResult {
    /// The answer.
    Answer(ServerMessage),
    /// More than that.
    Then(Box<dyn FnOnce(&mut Session) + Send>),
    /// Nothing.
    Nothing,
}

impl RequestResult {
    /// More than an answer.
    pub(super) fn then(what: impl FnOnce(&mut Session) + Send + 'static) -> Self {
        Self::Then(Box::new(what))
    }
}

/// A request that has its place among the others.
pub(crate) struct Work {
    /// The id of the program's request; none when the gateway does it by itself.
    pub(super) re: Option<CommandId>,
    pub(super) kind: Box<dyn Kind>,
}

/// A request that is under way.
pub(crate) struct Running {
    re: Option<CommandId>,
    lane: Lane,
    future: BoxFuture<'static, Result<RequestResult, Refusal>>,
}

/// A request that is done.
pub(crate) struct Finished {
    pub(super) re: Option<CommandId>,
    pub(super) lane: Lane,
    pub(super) outcome: Result<RequestResult, Refusal>,
}

impl Running {
    /// Begins a request.
    pub(super) fn start(Work { re, kind }: Work, session: &mut Session) -> Self {
        let lane = kind.lane();
        let future = kind.handle(session, re).unwrap_or_else(|refusal| Box::pin(ready(Err(refusal))));
        Self { re, lane, future }
    }
}

impl Future for Running {
    type Output = Finished;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Finished> {
        let (re, lane) = (self.re, self.lane);
        self.future.as_mut().poll(cx).map(|outcome| Finished { re, lane, outcome })
    }
}

/// Returns the kind of a program's request.
///
/// # Errors
/// The answer, where nothing has to be waited for.
pub(super) fn of(message: ClientMessage) -> Result<Box<dyn Kind>, ServerMessage> {
    Ok(match message {
        ClientMessage::Ping => return Err(ServerMessage::Pong),
        ClientMessage::Time => return Err(ServerMessage::Time { now_ms: bus::clock::now_ms() }),
        ClientMessage::LogIn { name, password } => Box::new(Open(SessionRequest::LogIn { name, password })),
        ClientMessage::Resume { token } => Box::new(Open(SessionRequest::Resume { token })),
        ClientMessage::LogOut => Box::new(LogOut),
        ClientMessage::Lobby => Box::new(Lobby),
        ClientMessage::Balance => Box::new(Balance),
        ClientMessage::Seats => Box::new(Seats),
        ClientMessage::Register { tournament } => Box::new(Tournament { tournament, ask: Ask::Register }),
        ClientMessage::Unregister { tournament } => Box::new(Tournament { tournament, ask: Ask::Unregister }),
        ClientMessage::Standings { tournament, limit } => {
            Box::new(Tournament { tournament, ask: Ask::Show { limit: limit.min(STANDINGS) } })
        }
        ClientMessage::Command { table, command } => Box::new(Command { table, command }),
        ClientMessage::Watch { table, since } => Box::new(Watch { table, since: Since::Given(since) }),
        ClientMessage::Unwatch { table } => Box::new(Unwatch { table }),
        ClientMessage::Resync { table, since } => Box::new(Look { table, since }),
    })
}

/// A refusal as an answer.
pub(super) fn refused(refusal: Refusal) -> ServerMessage {
    let text = refusal.to_string();
    ServerMessage::Refused { refusal, text }
}

/// Whether money moves now: a request that had to wait for it might be carried out when the player
/// has long thought better of it.
///
/// # Errors
/// [`Refusal::Unavailable`] while it does not.
pub(super) fn money_moves(gateway: &Gateway) -> Result<(), Refusal> {
    if gateway.service.now().money { Ok(()) } else { Err(Refusal::unavailable("the cashier")) }
}

impl Session {
    /// The player who is logged in.
    ///
    /// # Errors
    /// [`Refusal::VisitorsOnlyLook`] when nobody is.
    pub(super) fn player(&self) -> Result<PlayerId, Refusal> {
        self.online.as_ref().map(|online| online.player).ok_or(Refusal::VisitorsOnlyLook)
    }

    /// The display name of the player who is logged in; empty for visitors, who may do nothing that
    /// shows one.
    pub(super) fn name(&self) -> String {
        self.online.as_ref().map_or("", |online| &*online.name).to_owned()
    }
}
