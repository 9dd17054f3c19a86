//! `pokerctl drain` and `undrain`: drains members (they hand over all that they own, and end), and
//! starts drained members again.

use crate::{
    console::Console,
    context::{ConnectError, Context},
    grid::json_line,
    words::number,
};
use bus::{Bus, BusError, Peers};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::time::{Duration, Instant};
use supervisor::{Fleet, FleetError};
use wire::{
    codec::{self, CodecError},
    fleet::{Drain, Heartbeat, Load, Role},
    subject,
};

/// Time for which heartbeats are awaited: members send one every 250 ms, and some are late.
const LISTEN: Duration = Duration::from_millis(800);
/// Interval between two looks at the member's progress, and between two requests until it is
/// draining.
const LOOK: Duration = Duration::from_millis(200);
/// Time after which a member that has not begun to drain is reported.
const BEGUN: Duration = Duration::from_secs(5);
/// Time limit for drained members to be ready again.
const READY: Duration = Duration::from_secs(30);

/// Options of `drain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Names of the members, as `pokerctl nodes` lists them; they are drained one after the other
    #[arg(required = true, value_name = "NAME")]
    nodes: Vec<String>,
    /// Drain also the last member of a role, which leaves no member to take over
    #[arg(long)]
    force: bool,
    /// Time limit for each of them, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
}

/// Options of `undrain`.
#[derive(Debug, clap::Args)]
pub struct UndrainArgs {}

/// The reason why a member is not drained, or not started again.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The fleet does not run on this machine.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The request cannot be sent.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The request cannot be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// No member of this name sends heartbeats.
    #[error("no process is called {0}: `pokerctl nodes` lists them all")]
    Unknown(String),
    /// No member would take over.
    #[error("{node} is the only {role} that is ready: {consequence}; start another one first, or use --force", role = .role.name())]
    LastOne {
        /// The member.
        node: String,
        /// The member's role.
        role: Role,
        /// The effects for players.
        consequence: &'static str,
    },
    /// The member does not begin to drain.
    #[error("{node} does not begin to drain: stop it with SIGTERM (process id {pid}), which does the same")]
    Deaf {
        /// The member.
        node: String,
        /// The member's process id.
        pid: u32,
    },
    /// The member does not end.
    #[error("{node} has not ended after {seconds} s ({left}): it continues to drain; see its log")]
    TooLong {
        /// The member.
        node: String,
        /// The time limit, in seconds.
        seconds: u64,
        /// The member's remaining work.
        left: String,
    },
    /// The supervisor cannot be asked to start members.
    #[error("cannot send a signal to `pokerctl up` (process id {pid}): {error}")]
    Signal {
        /// The supervisor's process id.
        pid: u32,
        /// The reason.
        error: rustix::io::Errno,
    },
    /// A drained member is not ready in time.
    #[error("{node} is not ready after {seconds} s: see its log")]
    NotReady {
        /// The member.
        node: String,
        /// The time limit, in seconds.
        seconds: u64,
    },
}

/// A member's progress, for programs.
#[derive(Debug, Serialize)]
struct Progress<'a> {
    node: &'a str,
    role: &'static str,
    /// `draining`, `gone` or `ready`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<Load>,
    seconds: f64,
}

/// Drains members, one after the other, each to its end.
///
/// # Errors
/// When no member has a name, no member would take over, or a member does not end in time.
pub async fn run(args: &Args, context: &Context) -> Result<(), DrainError> {
    let bus = context.bus().await?;
    let peers = Peers::watch(&bus).await?;
    tokio::time::sleep(LISTEN).await;
    let console = Console::new(context.json);
    for node in &args.nodes {
        let beat = find(&peers, node).ok_or_else(|| DrainError::Unknown(node.clone()))?;
        if !args.force && is_last(&peers, &beat) {
            let consequence = consequence(beat.role);
            return Err(DrainError::LastOne { node: node.clone(), role: beat.role, consequence });
        }
        drain(&bus, &peers, beat, Duration::from_secs(args.patience), context.json, &console).await?;
    }
    Ok(())
}

