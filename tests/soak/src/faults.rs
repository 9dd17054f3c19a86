//! Carries faults out, and measures their effects on tables.

use crate::{
    fault_kind::FaultKind,
    lines::{Lines, Trouble},
    measure::{self, Partitions, Takeover},
    now::now_ms,
    options::Options,
    schedule::Fault,
    upsets::Upsets,
};
use anyhow::Context;
use servers::Signal;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use testkit::{Fleet, NATS, POSTGRES, check::Outage};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use wire::TableId;

/// How long a fault waits for a process that is about to be started again.
const RUNS_AGAIN: Duration = Duration::from_secs(12);
/// Time limit for a planned stop of a worker.
const STOPPED: Duration = Duration::from_secs(20);

/// The faults so far and their effects.
#[derive(Debug, Default)]
pub struct Done {
    /// Faults by kind.
    pub counts: BTreeMap<FaultKind, u32>,
    /// Faults with their time and target, for the trace.
    pub diary: Vec<(u64, String)>,
    /// Table workers that were killed or paused.
    pub takeovers: Vec<Takeover>,
    /// Longest waits for commands at tables of workers that stopped by plan, in milliseconds.
    pub waits_ms: Vec<u64>,
    /// Times in which tables took no commands.
    pub outages: Vec<Outage>,
}

