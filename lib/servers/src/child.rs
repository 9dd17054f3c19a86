//! A program as a child process that ends with this process.
//!
//! The kernel sends the parent-death signal when the *thread* that started the child ends, so all
//! children are started by one thread that lives as long as the process.

use crate::{ServerError, account::Account};
use std::{
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    time::Duration,
};
use tokio::{process, runtime::Handle, sync::oneshot, time::timeout};

pub use rustix::process::Signal;

/// Time limit until a killed process has disappeared.
const GONE: Duration = Duration::from_secs(10);

/// A program to be started, and the signals that end it.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    inherits: fn(&str) -> bool,
    dir: Option<PathBuf>,
    input: Option<PathBuf>,
    log: Option<PathBuf>,
    account: Option<Account>,
    stop: Signal,
    orphaned: Signal,
}

impl Program {
    /// Returns a program that is stopped by SIGTERM, and killed when this process ends.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            args: Vec::new(),
            env: Vec::new(),
            inherits: |_| true,
            dir: None,
            input: None,
            log: None,
            account: None,
            stop: Signal::TERM,
            orphaned: Signal::KILL,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable; the others are inherited, as [`Program::inherits`] says.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Says which environment variables the program inherits, by their names [default: all].
    #[must_use]
    pub const fn inherits(mut self, inherits: fn(&str) -> bool) -> Self {
        self.inherits = inherits;
        self
    }

    /// Sets the folder that the program runs in [default: this process' folder].
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets a file as the program's standard input [default: none].
    #[must_use]
    pub(crate) fn input(mut self, input: impl Into<PathBuf>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Appends the program's output to a file [default: this process' output].
    #[must_use]
    pub fn log(mut self, log: impl Into<PathBuf>) -> Self {
        self.log = Some(log.into());
        self
    }

    /// Sets the signal that asks the program to stop [default: SIGTERM].
    #[must_use]
    pub const fn stop_by(mut self, signal: Signal) -> Self {
        self.stop = signal;
        self
    }

    /// Sets the signal that the program gets when this process ends first [default: SIGKILL].
    #[must_use]
    pub const fn orphaned_by(mut self, signal: Signal) -> Self {
        self.orphaned = signal;
        self
    }

    /// Runs the program as another user, which only root can do.
    #[must_use]
    pub(crate) fn account(mut self, account: Option<Account>) -> Self {
        self.account = account;
        self
    }

    /// Starts the program in a process group of its own: Ctrl-C in the terminal does not reach it.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub async fn start(self) -> Result<Child, ServerError> {
        let mut command = process::Command::new(&self.path);
        let inherited = std::env::vars_os().filter(|(name, _)| (self.inherits)(&name.to_string_lossy()));
        command
            .args(&self.args)
            .env_clear()
            .envs(inherited)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(input) = &self.input {
            command.stdin(File::open(input).map_err(ServerError::on("read", input))?);
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let mut log_start = 0;
        if let Some(log) = &self.log {
            let out = open_log(log).map_err(ServerError::on("open the log", log))?;
            log_start = out.metadata().map_err(ServerError::on("open the log", log))?.len();
            let err = out.try_clone().map_err(ServerError::on("open the log", log))?;
            command.stdout(out).stderr(err);
        }
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        die_with_parent(&mut command, self.orphaned);
        let child = on_lasting_thread(command)
            .await
            .map_err(|source| ServerError::Spawn { program: self.path.display().to_string(), source })?;
        Ok(Child { child, stop: self.stop, log: self.log, log_start })
    }
}

/// A child that runs or has ended. Dropping it kills the process.
#[derive(Debug)]
pub struct Child {
    child: process::Child,
    stop: Signal,
    log: Option<PathBuf>,
    /// Length of the log when the child was started, in bytes.
    log_start: u64,
}

impl Child {
    /// Returns the process id; `None` once the child has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal; a child that has ended gets none.
    pub fn signal(&self, signal: Signal) {
        // The id exists only while the process has not been waited for, so it cannot be another
        // process' id by now.
        let id = self.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(rustix::process::Pid::from_raw)
            && let Err(error) = rustix::process::kill_process(id, signal)
        {
            tracing::debug!(%error, ?id, "a signal was not sent: the process has ended already");
        }
    }

