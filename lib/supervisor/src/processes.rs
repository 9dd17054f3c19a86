//! The fleet's processes: their environment, and the order in which they stop.

use crate::{
    keep::{Change, Kind, Server, keep, keep_server},
    plan::Planned,
    signals::Wanted,
};
use servers::Program;
use std::{
    collections::HashMap,
    future::Future,
    path::{Path, PathBuf},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use wire::fleet::Role;

/// The variable for a process's number of threads; a value in the environment takes precedence.
const THREADS: &str = "TOKIO_WORKER_THREADS";

/// Returns whether a role's process inherits a variable of the environment that `pokerctl up` runs
/// in: only variables that roles read, and so none of the administrator's passwords.
fn is_inherited(name: &str) -> bool {
    const OF_THE_SYSTEM: [&str; 9] = [
        "PATH",
        "HOME",
        "TMPDIR",
        "TZ",
        "LANG",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "RUST_LOG",
        "RUST_BACKTRACE",
    ];
    const OF_ROLES: [&str; 5] = ["GATEWAY_", "BOT_", "ARCHIVE_", "NATS_", "LC_"];
    let is_known = OF_THE_SYSTEM.contains(&name)
        || [THREADS, "DATABASE_CONNECTIONS", "CASHIER_PASS_SECONDS"].contains(&name);
    is_known || OF_ROLES.iter().any(|start| name.starts_with(start))
}

/// The same for a fleet with a NATS server of its own, which has no TLS: the variable's authorities
/// are those of another server.
fn is_inherited_beside_own_nats(name: &str) -> bool {
    name != "NATS_CA_FILE" && is_inherited(name)
}

/// The order in which a fleet stops, each kind before those that it needs: first players'
/// connections are closed, then tables and tournaments are handed over, then the servers end.
pub const STOP_ORDER: [(&str, &[Kind]); 7] = [
    ("gateways", &[Kind::Role(Role::Gateway)]),
    ("table workers and bot workers", &[Kind::Role(Role::TableWorker), Kind::Role(Role::BotWorker)]),
    ("coordinators", &[Kind::Role(Role::Coordinator)]),
    ("archivist", &[Kind::Role(Role::Archivist)]),
    ("cashier", &[Kind::Role(Role::Cashier)]),
    ("PostgreSQL", &[Kind::Postgres]),
    ("nats-server", &[Kind::Nats]),
];

/// A role's program is missing.
#[derive(Debug, thiserror::Error)]
#[error("the program {} is missing: build all of them with `cargo build --workspace` (or `make build`)", .0.display())]
pub struct NoProgram(pub PathBuf);

/// The environment that all role processes share.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Folder of the roles' programs.
    pub(crate) programs: PathBuf,
    /// Options that all roles have.
    pub(crate) args: Vec<String>,
    /// Folder with the passwords of the NATS users; none if the environment has one for all.
    pub(crate) passwords: Option<PathBuf>,
    /// The database's addresses, with the login of each role that has one.
    pub(crate) database_urls: HashMap<Role, String>,
}

impl Surroundings {
    /// Checks that all programs exist.
    ///
    /// # Errors
    /// Names the first missing program.
    pub(crate) fn check(programs: &Path) -> Result<(), NoProgram> {
        let missing = Role::ALL.iter().map(|role| programs.join(role.name())).find(|path| !path.is_file());
        missing.map_or(Ok(()), |path| Err(NoProgram(path)))
    }

    fn program(&self, node: &Planned) -> Program {
        let role = node.role.name();
        let mut program = Program::new(self.programs.join(role))
            .args(&self.args)
            .args(&node.args)
            .inherits(is_inherited)
            .env("NO_COLOR", "1")
            .log(&node.log);
        if let Some(folder) = &self.passwords {
            // The environment's values belong to another server.
            program = program
                .inherits(is_inherited_beside_own_nats)
                .env("NATS_USER", role)
                .env("NATS_PASSWORD", "")
                .env("NATS_PASSWORD_FILE", folder.join(role));
        }
        if let Some(threads) = node.threads
            && std::env::var_os(THREADS).is_none()
        {
            program = program.env(THREADS, threads.to_string());
        }
        if let Some(url) = self.database_urls.get(&node.role) {
            program = program.env("DATABASE_URL", url);
        }
        program
    }
}

/// The running processes.
#[derive(Debug)]
pub struct Processes {
    kept: Vec<Kept>,
    changes: mpsc::UnboundedSender<Change>,
    wanted: Wanted,
}

#[derive(Debug)]
struct Kept {
    kind: Kind,
    stop: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

impl Processes {
    /// Returns an empty set of processes; drained ones start again at a signal of `wanted`. The
    /// receiver gets all changes.
    pub fn new(wanted: Wanted) -> (Self, mpsc::UnboundedReceiver<Change>) {
        let (changes, receiver) = mpsc::unbounded_channel();
        let kept = Vec::new();
        (Self { kept, changes, wanted }, receiver)
    }

    /// Starts a role's process and keeps it running.
    pub(crate) fn keep_node(&mut self, node: &Planned, surroundings: &Surroundings) {
        let program = surroundings.program(node);
        let changes = self.changes.clone();
        let name = node.node.clone();
        let wanted = self.wanted.clone();
        self.keep(Kind::Role(node.role), |stop| keep(name, program, stop, wanted, changes));
    }

    /// Keeps a started server running.
    pub(crate) fn keep_server<S: Server>(&mut self, kind: Kind, server: S) {
        let changes = self.changes.clone();
        self.keep(kind, |stop| keep_server(server, stop, changes));
    }

    fn keep<F>(&mut self, kind: Kind, task: impl FnOnce(watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        let (stop, stopped) = watch::channel(false);
        let ended = tokio::task::spawn_local(task(stopped));
        self.kept.push(Kept { kind, stop, ended });
    }

    /// Returns the number of processes of some kinds.
    #[must_use]
    pub fn count(&self, kinds: &[Kind]) -> usize {
        self.kept.iter().filter(|kept| kinds.contains(&kept.kind)).count()
    }

    /// Stops all processes of some kinds at the same time, and returns when they have ended.
    pub async fn stop(&mut self, kinds: &[Kind]) {
        let (stopping, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.kept).into_iter().partition(|kept| kinds.contains(&kept.kind));
        self.kept = kept;
        for kept in &stopping {
            kept.stop.send_replace(true);
        }
        for kept in stopping {
            // The task neither panics nor is cancelled.
            let _ = kept.ended.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_inherit_their_options_and_no_secrets_of_the_administrator() {
        for name in [
            "PATH",
            "RUST_LOG",
            "GATEWAY_PROXIES",
            "NATS_URL",
            "LC_ALL",
            "DATABASE_CONNECTIONS",
            "CASHIER_PASS_SECONDS",
        ] {
            assert!(is_inherited(name), "{name}");
        }
        for name in [
            "DATABASE_URL",
            "PGPASSWORD",
            "CASHIER_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
            "PATHS",
            "",
        ] {
            assert!(!is_inherited(name), "{name}");
        }
        assert!(is_inherited("NATS_CA_FILE") && !is_inherited_beside_own_nats("NATS_CA_FILE"));
        assert!(is_inherited_beside_own_nats("NATS_URL"));
    }
}
