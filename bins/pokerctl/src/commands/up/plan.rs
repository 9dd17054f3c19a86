//! What a fleet consists of: which role processes, on which ports, with which options.

use crate::fleet::Node;
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use wire::fleet::Role;

/// Where the numbers of ports begin when `--port-base` is given.
const TCP_OFFSET: u16 = 10;
const WS_OFFSET: u16 = 50;
/// Ports when nothing is said.
const NATS_PORT: u16 = 4222;
const TCP_PORT_BASE: u16 = 7001;
const WS_PORT_BASE: u16 = 8001;

/// How many of each, and where they listen.
#[derive(Clone, Debug, clap::Args)]
pub struct Size {
    /// Gateways
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=40))]
    gateways: u16,
    /// Table workers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    table_workers: u16,
    /// Bot workers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=100))]
    bot_workers: u16,
    /// Tournament coordinators
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    coordinators: u16,
    /// Cashiers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    cashiers: u16,
    /// Archivists
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=16))]
    archivists: u16,
    /// Address that gateways listen on for players
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    listen: IpAddr,
    /// First port for players' TCP connections, one per gateway; 0 for free ones [default: 7001]
    #[arg(long, value_name = "PORT")]
    tcp_port_base: Option<u16>,
    /// First port for players' WebSocket connections; 0 for free ones [default: 8001]
    #[arg(long, value_name = "PORT")]
    ws_port_base: Option<u16>,
    /// Port of nats-server; 0 for a free one [default: 4222]
    #[arg(long, value_name = "PORT")]
    nats_port: Option<u16>,
    /// Let nats-server tell over HTTP, on a free port, how many messages it passes on (see fleet.json)
    #[arg(long)]
    pub nats_monitored: bool,
    /// All ports at once: nats-server's, PostgreSQL's next to it, TCP from 10 and WebSocket from 50 after it;
    /// 0 for free ones
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(0..=65_400))]
    port_base: Option<u16>,
    /// Most connections per gateway [default: the node's own]
    #[arg(long, value_name = "N")]
    max_connections: Option<u32>,
    /// Let table workers take scripts: hands whose decks are written down, not shuffled, for `swarm replay`
    #[arg(long)]
    scripted_decks: bool,
}

/// A port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program listens there.
    #[error(
        "port {port} for {what} is taken by another program: stop that one, or choose others with --port-base (0 for any free ones)"
    )]
    Taken {
        /// The port.
        port: u16,
        /// What it is for.
        what: String,
    },
    /// Listening does not work for another reason.
    #[error("cannot listen on {address} for {what}: {error}; choose others with --listen and --port-base")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What for.
        what: String,
        /// Why not.
        error: io::Error,
    },
}

impl Size {
    /// Port of nats-server; none for a free one.
    pub fn nats_port(&self) -> Option<u16> {
        let port = self.nats_port.or(self.port_base).unwrap_or(NATS_PORT);
        Some(port).filter(|port| *port != 0)
    }

    /// Port of PostgreSQL; none for a free one. Nobody needs to know it, so it is fixed only with all others.
    pub fn postgres_port(&self) -> Option<u16> {
        self.port_base.filter(|base| *base != 0).map(|base| base + 1)
    }

    /// The role processes with their ports, which are free and stay so until they are let go.
    ///
    /// # Errors
    /// When a port is taken.
    pub fn nodes(&self, logs: &Path) -> Result<(Vec<Planned>, Held), PortError> {
        let mut nodes = Vec::new();
        // In the order in which they are started; they are stopped in another (see `mod.rs`).
        for (role, count) in [
            (Role::Cashier, self.cashiers),
            (Role::Archivist, self.archivists),
            (Role::Coordinator, self.coordinators),
            (Role::TableWorker, self.table_workers),
            (Role::BotWorker, self.bot_workers),
        ] {
            nodes.extend((1..=count).map(|number| Planned::new(role, number, logs)));
        }
        for node in nodes.iter_mut().filter(|node| self.scripted_decks && node.role == Role::TableWorker) {
            node.args.push("--scripted-decks".into());
        }
        let mut held = Vec::new();
        for number in 1..=self.gateways {
            let mut node = Planned::new(Role::Gateway, number, logs);
            for (option, own_base, offset, default) in [
                ("--tcp-listen", self.tcp_port_base, TCP_OFFSET, TCP_PORT_BASE),
                ("--ws-listen", self.ws_port_base, WS_OFFSET, WS_PORT_BASE),
            ] {
                let base = match (own_base, self.port_base) {
                    (Some(base), _) => base,
                    (None, Some(0)) => 0,
                    (None, Some(base)) => base + offset,
                    (None, None) => default,
                };
                let wanted = if base == 0 { 0 } else { base.saturating_add(number - 1) };
                let (address, listener) = free_port(self.listen, wanted, &node.node)?;
                node.args.extend([option.into(), address.to_string()]);
                held.push(listener);
            }
            if let Some(most) = self.max_connections {
                node.args.extend(["--max-connections".into(), most.to_string()]);
            }
            nodes.push(node);
        }
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for (role, count) in [(Role::Gateway, self.gateways), (Role::TableWorker, self.table_workers)] {
            let threads = Some((cores / usize::from(count)).max(1));
            nodes.iter_mut().filter(|node| node.role == role).for_each(|node| node.threads = threads);
        }
        Ok((nodes, Held { _listeners: held }))
    }
}

/// Ports that were chosen for processes which are not started yet: until this is dropped, nobody else gets them.
#[must_use]
#[derive(Debug)]
pub struct Held {
    _listeners: Vec<TcpListener>,
}