/// Starts drained members again, and waits until they are ready.
///
/// # Errors
/// When the fleet does not run on this machine, or a member is not ready in time.
pub async fn undrain(_args: &UndrainArgs, context: &Context) -> Result<(), DrainError> {
    let fleet = Fleet::read(&context.data_dir)?;
    let drained: Vec<String> =
        fleet.nodes.into_iter().filter(|node| node.drained).map(|node| node.node).collect();
    let console = Console::new(context.json);
    if drained.is_empty() {
        console.say("no member is drained");
        return Ok(());
    }
    let bus = context.bus().await?;
    let peers = Peers::watch(&bus).await?;
    let pid = i32::try_from(fleet.pid).ok().and_then(Pid::from_raw);
    let told = pid.map_or(Err(rustix::io::Errno::SRCH), |pid| kill_process(pid, Signal::USR1));
    told.map_err(|error| DrainError::Signal { pid: fleet.pid, error })?;
    let started = Instant::now();
    for node in drained {
        let beat = loop {
            if let Some(beat) = find(&peers, &node).filter(|beat| beat.ready && !beat.draining) {
                break beat;
            }
            if started.elapsed() > READY {
                return Err(DrainError::NotReady { node, seconds: READY.as_secs() });
            }
            tokio::time::sleep(LOOK).await;
        };
        if context.json {
            json_line(&progress(&beat, "ready", started));
        } else {
            console.done(format!("{node} is ready again"));
        }
    }
    Ok(())
}

/// Returns the heartbeat of a member by its name: of one that is ready and not draining, if there
/// is one.
fn find(peers: &Peers, node: &str) -> Option<Heartbeat> {
    let mut found: Vec<Heartbeat> = Role::ALL
        .into_iter()
        .flat_map(|role| peers.alive(role))
        .filter(|beat| beat.node.as_str() == node)
        .collect();
    found.sort_by_key(|beat| beat.ready && !beat.draining);
    found.pop()
}

fn is_last(peers: &Peers, leaving: &Heartbeat) -> bool {
    let stays = |beat: &Heartbeat| beat.node != leaving.node && beat.ready && !beat.draining;
    !leaving.draining && !peers.alive(leaving.role).iter().any(stays)
}

/// Returns the effects for players if no member of a role is left.
const fn consequence(role: Role) -> &'static str {
    match role {
        Role::Gateway => "players could not connect",
        Role::TableWorker => "all tables would stand still",
        Role::BotWorker => "bots would only check or fold, each at the end of its time",
        Role::Coordinator => "tournament tables would wait after their hand",
        Role::Cashier => "players could not log in, sit down or register, and cash-outs would wait",
        Role::Archivist => "journals would grow, and hands would not be checked",
    }
}

async fn drain(
    bus: &Bus,
    peers: &Peers,
    beat: Heartbeat,
    patience: Duration,
    json: bool,
    console: &Console,
) -> Result<(), DrainError> {
    let node = beat.node.as_str();
    let started = Instant::now();
    let wish = codec::encode(&Drain { incarnation: beat.incarnation })?;
    let waiting = console.wait_for(format!("{node} is asked to drain"));
    let mut told = None;
    loop {
        let alive = peers.alive(beat.role);
        let Some(now) = alive.iter().find(|now| now.incarnation == beat.incarnation) else {
            break;
        };
        if now.draining {
            let left = left(now);
            waiting.now(format!("{node} is draining: {left}"));
            if json && told.as_ref() != Some(&left) {
                json_line(&progress(now, "draining", started));
            }
            told = Some(left);
        } else if started.elapsed() > BEGUN {
            return Err(DrainError::Deaf { node: node.to_owned(), pid: beat.pid });
        } else {
            bus.publish(subject::drain(beat.role, &beat.node), wish.clone().into()).await?;
        }
        if started.elapsed() > patience {
            let left = left(now);
            return Err(DrainError::TooLong { node: node.to_owned(), seconds: patience.as_secs(), left });
        }
        tokio::time::sleep(LOOK).await;
    }
    drop(waiting);
    if json {
        json_line(&Progress { load: None, ..progress(&beat, "gone", started) });
    } else {
        console
            .done(format!("{node} is drained and has ended after {:.1} s", started.elapsed().as_secs_f64()));
    }
    Ok(())
}

fn progress<'a>(beat: &'a Heartbeat, state: &'static str, since: Instant) -> Progress<'a> {
    let seconds = (since.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    Progress { node: beat.node.as_str(), role: beat.role.name(), state, load: Some(beat.load), seconds }
}

/// Returns a member's remaining work, in words.
fn left(beat: &Heartbeat) -> String {
    let load = &beat.load;
    match beat.role {
        Role::Gateway => format!("{} connections left", number(u64::from(load.connections))),
        Role::TableWorker => {
            format!("{} partitions with {} tables left", load.partitions, number(u64::from(load.tables)))
        }
        Role::Coordinator => {
            format!("{} partitions with {} tournaments left", load.partitions, number(u64::from(load.tables)))
        }
        Role::BotWorker => "finishing its decisions".to_owned(),
        Role::Cashier => "finishing its requests".to_owned(),
        Role::Archivist => format!("{} streams left", load.partitions),
    }
}
