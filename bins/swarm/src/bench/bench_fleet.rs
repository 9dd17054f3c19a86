//! The fleet and the seated players of most measurements.

use super::{Args, PER_GATEWAY, THOUGHTS, WARM_UP};
use crate::{
    crew::Crew,
    fleet::{self, Size},
    plan::Order,
    play,
    room::{self, RoomArgs},
    tally::Counted,
    usage::{self, Messages, Roles, round},
};
use anyhow::Context;
use bus::Bus;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use supervisor::{Fleet, Up};

/// A fleet of its own, with the processes of its players.
pub(super) struct BenchFleet {
    up: Up,
    pub(super) described: Fleet,
    pub(super) admin: Bus,
    pub(super) crew: Crew,
}

/// The figures of a measurement, of a fleet or of its stand-in.
pub(super) struct Measured {
    pub(super) counted: Counted,
    pub(super) seconds: f64,
    /// The usage of each role during the measurement.
    used: Roles,
    /// Messages that the NATS server received and sent.
    pub(super) messages: u64,
}

impl BenchFleet {
    /// Starts the fleet and the players' processes; no player is connected yet.
    ///
    /// # Errors
    /// When the fleet does not start or refuses a request.
    pub(super) async fn open(args: &Args, room: &RoomArgs, gateways: usize) -> anyhow::Result<Self> {
        Self::open_with(args, room, gateways, PER_GATEWAY).await
    }

    /// Does the same with gateways that take this many connections.
    ///
    /// # Errors
    /// Those of [`BenchFleet::open`].
    pub(super) async fn open_with(
        args: &Args,
        room: &RoomArgs,
        gateways: usize,
        most: usize,
    ) -> anyhow::Result<Self> {
        let size = Size {
            gateways,
            table_workers: args.table_workers,
            bot_workers: 0,
            archivists: args.archivists,
            scripted_decks: false,
        };
        let up = size.start(most, args.idle_ms).await?;
        let described = up.described()?;
        let admin = fleet::admin(&described).await?;
        let plans = room::prepare(&admin, room, room.seed()?, &described.addresses(room.scheme())).await?;
        let crew = Crew::start(plans).await?;
        Ok(Self { up, described, admin, crew })
    }

    /// Does the same and seats all players.
    ///
    /// # Errors
    /// Those of [`BenchFleet::open`], and when a player gets no seat.
    pub(super) async fn seated(args: &Args, room: &RoomArgs, gateways: usize) -> anyhow::Result<Self> {
        let mut stage = Self::open(args, room, gateways).await?;
        play::seat(&mut stage.crew).await?;
        Ok(stage)
    }

    /// Returns the present usage of every role.
    pub(super) fn usage(&self) -> Roles {
        usage::of_fleet(&self.described, &self.crew.pids())
    }

    /// Measures while all players play. Play is first unmeasured: for a moment, and until people
    /// have thought several times, so that hands that began together are out of step.
    ///
    /// # Errors
    /// When a process has ended.
    pub(super) async fn measure(&mut self, room: &RoomArgs, time: Duration) -> anyhow::Result<Measured> {
        let warm_up = WARM_UP.max(THOUGHTS * Duration::from_millis(room.think_ms.into()));
        self.measure_for((warm_up, time)).await
    }

    async fn measure_for(&mut self, times: (Duration, Duration)) -> anyhow::Result<Measured> {
        let port = self.described.nats_monitor_port.context("the NATS server is not monitored")?;
        let (described, pids) = (self.described.clone(), self.crew.pids());
        measure(&mut self.crew, times, port, || usage::of_fleet(&described, &pids)).await
    }

    /// Measures while all players sit and none acts. Returns milliseconds of processor time of each
    /// role per second: the cost of heartbeats and pings.
    ///
    /// # Errors
    /// When a process has ended.
    pub(super) async fn rest(&mut self, time: Duration) -> anyhow::Result<Value> {
        self.crew.play_for(WARM_UP, "settling").await?;
        let (before, began) = (self.usage(), Instant::now());
        self.crew.play_for(time, "resting").await?;
        let used = usage::between(&before, &self.usage());
        // Per 1,000 milliseconds.
        Ok(json!(usage::cpu_ms_per_1000(&used, began.elapsed().as_millis() as u64)))
    }

