//! Requests for the lobby.

use super::request::{Handled, Kind, RequestResult};
use crate::{lanes::Lane, session::Session};
use std::sync::Arc;
use wire::CommandId;

/// Asks for the list of tables and tournaments.
pub(super) struct Lobby {
    /// The page, from 0; all of it if none.
    pub(super) page: Option<u32>,
}

impl Kind for Lobby {
    fn lane(&self) -> Lane {
        Lane::Long
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let (gateway, format) = (Arc::clone(&session.gateway), session.outbox.format());
        let may_draw = session.may_draw();
        Ok(Box::pin(async move {
            may_draw.await;
            Ok(RequestResult::Frame(gateway.lobby.show(&gateway.fleet, self.page, re, format).await))
        }))
    }
}
