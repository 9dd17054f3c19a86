//! What all connections of this node share.

use crate::{ask::Asker, connections::Connections, feeds::Feeds, lobby::Lobby, service::Told};
use bus::{Bus, Peers};
use std::{sync::Arc, time::Duration};
use wire::{
    NodeId, PlayerId,
    fleet::{Heartbeat, Notice, Role},
    subject,
};

/// See the module.
pub(crate) struct Node {
    pub(crate) name: NodeId,
    /// Random, new at every start: tells connections of this process from those of its predecessor.
    pub(crate) incarnation: u64,
    /// Longest silence of a connection.
    pub(crate) idle: Duration,
    pub(crate) bus: Bus,
    pub(crate) peers: Peers,
    pub(crate) asker: Asker,
    pub(crate) feeds: Feeds,
    pub(crate) lobby: Lobby,
    pub(crate) service: Told,
    pub(crate) connections: Arc<Connections>,
}

/// The kind of a listener, as in its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// `tcp://`
    Tcp,
    /// `ws://`
    Ws,
}

impl Listener {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Tcp => "tcp://",
            Self::Ws => "ws://",
        }
    }
}

impl Node {
    /// A connection's name in the network.
    pub(crate) fn connection_name(&self, number: u64) -> String {
        format!("{}.{:x}.{number}", self.name, self.incarnation)
    }

    /// Tells every connection node that a player is online here.
    pub(crate) async fn announce(&self, player: PlayerId, connection: String) {
        let notice = Notice::Online { player, connection };
        let sent = match wire::codec::encode(&notice) {
            Ok(bytes) => self.bus.publish(subject::NOTICE.to_owned(), bytes.into()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%player, %error, "cannot tell the other nodes who is online");
        }
    }

    /// Addresses of other nodes that take connections, the least loaded first, for a client of that listener.
    pub(crate) fn elsewhere(&self, listener: Listener) -> Vec<String> {
        elsewhere(self.peers.alive(Role::Gateway), &self.name, listener)
    }
}

fn elsewhere(mut peers: Vec<Heartbeat>, me: &NodeId, listener: Listener) -> Vec<String> {
    peers.retain(|peer| {
        let room = peer.load.connections < peer.load.max_connections;
        peer.node != *me && peer.ready && !peer.draining && room
    });
    // Parts of a thousand, so that a large node is not shunned for its size.
    peers.sort_by_key(|peer| {
        u64::from(peer.load.connections) * 1_000 / u64::from(peer.load.max_connections.max(1))
    });
    let addresses = peers.into_iter().flat_map(|peer| peer.addresses);
    addresses.filter(|address| address.starts_with(listener.scheme())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::fleet::Load;

    fn peer(name: &str, connections: u32, max_connections: u32) -> Heartbeat {
        Heartbeat {
            role: Role::Gateway,
            node: name.parse().unwrap(),
            incarnation: 0,
            version: String::new(),
            pid: 0,
            ready: true,
            draining: false,
            troubled: false,
            addresses: vec![format!("tcp://{name}:1"), format!("ws://{name}:2/")],
            load: Load { connections, max_connections, ..Load::default() },
        }
    }

    #[test]
    fn the_least_loaded_other_nodes_are_named() {
        let me: NodeId = "a".parse().unwrap();
        let stopping = Heartbeat { draining: true, ..peer("e", 0, 10) };
        let peers = vec![peer("a", 0, 10), peer("b", 5, 10), peer("c", 10, 100), peer("d", 9, 9), stopping];
        assert_eq!(elsewhere(peers.clone(), &me, Listener::Tcp), ["tcp://c:1", "tcp://b:1"]);
        assert_eq!(elsewhere(peers, &me, Listener::Ws), ["ws://c:2/", "ws://b:2/"]);
    }
}
