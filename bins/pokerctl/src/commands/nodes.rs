//! `pokerctl nodes`: lists the fleet's members by their heartbeats.

use crate::{
    context::{ConnectError, Context},
    grid::{Grid, json_line},
    words::number,
};
use bus::{BusError, Peers};
use std::time::Duration;
use wire::fleet::{Heartbeat, Role};

/// Time for which heartbeats are awaited: members send one every 250 ms, and some are late.
const LISTEN: Duration = Duration::from_millis(800);

/// Options of `nodes`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The reason why members cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum NodesError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The NATS server refuses the subscription.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Prints the fleet's members.
///
/// # Errors
/// When the fleet cannot be reached.
pub async fn run(_args: &Args, context: &Context) -> Result<(), NodesError> {
    let bus = context.bus().await?;
    let peers = Peers::watch(&bus).await?;
    tokio::time::sleep(LISTEN).await;
    let nodes: Vec<Heartbeat> = Role::ALL.into_iter().flat_map(|role| peers.alive(role)).collect();
    if context.json {
        nodes.iter().for_each(json_line);
        return Ok(());
    }
    let mut grid = Grid::new(&["member", "state", "#pid", "version", "load", "addresses"]);
    for node in &nodes {
        grid.row(vec![
            node.node.to_string(),
            state(node).to_owned(),
            node.pid.to_string(),
            node.version.clone(),
            load(node),
            node.addresses.join(" "),
        ]);
    }
    grid.print("no member sends heartbeats: check that the fleet runs");
    Ok(())
}

fn state(node: &Heartbeat) -> &'static str {
    match (node.ready, node.draining) {
        (_, true) => "draining",
        (true, false) => "ready",
        (false, false) => "starting",
    }
}

/// Returns a member's load, in the words of its role.
fn load(node: &Heartbeat) -> String {
    let load = &node.load;
    match node.role {
        Role::Gateway => format!(
            "{} of {} connections",
            number(u64::from(load.connections)),
            number(u64::from(load.max_connections))
        ),
        Role::TableWorker => format!(
            "{} partitions, {} tables, {} hands, {} actions",
            load.partitions,
            number(u64::from(load.tables)),
            number(load.hands),
            number(load.actions)
        ),
        Role::BotWorker => format!("{} decisions", number(load.actions)),
        Role::Coordinator => format!("{} partitions, {} tournaments", load.partitions, load.tables),
        Role::Cashier => format!("{} postings", number(load.actions)),
        Role::Archivist => format!(
            "{} units, {} records, {} hands, {} violations",
            load.partitions,
            number(load.records),
            number(load.hands),
            number(load.violations)
        ),
    }
}
