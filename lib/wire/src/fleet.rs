//! Heartbeats and network-wide notices.

use crate::{NodeId, PlayerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a process of the fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// Gateway.
    Gateway,
    /// Table worker.
    TableWorker,
    /// Bot worker.
    BotWorker,
    /// Tournament coordinator.
    Coordinator,
    /// Cashier.
    Cashier,
    /// Archivist.
    Archivist,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Gateway,
        Self::TableWorker,
        Self::BotWorker,
        Self::Coordinator,
        Self::Cashier,
        Self::Archivist,
    ];

    /// The role's name: of its binary, its NATS user and its subject token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::TableWorker => "table-worker",
            Self::BotWorker => "bot-worker",
            Self::Coordinator => "coordinator",
            Self::Cashier => "cashier",
            Self::Archivist => "archivist",
        }
    }
}

/// Sent by every process every 250 ms. Whoever listens judges life by its own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// What it is.
    pub role: Role,
    /// Which one.
    pub node: NodeId,
    /// A random number that is new at every start.
    pub incarnation: u64,
    /// Software version.
    pub version: String,
    /// Operating system process id, for people.
    pub pid: u32,
    /// Whether it has begun to work.
    pub ready: bool,
    /// Whether it is handing its work over before it stops.
    pub draining: bool,
    /// Whether what it works with fails it: the journals cannot be written (table workers), the database does not answer
    /// (cashiers, archivists).
    #[serde(default)]
    pub troubled: bool,
    /// Whether it listens to [`crate::subject::alive`]: then nobody listening there means that it is gone.
    #[serde(default)]
    pub reachable: bool,
    /// Addresses for players (gateways): `tcp` and `ws` URLs.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// How much it carries and has done.
    pub load: Load,
}

/// How much a process carries now, and has done since it started. A role fills what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Load {
    /// Open connections (gateways).
    pub connections: u32,
    /// Most connections it takes (gateways).
    pub max_connections: u32,
    /// Owned partitions (table workers, coordinators) or streams (archivists).
    pub partitions: u32,
    /// Open tables (table workers) or tournaments (coordinators).
    pub tables: u32,
    /// Hands finished since the start (table workers), hands archived (archivists).
    pub hands: u64,
    /// Actions carried out since the start (table workers), decisions made (bot workers), postings (cashier).
    pub actions: u64,
    /// Deals of estimates since the start (bot workers).
    pub rollouts: u64,
    /// Records read, checked and archived since the start (archivists).
    pub records: u64,
    /// Bytes of packed records written since the start (archivists).
    pub archived_bytes: u64,
    /// Broken promises found since the start (archivists).
    pub violations: u64,
}

/// Asked of one process by the administrator: finish, hand over, and end. It may come several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drain {
    /// The process that is meant, as in its heartbeats: not one that starts under the same name afterwards.
    pub incarnation: u64,
}

/// Told to every gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Notice {
    /// A player is banned: close their connections.
    Banned {
        /// Who.
        player: PlayerId,
    },
    /// A player has opened a session on a connection: other connections of theirs close.
    Online {
        /// Who.
        player: PlayerId,
        /// Where: node and number of the connection, unique in the network.
        connection: String,
    },
}
