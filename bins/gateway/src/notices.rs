//! Notices to all gateways, messages to single players, and doubt whether some of them were lost.

use crate::gateway::Gateway;
use bus::{BusError, Subscription};
use futures::StreamExt;
use std::sync::Arc;
use wire::{codec, fleet::Notice, subject};

/// Subscribes to notices and to players' messages.
///
/// # Errors
/// When a subscription cannot be made.
pub(crate) async fn listen(gateway: &Arc<Gateway>) -> Result<(), BusError> {
    let notices = gateway.bus.subscribe(subject::NOTICE.to_owned()).await?;
    tokio::spawn(hear(notices, Arc::clone(gateway)));
    let players = gateway.bus.subscribe(subject::ALL_PLAYER_FEEDS.to_owned()).await?;
    tokio::spawn(hear_for_players(players, Arc::clone(gateway)));
    tokio::spawn(doubt(Arc::clone(gateway)));
    Ok(())
}

async fn hear(mut notices: Subscription, gateway: Arc<Gateway>) {
    while let Some(message) = notices.next().await {
        match codec::decode(&message.payload) {
            Ok(Notice::Banned { player }) => gateway.connections.heard_banned(player),
            Ok(Notice::SessionsEnded { player }) => gateway.connections.heard_ended(player),
            Ok(Notice::Online { player, connection }) => {
                gateway.connections.heard_online(player, &connection)
            }
            Err(error) => tracing::warn!(%error, "a notice cannot be decoded and is ignored"),
        }
    }
}

async fn hear_for_players(mut heard: Subscription, gateway: Arc<Gateway>) {
    while let Some(message) = heard.next().await {
        match subject::parse_player_feed(&message.subject) {
            Some(player) => gateway.connections.heard_private(player, message.payload),
            None => tracing::warn!(subject = %message.subject, "a message on a malformed subject is ignored"),
        }
    }
}

/// Notes doubt on all connections when messages may have been lost, so that they look for their
/// players' messages again.
async fn doubt(gateway: Arc<Gateway>) {
    let mut gaps = gateway.bus.gaps();
    while gaps.changed().await.is_ok() {
        gateway.connections.doubt_all();
    }
}
