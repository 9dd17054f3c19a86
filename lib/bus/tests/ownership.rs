//! Ownership against a real server: distribution, hand-over, takeover, outages.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use bus::{Bus, Change, OwnedKind, Ownership, Peers, Stop, Tenure, owners};
use common::{Proxy, until};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{GUARD, Stage};
use tokio::time::{Instant, sleep, timeout};
use wire::{
    fleet::{Load, Role},
    subject::TABLE_PARTITIONS,
};

/// The partitions that the user of an ownership holds, and the changes so far.
#[derive(Default)]
struct Log {
    /// Epoch by partition.
    held: BTreeMap<u16, u64>,
    gained: usize,
    released: usize,
    lost: usize,
}

struct Worker {
    peers: Peers,
    ownership: Ownership,
    log: Arc<Mutex<Log>>,
}

impl Worker {
    /// Starts a worker that finishes its work under way at once.
    async fn start(bus: &Bus, name: &str) -> Self {
        Self::start_as(bus, name, Role::TableWorker, OwnedKind::Tables).await
    }

    async fn start_as(bus: &Bus, name: &str, role: Role, kind: OwnedKind) -> Self {
        let node = name.parse().unwrap();
        let peers = Peers::join(bus, role, node, vec![], Load::default).await.unwrap();
        let (ownership, mut changes) = Ownership::start(&peers, kind).await.unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                let mut log = shared.lock().unwrap();
                match change {
                    Change::Gained { partition, epoch } => {
                        log.gained += 1;
                        assert_eq!(log.held.insert(partition, epoch.0), None, "gained twice");
                    }
                    Change::Release { partition, done } => {
                        log.released += 1;
                        assert!(
                            log.held.remove(&partition).is_some(),
                            "a partition that is not held was released"
                        );
                        done.send(()).unwrap();
                    }
                    Change::Lost { partition } => {
                        log.lost += 1;
                        assert!(
                            log.held.remove(&partition).is_some(),
                            "a partition that is not held was lost"
                        );
                    }
                }
            }
        });
        peers.set_ready();
        Self { peers, ownership, log }
    }

    fn held(&self) -> BTreeMap<u16, u64> {
        self.log.lock().unwrap().held.clone()
    }

    fn count(&self) -> usize {
        self.log.lock().unwrap().held.len()
    }

    fn events(&self) -> (usize, usize, usize) {
        let log = self.log.lock().unwrap();
        (log.gained, log.released, log.lost)
    }
}

const ALL: usize = TABLE_PARTITIONS as usize;

#[tokio::test]
async fn the_first_member_gets_all_partitions_at_once() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let started = Instant::now();
    let worker = Worker::start(&bus, "a").await;
    until("all partitions are owned", || worker.count() == ALL).await;
    println!("all partitions owned after {:?}", started.elapsed());
    assert_eq!(worker.ownership.owner_of(17).unwrap().as_str(), "a");
    let owners = owners(&bus, OwnedKind::Tables).await.unwrap();
    assert_eq!(owners.len(), ALL);
    assert!(worker.peers.alive(Role::TableWorker).iter().all(|beat| beat.ready));
}

#[tokio::test]
async fn two_members_share_and_a_third_gets_its_share_of_both() {
    let stage = Stage::open().await.unwrap();
    let (bus_a, bus_b) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (a, b) = tokio::join!(Worker::start(&bus_a, "a"), Worker::start(&bus_b, "b"));
    until("both own half", || (a.count(), b.count()) == (ALL / 2, ALL / 2)).await;
    let (before_a, before_b) = (a.held(), b.held());

    let bus_c = stage.bus("table-worker").await.unwrap();
    let c = Worker::start(&bus_c, "c").await;
    until("all own a third", || {
        a.count() + b.count() + c.count() == ALL && [&a, &b, &c].iter().all(|w| w.count() >= ALL / 3)
    })
    .await;
    // Partitions that stayed have not changed hands in between, and each change of owner raised the
    // epoch.
    assert!(a.held().iter().all(|(partition, epoch)| before_a.get(partition) == Some(epoch)));
    assert!(b.held().iter().all(|(partition, epoch)| before_b.get(partition) == Some(epoch)));
    let highest = before_a.values().chain(before_b.values()).max().unwrap().to_owned();
    assert!(c.held().values().all(|&epoch| epoch > highest));

    // From then on no partition moves.
    let settled = (a.events(), b.events(), c.events());
    sleep(Duration::from_secs(3)).await;
    assert_eq!((a.events(), b.events(), c.events()), settled);
    assert_eq!((a.events().2, b.events().2, c.events().2), (0, 0, 0));
}

