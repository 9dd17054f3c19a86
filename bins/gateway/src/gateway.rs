//! The state that all connections of a gateway share.

use crate::{
    account_rate::AccountRate, connections::Connections, disconnects::DisconnectNotifier, feeds::Feeds,
    fleet_client::FleetClient, lobby::Lobby, seats::Seats, service::AnnouncedService, slots::Slots,
    traffic::Traffic,
};
use bus::{Bus, Peers};
use ipnet::IpNet;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tls::Acceptor;
use wire::{
    ConnectionId, NodeId, PlayerId,
    fleet::{Heartbeat, Notice, Role},
    subject,
};

/// A gateway.
pub(crate) struct Gateway {
    pub(crate) name: NodeId,
    /// Random, new at every start: distinguishes connections of this process from those of its
    /// predecessor.
    pub(crate) incarnation: u64,
    /// Longest silence of a connection.
    pub(crate) idle: Duration,
    /// Longest time without a request of a connection that has no session and watches no table.
    pub(crate) visitor_idle: Duration,
    /// Load balancers whose PROXY headers are believed.
    pub(crate) proxies: Vec<IpNet>,
    /// Origins of web pages that may connect, beside pages of this host.
    pub(crate) web_origins: Vec<String>,
    /// The certificate; without one connections are plain.
    pub(crate) tls: Option<Acceptor>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) bus: Bus,
    pub(crate) peers: Peers,
    pub(crate) fleet: FleetClient,
    pub(crate) feeds: Feeds,
    pub(crate) disconnects: DisconnectNotifier,
    /// Number of sessions opened so far: a connection may have several, one after the other.
    pub(crate) sessions: AtomicU64,
    /// How often accounts register for tournaments and withdraw.
    pub(crate) entries: AccountRate,
    pub(crate) lobby: Lobby,
    pub(crate) seats: Seats,
    pub(crate) service: AnnouncedService,
    pub(crate) connections: Arc<Connections>,
}

/// The kind of a listener: the beginning of its address, with TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
pub(crate) enum Listener {
    #[strum(serialize = "tcp")]
    Tcp,
    #[strum(serialize = "ws")]
    Ws,
}

impl Gateway {
    /// Returns a fleet-wide name for a new session on a connection.
    pub(crate) fn session_name(&self, number: u64) -> ConnectionId {
        let session = self.sessions.fetch_add(1, Relaxed);
        ConnectionId(format!("{}.{:x}.{number}.{session}", self.name, self.incarnation))
    }

    /// Announces to all gateways that a player is online here.
    pub(crate) async fn announce(&self, player: PlayerId, connection: String) {
        let notice = Notice::Online { player, connection };
        let sent = match wire::codec::encode(&notice) {
            Ok(bytes) => self.bus.publish(subject::NOTICE.to_owned(), bytes.into()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%player, %error, "an announcement to the other gateways was not sent: the player may stay online twice");
        }
    }

    /// Returns the addresses of other gateways that take connections, for a client of this
    /// listener: first one drawn by free capacity, then the least loaded ones.
    pub(crate) fn elsewhere(&self, listener: Listener) -> Vec<String> {
        // Without a random number every client is sent to the least loaded gateway.
        let chance = getrandom::u64().unwrap_or_default();
        elsewhere(self.peers.alive(Role::Gateway), &self.name, listener, chance)
    }
}

/// Draws the first, because many clients ask between two heartbeats: all of them together would
/// overload the least loaded gateway.
fn elsewhere(mut peers: Vec<Heartbeat>, me: &NodeId, listener: Listener, chance: u64) -> Vec<String> {
    peers.retain(|peer| {
        let room = peer.load.connections < peer.load.max_connections;
        peer.node != *me && peer.ready && !peer.draining && room
    });
    // In thousandths, so that a large gateway is not avoided for its size.
    peers.sort_by_key(|peer| {
        u64::from(peer.load.connections) * 1_000 / u64::from(peer.load.max_connections.max(1))
    });
    let free = |peer: &Heartbeat| u64::from(peer.load.max_connections - peer.load.connections);
    let mut drawn = chance % peers.iter().map(free).sum::<u64>().max(1);
    let first = peers.iter().position(|peer| {
        let here = drawn < free(peer);
        drawn = drawn.saturating_sub(free(peer));
        here
    });
    if let Some(first) = peers.get_mut(..=first.unwrap_or_default()) {
        first.rotate_right(1);
    }
    let addresses = peers.into_iter().flat_map(|peer| peer.addresses);
    let scheme: &str = listener.into();
    addresses.filter(|address| address.starts_with(scheme)).collect()
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
            reachable: true,
            addresses: vec![format!("tcp://{name}:1"), format!("ws://{name}:2/")],
            load: Load { connections, max_connections, ..Load::default() },
        }
    }

    #[test]
    fn the_least_loaded_other_gateways_are_named() {
        let me: NodeId = "a".parse().unwrap();
        let stopping = Heartbeat { draining: true, ..peer("e", 0, 10) };
        let peers = vec![peer("a", 0, 10), peer("b", 5, 10), peer("c", 10, 100), peer("d", 9, 9), stopping];
        assert_eq!(elsewhere(peers.clone(), &me, Listener::Tcp, 0), ["tcp://c:1", "tcp://b:1"]);
        assert_eq!(elsewhere(peers, &me, Listener::Ws, 0), ["ws://c:2/", "ws://b:2/"]);
        assert!(elsewhere(Vec::new(), &me, Listener::Ws, 7).is_empty());
    }

    #[test]
    fn gateways_are_named_first_in_proportion_to_their_room() {
        let me: NodeId = "a".parse().unwrap();
        let peers = vec![peer("b", 5, 10), peer("c", 10, 100)];
        let b_first = (0..95).filter(|&chance| {
            let named = elsewhere(peers.clone(), &me, Listener::Tcp, chance);
            assert_eq!(named.len(), 2);
            named[0] == "tcp://b:1"
        });
        assert_eq!(b_first.count(), 5);
    }
}
