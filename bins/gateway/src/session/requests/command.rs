//! Commands of players to tables.

use super::request::{Handled, Kind, RequestResult, money_moves};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, PlayerCommand, Refusal, TableId,
    client::{MAX_LINE, ServerMessage},
    table::{TableReply, TableRequest},
    text::is_clear,
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
        check_line(&command)?;
        let needs = command.needs();
        let player = session.player();
        let player = if needs.session { Some(player?) } else { player.ok() };
        let command = command.by(&session.name());
        // A command that moves money is answered later than its events.
        let on_feed = !needs.money && session.gateway.feeds.is_watched_by(table, session.number);
        let request =
            TableRequest { table, id: re.unwrap_or(CommandId(0)), player, command, on_feed, pass: None };
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

/// Checks that other players will see all of a line of chat. The gateways check it, not the tables:
/// lines that were accepted before stay in journals, where every record must be decided again as it
/// was.
///
/// # Errors
/// [`Refusal::BadLine`].
fn check_line(command: &PlayerCommand) -> Result<(), Refusal> {
    let PlayerCommand::Say { text } = command else { return Ok(()) };
    if is_clear(text.trim()) { Ok(()) } else { Err(Refusal::BadLine { most: MAX_LINE }) }
}
