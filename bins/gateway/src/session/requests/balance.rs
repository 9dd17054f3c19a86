//! Requests for the player's balance.

use super::request::{Handled, Kind, RequestResult};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId,
    cashier::{CashierReply, SessionRequest},
    client::ServerMessage,
};

/// Asks the cashier for the player's balance, free and at tables.
pub(super) struct Balance;

impl Kind for Balance {
    fn lane(&self) -> Lane {
        Lane::Alone
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let player = session.player()?;
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let reply = gateway.fleet.cashier(&SessionRequest::Balance { player }).await?;
            let CashierReply::Balance { balance, in_play } = reply else {
                return Err(surprised("the cashier"));
            };
            Ok(RequestResult::Answer(ServerMessage::Balance { balance, in_play }))
        }))
    }
}
