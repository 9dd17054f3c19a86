//! The parts that all kinds of requests share.

use crate::{gateway::Gateway, lanes::Lane, session::Session};
use bytes::Bytes;
use futures::future::BoxFuture;
use std::{
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use wire::{CommandId, PlayerId, Refusal, client::ServerMessage};

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
    /// The answer as a frame.
    Frame(Bytes),
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

    /// Returns what a request for much data waits for: visitors may draw only so many bytes in a
    /// second.
    pub(super) fn may_draw(&self) -> impl Future<Output = ()> + Send + use<> {
        let visitor = self.online.is_none().then(|| Arc::clone(&self.outbox));
        async move {
            if let Some(outbox) = visitor {
                outbox.may_draw().await;
            }
        }
    }

    /// Returns the name of the player that is logged in; empty for visitors, whose commands show no
    /// name.
    pub(super) fn name(&self) -> String {
        self.online.as_ref().map_or("", |online| &*online.name).to_owned()
    }
}
