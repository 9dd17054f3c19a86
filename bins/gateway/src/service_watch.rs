//! Whether the fleet works for players: judged by heartbeats and this gateway's own connection, and
//! announced to all connected players. Outages of less than [`LASTING`], such as takeovers, are not
//! announced.

use crate::gateway::Gateway;
use bus::Peers;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};
use wire::{
    client::{ServerMessage, Service},
    fleet::Role,
};

/// How often the fleet is judged.
const LOOK: Duration = Duration::from_millis(250);
/// A change that lasts this long is announced.
const LASTING: Duration = Duration::from_secs(1);

/// Judges the fleet and announces changes, as long as the gateway lives.
pub(crate) async fn watch(gateway: Arc<Gateway>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut otherwise: Option<(Service, Instant)> = None;
    loop {
        look.tick().await;
        let service = judge(gateway.bus.is_connected(), &gateway.peers);
        if service == gateway.service.now() {
            otherwise = None;
            continue;
        }
        let since = match otherwise {
            Some((before, since)) if before == service => since,
            _ => Instant::now(),
        };
        otherwise = Some((service, since));
        if since.elapsed() >= LASTING {
            let Service { tables, money, tournaments } = service;
            tracing::warn!(tables, money, tournaments, "the fleet's service has changed: players are told");
            gateway.service.set(service);
            gateway.connections.tell_all(&ServerMessage::Service(service));
        }
    }
}

fn judge(connected: bool, peers: &Peers) -> Service {
    let works = |role| {
        let ready = || peers.alive(role).into_iter().filter(|peer| peer.ready);
        connected && ready().next().is_some() && !ready().any(|peer| peer.troubled)
    };
    Service {
        tables: works(Role::TableWorker),
        money: works(Role::Cashier),
        tournaments: works(Role::Coordinator),
    }
}
