//! The command line.

use std::{net::SocketAddr, time::Duration};

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
    /// Name or address by which players reach this gateway [default: the listening address].
    #[arg(long, env = "GATEWAY_ADVERTISE_HOST")]
    pub(crate) advertise_host: Option<String>,
    /// Most connections. Each takes one open file.
    #[arg(long, env = "GATEWAY_MAX_CONNECTIONS", default_value_t = 10_000)]
    pub(crate) max_connections: u32,
    /// Longest silence of a connection, in milliseconds. A connection that is silent for longer
    /// counts as gone, so a table notices after this time that a player's network has failed.
    #[arg(long, env = "GATEWAY_IDLE_MS", default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) idle_ms: u32,
    /// How often an account may register for tournaments and withdraw, both together, in a minute;
    /// 0 for no limit. More is refused as too fast.
    #[arg(long, env = "GATEWAY_ENTRIES_PER_MINUTE", default_value_t = 20)]
    pub(crate) entries_per_minute: u32,
}

impl Args {
    /// Returns the longest silence of a connection.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms.into())
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
