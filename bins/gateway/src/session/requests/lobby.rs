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

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move { Ok(RequestResult::Answer(gateway.lobby.show(&gateway.fleet).await)) }))
    }
}
