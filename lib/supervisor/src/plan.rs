//! The plan of a fleet: its role processes, their ports and options.

use crate::fleet::Node;
use servers::ports;
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use wire::fleet::Role;

/// Offsets from `--port-base`.
const TCP_OFFSET: u16 = 10;
const WS_OFFSET: u16 = 50;
/// Default ports.
const NATS_PORT: u16 = 4222;
const TCP_PORT_BASE: u16 = 7001;
const WS_PORT_BASE: u16 = 8001;
/// Networks from which gateways take any number of connections.
const THIS_MACHINE: &str = "127.0.0.0/8,::1";
/// Number of random ports that are tried if any free port will do.
const TRIES: usize = 32;

/// The number of processes of each role, their ports and options.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Gateways.
    pub gateways: u16,
    /// Table workers.
    pub table_workers: u16,
    /// Bot workers.
    pub bot_workers: u16,
    /// Coordinators.
    pub coordinators: u16,
    /// Cashiers.
    pub cashiers: u16,
    /// Archivists.
    pub archivists: u16,
    /// Address on which gateways listen for players.
    pub listen: IpAddr,
    /// Name or address by which players reach this machine; none for `listen`.
    pub host: Option<String>,
    /// The gateways' certificate; none for plain connections.
    pub tls: Option<PlannedTls>,
    /// Ports of servers and gateways.
    pub ports: Ports,
    /// Whether nats-server reports its message counts over HTTP, on a free port.
    pub nats_monitored: bool,
    /// Maximum number of connections per gateway; none for the gateway's default.
    pub max_connections: Option<u32>,
    /// Whether table workers accept scripts: hands whose decks are written down and not shuffled.
    pub scripted_decks: bool,
    /// Lines of chat per second that one table takes; none for the table workers' default.
    pub chat_rate: Option<u32>,
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct PlannedTls {
    /// The certificate.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority's certificate, if the authority is the fleet's own.
    pub authority: Option<PathBuf>,
}

/// The requested ports: 0 for free ones, none for the defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// All ports at once: nats-server on this port, PostgreSQL on the next, TCP from 10 and
    /// WebSocket from 50 after it; at most 65,400.
    pub base: Option<u16>,
    /// The port of nats-server.
    pub nats: Option<u16>,
    /// The first port for players' TCP connections, one per gateway.
    pub tcp_base: Option<u16>,
    /// The first port for players' WebSocket connections, one per gateway.
    pub ws_base: Option<u16>,
}

/// A port cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program listens there.
    #[error(
        "port {port} for {what} is taken by another program: stop that one, or choose others with --port-base (0 for any free ones)"
    )]
    Taken {
        /// The port.
        port: u16,
        /// Its user.
        what: String,
    },
    /// Listening fails for another reason.
    #[error("cannot listen on {address} for {what}: {error}; choose others with --listen and --port-base")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Its user.
        what: String,
        /// The reason.
        error: io::Error,
    },
}

impl Ports {
    /// Returns the port of nats-server; none for a free one.
    pub(crate) fn nats(&self) -> Option<u16> {
        let port = self.nats.or(self.base).unwrap_or(NATS_PORT);
        Some(port).filter(|port| *port != 0)
    }

    /// Returns the port of PostgreSQL; none for a free one. Clients do not need to know it, so it
    /// is fixed only by `base`.
    pub(crate) fn postgres(&self) -> Option<u16> {
        self.base.filter(|base| *base != 0).map(|base| base + 1)
    }
}

