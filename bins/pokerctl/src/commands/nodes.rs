//! `pokerctl nodes`: the fleet's processes as they tell of themselves.

use crate::{
    context::{ConnectError, Context},
    grid::{Grid, json_line},
    words::number,
};
use bus::{BusError, Peers};
use std::time::Duration;
use wire::fleet::{Heartbeat, Role};

/// Everybody sends a heartbeat every 250 ms; this is enough for one that is a little late.
const LISTEN: Duration = Duration::from_millis(800);

/// Options of `nodes`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Why the nodes cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum NodesError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The NATS server does not let us listen.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Lists the fleet's processes.
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
    let mut grid = Grid::new(&["node", "state", "#pid", "version", "load", "addresses"]);
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
    grid.print("no process of a fleet can be heard");
    Ok(())
}

fn state(node: &Heartbeat) -> &'static str {
    match (node.ready, node.draining) {
        (_, true) => "draining",
        (true, false) => "ready",
        (false, false) => "starting",
    }
}

/// What a role of this kind tells of its work.
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
            "{} streams, {} records, {} hands, {} violations",
            load.partitions,
            number(load.records),
            number(load.hands),
            number(load.violations)
        ),
    }
}