/// Carries faults out.
#[derive(Clone)]
pub struct Breaker {
    fleet: Arc<Fleet>,
    lines: Lines,
    partitions: Arc<Partitions>,
    sizes: [(&'static str, u8); 5],
    done: Arc<Mutex<Done>>,
    upsets: Upsets,
}

impl Breaker {
    /// Returns a breaker for a fleet with these cash tables.
    #[must_use]
    pub fn new(fleet: Arc<Fleet>, lines: Lines, tables: &[TableId], options: &Options) -> Self {
        let mut partitions = Partitions::new();
        for &table in tables {
            partitions.entry(wire::subject::table_partition(table)).or_default().push(table);
        }
        let sizes = [
            ("table-worker", options.table_workers),
            ("gateway", options.gateways),
            ("coordinator", options.coordinators),
            ("bot-worker", options.bot_workers),
            ("archivist", options.archivists),
        ];
        let (done, upsets) = (Arc::default(), Upsets::default());
        Self { fleet, lines, partitions: Arc::new(partitions), sizes, done, upsets }
    }

    /// Returns the faults so far and their effects.
    pub fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a fault; parts that take time go on in `tasks`.
    pub async fn begin(&self, fault: Fault, tasks: &mut JoinSet<()>) {
        let breaker = self.clone();
        tasks.spawn(async move {
            let carried_out = breaker.carry_out(fault).await;
            let mut done = breaker.done();
            let what = match carried_out {
                Ok(whom) => {
                    *done.counts.entry(fault.kind).or_default() += 1;
                    format!("{} {whom}", fault.kind)
                }
                Err(error) => format!("{} was not carried out: {error:#}", fault.kind),
            };
            eprintln!("soak: {what}");
            done.diary.push((now_ms(), what));
        });
        // Lets the task begin, so that the fault hits the present state.
        tokio::task::yield_now().await;
    }

    async fn carry_out(&self, fault: Fault) -> anyhow::Result<String> {
        use FaultKind as K;
        let lasts = fault.lasts;
        match fault.kind {
            K::KillTableWorker => self.take_worker_away(fault, Signal::KILL, None).await,
            K::ZombieTableWorker => self.take_worker_away(fault, Signal::STOP, Some(lasts)).await,
            K::KillGateway => self.kill(self.node("gateway", fault.whom)).await,
            K::KillCoordinator => self.kill(self.node("coordinator", fault.whom)).await,
            K::KillBotWorker => self.kill(self.node("bot-worker", fault.whom)).await,
            K::KillCashier => self.kill("cashier-1".to_owned()).await,
            K::KillArchivist => self.kill(self.node("archivist", fault.whom)).await,
            K::KillNats => self.kill_nats().await,
            K::RestartPostgres => {
                self.runs(POSTGRES).await?;
                self.fleet.signal(POSTGRES, Signal::INT)?;
                Ok(String::new())
            }
            K::ZombieCoordinator => self.freeze(self.node("coordinator", fault.whom), lasts).await,
            K::ZombieArchivist => self.freeze(self.node("archivist", fault.whom), lasts).await,
            K::FreezeGateway => self.freeze(self.node("gateway", fault.whom), lasts / 2).await,
            K::DrainTableWorker => self.drain_worker(fault).await,
            K::DrainGateway => {
                let node = self.node("gateway", fault.whom);
                self.runs(&node).await?;
                self.drain(&node).await?;
                self.start_drained().await?;
                Ok(node)
            }
            K::AddTableWorker => self.add_worker(fault).await,
            K::CutConnections => self.disturb(fault, 40, Trouble::Cut),
            K::LoseConnections => self.disturb(fault, 20, Trouble::Silent(lasts * 4)),
            K::SlowReaders => self.disturb(fault, 20, Trouble::Held(lasts * 2)),
        }
    }

    fn disturb(&self, fault: Fault, most: usize, trouble: Trouble) -> anyhow::Result<String> {
        let lines = self.lines.trouble(fault.whom, most, trouble);
        anyhow::ensure!(lines > 0, "no line is open that could be disturbed");
        Ok(format!("{lines} lines"))
    }

    fn node(&self, role: &str, whom: u64) -> String {
        let count = self.sizes.iter().find(|(name, _)| *name == role).map_or(1, |(_, count)| *count);
        format!("{role}-{}", whom % u64::from(count.max(1)) + 1)
    }

    /// Waits until a process runs.
    async fn runs(&self, node: &str) -> anyhow::Result<()> {
        let began = std::time::Instant::now();
        while self.fleet.pid(node).is_none() {
            anyhow::ensure!(began.elapsed() < RUNS_AGAIN, "{node} does not run");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn kill(&self, node: String) -> anyhow::Result<String> {
        self.runs(&node).await?;
        self.fleet.kill(&node)?;
        Ok(node)
    }

    async fn freeze(&self, node: String, lasts: Duration) -> anyhow::Result<String> {
        self.runs(&node).await?;
        let pid = self.fleet.signal(&node, Signal::STOP)?;
        sleep(lasts).await;
        self.wake(&node, pid);
        Ok(node)
    }

    /// Lets a paused process go on, unless it has died.
    fn wake(&self, node: &str, pid: u32) {
        if self.fleet.pid(node) == Some(pid) {
            // The process may die after the check; then there is no process to signal.
            let _ = self.fleet.signal(node, Signal::CONT);
        }
    }

    async fn kill_nats(&self) -> anyhow::Result<String> {
        self.runs(NATS).await?;
        let from_ms = now_ms();
        let _upset = self.upsets.begin();
        self.fleet.kill_nats().await?;
        // Until owners answer again, players cannot act.
        let answered = measure::until_answered(&self.fleet, &self.partitions).await;
        self.done().outages.extend(outages(from_ms, &answered));
        Ok(format!("all tables answered after {} ms", now_ms() - from_ms))
    }

    /// Kills or pauses the worker that `whom` selects, and waits until its tables go on elsewhere.
    async fn take_worker_away(
        &self,
        fault: Fault,
        signal: Signal,
        lasts: Option<Duration>,
    ) -> anyhow::Result<String> {
        let node = self.node("table-worker", fault.whom);
        self.runs(&node).await?;
        let owned = measure::owned(&self.fleet, &node, &self.partitions).await?;
        let upset = self.upsets.begin();
        let pid = self.fleet.signal(&node, signal)?;
        let at_ms = now_ms();
        let others = async {
            let answered = measure::until_answered(&self.fleet, &owned).await;
            let mut done = self.done();
            done.outages.extend(outages(at_ms, &answered));
            let disturbed = !upset.is_alone();
            done.takeovers.push(Takeover { at_ms, died: lasts.is_none(), answered, disturbed });
            now_ms() - at_ms
        };
        let wakes = async {
            if let Some(lasts) = lasts {
                sleep(lasts).await;
                self.wake(&node, pid);
            }
        };
        let (longest_ms, ()) = tokio::join!(others, wakes);
        Ok(format!("{node} with {} partitions, all answered after {longest_ms} ms", owned.len()))
    }

    /// Stops a worker by plan and measures how long commands wait.
    async fn drain_worker(&self, fault: Fault) -> anyhow::Result<String> {
        let node = self.node("table-worker", fault.whom);
        self.runs(&node).await?;
        let waits = self.drained(&node, async || self.drain(&node).await).await;
        self.start_drained().await?;
        Ok(format!("{node}: {}", waits?))
    }

    /// Has a process finish its work, hand its partitions over, and end. It stays down until
    /// [`Self::start_drained`].
    async fn drain(&self, node: &str) -> anyhow::Result<()> {
        self.fleet.pokerctl(&["drain", "--force", node]).await.map(drop)
    }

    async fn start_drained(&self) -> anyhow::Result<()> {
        self.fleet.pokerctl(&["undrain"]).await.map(drop)
    }

    async fn add_worker(&self, fault: Fault) -> anyhow::Result<String> {
        let node = format!("table-worker-x{}", fault.whom);
        let mut child = self.fleet.add_table_worker(&node).await?;
        sleep(fault.lasts).await;
        let waits = self.drained(&node, async || {
            child.stop(STOPPED).await?;
            Ok(())
        });
        Ok(format!("{node}: {}", waits.await?))
    }

    /// Sends requests to the tables of a worker all the time while it leaves by plan.
    async fn drained(
        &self,
        node: &str,
        leave: impl AsyncFnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        let owned = measure::owned(&self.fleet, node, &self.partitions).await?;
        let upset = self.upsets.begin();
        let (over, asking) = watch::channel(false);
        let asked = tokio::spawn(measure::longest_waits(Arc::clone(&self.fleet), owned.clone(), asking));
        // A moment before any partition moves.
        sleep(Duration::from_millis(100)).await;
        timeout(STOPPED, leave()).await.context("the worker does not stop in time")??;
        sleep(Duration::from_millis(200)).await;
        over.send_replace(true);
        let waits = asked.await?;
        let longest = waits.iter().copied().max().unwrap_or(0);
        let clean = upset.is_alone();
        if clean {
            self.done().waits_ms.extend(waits);
        }
        let of = if clean { "" } else { " (not counted: another fault was under way)" };
        Ok(format!("{} partitions, a command waited {longest} ms at most{of}", owned.len()))
    }
}

/// Returns the outages of partitions that answered again; other checks notice those that never did.
fn outages(from_ms: u64, answered: &[(u16, Vec<TableId>, Option<u64>)]) -> Vec<Outage> {
    let of = |(_, tables, at): &(u16, Vec<TableId>, Option<u64>)| {
        Some(Outage { from_ms, to_ms: (*at)?, tables: Some(tables.iter().copied().collect()) })
    };
    answered.iter().filter_map(of).collect()
}