#[tokio::test]
async fn a_dead_owner_is_replaced() {
    let stage = Stage::open().await.unwrap();
    let (bus_a, bus_b) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (a, b) = tokio::join!(Worker::start(&bus_a, "a"), Worker::start(&bus_b, "b"));
    until("both own half", || (a.count(), b.count()) == (ALL / 2, ALL / 2)).await;
    let (theirs, ours) = (a.held(), b.held());
    let killed = Instant::now();
    drop(a);
    until("all partitions are owned", || b.count() == ALL).await;
    println!("taken over after {:?}", killed.elapsed());
    let after = b.held();
    assert!(ours.iter().all(|(partition, epoch)| after.get(partition) == Some(epoch)));
    assert!(theirs.iter().all(|(partition, epoch)| after[partition] > *epoch));
}

#[tokio::test]
async fn a_dead_member_is_noticed_before_one_that_is_only_silent() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let (bus, of_gone) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let of_silent = proxy.bus(&stage, "table-worker").await;
    let all = tokio::join!(
        Worker::start(&bus, "here"),
        Worker::start(&of_gone, "gone"),
        Worker::start(&of_silent, "silent")
    );
    let (here, gone, silent) = all;
    until("each owns its share", || [&here, &gone, &silent].iter().all(|worker| worker.count() >= ALL / 3))
        .await;
    let alive =
        |name: &str| here.peers.alive(Role::TableWorker).iter().any(|beat| beat.node.as_str() == name);
    proxy.freeze();
    drop(gone);
    until("one is missed", || !alive("gone") || !alive("silent")).await;
    assert!(alive("silent"), "silence alone is no proof yet");
    until("all partitions are owned", || here.count() == ALL).await;
}

#[tokio::test]
async fn a_planned_stop_hands_over_at_once() {
    let stage = Stage::open().await.unwrap();
    let (bus_a, bus_b) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (a, b) = tokio::join!(Worker::start(&bus_a, "a"), Worker::start(&bus_b, "b"));
    until("both own half", || (a.count(), b.count()) == (ALL / 2, ALL / 2)).await;
    let started = Instant::now();
    timeout(GUARD, a.ownership.drain()).await.unwrap();
    until("all partitions are owned", || b.count() == ALL).await;
    println!("handed over after {:?}", started.elapsed());
    assert_eq!(a.events(), (ALL / 2, ALL / 2, 0));
    assert_eq!(b.events().2, 0);

    // The last member has no next owner to hand over to, and stops nevertheless.
    timeout(GUARD, b.ownership.drain()).await.unwrap();
    assert_eq!(b.count(), 0);
    assert_eq!(owners(&bus_b, OwnedKind::Tables).await.unwrap(), HashMap::new());
}

#[tokio::test]
async fn a_restart_under_the_same_name_takes_its_partitions_back() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let first = Worker::start(&bus, "a").await;
    until("all partitions are owned", || first.count() == ALL).await;
    let before = first.held();
    drop(first);
    let again = Worker::start(&bus, "a").await;
    until("all partitions are owned again", || again.count() == ALL).await;
    assert!(again.held().iter().all(|(partition, epoch)| before[partition] < *epoch));
}

#[tokio::test]
async fn while_the_server_is_down_no_member_is_declared_dead() {
    let mut stage = Stage::open().await.unwrap();
    let (bus_a, bus_b) = (stage.bus("table-worker").await.unwrap(), stage.bus("table-worker").await.unwrap());
    let (a, b) = tokio::join!(Worker::start(&bus_a, "a"), Worker::start(&bus_b, "b"));
    until("both own half", || (a.count(), b.count()) == (ALL / 2, ALL / 2)).await;
    let before = (a.held(), b.held(), a.events(), b.events());
    stage.nats.kill().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    stage.nats.restart().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!((a.held(), b.held(), a.events(), b.events()), before);
    // Claims work again.
    drop(a);
    until("all partitions are owned", || b.count() == ALL).await;
}

#[tokio::test]
async fn an_owner_that_seemed_dead_loses_its_partitions_and_gets_its_share_again() {
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let bus_a = proxy.bus(&stage, "table-worker").await;
    let bus_b = stage.bus("table-worker").await.unwrap();
    let (a, b) = tokio::join!(Worker::start(&bus_a, "a"), Worker::start(&bus_b, "b"));
    until("both own half", || (a.count(), b.count()) == (ALL / 2, ALL / 2)).await;
    proxy.freeze();
    until("the other takes over", || b.count() == ALL).await;
    assert_eq!(a.count(), ALL / 2, "the former owner cannot know yet");
    proxy.thaw();
    until("it is told, and gets its share again", || {
        a.events().2 == ALL / 2 && (a.count(), b.count()) == (ALL / 2, ALL / 2)
    })
    .await;
    assert_eq!(b.events().2, 0, "the member that took over loses no partition");
}

