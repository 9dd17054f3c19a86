//! Requests to end the session.

use super::request::{Handled, Kind, RequestResult};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, Refusal,
    cashier::{CashierReply, SessionRequest},
    client::ServerMessage,
};

/// Ends the session.
pub(super) struct LogOut;

impl Kind for LogOut {
    fn lane(&self) -> Lane {
        Lane::Session
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let online = session.online.as_ref().ok_or(Refusal::VisitorsOnlyLook)?;
        let request = SessionRequest::LogOut { token: online.token.to_string() };
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            match gateway.fleet.cashier(&request).await {
                // An expired session has ended too.
                Ok(CashierReply::Done) | Err(Refusal::SessionExpired) => {}
                Ok(_) => return Err(surprised("the cashier")),
                Err(refusal) => return Err(refusal),
            }
            Ok(RequestResult::then(move |session| {
                // The tables are told with the pass that the connection still has.
                session.went_offline();
                session.gateway.connections.went_offline(session.number);
                session.push(re, ServerMessage::Done);
            }))
        }))
    }
}
