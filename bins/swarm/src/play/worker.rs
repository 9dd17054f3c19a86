//! A worker process: one thread that plays for tens of thousands of players. Reads a [`Plan`] and
//! orders from its standard input, reports on its standard output, and ends when its input does, so
//! it never outlives its parent.

use super::{player::Player, shared::Shared, table::Table};
use crate::{
    pace::Chance,
    plan::{Order, Plan, Report},
    raw,
    tally::Tally,
};
use anyhow::Context;
use client::{Address, Wire};
use std::{
    cell::RefCell,
    io::{BufRead, Write},
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::{Semaphore, mpsc, watch},
    task::LocalSet,
};
use wire::codec::Encoding;

/// Frames that arrive within this time are handled in one batch.
const TOGETHER: Duration = Duration::from_millis(2);
/// How often progress is reported.
const PROGRESS: Duration = Duration::from_millis(250);

/// Runs until the standard input ends.
///
/// # Errors
/// When the plan or an order is malformed.
pub fn run() -> anyhow::Result<()> {
    // Real players would not share the fleet's cores, so these are to cost as little as possible.
    let runtime = bus::runtime::take_together(&mut Builder::new_current_thread(), TOGETHER).build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut lines = lines();
        let plan = lines.recv().await.context("no plan")?;
        let plan: Plan = serde_json::from_str(&plan).context("the first line is not a plan")?;
        let tally = Rc::new(Tally::default());
        let (orders, heard) = watch::channel(None);
        match plan.raw {
            Some(shape) => raw::players::start(&plan, shape, &tally, &heard)?,
            None => start(&plan, &tally, &heard)?,
        }
        drop(plan);
        tokio::task::spawn_local(progress(Rc::clone(&tally)));
        obey(lines, &tally, &orders).await
    })
}

/// Reads the lines of the standard input in a thread of its own.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn start(plan: &Plan, tally: &Rc<Tally>, orders: &watch::Receiver<Option<Order>>) -> anyhow::Result<()> {
    let addresses: Vec<Address> = plan.addresses.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    anyhow::ensure!(!addresses.is_empty(), "the plan names no gateway");
    let shared = Rc::new(Shared {
        encoding: match addresses[0].wire() {
            Wire::Tcp | Wire::WebSocket => Encoding::MessagePack,
            Wire::WebSocketJson => Encoding::Json,
        },
        addresses,
        pace: plan.pace,
        buy_in: plan.buy_in,
        tally: Rc::clone(tally),
        doors: Arc::new(Semaphore::new(plan.doors)),
        chairs: Arc::new(Semaphore::new(plan.doors)),
    });
    for table in &plan.tables {
        let chance = Chance::new(plan.seed, table.table.0);
        let shown = Rc::new(RefCell::new(Table::new(table.table, table.players.len(), chance)));
        for (number, me) in table.players.iter().enumerate() {
            let place = (number, plan.source(number));
            let player =
                Player::new(Rc::clone(&shared), Rc::clone(&shown), me.clone(), place, orders.clone());
            tokio::task::spawn_local(player.play());
        }
    }
    Ok(())
}

async fn progress(tally: Rc<Tally>) {
    loop {
        tokio::time::sleep(PROGRESS).await;
        say(&Report::Progress(tally.counts()));
    }
}

/// Prints a report. Fails only when the parent has ended; then the input ends too.
fn say(report: &Report) {
    if let Ok(line) = serde_json::to_string(report) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

async fn obey(
    mut lines: mpsc::UnboundedReceiver<String>,
    tally: &Tally,
    orders: &watch::Sender<Option<Order>>,
) -> anyhow::Result<()> {
    while let Some(line) = lines.recv().await {
        let order: Order = serde_json::from_str(&line).with_context(|| format!("not an order: {line}"))?;
        match order {
            Order::Tell => say(&Report::Counted(Box::new(tally.counted()))),
            Order::Measure => tally.restart(),
            order => drop(orders.send_replace(Some(order))),
        }
    }
    Ok(())
}
