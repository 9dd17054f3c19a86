//! The connection of a tournament's host to the bus: its requests, its news to players, and its
//! effects.

use crate::{lobby::Lobby, outside::Outside};
use bus::{Request, clock::now_ms};
use host::EffectResult;
use hosting::{Asked, Service};
use passes::Checker;
use std::sync::Arc;
use tournament::{Command, Effect, TournamentHost, TournamentNews, TournamentOrder};
use wire::{
    Epoch, PlayerId, Refusal, TournamentId, VERSION,
    client::{ServerFrame, ServerMessage},
    codec,
    journal::Cause,
    subject,
    tournament::{Place, TournamentCommand, TournamentRequest},
};

/// The parts that all partitions of a coordinator share.
#[derive(Clone)]
pub struct Tournaments {
    /// The access to cashier and tables.
    pub outside: Outside,
    /// The list of this coordinator's tournaments.
    pub lobby: Arc<Lobby>,
    /// The check of gateways' commands.
    pub passes: Arc<Checker>,
}

impl Service for Tournaments {
    type Aggregate = TournamentHost;

    fn commands(partition: u16) -> String {
        subject::tournament_commands(partition)
    }

    fn journals(partition: u16) -> String {
        subject::tournament_journals(partition)
    }

    fn journal(id: TournamentId) -> String {
        subject::tournament_journal(id)
    }

    fn parse_journal(subject: &str) -> Option<TournamentId> {
        subject::parse_tournament_journal(subject)
    }

    fn decode(&self, request: &Request) -> Result<Asked<TournamentHost>, Refusal> {
        let asked: TournamentRequest = request.decode().map_err(|error| {
            tracing::warn!(%error, "a request cannot be decoded: it is refused with the decoder's reason");
            Refusal::bad_message(error.to_string())
        })?;
        let TournamentRequest { tournament, id, player, command, pass } = asked;
        let sender = hosting::sender(request)?;
        sender.check_tournament(player, &command)?;
        self.passes.check(sender, player, pass.as_ref(), now_ms())?;
        let shown = if let TournamentCommand::Show { limit } = command { limit } else { 0 };
        let command =
            Command::from_wire(player, command)?.map_or(TournamentOrder::Show(shown), TournamentOrder::Do);
        Ok(Asked { id: tournament, cause: Cause { player, id }, command, rides: false })
    }

    /// Publishes players' places to the players who are connected; the standings keep them for all.
    async fn tell(
        &self,
        host: &TournamentHost,
        epoch: Epoch,
        news: TournamentNews,
        _answers: Option<&Request>,
    ) {
        let tournament = host.tournament().id();
        for Place { player, place, prize } in news.placed {
            let placed = ServerMessage::Placed { tournament, place, prize };
            if let Err(error) = self.publish(player, placed).await {
                tracing::warn!(%player, %error, "a player's place was not published: the player finds it in the standings");
            }
        }
        self.lobby.update(host.tournament(), epoch);
    }

    fn loaded(&self, host: &TournamentHost, epoch: Epoch) {
        self.lobby.update(host.tournament(), epoch);
    }

    fn evicted(&self, id: TournamentId, epoch: Epoch) {
        self.lobby.forget(id, epoch);
    }

    async fn attempt(self, id: TournamentId, effect: Effect, tries: u32) -> EffectResult<TournamentOrder> {
        match self.outside.attempt(id, effect, tries).await {
            Some(commands) => EffectResult::Done(commands.into_iter().map(TournamentOrder::Do).collect()),
            None => EffectResult::Failed,
        }
    }
}

impl Tournaments {
    async fn publish(&self, player: PlayerId, m: ServerMessage) -> Result<(), bus::BusError> {
        let frame = codec::encode(&ServerFrame { v: VERSION, re: None, m })?;
        self.outside.bus.publish(subject::player_feed(player), frame.into()).await
    }
}
