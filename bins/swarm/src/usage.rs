//! The usage of processes, from /proc, and the NATS server's message counts, from its monitoring.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, time::Duration};
use supervisor::Fleet;
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
    /// Returns the usage of one process; zero when it has ended.
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

/// Returns the usage of each role of a fleet, with its servers and `players` (the swarm's own
/// processes).
pub fn of_fleet(fleet: &Fleet, players: &[u32]) -> Roles {
    let roles = fleet.nodes.iter().filter_map(|node| Some((node.role.clone(), node.pid?)));
    let nats = fleet.nats_pid.map(|pid| ("nats-server".to_owned(), pid));
    let postgres = fleet.postgres_pid.into_iter().flat_map(family);
    let postgres = postgres.map(|pid| ("postgres".to_owned(), pid));
    let players = players.iter().map(|&pid| ("players".to_owned(), pid));
    of_processes(roles.chain(nats).chain(postgres).chain(players))
}

/// Returns the usage of these processes, added up by name.
pub fn of_processes(processes: impl IntoIterator<Item = (String, u32)>) -> Roles {
    let mut roles = Roles::new();
    for (role, pid) in processes {
        let known = roles.entry(role).or_default();
        *known = known.plus(Usage::of(pid));
    }
    roles
}

/// Returns the ids of a process and its children: PostgreSQL has one for each connection.
fn family(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children.split_ascii_whitespace().filter_map(|child| child.parse().ok());
    std::iter::once(pid).chain(children).collect()
}

/// Returns the usage of each role between two readings; the memory is that of the later one.
pub fn between(before: &Roles, after: &Roles) -> Roles {
    let used = after.iter().map(|(role, usage)| {
        let begun = before.get(role).map_or(0.0, |usage| usage.cpu_s);
        (role.clone(), Usage { cpu_s: usage.cpu_s - begun, ..*usage })
    });
    used.collect()
}

/// Returns the milliseconds of processor time of each role per 1,000 of these things.
pub fn cpu_ms_per_1000(used: &Roles, things: u64) -> BTreeMap<String, f64> {
    let things = things.max(1) as f64;
    used.iter().map(|(role, usage)| (role.clone(), round(usage.cpu_s * 1_000.0 / things * 1_000.0))).collect()
}

/// Returns the value rounded to three decimals.
pub fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The messages that a NATS server has received and sent since it started.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Messages {
    /// Received from clients.
    pub in_msgs: u64,
    /// Sent to clients.
    pub out_msgs: u64,
}

impl Messages {
    /// Reads the counts from the server's monitoring.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn ask(port: u16) -> anyhow::Result<Self> {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(b"GET /varz HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
            let mut text = String::new();
            stream.read_to_string(&mut text).await?;
            anyhow::Ok(text)
        };
        let text = timeout(Duration::from_secs(10), asked)
            .await
            .context("the NATS server's monitoring does not answer")??;
        let (head, body) = text.split_once("\r\n\r\n").context("no answer from monitoring")?;
        ensure!(head.contains(" 200 "), "monitoring says {head}");
        Ok(serde_json::from_str(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_names_with_spaces_and_parentheses_are_parsed() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_s(stat).map(f64::round), Some(3.0));
        assert_eq!(rss_mib("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2.0));
    }

    #[test]
    fn this_process_has_some_usage() {
        assert!(Usage::of(std::process::id()).rss_mib > 1.0);
    }
}