/// A port that can be listened on now: the wanted one, or any for 0. A node keeps its port when it is
/// started again, which is why 0 is not left to the node, and why the system, which would choose among the
/// ports of outgoing connections, is not asked.
fn free_port(ip: IpAddr, wanted: u16, what: &str) -> Result<(SocketAddr, TcpListener), PortError> {
    let candidates = if wanted == 0 { random_ports() } else { vec![wanted] };
    let what = what.to_owned();
    let mut last = io::ErrorKind::AddrInUse.into();
    for port in candidates {
        let address = SocketAddr::new(ip, port);
        match TcpListener::bind(address) {
            Ok(listener) => return Ok((address, listener)),
            Err(error) => last = error,
        }
    }
    let address = SocketAddr::new(ip, wanted);
    match last.kind() {
        io::ErrorKind::AddrInUse => Err(PortError::Taken { port: wanted, what }),
        _ => Err(PortError::Listen { address, what, error: last }),
    }
}

/// A few ports out of those below the range of outgoing connections.
fn random_ports() -> Vec<u16> {
    let mut bytes = [0; 64];
    if getrandom::fill(&mut bytes).is_err() {
        return Vec::new();
    }
    bytes.chunks_exact(2).map(|pair| 12_000 + u16::from_le_bytes([pair[0], pair[1]]) % 20_000).collect()
}

/// A role process to be started.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its role.
    pub role: Role,
    /// Its name.
    pub node: String,
    /// Its own options.
    pub args: Vec<String>,
    /// Where its log goes.
    pub log: PathBuf,
    /// Threads for its messages, where the processes of a role share the machine's cores: more would only wake each other.
    pub threads: Option<usize>,
}

impl Planned {
    fn new(role: Role, number: u16, logs: &Path) -> Self {
        let node = format!("{}-{number}", role.name());
        let log = logs.join(format!("{node}.log"));
        Self { role, log, args: vec!["--node".into(), node.clone()], node, threads: None }
    }

    /// What `fleet.json` says about it before it runs.
    pub fn describe(&self) -> Node {
        Node {
            node: self.node.clone(),
            role: self.role.name().to_owned(),
            pid: None,
            drained: false,
            addresses: Vec::new(),
            log: self.log.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        size: Size,
    }

    fn size(args: &[&str]) -> Size {
        Line::parse_from(["up"].iter().chain(args)).size
    }

    #[test]
    fn a_fleet_has_two_of_each_but_one_cashier_and_one_archivist() {
        let (nodes, _held) = size(&["--port-base", "0"]).nodes(Path::new("logs")).unwrap();
        let names: Vec<_> = nodes.iter().map(|node| node.node.as_str()).collect();
        assert_eq!(
            names,
            [
                "cashier-1",
                "archivist-1",
                "coordinator-1",
                "coordinator-2",
                "table-worker-1",
                "table-worker-2",
                "bot-worker-1",
                "bot-worker-2",
                "gateway-1",
                "gateway-2"
            ]
        );
        assert_eq!(nodes[0].log, Path::new("logs/cashier-1.log"));
    }

    #[test]
    fn the_processes_of_a_role_share_the_cores() {
        let cores = std::thread::available_parallelism().unwrap().get();
        let (nodes, _held) = size(&["--gateways", "3", "--table-workers", "1", "--port-base", "0"])
            .nodes(Path::new("logs"))
            .unwrap();
        let threads = |role| nodes.iter().find(|node| node.role == role).unwrap().threads;
        assert_eq!(threads(Role::Gateway), Some((cores / 3).max(1)));
        assert_eq!(threads(Role::TableWorker), Some(cores));
        assert_eq!(threads(Role::BotWorker), None, "each uses what there is");
    }

    #[test]
    fn scripts_are_for_table_workers_and_only_when_asked_for() {
        let with = |args: &[&str]| {
            let (nodes, _held) = size(args).nodes(Path::new("logs")).unwrap();
            let takes = |node: &Planned| node.args.iter().any(|arg| arg == "--scripted-decks");
            nodes.iter().filter(|node| takes(node)).map(|node| node.role).collect::<Vec<_>>()
        };
        assert_eq!(with(&["--port-base", "0"]), []);
        assert_eq!(with(&["--port-base", "0", "--scripted-decks"]), [Role::TableWorker; 2]);
    }

    #[test]
    fn one_number_moves_all_ports() {
        let moved = size(&["--port-base", "15000"]);
        assert_eq!((moved.nats_port(), moved.postgres_port()), (Some(15_000), Some(15_001)));
        let usual = size(&[]);
        assert_eq!((usual.nats_port(), usual.postgres_port()), (Some(4_222), None));
        let free = size(&["--port-base", "0", "--nats-port", "4223"]);
        assert_eq!((free.nats_port(), free.postgres_port()), (Some(4_223), None));
    }

    /// The servers are started first, and meanwhile another fleet looks for ports.
    #[test]
    fn a_chosen_port_is_kept_until_it_is_let_go() {
        let (nodes, held) = size(&["--gateways", "1", "--port-base", "0"]).nodes(Path::new("logs")).unwrap();
        let ports: Vec<SocketAddr> =
            nodes.iter().flat_map(|n| &n.args).filter_map(|arg| arg.parse().ok()).collect();
        assert_eq!(ports.len(), 2);
        for port in &ports {
            assert_eq!(TcpListener::bind(port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        }
        drop(held);
        for port in ports {
            TcpListener::bind(port).unwrap();
        }
    }

    #[test]
    fn a_taken_port_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let size = size(&["--tcp-port-base", &port.to_string(), "--ws-port-base", "0"]);
        let error = size.nodes(Path::new("logs")).unwrap_err();
        assert!(error.to_string().contains(&format!("port {port} for gateway-1 is taken")));
    }
}
