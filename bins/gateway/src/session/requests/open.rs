//! Requests that open a session.

use super::request::{Handled, Kind, RequestResult, money_moves};
use crate::{
    fleet_client::surprised,
    lanes::Lane,
    session::{Online, Session},
};
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    CommandId, ConnectionId, Refusal, TableId,
    cashier::{self, Account, CashierReply, HeldSession, SessionRequest},
    client::ServerMessage,
};

/// Logs in, or resumes a session.
pub(super) struct Open(pub(super) SessionRequest);

impl Kind for Open {
    fn lane(&self) -> Lane {
        Lane::Session
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        if session.online.is_some() {
            return Err(Refusal::bad_message("you are logged in already: log out first"));
        }
        let (gateway, number) = (Arc::clone(&session.gateway), session.number);
        let mut request = self.0;
        if let SessionRequest::LogIn { address, .. } = &mut request {
            *address = session.socket.peer().map(|peer| peer.to_string());
        }
        if let SessionRequest::LogIn { gateway: asks, .. } | SessionRequest::Resume { gateway: asks, .. } =
            &mut request
        {
            *asks = Some(gateway.incarnation);
        }
        Ok(Box::pin(async move {
            // Refused at once: the client learns the reason without waiting.
            money_moves(&gateway)?;
            let CashierReply::Session(opened) = gateway.fleet.cashier(&request).await? else {
                return Err(surprised("the cashier"));
            };
            let player = opened.account.player;
            let name = gateway.session_name(number);
            let held = HeldSession { player, token: opened.token.clone() };
            gateway.connections.came_online(held.clone(), number, name.0.clone());
            if let Some(granted) = &opened.pass {
                gateway.connections.got_pass(&held, granted.clone());
            }
            gateway.announce(player, name.0.clone()).await;
            let seats = gateway.seats.of(player).await;
            Ok(RequestResult::then(move |session| session.opened(re, opened, name, seats)))
        }))
    }
}

impl Session {
    fn opened(
        &mut self,
        re: Option<CommandId>,
        opened: cashier::Session,
        session: ConnectionId,
        seats: Vec<TableId>,
    ) {
        let cashier::Session { account, token, device, pass: _ } = opened;
        self.online = Some(Online {
            player: account.player,
            name: Arc::from(account.name.as_str()),
            token: Arc::from(token.as_str()),
            session,
            seats: BTreeSet::new(),
        });
        self.socket.slot().has_session();
        self.to_resume = None;
        self.sits_at(&seats);
        let Account { player, name } = account;
        self.push(re, ServerMessage::Welcome { player, name, token, seats, device });
    }
}
