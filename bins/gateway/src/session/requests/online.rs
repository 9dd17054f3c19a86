//! Tells a table that the player is online at this connection.

use super::request::{Handled, Kind, RequestResult};
use crate::{disconnects, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, Refusal, TableId,
    table::{TableCommand, TableReply, TableRequest},
};

/// The gateway's own request that tells a table.
pub(super) struct TellOnline {
    pub(super) table: TableId,
}

impl Kind for TellOnline {
    fn lane(&self) -> Lane {
        Lane::Table(self.table)
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let table = self.table;
        let online = session.online.as_ref().map(|online| (online.player, online.session.clone()));
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let Some((player, connection)) = online else { return Ok(RequestResult::Nothing) };
            let command = TableCommand::Online { connection };
            let id = disconnects::own_command_id();
            let request =
                TableRequest { table, id, player: Some(player), command, on_feed: false, pass: None };
            let refusal = match gateway.fleet.table(&request).await {
                Ok(TableReply::Refused(refusal)) | Err(refusal) => refusal,
                Ok(TableReply::Done { .. } | TableReply::Seat { .. } | TableReply::Resync(_)) => {
                    return Ok(RequestResult::Nothing);
                }
            };
            Ok(RequestResult::then(move |session| session.not_told(table, &refusal)))
        }))
    }
}

impl Session {
    /// Notes the tables at which the player sits, and tells the new ones that the player is online.
    pub(super) fn sits_at(&mut self, tables: &[TableId]) {
        for &table in tables {
            if self.online.as_mut().is_some_and(|online| online.seats.insert(table)) {
                self.tell_online(table);
            }
        }
    }

    pub(super) fn tell_online(&mut self, table: TableId) {
        self.add(None, Box::new(TellOnline { table }));
    }

    /// Handles the refusal of a table: passing ones are repeated; other ones mean that the player
    /// has no seat.
    fn not_told(&mut self, table: TableId, refusal: &Refusal) {
        if refusal.is_transient() {
            self.tell_online(table);
        } else if let Some(online) = &mut self.online {
            online.seats.remove(&table);
        }
    }
}
