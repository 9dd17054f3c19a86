//! A machine's clock is set while tables are played: no turn ends early and no table waits because
//! of it.
//!
//! The table worker runs with a preloaded library that sets its wall clock
//! (`shifted-clock/clock.rs`). The ignored test (`make trouble`) waits until the worker adopts the
//! machine's time.

use anyhow::ensure;
use servers::Child;
use std::{ffi::OsStr, fs, path::PathBuf, time::Duration};
use testkit::{Fleet, FleetSize, nobody_timed_out, table_journals};
use tokio::time::{Instant, sleep};
use wire::{TableId, event::TableEvent};

/// Limit of all waits; shorter than the time by which the clock is set.
const LIMIT: Duration = Duration::from_secs(60);
/// Limit until a process adopts the machine's time: the clock must stay set for two minutes.
const ADOPTED: Duration = Duration::from_secs(180);
const NODE: &str = "table-worker-set";
const HOUR: i64 = 3_600;

/// A fleet whose only table worker has a clock that can be set, and a table of bots.
struct Room {
    fleet: Fleet,
    table: TableId,
    clock: PathBuf,
    _worker: Child,
}

impl Room {
    async fn open() -> anyhow::Result<Self> {
        let size = FleetSize { gateways: 1, table_workers: 1, bot_workers: 1, coordinators: 1 };
        let fleet = Fleet::start(size).await?;
        let clock = fleet.data().join("clock");
        fs::write(&clock, "0")?;
        let env =
            [("LD_PRELOAD", OsStr::new(env!("SHIFTED_CLOCK_LIBRARY"))), ("SHIFTED_CLOCK", clock.as_os_str())];
        let worker = fleet.add_table_worker_in(NODE, &env).await?;
        fleet.pokerctl(&["drain", "--force", "table-worker-1"]).await?;
        // Bots act long before their time is over.
        let pace = ["--action-ms", "30000", "--hand-pause-ms", "200", "--bot-pace-ms", "100", "--json"];
        let create = [&["table", "create", "clocks", "--bots", "4"], &pace[..]].concat();
        let made: serde_json::Value = serde_json::from_str(fleet.pokerctl(&create).await?.trim())?;
        let table = serde_json::from_value(made["table"].clone())?;
        let room = Self { fleet, table, clock, _worker: worker };
        room.hands_are_played().await?;
        Ok(room)
    }

    async fn hands(&self) -> anyhow::Result<usize> {
        let journals = table_journals(&self.fleet.admin).await?;
        let events = journals.get(&self.table).into_iter().flatten().flat_map(|(_, record)| &record.events);
        Ok(events.filter(|event| matches!(event, TableEvent::HandEnded { .. })).count())
    }

    async fn hands_are_played(&self) -> anyhow::Result<()> {
        let (began, before) = (Instant::now(), self.hands().await?);
        while self.hands().await? < before + 3 {
            ensure!(began.elapsed() < LIMIT, "the table stands still");
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Sets the clock, and waits until the worker has logged this text `times` times.
    async fn set(&self, shift: i64, said: &str, times: usize, limit: Duration) -> anyhow::Result<()> {
        fs::write(&self.clock, shift.to_string())?;
        let log = self.fleet.data().join("logs").join(format!("{NODE}.log"));
        let began = Instant::now();
        while fs::read_to_string(&log)?.matches(said).count() < times {
            ensure!(began.elapsed() < limit, "the worker did not log: {said}");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    async fn close(self) -> anyhow::Result<()> {
        nobody_timed_out(&table_journals(&self.fleet.admin).await?)?;
        self.fleet.verify().await?;
        self.fleet.stop().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_ends_no_turn_and_stops_no_table() -> anyhow::Result<()> {
    let room = Room::open().await?;
    for (shift, times) in [(HOUR, 1), (-HOUR, 2)] {
        room.set(shift, "the machine's clock was set", times, LIMIT).await?;
        room.hands_are_played().await?;
    }
    room.close().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make trouble`"]
async fn a_clock_that_stays_set_is_adopted_and_ends_no_turn() -> anyhow::Result<()> {
    let room = Room::open().await?;
    for (shift, times) in [(HOUR, 1), (-HOUR, 2)] {
        room.set(shift, "this process adopts its time", times, ADOPTED).await?;
        room.hands_are_played().await?;
    }
    room.close().await
}
