//! What all connection nodes are told, of themselves and for players, and doubt about whether they heard it.

use crate::node::Node;
use bus::{BusError, Subscription};
use futures::StreamExt;
use std::sync::Arc;
use wire::{codec, fleet::Notice, subject};

/// Begins to listen.
///
/// # Errors
/// When a subscription cannot be made.
pub(crate) async fn listen(node: &Arc<Node>) -> Result<(), BusError> {
    let notices = node.bus.subscribe(subject::NOTICE.to_owned()).await?;
    tokio::spawn(hear(notices, Arc::clone(node)));
    let players = node.bus.subscribe(subject::ALL_PLAYER_FEEDS.to_owned()).await?;
    tokio::spawn(hear_for_players(players, Arc::clone(node)));
    tokio::spawn(doubt(Arc::clone(node)));
    Ok(())
}

async fn hear(mut notices: Subscription, node: Arc<Node>) {
    while let Some(message) = notices.next().await {
        match codec::decode(&message.payload) {
            Ok(Notice::Banned { player }) => node.connections.heard_banned(player),
            Ok(Notice::Online { player, connection }) => node.connections.heard_online(player, &connection),
            Err(error) => tracing::warn!(%error, "a notice makes no sense"),
        }
    }
}

async fn hear_for_players(mut heard: Subscription, node: Arc<Node>) {
    while let Some(message) = heard.next().await {
        match subject::parse_player_feed(&message.subject) {
            Some(player) => node.connections.heard_private(player, message.payload),
            None => tracing::warn!(subject = %message.subject, "a message is for no player"),
        }
    }
}

/// Players' own messages may be lost when the connection to the server is: their connections look again.
async fn doubt(node: Arc<Node>) {
    let mut gaps = node.bus.gaps();
    while gaps.changed().await.is_ok() {
        node.connections.doubt_all();
    }
}