#[tokio::test]
async fn coordinators_share_tournaments_beside_table_workers() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("coordinator").await.unwrap();
    let (role, kind) = (Role::Coordinator, OwnedKind::Tournaments);
    let a = Worker::start_as(&bus, "a", role, kind).await;
    let b = Worker::start_as(&bus, "b", role, kind).await;
    let tables = stage.bus("table-worker").await.unwrap();
    let t = Worker::start(&tables, "t").await;
    until("all own their share", || (a.count(), b.count(), t.count()) == (8, 8, ALL)).await;
    assert_eq!(owners(&bus, OwnedKind::Tables).await.unwrap().len(), ALL);
    let heard = Peers::watch(&stage.bus("admin").await.unwrap()).await.unwrap();
    until("the administrator hears all", || {
        heard.alive(role).len() == 2 && heard.alive(Role::TableWorker).len() == 1
    })
    .await;
    drop(a);
    until("the death is noticed", || heard.alive(role).len() == 1).await;
    assert!(Ownership::start(&t.peers, kind).await.is_err(), "the wrong role");
}

/// The running tasks of a worker, each with its tenure until it ends.
type Running = Arc<Mutex<HashMap<u16, Tenure>>>;

/// Removes the tenure however the task ends.
struct Task(Running, u16);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.lock().unwrap().remove(&self.1);
    }
}

/// Starts a worker whose tasks only wait.
async fn work(bus: &Bus, name: &str) -> Running {
    let peers =
        Peers::join(bus, Role::TableWorker, name.parse().unwrap(), vec![], Load::default).await.unwrap();
    let running = Running::default();
    let shared = Arc::clone(&running);
    tokio::spawn(async move {
        let run = move |partition, _, mut tenure: Tenure| {
            let shared = Arc::clone(&shared);
            async move {
                shared.lock().unwrap().insert(partition, tenure.clone());
                let _task = Task(shared, partition);
                tenure.ends().await;
                Ok::<(), String>(())
            }
        };
        bus::work(&peers, OwnedKind::Tables, &Stop::listen().unwrap(), |_| {}, run).await.unwrap();
    });
    running
}

/// A member that is cut off cannot know that another has taken over, but it is not certain until it
/// has read the claims.
#[tokio::test]
async fn an_owner_that_was_cut_off_is_not_certain() {
    for cut in [false, true] {
        let stage = Stage::open().await.unwrap();
        let proxy = Proxy::start(&stage).await;
        let through = proxy.bus(&stage, "table-worker").await;
        let a = work(&through, "a").await;
        until("all partitions are owned", || a.lock().unwrap().len() == ALL).await;
        let tenure = a.lock().unwrap().values().next().unwrap().clone();
        until("it is certain", || tenure.is_certain()).await;
        proxy.freeze();
        let direct = stage.bus("table-worker").await.unwrap();
        let b = work(&direct, "b").await;
        until("the other takes over", || b.lock().unwrap().len() == ALL).await;
        assert_eq!(a.lock().unwrap().len(), ALL, "the former owner cannot know yet");
        assert!(!tenure.is_certain(), "its heartbeats do not come back");
        // Long enough that a failing read of the claims is under way.
        sleep(Duration::from_secs(6)).await;
        if cut {
            proxy.cut()
        } else {
            proxy.thaw()
        }
        let began = Instant::now();
        while a.lock().unwrap().len() == ALL {
            assert!(!tenure.is_certain(), "certain of another member's partitions");
            assert!(began.elapsed() < GUARD, "the loss is never reported");
            sleep(Duration::from_millis(1)).await;
        }
        until("it is certain of its share", || {
            let a = a.lock().unwrap();
            a.len() == ALL / 2 && a.values().all(Tenure::is_certain)
        })
        .await;
        assert!(!tenure.is_certain(), "certain of a tenure that has ended");
    }
}

/// Other members act while a process stands still.
#[tokio::test]
async fn an_owner_that_stood_still_is_not_certain_for_a_while() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("table-worker").await.unwrap();
    let a = work(&bus, "a").await;
    until("all partitions are owned", || a.lock().unwrap().len() == ALL).await;
    let tenure = a.lock().unwrap().values().next().unwrap().clone();
    until("it is certain", || tenure.is_certain()).await;
    std::thread::sleep(Duration::from_millis(700));
    assert!(!tenure.is_certain(), "at once, before any other task runs");
    until("it has made sure", || tenure.is_certain()).await;
    assert_eq!(a.lock().unwrap().len(), ALL, "there was no other member");
}
