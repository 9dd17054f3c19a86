//! The command line.

use crate::{
    origin,
    slots::{OriginLimits, SlotLimits},
    traffic::Traffic,
    web_origin,
};
use ipnet::IpNet;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tls::{Acceptor, TlsError};

/// Gateway: takes players' connections over TCP and WebSocket. It has no durable state; start as
/// many as are needed.
#[derive(Debug, clap::Parser)]
#[command(name = "gateway", version)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) bus: bus::Args,
    /// Address to listen on for TCP; port 0 takes a free one.
    #[arg(long, env = "GATEWAY_TCP_LISTEN", default_value = "127.0.0.1:0")]
    pub(crate) tcp_listen: SocketAddr,
    /// Address to listen on for WebSocket; port 0 takes a free one.
    #[arg(long, env = "GATEWAY_WS_LISTEN", default_value = "127.0.0.1:0")]
    pub(crate) ws_listen: SocketAddr,
    /// File with the gateway's certificate in PEM form, those that lead to its authority after it.
    /// With it both listeners speak TLS and nothing else. The file is followed when it changes.
    #[arg(long, env = "GATEWAY_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// File with the certificate's private key in PEM form.
    #[arg(long, env = "GATEWAY_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Name or address by which players reach this gateway [default: the listening address].
    #[arg(long, env = "GATEWAY_ADVERTISE_HOST")]
    pub(crate) advertise_host: Option<String>,
    /// Most connections. Each takes one open file.
    #[arg(long, env = "GATEWAY_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
    /// How many of them, in percent, are kept for clients that resume a session: when another
    /// gateway dies, its players find a place although newcomers have taken all others.
    #[arg(long, env = "GATEWAY_RESERVE_PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=90))]
    pub(crate) reserve_percent: u32,
    /// Most connections from one address (an IPv4 address, or the /64 of an IPv6 address); 0 for no
    /// limit.
    #[arg(long, env = "GATEWAY_MAX_PER_ADDRESS", default_value_t = 256)]
    pub(crate) max_per_address: u32,
    /// How many of them may have no session; 0 for no limit. More are let in only to resume one.
    #[arg(long, env = "GATEWAY_MAX_VISITORS_PER_ADDRESS", default_value_t = 64)]
    pub(crate) max_visitors_per_address: u32,
    /// Most connections from one network (the /24 of an IPv4 address, the /48 of an IPv6 address);
    /// 0 for no limit.
    #[arg(long, env = "GATEWAY_MAX_PER_NETWORK", default_value_t = 1_024)]
    pub(crate) max_per_network: u32,
    /// How many of them may have no session; 0 for no limit.
    #[arg(long, env = "GATEWAY_MAX_VISITORS_PER_NETWORK", default_value_t = 256)]
    pub(crate) max_visitors_per_network: u32,
    /// Addresses and networks whose connections are not limited by address, such as
    /// 127.0.0.0/8,::1: measurements, or a load balancer without the PROXY protocol.
    #[arg(long, env = "GATEWAY_UNLIMITED_FROM", value_delimiter = ',', value_parser = origin::network)]
    pub(crate) unlimited_from: Vec<IpNet>,
    /// Addresses and networks of load balancers: each of their connections must begin with the
    /// header of the PROXY protocol, version 2, which names the client's address.
    #[arg(long, env = "GATEWAY_PROXIES", value_delimiter = ',', value_parser = origin::network)]
    pub(crate) proxies: Vec<IpNet>,
    /// Origins of web pages that may connect, such as https://poker.example.org, beside pages of
    /// the host that the browser connects to. Programs that are no browser may always connect.
    #[arg(long, env = "GATEWAY_WEB_ORIGINS", value_delimiter = ',', value_parser = web_origin::parse)]
    pub(crate) web_origins: Vec<String>,
    /// Longest silence of a connection, in milliseconds. A connection that is silent for longer
    /// counts as gone, so a table notices after this time that a player's network has failed.
    #[arg(long, env = "GATEWAY_IDLE_MS", default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) idle_ms: u32,
    /// Longest time without a request, in milliseconds, of a connection that has no session and
    /// watches no table; pings are no requests.
    #[arg(long, env = "GATEWAY_VISITOR_IDLE_MS", default_value_t = 120_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) visitor_idle_ms: u32,
    /// Bytes of answers, in a second, that a connection without a session may draw on average; 0
    /// for no limit. Requests for tables, standings and the lobby wait until there are some.
    #[arg(long, env = "GATEWAY_VISITOR_BYTES_PER_SECOND", default_value_t = 131_072)]
    pub(crate) visitor_bytes_per_second: u32,
    /// Most mebibytes that wait for all clients together. When more wait, connections are closed:
    /// first those that read nothing.
    #[arg(long, env = "GATEWAY_MAX_WAITING_MIB", default_value_t = 96, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_waiting_mib: u16,
    /// How often an account may register for tournaments and withdraw, both together, in a minute;
    /// 0 for no limit. More is refused as too fast.
    #[arg(long, env = "GATEWAY_ENTRIES_PER_MINUTE", default_value_t = 20)]
    pub(crate) entries_per_minute: u32,
}

impl Args {
    /// Returns the certificate, if there is one.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(crate) fn tls(&self) -> Result<Option<Acceptor>, TlsError> {
        let pair = self.tls_cert.clone().zip(self.tls_key.clone());
        pair.map(|(cert, key)| Acceptor::load(cert, key)).transpose()
    }

    /// Returns the longest silence of a connection.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms.into())
    }

    /// Returns the longest time without a request of a connection that has no session and watches
    /// no table.
    pub(crate) fn visitor_idle(&self) -> Duration {
        Duration::from_millis(self.visitor_idle_ms.into())
    }

    /// Returns how many connections there may be.
    pub(crate) fn slots(&self) -> SlotLimits {
        let most = self.max_connections;
        let reserve = u64::from(most) * u64::from(self.reserve_percent) / 100;
        SlotLimits {
            most,
            reserve: u32::try_from(reserve).unwrap_or(most),
            address: OriginLimits { all: self.max_per_address, visitors: self.max_visitors_per_address },
            network: OriginLimits { all: self.max_per_network, visitors: self.max_visitors_per_network },
            unlimited: self.unlimited_from.clone(),
        }
    }

    /// Returns how many bytes may wait, and how many a visitor may draw.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic::new(usize::from(self.max_waiting_mib) << 20, self.visitor_bytes_per_second)
    }

    /// Returns the host part of the addresses that clients are told.
    pub(crate) fn host(&self, listening: SocketAddr) -> String {
        match &self.advertise_host {
            Some(host) if host.contains(':') && !host.starts_with('[') => format!("[{host}]"),
            Some(host) => host.clone(),
            None if listening.is_ipv6() => format!("[{}]", listening.ip()),
            None => listening.ip().to_string(),
        }
    }
}