impl Plan {
    /// Returns the role processes with their ports, which are reserved until [`Held`] is dropped.
    ///
    /// # Errors
    /// When a port is taken.
    pub(crate) fn nodes(&self, logs: &Path) -> Result<(Vec<Planned>, Held), PortError> {
        let mut nodes = Vec::new();
        // The order of the start; the fleet stops in another order (see `STOP_ORDER`).
        for (role, count) in [
            (Role::Cashier, self.cashiers),
            (Role::Archivist, self.archivists),
            (Role::Coordinator, self.coordinators),
            (Role::TableWorker, self.table_workers),
            (Role::BotWorker, self.bot_workers),
        ] {
            nodes.extend((1..=count).map(|number| Planned::new(role, number, logs)));
        }
        for node in nodes.iter_mut().filter(|node| node.role == Role::TableWorker) {
            node.args.extend(self.scripted_decks.then(|| "--scripted-decks".into()));
            let chat_rate = self.chat_rate.into_iter();
            node.args.extend(chat_rate.flat_map(|rate| ["--chat-rate".into(), rate.to_string()]));
        }
        let mut held = Vec::new();
        for number in 1..=self.gateways {
            let mut node = Planned::new(Role::Gateway, number, logs);
            for (option, own_base, offset, default) in [
                ("--tcp-listen", self.ports.tcp_base, TCP_OFFSET, TCP_PORT_BASE),
                ("--ws-listen", self.ports.ws_base, WS_OFFSET, WS_PORT_BASE),
            ] {
                let base = match (own_base, self.ports.base) {
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
            // Programs of this machine measure and play with as many connections as they need.
            node.args.extend(["--unlimited-from".into(), THIS_MACHINE.into()]);
            if let Some(host) = &self.host {
                node.args.extend(["--advertise-host".into(), host.clone()]);
            }
            if let Some(PlannedTls { cert, key, .. }) = &self.tls {
                let (cert, key) = (cert.display().to_string(), key.display().to_string());
                node.args.extend(["--tls-cert".into(), cert, "--tls-key".into(), key]);
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

/// Ports of processes that are not started yet, reserved against other programs until this is
/// dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Held {
    _listeners: Vec<TcpListener>,
}

/// Returns a port that is free now: the wanted one, or a random one for 0. A gateway must keep its
/// port when it is started again, so it does not choose one itself; and the operating system would
/// choose among the ports of outgoing connections.
fn free_port(ip: IpAddr, wanted: u16, what: &str) -> Result<(SocketAddr, TcpListener), PortError> {
    let candidates =
        if wanted == 0 { (0..TRIES).filter_map(|_| ports::random().ok()).collect() } else { vec![wanted] };
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

/// A role process to be started.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// The role.
    pub(crate) role: Role,
    /// The process's name.
    pub(crate) node: String,
    /// The process's own options.
    pub(crate) args: Vec<String>,
    /// Path of its log.
    pub(crate) log: PathBuf,
    /// Number of threads for its messages, if the processes of its role share the machine's cores:
    /// more threads would only wake each other.
    pub(crate) threads: Option<usize>,
}

impl Planned {
    fn new(role: Role, number: u16, logs: &Path) -> Self {
        let node = format!("{}-{number}", role.name());
        let log = logs.join(format!("{node}.log"));
        Self { role, log, args: vec!["--node".into(), node.clone()], node, threads: None }
    }

    /// Returns its entry in `fleet.json` before it runs.
    pub(crate) fn describe(&self) -> Node {
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

    /// Returns the default plan, on free ports.
    fn plan() -> Plan {
        Plan {
            gateways: 2,
            table_workers: 2,
            bot_workers: 2,
            coordinators: 2,
            cashiers: 1,
            archivists: 1,
            listen: [127, 0, 0, 1].into(),
            host: None,
            tls: None,
            ports: Ports { base: Some(0), ..Ports::default() },
            nats_monitored: false,
            max_connections: None,
            scripted_decks: false,
            chat_rate: None,
        }
    }

    #[test]
    fn processes_are_started_in_order_and_numbered() {
        let (nodes, _held) = plan().nodes(Path::new("logs")).unwrap();
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
        let plan = Plan { gateways: 3, table_workers: 1, ..plan() };
        let (nodes, _held) = plan.nodes(Path::new("logs")).unwrap();
        let threads = |role| nodes.iter().find(|node| node.role == role).unwrap().threads;
        assert_eq!(threads(Role::Gateway), Some((cores / 3).max(1)));
        assert_eq!(threads(Role::TableWorker), Some(cores));
        assert_eq!(threads(Role::BotWorker), None, "each uses all cores");
    }

    #[test]
    fn only_table_workers_accept_scripts_and_only_on_request() {
        let with = |scripted_decks| {
            let (nodes, _held) = Plan { scripted_decks, ..plan() }.nodes(Path::new("logs")).unwrap();
            let takes = |node: &Planned| node.args.iter().any(|arg| arg == "--scripted-decks");
            nodes.iter().filter(|node| takes(node)).map(|node| node.role).collect::<Vec<_>>()
        };
        assert_eq!(with(false), []);
        assert_eq!(with(true), [Role::TableWorker; 2]);
    }

    #[test]
    fn only_table_workers_are_told_the_rate_of_chat_and_only_on_request() {
        let with = |chat_rate| {
            let (nodes, _held) = Plan { chat_rate, ..plan() }.nodes(Path::new("logs")).unwrap();
            let told = |node: &Planned| node.args.windows(2).any(|args| args == ["--chat-rate", "40"]);
            nodes.iter().filter(|node| told(node)).map(|node| node.role).collect::<Vec<_>>()
        };
        assert_eq!(with(None), []);
        assert_eq!(with(Some(40)), [Role::TableWorker; 2]);
    }

    #[test]
    fn one_number_moves_all_ports() {
        let moved = Ports { base: Some(15_000), ..Ports::default() };
        assert_eq!((moved.nats(), moved.postgres()), (Some(15_000), Some(15_001)));
        let usual = Ports::default();
        assert_eq!((usual.nats(), usual.postgres()), (Some(4_222), None));
        let free = Ports { base: Some(0), nats: Some(4_223), ..Ports::default() };
        assert_eq!((free.nats(), free.postgres()), (Some(4_223), None));
    }

    /// The servers are started first, and other fleets may look for ports meanwhile.
    #[test]
    fn a_chosen_port_is_reserved_until_it_is_released() {
        let (nodes, held) = Plan { gateways: 1, ..plan() }.nodes(Path::new("logs")).unwrap();
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
        let ports = Ports { tcp_base: Some(port), ws_base: Some(0), ..Ports::default() };
        let error = Plan { ports, ..plan() }.nodes(Path::new("logs")).unwrap_err();
        assert!(error.to_string().contains(&format!("port {port} for gateway-1 is taken")));
    }
}
