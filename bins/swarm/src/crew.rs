//! Worker processes: starts them, sends them orders and reads their reports. They end with this
//! process, because their standard input does.

use crate::{
    latency::Latency,
    plan::{Order, Plan, Report},
    tally::{Counted, Counts},
};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::sleep,
};

/// How often the progress bar is updated.
const GLANCE: Duration = Duration::from_millis(100);
/// Longest time for one step of any player; beyond, a process is stuck.
const HANGS: Duration = Duration::from_secs(120);

/// The worker processes of one run.
pub struct Crew {
    workers: Vec<Worker>,
    players: u64,
}

struct Worker {
    child: Child,
    orders: ChildStdin,
    progress: Arc<Mutex<Counts>>,
    counted: mpsc::Receiver<Counted>,
}

impl Crew {
    /// Starts a process for each plan.
    ///
    /// # Errors
    /// When a process cannot be started.
    pub async fn start(plans: Vec<Plan>) -> anyhow::Result<Self> {
        let players = plans.iter().flat_map(|plan| &plan.tables).map(|table| table.players.len() as u64);
        let players = players.sum();
        let mut workers = Vec::with_capacity(plans.len());
        for plan in plans {
            workers.push(Worker::start(&plan).await?);
        }
        Ok(Self { workers, players })
    }

    /// Returns the processes' ids.
    pub fn pids(&self) -> Vec<u32> {
        self.workers.iter().filter_map(|worker| worker.child.id()).collect()
    }

    /// Sends an order to every process.
    ///
    /// # Errors
    /// When a process has ended.
    pub async fn order(&mut self, order: Order) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(&order)?;
        line.push('\n');
        for worker in &mut self.workers {
            worker.orders.write_all(line.as_bytes()).await.context("a worker process has ended")?;
        }
        Ok(())
    }

    /// Sends an order to every process and waits until `done` counts all players.
    ///
    /// # Errors
    /// When a process has ended, or the count stops rising for a long time.
    pub async fn all(
        &mut self,
        order: Order,
        words: &str,
        done: impl Fn(&Counts) -> u64,
    ) -> anyhow::Result<()> {
        self.order(order).await?;
        let bar = ProgressBar::new(self.players).with_message(words.to_owned()).with_style(style());
        let (mut moved, mut before) = (Instant::now(), 0);
        loop {
            let counts = self.progress();
            let now = done(&counts);
            bar.set_position(now);
            if now >= self.players {
                bar.finish_and_clear();
                return Ok(());
            }
            if now != before {
                (moved, before) = (Instant::now(), now);
            }
            if moved.elapsed() > HANGS {
                let told = self.counted().await?.told.join("\n");
                bail!("{words}: stuck at {now} of {}\n{told}", self.players);
            }
            self.look()?;
            sleep(GLANCE).await;
        }
    }

    /// Lets the players play for a time.
    ///
    /// # Errors
    /// When a process has ended.
    pub async fn play_for(&mut self, time: Duration, words: &str) -> anyhow::Result<()> {
        let bar = ProgressBar::new(time.as_millis() as u64).with_style(style_of_time());
        let began = Instant::now();
        let first = self.progress().actions;
        while began.elapsed() < time {
            let actions = self.progress().actions.saturating_sub(first);
            let per_s = actions as f64 / began.elapsed().as_secs_f64().max(0.1);
            bar.set_position(began.elapsed().as_millis() as u64);
            bar.set_message(format!("{words}: {per_s:.0} actions/s"));
            self.look()?;
            sleep(GLANCE.min(time.saturating_sub(began.elapsed()))).await;
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Returns the sum of the processes' last reported counts.
    pub fn progress(&self) -> Counts {
        let counts =
            self.workers.iter().map(|worker| *worker.progress.lock().unwrap_or_else(PoisonError::into_inner));
        counts.fold(Counts::default(), Counts::plus)
    }

    /// Returns the sum of all that the processes have counted.
    ///
    /// # Errors
    /// When a process has ended.
    pub async fn counted(&mut self) -> anyhow::Result<Counted> {
        self.order(Order::Tell).await?;
        let mut all = Counted { seen: Latency::default(), ..Counted::default() };
        for worker in &mut self.workers {
            all.add(worker.counted.recv().await.context("a worker process has ended")?);
        }
        Ok(all)
    }

    /// Fails if a process has ended.
    fn look(&mut self) -> anyhow::Result<()> {
        for worker in &mut self.workers {
            if let Some(status) = worker.child.try_wait()? {
                bail!("a worker process ended with {status}");
            }
        }
        Ok(())
    }

    /// Ends the processes.
    pub async fn end(self) {
        for mut worker in self.workers {
            drop(worker.orders);
            if tokio::time::timeout(Duration::from_secs(10), worker.child.wait()).await.is_err() {
                let _ = worker.child.kill().await;
            }
        }
    }
}

impl Worker {
    async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("a worker process cannot be started")?;
        let mut orders = child.stdin.take().context("a worker process has no input")?;
        let output = child.stdout.take().context("a worker process has no output")?;
        let mut line = serde_json::to_vec(plan)?;
        line.push(b'\n');
        orders.write_all(&line).await.context("a worker process has ended")?;
        let progress = Arc::new(Mutex::new(Counts::default()));
        let (tell, counted) = mpsc::channel(4);
        let seen = Arc::clone(&progress);
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                match serde_json::from_str(&line) {
                    Ok(Report::Progress(counts)) => {
                        *seen.lock().unwrap_or_else(PoisonError::into_inner) = counts;
                    }
                    Ok(Report::Counted(counted)) => drop(tell.send(*counted).await),
                    Err(error) => {
                        tracing::warn!(%error, "a line of a worker process is not a report: it is skipped")
                    }
                }
            }
        });
        Ok(Self { child, orders, progress, counted })
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:>12} {wide_bar} {pos}/{len} {per_sec} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn style_of_time() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
