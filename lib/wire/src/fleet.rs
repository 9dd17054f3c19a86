//! Heartbeats and notices.

use crate::{NodeId, PlayerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role of the fleet.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
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

    /// Returns the role's name: the name of its binary and NATS user, and its token in subjects.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A member's heartbeat, sent every 250 ms. Receivers judge by their own clocks whether the member
/// is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// The member's role.
    pub role: Role,
    /// The member's name.
    pub node: NodeId,
    /// The member's incarnation: a random number, new at every start.
    pub incarnation: u64,
    /// Software version.
    pub version: String,
    /// Operating system process id, for people.
    pub pid: u32,
    /// Whether it is ready to work.
    pub ready: bool,
    /// Whether it is draining.
    pub draining: bool,
    /// Whether a server that it depends on fails: the journals cannot be written (table workers),
    /// or the database does not answer (cashiers, archivists).
    #[serde(default)]
    pub troubled: bool,
    /// Whether it subscribes to [`crate::subject::alive`]: then no responders there means that it
    /// has ended.
    #[serde(default)]
    pub reachable: bool,
    /// Addresses for players (gateways): `tcp` and `ws` URLs.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The member's load and work.
    pub load: Load,
}

/// A member's load now, and its work since its start. Each role fills the fields that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Load {
    /// Open connections (gateways).
    pub connections: u32,
    /// Maximum number of connections (gateways).
    pub max_connections: u32,
    /// Owned partitions (table workers, coordinators) or streams (archivists).
    pub partitions: u32,
    /// Open tables (table workers) or tournaments (coordinators).
    pub tables: u32,
    /// Hands finished since the start (table workers), hands archived (archivists).
    pub hands: u64,
    /// Actions carried out since the start (table workers), decisions made (bot workers), postings
    /// (cashier).
    pub actions: u64,
    /// Deals of estimates since the start (bot workers).
    pub rollouts: u64,
    /// Records read, checked and archived since the start (archivists).
    pub records: u64,
    /// Bytes of packed records written since the start (archivists).
    pub archived_bytes: u64,
    /// Violations found since the start (archivists).
    pub violations: u64,
}

/// The administrator's request to one member to drain. It may come several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drain {
    /// The member's incarnation: a process that starts later under the same name does not drain.
    pub incarnation: u64,
}

/// A notice to all gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Notice {
    /// A player is banned: gateways close the player's connections.
    Banned {
        /// The player.
        player: PlayerId,
    },
    /// The administrator has ended a player's sessions: gateways close the player's connections.
    SessionsEnded {
        /// The player.
        player: PlayerId,
    },
    /// A player has opened a session on a connection: gateways close the player's other
    /// connections.
    Online {
        /// The player.
        player: PlayerId,
        /// The connection: gateway and number, unique in the fleet.
        connection: String,
    },
}