    /// Lets all players play, unmeasured for the first of the times, measured for the second, then
    /// rest.
    ///
    /// # Errors
    /// When a process has ended.
    pub(super) async fn turn(&mut self, times: (Duration, Duration)) -> anyhow::Result<Measured> {
        let measured = self.measure_for(times).await?;
        self.crew.order(Order::Rest).await?;
        Ok(measured)
    }

    /// Ends the players' processes and stops the fleet.
    ///
    /// # Errors
    /// When the fleet does not stop cleanly.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        let Self { mut up, admin, crew, .. } = self;
        crew.end().await;
        drop(admin);
        Ok(up.stop().await?)
    }
}

impl Measured {
    /// Adds a later measurement of the same fleet.
    pub(super) fn add(&mut self, later: Self) {
        self.counted.later(later.counted);
        self.seconds += later.seconds;
        self.messages += later.messages;
        for (role, usage) in later.used {
            self.used.entry(role).or_default().cpu_s += usage.cpu_s;
        }
    }

    /// Returns the actions per second.
    pub(super) fn per_s(&self) -> f64 {
        round(self.counted.counts.actions as f64 / self.seconds)
    }

    /// Returns the messages that the server received and sent, per action.
    pub(super) fn messages_per_action(&self) -> f64 {
        round(self.messages as f64 / self.counted.counts.actions.max(1) as f64)
    }

    /// Returns the milliseconds of processor time of each role per 1,000 actions.
    pub(super) fn cpu(&self) -> Value {
        json!(usage::cpu_ms_per_1000(&self.used, self.counted.counts.actions))
    }

    /// Returns the part of one core that each role has used.
    pub(super) fn cores(&self) -> Value {
        let ms = (self.seconds * 1_000.0) as u64;
        // Milliseconds per 1,000 milliseconds are thousandths of a core.
        let cores = usage::cpu_ms_per_1000(&self.used, ms);
        json!(cores.into_iter().map(|(role, ms)| (role, round(ms / 1_000.0))).collect::<Vec<_>>())
    }

    /// Prints a measurement's line of JSON, and fails when violations were found.
    ///
    /// # Errors
    /// When there are violations, with their number.
    pub(super) fn tell(
        &self,
        bench: &str,
        room: &RoomArgs,
        gateways: usize,
        own: Value,
    ) -> anyhow::Result<()> {
        let counts = self.counted.counts;
        let mut line = json!({
            "bench": bench,
            "tables": room.tables,
            "players": room.connections(),
            "railbirds": room.railbirds,
            "gateways": gateways,
            "player_processes": room.worker_processes(),
            "seed": room.seed,
            "seconds": round(self.seconds),
            "per_s": self.per_s(),
            "hands": counts.hands,
            "seen_by_all": self.counted.seen.percentiles(),
            "messages_per_action": self.messages_per_action(),
            "cpu_ms_per_1000": self.cpu(),
            "dropped": counts.dropped,
            "slow": counts.slow,
            "refused": counts.refused,
            "violations": counts.violations,
        });
        if let (Some(line), Value::Object(own)) = (line.as_object_mut(), own) {
            line.extend(own);
        }
        println!("{line}");
        for told in &self.counted.told {
            eprintln!("{bench}: {told}");
        }
        anyhow::ensure!(counts.violations == 0, "{} violations, seed {}", counts.violations, room.seed()?);
        Ok(())
    }
}

/// Lets a seated crew play: unmeasured for the first of the times, measured for the second.
///
/// # Errors
/// When a process has ended or the server's monitoring does not answer.
pub(super) async fn measure(
    crew: &mut Crew,
    (warm_up, time): (Duration, Duration),
    monitor_port: u16,
    usage: impl Fn() -> Roles,
) -> anyhow::Result<Measured> {
    crew.order(Order::Play).await?;
    crew.play_for(warm_up, "warming up").await?;
    crew.order(Order::Measure).await?;
    let (before, messages, began) = (usage(), Messages::ask(monitor_port).await?, Instant::now());
    crew.play_for(time, "playing").await?;
    let counted = crew.counted().await?;
    let seconds = began.elapsed().as_secs_f64();
    let (after, now) = (usage(), Messages::ask(monitor_port).await?);
    let messages = now.in_msgs + now.out_msgs - messages.in_msgs - messages.out_msgs;
    Ok(Measured { counted, seconds, used: usage::between(&before, &after), messages })
}
