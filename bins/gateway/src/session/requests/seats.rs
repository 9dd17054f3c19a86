//! Requests for the player's seats.

use super::request::{Handled, Kind, RequestResult};
use crate::{lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{CommandId, client::ServerMessage};

/// Asks all table workers where the player sits.
pub(super) struct Seats;

impl Kind for Seats {
    fn lane(&self) -> Lane {
        Lane::Alone
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let player = session.player()?;
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let tables = gateway.seats.of(player).await;
            Ok(RequestResult::then(move |session| {
                session.sits_at(&tables);
                session.push(re, ServerMessage::Seats(tables));
            }))
        }))
    }
}
