//! A fleet started by `pokerctl up`, in a temporary folder, on free ports.

use anyhow::{Context, ensure};
use bus::Bus;
use client::Address;
use rustix::process::{Pid, kill_process};
use servers::{Child, Program, Signal};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use supervisor::{Up, program_beside};
use tokio::{process::Command, time::sleep};

/// Time limit for a server to be started again.
const READY: Duration = Duration::from_secs(120);

/// The name of the fleet's nats-server among its processes.
pub const NATS: &str = "nats-server";
/// The name of the fleet's PostgreSQL among its processes.
pub const POSTGRES: &str = "PostgreSQL";

/// The number of processes of each role.
#[derive(Clone, Copy, Debug)]
pub struct FleetSize {
    /// Gateways.
    pub gateways: u8,
    /// Table workers.
    pub table_workers: u8,
    /// Bot workers.
    pub bot_workers: u8,
    /// Coordinators.
    pub coordinators: u8,
}

impl Default for FleetSize {
    fn default() -> Self {
        Self { gateways: 2, table_workers: 2, bot_workers: 2, coordinators: 2 }
    }
}

/// Folders of a fleet's files, if they are not the project's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folders<'a> {
    /// Server configuration and migrations.
    pub home: Option<&'a Path>,
    /// The programs.
    pub programs: Option<&'a Path>,
}

/// A running fleet. Dropping it kills all of its processes.
pub struct Fleet {
    up: Up,
    pokerctl: PathBuf,
    /// The administrator's connection.
    pub admin: Bus,
}

impl Fleet {
    /// Starts a fleet and waits until all of its processes are ready.
    ///
    /// # Errors
    /// When the fleet is not ready in time; has the last lines of its logs.
    pub async fn start(size: FleetSize) -> anyhow::Result<Self> {
        Self::start_as(size, Folders::default(), &[], &[]).await
    }

    /// Starts a fleet with further options of `pokerctl up`.
    ///
    /// # Errors
    /// Those of [`Fleet::start`].
    pub async fn start_with(size: FleetSize, options: &[&str]) -> anyhow::Result<Self> {
        Self::start_as(size, Folders::default(), options, &[]).await
    }

    /// Starts a fleet with these variables in its environment: options of roles that `pokerctl up`
    /// does not have.
    ///
    /// # Errors
    /// Those of [`Fleet::start`].
    pub async fn start_in(size: FleetSize, environment: &[(&str, String)]) -> anyhow::Result<Self> {
        Self::start_as(size, Folders::default(), &[], environment).await
    }

    /// Starts a fleet with files from other folders.
    ///
    /// # Errors
    /// Those of [`Fleet::start`].
    pub async fn start_from(size: FleetSize, folders: Folders<'_>) -> anyhow::Result<Self> {
        Self::start_as(size, folders, &[], &[]).await
    }

    async fn start_as(
        size: FleetSize,
        folders: Folders<'_>,
        options: &[&str],
        environment: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let pokerctl = match folders.programs {
            Some(programs) => programs.join("pokerctl"),
            None => program_beside("pokerctl")?,
        };
        let mut all: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
        let numbers = [size.gateways, size.table_workers, size.bot_workers, size.coordinators];
        let numbers = numbers.map(|number| number.to_string());
        for (name, number) in
            ["--gateways", "--table-workers", "--bot-workers", "--coordinators"].iter().zip(&numbers)
        {
            all.extend([OsStr::new(name), OsStr::new(number)]);
        }
        all.extend(folders.home.into_iter().flat_map(|home| [OsStr::new("--home"), home.as_os_str()]));
        let up = Up::start(&pokerctl, all, environment).await?;
        let admin = Bus::connect(up.described()?.options("admin", "tests")?).await?;
        Ok(Self { up, pokerctl, admin })
    }

