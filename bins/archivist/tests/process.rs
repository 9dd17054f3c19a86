//! Tests of the program with nats-server and PostgreSQL.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use bus::OwnedKind;
use servers::{Child, Program};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use testkit::{Stage, TestDatabase};
use tokio::time::{sleep, timeout};
use wire::{
    fleet::{Heartbeat, Role},
    subject::ARCHIVE_UNITS,
};

/// Guard against hangs, generous for busy machines.
const GENEROUS: Duration = Duration::from_secs(60);

struct Fleet {
    database: TestDatabase,
    stage: Stage,
}

impl Fleet {
    async fn start() -> Self {
        let (database, stage) = tokio::join!(TestDatabase::start(), Stage::open());
        Self { database: database.unwrap(), stage: stage.unwrap() }
    }

    fn program(&self, node: &str) -> Program {
        let program = self.stage.program(Role::Archivist, node).unwrap();
        program.env("DATABASE_URL", self.database.url(Role::Archivist))
    }

    /// Returns the last heartbeat of a live archivist.
    fn beat(&self, node: &str) -> Option<Heartbeat> {
        self.stage.beat(Role::Archivist, node)
    }

    /// Starts an archivist and waits until it is ready.
    async fn archivist(&self, node: &str) -> Child {
        self.stage.start_ready(Role::Archivist, node, self.program(node)).await.unwrap()
    }

    /// Waits until each unit is owned by one of these archivists, and each of them owns a unit.
    async fn until_owned_by(&self, nodes: &[&str]) {
        let began = Instant::now();
        loop {
            let owners = bus::owners(&self.stage.admin, OwnedKind::Archive).await.unwrap();
            let by: HashSet<&str> = owners.values().map(wire::NodeId::as_str).collect();
            if owners.len() == usize::from(ARCHIVE_UNITS) && by == nodes.iter().copied().collect() {
                return;
            }
            assert!(began.elapsed() < GENEROUS, "{owners:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn until(mut reached: impl FnMut() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < GENEROUS, "not within {GENEROUS:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn archivists_share_the_units_and_take_over_from_each_other() {
    let fleet = Fleet::start().await;
    let mut first = fleet.archivist("archivist-1").await;
    fleet.until_owned_by(&["archivist-1"]).await;
    let units = u32::from(ARCHIVE_UNITS);
    until(|| fleet.beat("archivist-1").is_some_and(|beat| beat.load.partitions == units)).await;

    let mut second = fleet.archivist("archivist-2").await;
    fleet.until_owned_by(&["archivist-1", "archivist-2"]).await;
    second.kill().await.unwrap();
    fleet.until_owned_by(&["archivist-1"]).await;

    let mut third = fleet.archivist("archivist-3").await;
    let status = first.stop(GENEROUS).await.unwrap();
    assert_eq!(status.code(), Some(0), "{}", first.log_tail());
    fleet.until_owned_by(&["archivist-3"]).await;
    let log = std::fs::read_to_string(fleet.stage.log("archivist-1")).unwrap();
    assert!(log.contains("ready") && log.contains("stopping") && log.contains("stopped"), "{log}");
    for secret in [fleet.stage.nats.password("archivist").unwrap(), "for%20tests", "for tests"] {
        assert!(!log.contains(secret), "{secret:?} is in the log: {log}");
    }
    assert_eq!(third.stop(GENEROUS).await.unwrap().code(), Some(0), "{}", third.log_tail());
    assert!(bus::owners(&fleet.stage.admin, OwnedKind::Archive).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_archivist_waits_for_the_database_and_reports_when_it_is_away() {
    let mut fleet = Fleet::start().await;
    fleet.database.postgres.stop().await.unwrap();
    let mut child = fleet.program("archivist-1").start().await.unwrap();
    until(|| child.log_tail().contains("waiting for the database")).await;
    until(|| fleet.beat("archivist-1").is_some_and(|beat| !beat.ready)).await;

    // An archivist that waits for the database stops in order too.
    let mut waiting = fleet.program("archivist-2").start().await.unwrap();
    until(|| waiting.log_tail().contains("waiting for the database")).await;
    assert_eq!(waiting.stop(GENEROUS).await.unwrap().code(), Some(0), "{}", waiting.log_tail());

    fleet.database.postgres.restart().await.unwrap();
    until(|| fleet.beat("archivist-1").is_some_and(|beat| beat.ready && !beat.troubled)).await;
    fleet.until_owned_by(&["archivist-1"]).await;

    fleet.database.postgres.stop().await.unwrap();
    until(|| fleet.beat("archivist-1").is_some_and(|beat| beat.troubled)).await;
    fleet.database.postgres.restart().await.unwrap();
    until(|| fleet.beat("archivist-1").is_some_and(|beat| !beat.troubled)).await;
    assert_eq!(child.stop(GENEROUS).await.unwrap().code(), Some(0), "{}", child.log_tail());
}

#[tokio::test]
async fn an_unusable_database_is_reported_in_one_sentence() {
    let fleet = Fleet::start().await;
    let refused = async |program: Program, says: &str| {
        let mut child = program.start().await.unwrap();
        let status = timeout(GENEROUS, child.ended()).await.unwrap().unwrap();
        let log = child.log_tail();
        let errors: Vec<&str> = log.lines().skip_while(|line| !line.starts_with("Error:")).collect();
        assert_eq!((status.code(), errors.len()), (Some(1), 1), "{log}");
        assert!(errors[0].contains(says) && !log.contains("hush"), "{log}");
    };
    let bad = fleet.program("archivist-1").env("DATABASE_URL", "postgres://archivist:hush@host:notaport/x");
    refused(bad, "the database URL is not understood").await;
    let none = fleet.program("archivist-2").args(["--database-url-file", "/nowhere"]);
    refused(none, "cannot read the database address from /nowhere").await;

    fleet.database.owner().await.unwrap().batch_execute("DELETE FROM refinery_schema_history").await.unwrap();
    let needed = format!("this archivist needs {}: run `pokerctl apply`", database::SCHEMA_VERSION);
    refused(fleet.program("archivist-3"), &needed).await;
}