    /// Pauses the child (SIGSTOP) and waits until all its threads have stopped: the signal takes
    /// effect only when one of the threads runs, and the others go on until then.
    ///
    /// # Errors
    /// When the child has ended.
    pub async fn freeze(&self) -> io::Result<()> {
        self.signal(Signal::STOP);
        let id = self.id().ok_or(io::ErrorKind::NotFound)?;
        while !all_stopped(id)? {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until the child ends.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Returns how the child ended; `None` while it runs.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub fn try_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks the child to stop, and kills it if it still runs after `patience`.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn stop(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        self.signal(self.stop);
        match timeout(patience, self.ended()).await {
            Ok(status) => status,
            Err(_) => {
                tracing::warn!(
                    id = self.id(),
                    "a process did not stop in time after its stop signal: it is killed"
                );
                self.kill().await
            }
        }
    }

    /// Kills the child (SIGKILL) and waits until it has ended.
    ///
    /// # Errors
    /// When the operating system does not report its end.
    pub async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        match timeout(GONE, self.ended()).await {
            Ok(status) => status,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Returns the end of the child's log since its start, at most 8 KiB.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let tail = self.log.as_deref().map(|log| tail(log, self.log_start));
        tail.and_then(Result::ok).unwrap_or_default()
    }

    /// Ends the child without asynchronous waiting, for `drop`.
    pub(crate) fn end_now(&mut self, signal: Signal, patience: Duration) {
        self.signal(signal);
        let tries = patience.as_millis() / 5;
        for _ in 0..tries {
            if !matches!(self.try_ended(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.signal(Signal::KILL);
    }
}

/// Returns whether all threads of a process are stopped.
fn all_stopped(id: u32) -> io::Result<bool> {
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may have ended meanwhile.
        let Ok(stat) = std::fs::read_to_string(thread?.path().join("stat")) else { continue };
        // The state comes after the name, which is in parentheses and may hold others
        // (proc_pid_stat(5)).
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        if state != Some('T') {
            return Ok(false);
        }
    }
    Ok(true)
}

fn open_log(log: &Path) -> io::Result<File> {
    if let Some(dir) = log.parent() {
        std::fs::create_dir_all(dir)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(log)
}

fn tail(log: &Path, start: u64) -> io::Result<String> {
    /// Bytes of the log that are shown: the last lines tell why a program ended.
    const MOST: u64 = 8 * 1_024;
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST).max(start)))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lets the kernel signal the child when this process ends, or at once when it has ended meanwhile.
#[allow(unsafe_code)]
fn die_with_parent(command: &mut process::Command, signal: Signal) {
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only two system calls are made, which are async-signal-safe; no
    // memory is allocated and no lock is taken. The closure runs after the change of user, which
    // would clear the signal again.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(rustix::io::Errno::SRCH.into())
            }
        });
    }
}

struct Start {
    command: process::Command,
    runtime: Handle,
    started: oneshot::Sender<io::Result<process::Child>>,
}

async fn on_lasting_thread(command: process::Command) -> io::Result<process::Child> {
    static THREAD: OnceLock<Option<mpsc::Sender<Start>>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Start>();
        std::thread::Builder::new()
            .name("children".into())
            .spawn(move || {
                for mut start in receiver {
                    let _runtime = start.runtime.enter();
                    // The caller has stopped waiting: the child is dropped, and so killed.
                    let _ = start.started.send(start.command.spawn());
                }
            })
            .is_ok()
            .then_some(sender)
    });
    let no_thread = || io::Error::other("no thread to start processes from");
    let (started, answer) = oneshot::channel();
    let start = Start { command, runtime: Handle::current(), started };
    thread.as_ref().and_then(|thread| thread.send(start).ok()).ok_or_else(no_thread)?;
    answer.await.map_err(|_| no_thread())?
}