    /// Returns the fleet's folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.up.data()
    }

    /// Returns the TCP addresses of the gateways, in the order of their names.
    ///
    /// # Errors
    /// When the fleet's description cannot be read.
    pub fn tcp(&self) -> anyhow::Result<Vec<Address>> {
        self.addresses("tcp://", "tcp://")
    }

    /// Returns the WebSocket addresses for JSON, in the order of the gateways' names.
    ///
    /// # Errors
    /// When the fleet's description cannot be read.
    pub fn ws_json(&self) -> anyhow::Result<Vec<Address>> {
        self.addresses("ws://", "ws+json://")
    }

    /// Returns the WebSocket addresses for MessagePack, in the order of the gateways' names.
    ///
    /// # Errors
    /// When the fleet's description cannot be read.
    pub fn ws(&self) -> anyhow::Result<Vec<Address>> {
        self.addresses("ws://", "ws://")
    }

    fn addresses(&self, scheme: &str, wanted: &str) -> anyhow::Result<Vec<Address>> {
        let all = self.up.described()?.addresses(scheme);
        all.iter().map(|text| Ok(text.replacen(scheme, wanted, 1).parse()?)).collect()
    }

    /// Connects to nats-server with the rights of a role.
    ///
    /// # Errors
    /// When nats-server is away.
    pub async fn bus(&self, user: &str) -> anyhow::Result<Bus> {
        Ok(Bus::connect(self.up.described()?.options(user, "tests")?).await?)
    }

    /// Returns the address, password included, by which the database's owner logs in.
    ///
    /// # Errors
    /// When the fleet's description or the file cannot be read.
    pub fn database_url(&self) -> anyhow::Result<String> {
        Ok(self.up.described()?.database_url()?)
    }

    /// Returns the process id of a role's process, of [`NATS`] or of [`POSTGRES`]; none while it
    /// does not run.
    #[must_use]
    pub fn pid(&self, node: &str) -> Option<u32> {
        let pid = self.up.described().ok()?.pid_of(node);
        // The description has a dead process until it is started again.
        pid.filter(|pid| raw(*pid).is_ok_and(|pid| rustix::process::test_kill_process(pid).is_ok()))
    }

    /// Sends a signal to a process, and returns its process id.
    ///
    /// # Errors
    /// When the process does not run.
    pub fn signal(&self, node: &str, signal: Signal) -> anyhow::Result<u32> {
        let pid = self.pid(node).with_context(|| format!("no process {node}"))?;
        kill_process(raw(pid)?, signal)?;
        Ok(pid)
    }

    /// Starts one more table worker, which is not a child of `pokerctl up`.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub async fn add_table_worker(&self, node: &str) -> anyhow::Result<Child> {
        self.add_table_worker_in(node, &[]).await
    }

    /// Starts one more table worker with these variables in its environment.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub async fn add_table_worker_in(&self, node: &str, env: &[(&str, &OsStr)]) -> anyhow::Result<Child> {
        let described = self.up.described()?;
        let role = "table-worker";
        let program = program_beside(role)?;
        let mut program = Program::new(program);
        for (name, value) in env {
            program = program.env(name, value);
        }
        let started = program
            .args(["--nats-url", &described.nats_url, "--node", node])
            .env("NATS_USER", role)
            .env("NATS_PASSWORD", "")
            .env("NATS_PASSWORD_FILE", described.credentials.context("no passwords")?.join(role))
            .env("NO_COLOR", "1")
            .log(self.data().join("logs").join(format!("{node}.log")))
            .start();
        Ok(started.await?)
    }

    /// Kills a process (SIGKILL), e.g. `table-worker-1`. `pokerctl up` starts it again after a
    /// pause.
    ///
    /// # Errors
    /// When the process does not run.
    pub fn kill(&self, node: &str) -> anyhow::Result<()> {
        self.signal(node, Signal::KILL).map(drop)
    }

    /// Kills nats-server (SIGKILL) and waits until `pokerctl up` has started it again.
    ///
    /// # Errors
    /// When nats-server is not started again in time.
    pub async fn kill_nats(&self) -> anyhow::Result<()> {
        let pid = self.signal(NATS, Signal::KILL)?;
        let began = Instant::now();
        while self.up.described()?.nats_pid.is_none_or(|now| now == pid) {
            ensure!(began.elapsed() < READY, "nats-server was not started again");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Kills nats-server (SIGKILL) and keeps it away for `time`, and until `meanwhile` has ended.
    ///
    /// # Errors
    /// When the fleet has no such server of its own, and the error of `meanwhile`.
    pub async fn nats_away(
        &self,
        time: Duration,
        meanwhile: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        self.away(self.up.described()?.nats_pid.context("no nats-server")?, time, meanwhile).await
    }

    /// Kills PostgreSQL (SIGKILL) and keeps it away for `time`, and until `meanwhile` has ended.
    ///
    /// # Errors
    /// When the fleet has no such server of its own, and the error of `meanwhile`.
    pub async fn postgres_away(
        &self,
        time: Duration,
        meanwhile: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        self.away(self.up.described()?.postgres_pid.context("no PostgreSQL")?, time, meanwhile).await
    }

    /// Stops `pokerctl up` (SIGSTOP) meanwhile, so that it starts no process again.
    async fn away(
        &self,
        pid: u32,
        time: Duration,
        meanwhile: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        self.up.process().signal(Signal::STOP);
        let killed = raw(pid).and_then(|pid| Ok(kill_process(pid, Signal::KILL)?));
        let (outcome, ()) = tokio::join!(meanwhile, sleep(time));
        self.up.process().signal(Signal::CONT);
        killed.and(outcome)
    }

    /// Returns the command that runs `pokerctl` with these arguments on this fleet.
    #[must_use]
    pub fn pokerctl_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.pokerctl);
        command.arg("--data-dir").arg(self.data()).args(args);
        command
    }

    /// Runs `pokerctl` with these arguments on this fleet, and returns its output.
    ///
    /// # Errors
    /// When it fails; has its output.
    pub async fn pokerctl(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.pokerctl_command(args).output().await?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "pokerctl {args:?}: {}\n{out}\n{err}", output.status);
        Ok(out.into_owned())
    }

    /// Runs `pokerctl`, and returns its output, whether it succeeds or fails.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn pokerctl_prints(&self, args: &[&str]) -> anyhow::Result<String> {
        Ok(self.pokerctl_ends(args).await?.1)
    }

    /// Does the same, and returns whether it succeeds.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn pokerctl_ends(&self, args: &[&str]) -> anyhow::Result<(bool, String)> {
        let output = self.pokerctl_command(args).output().await?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Runs `pokerctl verify`.
    ///
    /// # Errors
    /// When it finds violations; has its output.
    pub async fn verify(&self) -> anyhow::Result<()> {
        self.pokerctl(&["verify", "--json"]).await.map(|_| ())
    }

    /// Stops the fleet in order.
    ///
    /// # Errors
    /// When the fleet does not stop in time, or not cleanly.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.up.stop().await?)
    }

    /// Stops the fleet in order, keeps its folder and returns the folder's path.
    ///
    /// # Errors
    /// When the fleet does not stop in time.
    pub async fn stop_and_keep(mut self) -> anyhow::Result<PathBuf> {
        Ok(self.up.stop_and_keep().await?)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.up.logs());
        }
    }
}

fn raw(pid: u32) -> anyhow::Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).context("not a process id")
}
