//! Requests about the player's own account: its password, its second factor and its sessions.

use super::request::{Handled, Kind, RequestResult};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, Refusal,
    cashier::{CashierReply, SessionRequest},
    client::ServerMessage,
    second_factor::SecondFactorRequest,
};

/// A request that the cashier answers for the player of the session.
pub(super) enum Account {
    /// Changes the password.
    ChangePassword {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
        /// A code of the second factor, if there is one.
        code: Option<String>,
    },
    /// Turns the second factor on or off, or makes new recovery codes.
    SecondFactor(SecondFactorRequest),
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
            Self::ChangePassword { old, new, code } => {
                SessionRequest::ChangePassword { token, old, new, code }
            }
            Self::SecondFactor(request) => SessionRequest::SecondFactor { token, request },
            Self::Sessions => SessionRequest::Sessions { token },
            Self::EndSession { session } => SessionRequest::EndSession { token, session },
        };
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let answer = match gateway.fleet.cashier(&request).await? {
                CashierReply::Done => ServerMessage::Done,
                CashierReply::Sessions(list) => ServerMessage::Sessions(list),
                CashierReply::SecondFactor(reply) => ServerMessage::SecondFactor(reply),
                CashierReply::Session(_)
                | CashierReply::Balance { .. }
                | CashierReply::Bots(_)
                | CashierReply::Guests(_)
                | CashierReply::Player(_)
                | CashierReply::Ended(_)
                | CashierReply::Checked(_)
                | CashierReply::Results(_)
                | CashierReply::Audit(_)
                | CashierReply::Refused(_) => return Err(surprised("the cashier")),
            };
            Ok(RequestResult::Answer(answer))
        }))
    }
}
