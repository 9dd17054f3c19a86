//! Keeps one process running: starts it, starts it again when it dies, and ends it when asked to.

use crate::signals::Wanted;
use servers::{Child, Nats, Postgres, Program, ServerError};
use std::{
    future::Future,
    io,
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use wire::fleet::Role;

/// First pause before a process that died is started again; doubles with each early death.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A process that ran this long did not die early.
const LIVED: Duration = Duration::from_secs(20);
/// Time limit for a process to hand its work over when it is stopped.
const GRACE: Duration = Duration::from_secs(15);

/// A change of a process.
#[derive(Debug)]
pub enum Change {
    /// It runs.
    Started {
        /// The process.
        node: String,
        /// Its process id.
        pid: Option<u32>,
    },
    /// It ended by itself, and is started again after a pause.
    Died {
        /// The process.
        node: String,
        /// How, e.g. `signal: 9 (SIGKILL)`.
        how: String,
        /// The line of its log that gives a reason; none if a signal ended it.
        last_line: Option<String>,
        /// The pause.
        pause: Duration,
    },
    /// It was drained and has ended, and is not started again until that is requested.
    Drained {
        /// The process.
        node: String,
    },
    /// It could not be started; the next attempt follows after a pause.
    NotStarted {
        /// The process.
        node: String,
        /// The reason.
        error: ServerError,
    },
}

/// The kinds of processes, for the order in which they stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The messaging server.
    Nats,
    /// The database server.
    Postgres,
    /// One of the roles.
    Role(Role),
}

/// A server of `lib/servers`.
pub(crate) trait Server: 'static {
    /// The server's name among the fleet's processes.
    const NAME: &'static str;

    /// Returns the process.
    fn child(&mut self) -> &mut Child;

    /// Starts the server again after its death.
    fn restart(&mut self) -> impl Future<Output = Result<(), ServerError>>;

    /// Stops the server.
    fn stop(&mut self) -> impl Future<Output = Result<(), ServerError>>;
}

macro_rules! server {
    ($server:ty, $name:literal) => {
        impl Server for $server {
            const NAME: &'static str = $name;

            fn child(&mut self) -> &mut Child {
                self.child()
            }

            async fn restart(&mut self) -> Result<(), ServerError> {
                self.restart().await
            }

            async fn stop(&mut self) -> Result<(), ServerError> {
                self.stop().await
            }
        }
    };
}
server!(Nats, "nats-server");
server!(Postgres, "PostgreSQL");

/// Keeps a server running until it is told to stop.
pub(crate) async fn keep_server<S: Server>(
    mut server: S,
    mut stop: watch::Receiver<bool>,
    changes: mpsc::UnboundedSender<Change>,
) {
    let tell = |change| drop(changes.send(change));
    let node = S::NAME.to_owned();
    tell(Change::Started { node: node.clone(), pid: server.child().id() });
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let status = tokio::select! {
            status = server.child().ended() => status,
            () = told(&mut stop) => {
                if let Err(error) = server.stop().await {
                    tracing::warn!(%node, %error, "the server cannot be stopped: it is killed when the supervisor ends");
                }
                return;
            }
        };
        if started.elapsed() >= LIVED {
            pause = FIRST_PAUSE;
        }
        tell(died(&node, status, server.child(), pause));
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = told(&mut stop) => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match server.restart().await {
                Ok(()) => break,
                Err(error) => tell(Change::NotStarted { node: node.clone(), error }),
            }
        }
        tell(Change::Started { node: node.clone(), pid: server.child().id() });
    }
}

fn died(node: &str, status: io::Result<ExitStatus>, child: &Child, pause: Duration) -> Change {
    let by_itself = status.as_ref().is_ok_and(|status| status.signal().is_none());
    Change::Died {
        node: node.to_owned(),
        how: status.map_or_else(|error| error.to_string(), |status| status.to_string()),
        last_line: by_itself.then(|| last_line(&child.log_tail())),
        pause,
    }
}

