//! Commands of players to tables.

use super::request::{Handled, Kind, RequestResult, money_moves};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, PlayerCommand, TableId,
    client::ServerMessage,
    table::{TableReply, TableRequest},
};

/// A command that the table's owner carries out.
pub(super) struct Command {
    pub(super) table: TableId,
    pub(super) command: PlayerCommand,
}

impl Kind for Command {
    fn lane(&self) -> Lane {
        if self.command.needs().order { Lane::Table(self.table) } else { Lane::Alone }
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let Self { table, command } = *self;
        let needs = command.needs();
        let player = session.player();
        let player = if needs.session { Some(player?) } else { player.ok() };
        let command = command.by(&session.name());
        // A command that moves money is answered later than its events.
        let on_feed = !needs.money && session.gateway.feeds.is_watched_by(table, session.number);
        let request = TableRequest { table, id: re.unwrap_or(CommandId(0)), player, command, on_feed };
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            if needs.money {
                money_moves(&gateway)?;
            }
            match gateway.fleet.table(&request).await? {
                TableReply::Done { .. } => Ok(RequestResult::Answer(ServerMessage::Done)),
                TableReply::Seat { seat, .. } => Ok(RequestResult::then(move |session| {
                    session.push(re, ServerMessage::Seated { table, seat });
                    session.sits_at(&[table]);
                    session.watch_first(table);
                })),
                TableReply::Refused(refusal) => Err(refusal),
                TableReply::Resync(_) => Err(surprised("the table")),
            }
        }))
    }
}
