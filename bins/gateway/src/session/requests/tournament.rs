//! Requests to tournaments: entries and standings.

use super::request::{Handled, Kind, RequestResult, money_moves};
use crate::{fleet_client::surprised, lanes::Lane, session::Session};
use std::sync::Arc;
use wire::{
    CommandId, TournamentId,
    client::ServerMessage,
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// A command that the tournament's owner carries out.
pub(super) struct Tournament {
    pub(super) tournament: TournamentId,
    pub(super) ask: Ask,
}

/// The command.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// Takes an entry.
    Register,
    /// Gives it back.
    Unregister,
    /// Returns the standings.
    Show {
        /// Maximum number of players.
        limit: u32,
    },
}

impl Kind for Tournament {
    fn lane(&self) -> Lane {
        match self.ask {
            Ask::Register | Ask::Unregister => Lane::Tournament(self.tournament),
            Ask::Show { .. } => Lane::Long,
        }
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let Self { tournament, ask } = *self;
        let player = session.player();
        let (player, command) = match ask {
            Ask::Register => (Some(player?), TournamentCommand::Register { name: session.name() }),
            Ask::Unregister => (Some(player?), TournamentCommand::Unregister),
            Ask::Show { limit } => (player.ok(), TournamentCommand::Show { limit }),
        };
        match (ask, player) {
            (Ask::Register | Ask::Unregister, Some(player)) => session.gateway.entries.take(player)?,
            (Ask::Register | Ask::Unregister, None) | (Ask::Show { .. }, _) => {}
        }
        let id = re.unwrap_or(CommandId(0));
        let request = TournamentRequest { tournament, id, player, command, pass: None };
        let gateway = Arc::clone(&session.gateway);
        let may_draw = session.may_draw();
        Ok(Box::pin(async move {
            if matches!(ask, Ask::Show { .. }) {
                may_draw.await;
            }
            if matches!(ask, Ask::Register) {
                money_moves(&gateway)?;
            }
            match gateway.fleet.tournament(&request).await? {
                TournamentReply::Done => Ok(RequestResult::Answer(ServerMessage::Done)),
                TournamentReply::Standings(standings) => {
                    Ok(RequestResult::Answer(ServerMessage::Standings(standings)))
                }
                TournamentReply::Refused(refusal) => Err(refusal),
                TournamentReply::Instruction(_) => Err(surprised("the tournament")),
            }
        }))
    }
}
