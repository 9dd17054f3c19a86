//! The options for the size of a fleet and its ports.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};
use supervisor::{Plan, PlannedTls, Ports};
use tls::{Authority, TlsError};

/// The reason why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum SizeError {
    /// The certificate needs a name.
    #[error(
        "--listen {0} is every address of this machine: name with --host the one by which players reach it (or --insecure for connections without TLS)"
    )]
    NoHost(IpAddr),
    /// The certificate cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The number of members of each role, and their ports.
#[derive(Clone, Debug, clap::Args)]
pub struct Size {
    /// Number of gateways
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=40))]
    gateways: u16,
    /// Number of table workers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    table_workers: u16,
    /// Number of bot workers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=100))]
    bot_workers: u16,
    /// Number of coordinators
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    coordinators: u16,
    /// Number of cashiers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    cashiers: u16,
    /// Number of archivists
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=16))]
    archivists: u16,
    /// Address on which gateways listen for players
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    listen: IpAddr,
    /// Name or address by which players reach this machine [default: that of --listen]
    #[arg(long, env = "GATEWAY_ADVERTISE_HOST", value_name = "HOST")]
    host: Option<String>,
    /// File with the gateways' certificate in PEM form, for TLS; followed when it changes [default:
    /// beyond loopback, one of a local authority in the fleet's folder]
    #[arg(long, env = "GATEWAY_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// File with the certificate's private key
    #[arg(long, env = "GATEWAY_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let players connect without TLS, also beyond loopback: others can read passwords and cards
    #[arg(long, conflicts_with = "tls_cert")]
    insecure: bool,
    /// First port for players' TCP connections, one per gateway; 0 for free ports [default: 7001]
    #[arg(long, value_name = "PORT")]
    tcp_port_base: Option<u16>,
    /// First port for players' WebSocket connections; 0 for free ports [default: 8001]
    #[arg(long, value_name = "PORT")]
    ws_port_base: Option<u16>,
    /// Port of nats-server; 0 for a free one [default: 4222]
    #[arg(long, value_name = "PORT")]
    nats_port: Option<u16>,
    /// Let nats-server report its message counts over HTTP, on a free port (see fleet.json)
    #[arg(long)]
    nats_monitored: bool,
    /// All ports at once: nats-server on this port, PostgreSQL on the next, TCP from 10 and
    /// WebSocket from 50 after it; 0 for free ports
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(0..=65_400))]
    port_base: Option<u16>,
    /// Maximum number of connections per gateway [default: the gateway's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// Let table workers accept scripts: hands whose decks are written down and not shuffled, for
    /// `swarm replay`
    #[arg(long)]
    scripted_decks: bool,
    /// Lines of chat per second that one table takes over a long time; from 1,001 on there is no
    /// limit [default: the table workers' own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    chat_rate: Option<u32>,
}

impl Size {
    /// Returns the options in the supervisor's form. Makes a certificate of the local authority in
    /// a folder, if players connect from beyond this machine and no other certificate is given.
    ///
    /// # Errors
    /// When the certificate cannot be made, or the name for it is missing.
    pub fn plan(&self, authority: &Path) -> Result<Plan, SizeError> {
        let ports = Ports {
            base: self.port_base,
            nats: self.nats_port,
            tcp_base: self.tcp_port_base,
            ws_base: self.ws_port_base,
        };
        Ok(Plan {
            gateways: self.gateways,
            table_workers: self.table_workers,
            bot_workers: self.bot_workers,
            coordinators: self.coordinators,
            cashiers: self.cashiers,
            archivists: self.archivists,
            listen: self.listen,
            host: self.host.clone(),
            tls: self.tls(authority)?,
            ports,
            nats_monitored: self.nats_monitored,
            max_connections: self.max_connections,
            scripted_decks: self.scripted_decks,
            chat_rate: self.chat_rate,
        })
    }

    fn tls(&self, authority: &Path) -> Result<Option<PlannedTls>, SizeError> {
        if let Some((cert, key)) = self.tls_cert.clone().zip(self.tls_key.clone()) {
            return Ok(Some(PlannedTls { cert, key, authority: None }));
        }
        if self.listen.is_loopback() || self.insecure {
            return Ok(None);
        }
        let mut hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        match &self.host {
            // An IPv6 address stands in brackets where a port follows.
            Some(host) => hosts.push(host.trim_start_matches('[').trim_end_matches(']').to_owned()),
            None if self.listen.is_unspecified() => return Err(SizeError::NoHost(self.listen)),
            None => hosts.push(self.listen.to_string()),
        }
        let made = Authority::open(authority)?.issue("gateway", &hosts)?;
        let authority = Some(Authority::certificate(authority));
        Ok(Some(PlannedTls { cert: made.cert, key: made.key, authority }))
    }
}
