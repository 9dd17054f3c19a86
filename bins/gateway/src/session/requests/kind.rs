//! The parts that all kinds of requests share.

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

/// A kind of request: its lane, and how it is handled.
pub(crate) trait Kind: Send {
    /// Returns the lane in which the request keeps its order.
    fn lane(&self) -> Lane;

    /// Starts the request when its turn has come. `re` is the id of the client's request; none for
    /// the gateway's own.
    ///
    /// # Errors
    /// The refusal, if this connection may not make the request.
    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled;
}

/// The future that finishes a request.
pub(crate) type Handled = Result<BoxFuture<'static, Result<RequestResult, Refusal>>, Refusal>;

/// The result of a finished request for its connection.
pub(crate) enum RequestResult {
    /// The answer.
    Answer(ServerMessage),
    /// A change of the session, which also answers.
    Then(Box<dyn FnOnce(&mut Session) + Send>),
    /// No answer.
    Nothing,
}

impl RequestResult {
    /// Returns a result that changes the session.
    pub(super) fn then(what: impl FnOnce(&mut Session) + Send + 'static) -> Self {
        Self::Then(Box::new(what))
    }
}

/// A request that waits in its lane.
pub(crate) struct Work {
    /// The id of the client's request; none for the gateway's own.
    pub(super) re: Option<CommandId>,
    pub(super) kind: Box<dyn Kind>,
}

/// A request that is under way.
pub(crate) struct Running {
    re: Option<CommandId>,
    lane: Lane,
    future: BoxFuture<'static, Result<RequestResult, Refusal>>,
}

/// A finished request.
pub(crate) struct Finished {
    pub(super) re: Option<CommandId>,
    pub(super) lane: Lane,
    pub(super) outcome: Result<RequestResult, Refusal>,
}

impl Running {
    /// Starts a request.
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

/// Returns the kind of a client's request.
///
/// # Errors
/// The answer, for requests that need no other member.
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

/// Returns the answer for a refusal.
pub(super) fn refused(refusal: Refusal) -> ServerMessage {
    let text = refusal.to_string();
    ServerMessage::Refused { refusal, text }
}

/// Checks that money can move now: a request that had to wait for the cashier might be carried out
/// after the player has changed plans.
///
/// # Errors
/// [`Refusal::Unavailable`] while the cashier or its database is away.
pub(super) fn money_moves(gateway: &Gateway) -> Result<(), Refusal> {
    if gateway.service.now().money { Ok(()) } else { Err(Refusal::unavailable("the cashier")) }
}

impl Session {
    /// Returns the player that is logged in.
    ///
    /// # Errors
    /// [`Refusal::VisitorsOnlyLook`] for visitors.
    pub(super) fn player(&self) -> Result<PlayerId, Refusal> {
        self.online.as_ref().map(|online| online.player).ok_or(Refusal::VisitorsOnlyLook)
    }

    /// Returns the name of the player that is logged in; empty for visitors, whose commands show no
    /// name.
    pub(super) fn name(&self) -> String {
        self.online.as_ref().map_or("", |online| &*online.name).to_owned()
    }
}
