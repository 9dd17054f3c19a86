//! The gateway: sockets and sessions, without durable state.
//!
//! | module | for |
//! | --- | --- |
//! | `listen`, `socket`, `frame`, `transport` | connections, TCP and WebSocket alike |
//! | `slots`, `origin`, `proxied` | how many connections there may be, and from where |
//! | `session`, `lanes` | one connection's requests: kept in order, passed on, answered |
//! | `session::requests` | one file for each kind of request |
//! | `outbox`, `traffic`, `slow_clients` | frames that wait to be sent, bounded for each connection and in all |
//! | `feeds`, `chunk`, `viewer_position` | watched tables: every viewer gets every event once, in order |
//! | `connections`, `notices` | the connection of each player: one at a time in the whole fleet |
//! | `disconnects` | tells tables which players' connections are gone |
//! | `fleet_client`, `pauses`, `lobby`, `seats` | requests to the rest of the fleet, repeated until answered |
//! | `account_rate` | how often an account may make requests that move money |
//! | `service` | whether the fleet works, announced to the players |
//! | `limits` | every bound and its reason |
//!
//! Invariant: a connection's requests, and frames that it does not read, do not disturb other
//! connections. The gateway does not know the rules of poker, nor any card that is not its own
//! player's.

mod account_rate;
mod alarm;
mod args;
mod chunk;
mod connections;
mod disconnects;
mod feeds;
mod fleet_client;
mod format;
mod gateway;
mod lanes;
mod limits;
mod listen;
mod lobby;
mod notices;
mod origin;
mod outbox;
mod pauses;
mod proxied;
mod seats;
mod service;
mod service_watch;
mod session;
mod session_checks;
mod slots;
mod slow_clients;
mod socket;
mod traffic;
mod transport;
mod viewer_position;
mod web_origin;

use crate::{
    account_rate::AccountRate, args::Args, connections::Connections, disconnects::DisconnectNotifier,
    feeds::Feeds, fleet_client::FleetClient, gateway::Gateway, lobby::Lobby, seats::Seats,
    service::AnnouncedService, slots::Slots,
};
use anyhow::Context;
use bus::{Peers, Stop};
use clap::Parser;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    time::sleep,
};
use wire::{
    client::Closing,
    fleet::{Load, Role},
};

/// Takes a tenth less processor time per action than the system's allocator
/// (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections that may wait to be accepted: when another gateway dies, its players come at the
/// same time. The system may allow fewer.
const BACKLOG: u32 = 4_096;
/// Time limit for connections to end when the gateway stops.
const STOP: Duration = Duration::from_secs(5);

fn main() -> anyhow::Result<()> {
    bus::runtime::runtime().context("cannot start threads")?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    bus::log_to_stderr();
    let args = Args::parse();
    let wish = Stop::listen().context("cannot listen for signals")?;

    let (gateway, tcp, ws) = start(&args).await?;
    let listeners = [
        tokio::spawn(listen::tcp(tcp, Arc::clone(&gateway))),
        tokio::spawn(listen::ws(ws, Arc::clone(&gateway))),
    ];
    wish.listen_to_admin(&gateway.bus, &gateway.peers).await?;
    gateway.peers.set_ready();

    wish.asked().await;
    tracing::info!("stopping: all connections are closed");
    gateway.peers.set_draining();
    listeners.iter().for_each(tokio::task::JoinHandle::abort);
    stop(&gateway).await;
    Ok(())
}

/// Connects to the fleet and listens.
async fn start(args: &Args) -> anyhow::Result<(Arc<Gateway>, TcpListener, TcpListener)> {
    let name = args.bus.node_id(Role::Gateway.name())?;
    let (tcp, tcp_address) = bind(args.tcp_listen, "--tcp-listen")?;
    let (ws, ws_address) = bind(args.ws_listen, "--ws-listen")?;
    let bus = args.bus.connect(Role::Gateway).await?;
    let connections = Arc::new(Connections::new());
    let slots = Arc::new(Slots::new(args.slots()));
    let traffic = Arc::new(args.traffic());
    tokio::spawn(slow_clients::close(Arc::clone(&traffic), Arc::clone(&connections)));
    let tls = args.tls().context("--tls-cert and --tls-key")?;
    let secure = if tls.is_some() { "s" } else { "" };
    let addresses = vec![
        format!("tcp{secure}://{}:{}", args.host(tcp_address), tcp_address.port()),
        format!("ws{secure}://{}:{}/", args.host(ws_address), ws_address.port()),
    ];
    tracing::info!(node = %name, tcp = addresses[0], ws = addresses[1], "listening");
    let counted = Arc::clone(&slots);
    let load =
        move || Load { connections: counted.open(), max_connections: counted.most(), ..Load::default() };
    let peers = Peers::join(&bus, Role::Gateway, name.clone(), addresses, load).await?;
    let fleet = FleetClient::new(&bus, &peers, &connections);
    let seats = Seats::start(&fleet);
    let gateway = Arc::new(Gateway {
        name,
        incarnation: getrandom::u64().context("no random numbers from the operating system")?,
        idle: args.idle(),
        visitor_idle: args.visitor_idle(),
        proxies: args.proxies.clone(),
        web_origins: args.web_origins.clone(),
        tls: tls.clone(),
        slots,
        traffic,
        feeds: Feeds::start(&bus, &fleet, &connections).await?,
        disconnects: DisconnectNotifier::new(&fleet),
        sessions: AtomicU64::new(0),
        entries: AccountRate::new(args.entries_per_minute),
        bus,
        peers,
        fleet,
        lobby: Lobby::default(),
        seats,
        service: AnnouncedService::default(),
        connections,
    });
    tokio::spawn(service_watch::watch(Arc::clone(&gateway)));
    if let Some(tls) = tls {
        tokio::spawn(async move { tls.follow().await });
    }
    notices::listen(&gateway).await?;
    tokio::spawn(session_checks::watch(Arc::clone(&gateway)));
    Ok((gateway, tcp, ws))
}

fn bind(address: SocketAddr, option: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listen = || {
        let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok::<_, std::io::Error>((listener, address))
    };
    listen().with_context(|| format!("cannot listen on {address}: choose another address with {option}"))
}

/// Closes all connections with other gateways' addresses, and waits until they have ended.
async fn stop(gateway: &Gateway) {
    let until = Instant::now() + STOP;
    gateway.connections.close_all(Closing::NodeStopping);
    while gateway.slots.open() > 0 && Instant::now() < until {
        // Repeated for connections that were accepted meanwhile.
        gateway.connections.close_all(Closing::NodeStopping);
        sleep(Duration::from_millis(20)).await;
    }
    gateway.bus.flush().await;
}
