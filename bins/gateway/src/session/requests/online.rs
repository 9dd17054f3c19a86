//! Telling a table that the player is online here.

use super::kind::{Handled, Kind, RequestResult};
use crate::{disconnects, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, Refusal, TableId,
    table::{TableCommand, TableReply, TableRequest},
};

/// Tell a table; the gateway's own idea.
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
            let request = TableRequest { table, id, player: Some(player), command, on_feed: false };
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
    /// The player sits at these tables: those that do not know yet are told that the player is
    /// online here.
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

    /// The table does not answer, or does not know the player.
    fn not_told(&mut self, table: TableId, refusal: &Refusal) {
        if refusal.is_transient() {
            self.tell_online(table);
        } else if let Some(online) = &mut self.online {
            online.seats.remove(&table);
        }
    }
}
