//! Requests for the lobby.

use super::request::{Handled, Kind, RequestResult};
use crate::{lanes::Lane, session::Session};
use std::sync::Arc;
use wire::CommandId;

/// Asks for the list of tables and tournaments.
pub(super) struct Lobby;

impl Kind for Lobby {
    fn lane(&self) -> Lane {
        Lane::Long
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let (gateway, format) = (Arc::clone(&session.gateway), session.outbox.format());
        let may_draw = session.may_draw();
        Ok(Box::pin(async move {
            may_draw.await;
            Ok(RequestResult::Frame(gateway.lobby.show(&gateway.fleet, re, format).await))
        }))
    }
}
