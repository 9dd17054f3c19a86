//! Whether the fleet works, as far as players feel it: judged from heartbeats and from this gateway's own connection, and told to
//! everybody who is connected here. What is over within a moment, like a takeover, is not told.

use crate::gateway::Gateway;
use bus::Peers;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};
use wire::{
    client::{ServerMessage, Service},
    fleet::Role,
};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(250);
/// What is otherwise for so long is told.
const LASTING: Duration = Duration::from_secs(1);

/// What the players of this gateway have been told.
#[derive(Debug)]
pub(crate) struct AnnouncedService(Mutex<Service>);

impl Default for AnnouncedService {
    fn default() -> Self {
        Self(Mutex::new(Service::WHOLE))
    }
}

impl AnnouncedService {
    /// What they have been told last.
    pub(crate) fn now(&self) -> Service {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, service: Service) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = service;
    }
}

/// Looks, and tells what has changed, for as long as the gateway lives.
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
            tracing::warn!(tables, money, tournaments, "players are told what works");
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
