//! What is played.

use super::kind::{Handled, Kind, Outcome};
use crate::{lanes::Lane, session::Session};
use std::sync::Arc;
use wire::CommandId;

/// Tables and tournaments.
pub(super) struct Lobby;

impl Kind for Lobby {
    fn lane(&self) -> Lane {
        Lane::Long
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let node = Arc::clone(&session.node);
        Ok(Box::pin(async move { Ok(Outcome::Answer(node.lobby.show(&node.asker).await)) }))
    }
}
