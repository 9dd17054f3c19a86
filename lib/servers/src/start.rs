//! The common part of starting a server: waits until it is ready, and reads from its log why it is
//! not.

use crate::{Child, ServerError, ports};
use std::{path::Path, time::Duration};
use tokio::time::{Instant, sleep};

/// How often a server is checked during its start.
const LOOK: Duration = Duration::from_millis(10);
/// Time limit of a start, with a large store to recover.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time limit until a given port is free.
const FREED: Duration = Duration::from_secs(3);

/// A server that is being started.
pub(crate) struct Start<'a> {
    pub(crate) program: &'static str,
    pub(crate) port: u16,
    pub(crate) log: &'a Path,
    /// A folder on the disk that the server writes to.
    pub(crate) disk: &'a Path,
}

impl Start<'_> {
    /// Waits until `ready` returns true.
    pub(crate) async fn wait(
        &self,
        child: &mut Child,
        ready: impl AsyncFn(&Child) -> bool,
    ) -> Result<(), ServerError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if child.try_ended().map_err(ServerError::on("wait for", self.log))?.is_some() {
                return Err(self.reason(&child.log_tail()));
            }
            if ready(child).await {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ServerError::NotReady {
                    program: self.program,
                    seconds: PATIENCE.as_secs(),
                    log: self.log.display().to_string(),
                });
            }
            sleep(LOOK).await;
        }
    }

    /// Returns why the server ended, by its output.
    pub(crate) fn reason(&self, printed: &str) -> ServerError {
        let lower = printed.to_lowercase();
        if lower.contains("address already in use") || lower.contains("could not bind") {
            return ServerError::PortTaken { program: self.program, port: self.port };
        }
        if lower.contains("no space left") || lower.contains("disk quota exceeded") {
            return ServerError::DiskFull { path: self.disk.display().to_string() };
        }
        let telling = |line: &&str| {
            ["[FTL]", "FATAL", "PANIC", "error", "nats-server:"].iter().any(|word| line.contains(word))
        };
        let lines = || printed.lines().map(str::trim).filter(|line| !line.is_empty());
        let reason = lines().rfind(telling).or_else(|| lines().next_back()).unwrap_or("its log is empty");
        ServerError::Ended {
            program: self.program,
            reason: reason.to_owned(),
            log: self.log.display().to_string(),
        }
    }
}

/// Returns the ports to try: the given one, which must get free soon, or several free ones.
pub(crate) async fn candidates(program: &'static str, port: Option<u16>) -> Result<Vec<u16>, ServerError> {
    let Some(port) = port else {
        return (0..ports::TRIES).map(|_| ports::free(program)).collect();
    };
    // The server of a fleet that was just stopped may be about to end.
    let deadline = Instant::now() + FREED;
    while !ports::is_free(port) {
        if Instant::now() >= deadline {
            return Err(ServerError::PortTaken { program, port });
        }
        sleep(LOOK).await;
    }
    Ok(vec![port])
}

/// Fails when a server would soon fail because its disk is full.
pub(crate) fn room(dir: &Path) -> Result<(), ServerError> {
    /// Bytes that a fresh store needs.
    const LEAST: u64 = 64 * 1_024 * 1_024;
    match rustix::fs::statvfs(dir) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST => {
            Err(ServerError::DiskFull { path: dir.display().to_string() })
        }
        Ok(_) => Ok(()),
        Err(error) => Err(ServerError::file("look at", dir, error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(printed: &str) -> String {
        let path = Path::new("/x/log");
        Start { program: "nats-server", port: 7, log: path, disk: path }.reason(printed).to_string()
    }

    #[test]
    fn logs_are_read() {
        assert!(reason("a\n[FTL] bind: address already in use\n").starts_with("port 7"));
        assert!(reason("could not write: No space left on device").starts_with("the disk of /x/log"));
        let other = reason("[1] x\n[1] [FTL] bad config\n[1] bye\n");
        assert!(other.contains("[1] [FTL] bad config"), "{other}");
        assert!(reason("").contains("its log is empty"));
    }
}
