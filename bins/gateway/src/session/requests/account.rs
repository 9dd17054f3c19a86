//! Requests about the player's own account: its password and its sessions.

use super::request::{Handled, Kind, RequestResult};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, Refusal,
    cashier::{CashierReply, SessionRequest},
    client::ServerMessage,
};

/// A request that the cashier answers for the player of the session.
pub(super) enum Account {
    /// Changes the password.
    ChangePassword {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
    },
    /// Asks for the player's sessions.
    Sessions,
    /// Ends another session of the player.
    EndSession {
        /// The session's number.
        session: u64,
    },
}

impl Kind for Account {
    fn lane(&self) -> Lane {
        Lane::Session
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let online = session.online.as_ref().ok_or(Refusal::VisitorsOnlyLook)?;
        let token = online.token.to_string();
        let request = match *self {
            Self::ChangePassword { old, new } => SessionRequest::ChangePassword { token, old, new },
            Self::Sessions => SessionRequest::Sessions { token },
            Self::EndSession { session } => SessionRequest::EndSession { token, session },
        };
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let reply = gateway.fleet.cashier(&request).await?;
            if reply == CashierReply::Done {
                return Ok(RequestResult::Answer(ServerMessage::Done));
            }
            let CashierReply::Sessions(list) = reply else { return Err(surprised("the cashier")) };
            Ok(RequestResult::Answer(ServerMessage::Sessions(list)))
        }))
    }
}
