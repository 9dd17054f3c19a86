//! What processes use, from /proc, and what the NATS server has passed on, from its monitoring.

use crate::fleet::Described;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Unit of processor time in /proc: the same on every Linux (USER_HZ).
const TICKS_PER_S: f64 = 100.0;

/// Processor time and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Processor time since the process started, in seconds.
    pub cpu_s: f64,
    /// Memory in use now, in MiB.
    pub rss_mib: f64,
}

impl Usage {
    /// Returns what one process uses; nothing when it is gone.
    pub fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self { cpu_s: cpu_s(&stat).unwrap_or_default(), rss_mib: rss_mib(&status).unwrap_or_default() }
    }

    fn plus(self, other: Self) -> Self {
        Self { cpu_s: self.cpu_s + other.cpu_s, rss_mib: self.rss_mib + other.rss_mib }
    }
}

/// Returns user and system time; the command's name may hold spaces and parentheses.
fn cpu_s(stat: &str) -> Option<f64> {
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace();
    let user: f64 = fields.nth(11)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
}

fn rss_mib(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024.0)
}

/// Usage by role.
pub type Roles = BTreeMap<String, Usage>;

/// Returns what each role of a fleet uses, its servers and `players` (our own processes) included.
pub fn of_fleet(fleet: &Described, players: &[u32]) -> Roles {
    let roles = fleet.nodes.iter().filter_map(|node| Some((node.role.clone(), node.pid?)));
    let nats = fleet.nats_pid.map(|pid| ("nats-server".to_owned(), pid));
    let postgres = fleet.postgres_pid.into_iter().flat_map(family);
    let postgres = postgres.map(|pid| ("postgres".to_owned(), pid));
    let players = players.iter().map(|&pid| ("players".to_owned(), pid));
    of_processes(roles.chain(nats).chain(postgres).chain(players))
}

/// Adds up usage by name.
pub fn of_processes(processes: impl IntoIterator<Item = (String, u32)>) -> Roles {
    let mut roles = Roles::new();
    for (role, pid) in processes {
        let known = roles.entry(role).or_default();
        *known = known.plus(Usage::of(pid));
    }
    roles
}

/// Lists a process and its children: PostgreSQL has one for each connection.
fn family(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children.split_ascii_whitespace().filter_map(|child| child.parse().ok());
    std::iter::once(pid).chain(children).collect()
}

/// Returns what each role has used in between; its memory is that of the later.
pub fn between(before: &Roles, after: &Roles) -> Roles {
    let used = after.iter().map(|(role, usage)| {
        let begun = before.get(role).map_or(0.0, |usage| usage.cpu_s);
        (role.clone(), Usage { cpu_s: usage.cpu_s - begun, ..*usage })
    });
    used.collect()
}

/// Milliseconds of processor time that each role took per 1,000 of something.
pub fn cpu_ms_per_1000(used: &Roles, things: u64) -> BTreeMap<String, f64> {
    let things = things.max(1) as f64;
    used.iter().map(|(role, usage)| (role.clone(), round(usage.cpu_s * 1_000.0 / things * 1_000.0))).collect()
}

/// Rounds: three digits after the point are enough.
pub fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// What a NATS server has received and sent since it started.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Messages {
    /// Received from clients.
    pub in_msgs: u64,
    /// Sent to clients.
    pub out_msgs: u64,
}

impl Messages {
    /// Asks the server's monitoring.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask(port: u16) -> anyhow::Result<Self> {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(b"GET /varz HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
            let mut text = String::new();
            stream.read_to_string(&mut text).await?;
            anyhow::Ok(text)
        };
        let text = timeout(Duration::from_secs(10), asked).await.context("no answer from monitoring")??;
        let (head, body) = text.split_once("\r\n\r\n").context("no answer from monitoring")?;
        ensure!(head.contains(" 200 "), "monitoring says {head}");
        Ok(serde_json::from_str(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_and_parentheses_do_not_disturb() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_s(stat).map(f64::round), Some(3.0));
        assert_eq!(rss_mib("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2.0));
    }

    #[test]
    fn this_process_uses_something() {
        assert!(Usage::of(std::process::id()).rss_mib > 1.0);
    }
}