/// Keeps a process running until it is asked to stop.
pub(crate) async fn keep(
    node: String,
    program: Program,
    mut stop: watch::Receiver<bool>,
    mut wanted: Wanted,
    changes: mpsc::UnboundedSender<Change>,
) {
    // Once the fleet is being stopped, changes are no longer read.
    let tell = |change| drop(changes.send(change));
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        match program.clone().start().await {
            Ok(mut child) => {
                tell(Change::Started { node: node.clone(), pid: child.id() });
                let status = tokio::select! {
                    status = child.ended() => status,
                    () = told(&mut stop) => return end(&node, child).await,
                };
                if started.elapsed() >= LIVED {
                    pause = FIRST_PAUSE;
                }
                if status.as_ref().is_ok_and(ExitStatus::success) {
                    tell(Change::Drained { node: node.clone() });
                    tokio::select! {
                        () = wanted.again() => continue,
                        () = told(&mut stop) => return,
                    }
                }
                tell(died(&node, status, &child, pause));
            }
            Err(error) => tell(Change::NotStarted { node: node.clone(), error }),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = told(&mut stop) => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns when the process is asked to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // A dropped sender asks for the stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn end(node: &str, mut child: Child) {
    if let Err(error) = child.stop(GRACE).await {
        tracing::warn!(%node, %error, "the process cannot be stopped: it is killed when the supervisor ends");
    }
}

/// Returns the line of a log that best gives the reason why a process ended: its panic or last
/// error, if there is one. Backtraces are left out: they do not help an administrator.
fn last_line(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let panic = lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    let error = lines().rfind(|line| ["Error:", "error:", "ERROR"].iter().any(|word| line.contains(word)));
    panic.or(error).or(lines().next_back()).unwrap_or("its log is empty").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn program(script: &str) -> Program {
        Program::new("/bin/sh").arg("-c").arg(script)
    }

    #[tokio::test]
    async fn a_process_that_dies_is_started_again() {
        let (stop, stopped) = watch::channel(false);
        let (sender, mut changes) = mpsc::unbounded_channel();
        let task = tokio::spawn(keep("x-1".into(), program("exit 3"), stopped, Wanted::never(), sender));
        for _ in 0..2 {
            let started = changes.recv().await.unwrap();
            assert!(matches!(started, Change::Started { .. }), "{started:?}");
            match changes.recv().await.unwrap() {
                Change::Died { how, .. } => assert_eq!(how, "exit status: 3"),
                other => panic!("{other:?}"),
            }
        }
        stop.send_replace(true);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_drained_process_is_started_only_when_that_is_requested() {
        let (_stop, stopped) = watch::channel(false);
        let (sender, mut changes) = mpsc::unbounded_channel();
        let (want, wanted) = Wanted::by_hand();
        tokio::spawn(keep("x-1".into(), program("exit 0"), stopped, wanted, sender));
        for _ in 0..2 {
            assert!(matches!(changes.recv().await.unwrap(), Change::Started { .. }));
            assert!(matches!(changes.recv().await.unwrap(), Change::Drained { .. }));
            assert!(tokio::time::timeout(2 * FIRST_PAUSE, changes.recv()).await.is_err());
            want.send_modify(|count| *count += 1);
        }
    }

    #[tokio::test]
    async fn a_process_is_stopped_when_asked() {
        let (stop, stopped) = watch::channel(false);
        let (sender, mut changes) = mpsc::unbounded_channel();
        let task =
            tokio::spawn(keep("x-1".into(), program("exec sleep 100"), stopped, Wanted::never(), sender));
        let Change::Started { pid: Some(pid), .. } = changes.recv().await.unwrap() else {
            panic!("not started");
        };
        stop.send_replace(true);
        task.await.unwrap();
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn the_reported_line_of_a_log_is_its_panic_or_last_error() {
        assert_eq!(last_line("a\nb \n\n"), "b");
        assert_eq!(last_line("x\nError: no port\n\nStack backtrace:\n 0: main"), "Error: no port");
        let panic = "thread 'main' (7) panicked at src/main.rs:1:2:\nno hope\nnote: run with";
        assert_eq!(last_line(panic), "no hope");
        let argument = "error: invalid value 'x' for '--n'\n\nFor more information, try '--help'.\n";
        assert_eq!(last_line(argument), "error: invalid value 'x' for '--n'");
        assert_eq!(last_line(""), "its log is empty");
    }
}
