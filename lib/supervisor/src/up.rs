//! Runs `pokerctl up` as a child process, for programs that need a fleet of their own: measurements
//! and tests.

use crate::{Fleet, FleetError, NoProgram};
use servers::{Child, Program, ServerError, Signal};
use std::{
    env,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;

/// Time limit for a fleet to be ready.
const READY: Duration = Duration::from_secs(120);
/// Time limit for a fleet to stop in order.
const STOPPED: Duration = Duration::from_secs(60);
/// Number of lines of each log that an error quotes.
const TAIL: usize = 15;

/// The reason why a fleet does not run, or does not stop in order.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The program cannot be started.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The fleet's folder cannot be created, or its process is lost.
    #[error("cannot run a fleet in a temporary folder: {0}")]
    Io(#[from] io::Error),
    /// The fleet is not ready in time.
    #[error("the fleet is not ready ({how}):\n{logs}", how = how(*.ended))]
    NotReady {
        /// Its exit status, if it has ended.
        ended: Option<ExitStatus>,
        /// The last lines of all logs.
        logs: String,
    },
    /// The fleet did not stop in order.
    #[error("the fleet ended with {ended}:\n{logs}")]
    Disorder {
        /// Its exit status.
        ended: ExitStatus,
        /// The last lines of all logs.
        logs: String,
    },
}

fn how(ended: Option<ExitStatus>) -> String {
    ended.map_or_else(|| "still starting".to_owned(), |ended| ended.to_string())
}

/// A separate fleet, on free ports, in a temporary folder. Dropping it kills all of its processes.
#[derive(Debug)]
pub struct Up {
    up: Child,
    folder: TempDir,
}

impl Up {
    /// Starts a fleet without a demo, with these options of `pokerctl up` and this environment, and
    /// waits until it is ready.
    ///
    /// # Errors
    /// When the fleet is not ready within two minutes; has the last lines of its logs.
    pub async fn start<A: AsRef<OsStr>>(
        pokerctl: &Path,
        options: impl IntoIterator<Item = A>,
        environment: &[(&str, String)],
    ) -> Result<Self, UpError> {
        let folder = tempfile::Builder::new().prefix("poker-fleet-").tempdir()?;
        let data = folder.path().join("data");
        let mut program = Program::new(pokerctl).args(["up", "--no-demo", "--port-base", "0", "--data-dir"]);
        program = program.arg(&data).args(options).orphaned_by(Signal::KILL).log(data.with_extension("log"));
        for (name, value) in environment {
            program = program.env(name, value);
        }
        let mut fleet = Self { up: program.start().await?, folder };
        let began = Instant::now();
        while !fleet.described().is_ok_and(|described| described.ready) {
            let ended = fleet.up.try_ended()?;
            if ended.is_some() || began.elapsed() > READY {
                return Err(UpError::NotReady { ended, logs: fleet.logs() });
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(fleet)
    }

    /// Returns the fleet's folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns the fleet's current description.
    ///
    /// # Errors
    /// When the fleet has ended.
    pub fn described(&self) -> Result<Fleet, FleetError> {
        Fleet::read(&self.data())
    }

    /// Returns the process of `pokerctl up`.
    #[must_use]
    pub const fn process(&self) -> &Child {
        &self.up
    }

    /// Stops the fleet in order.
    ///
    /// # Errors
    /// When the fleet does not stop within a minute, or not cleanly.
    pub async fn stop(&mut self) -> Result<(), UpError> {
        let ended = self.up.stop(STOPPED).await?;
        if ended.success() { Ok(()) } else { Err(UpError::Disorder { ended, logs: self.logs() }) }
    }

    /// Stops the fleet, keeps its folder and returns the folder's path.
    ///
    /// # Errors
    /// When the fleet does not stop.
    pub async fn stop_and_keep(&mut self) -> Result<PathBuf, UpError> {
        self.folder.disable_cleanup(true);
        self.up.stop(STOPPED).await?;
        Ok(self.data())
    }

    /// Returns the last lines of all logs.
    #[must_use]
    pub fn logs(&self) -> String {
        let data = self.data();
        let all = fs::read_dir(data.join("logs")).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut text = String::new();
        for path in [data.with_extension("log")].into_iter().chain(all) {
            let log = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
            text.push_str(&format!("--- {}\n{tail}\n", path.display()));
        }
        text
    }
}

/// Returns the path of a program of the project, built beside the running program or test.
///
/// # Errors
/// When the program does not exist.
pub fn program_beside(name: &str) -> Result<PathBuf, NoProgram> {
    let running = env::current_exe().unwrap_or_default();
    let mut folders = running.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    folders.find(|path| path.is_file()).ok_or_else(|| NoProgram(running.with_file_name(name)))
}
