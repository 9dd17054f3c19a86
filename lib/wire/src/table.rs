//! Commands to tables and what tables answer.

use crate::{
    Chips, CommandId, ConnectionId, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    client::{PrivateCards, TableEvents},
    command::{self, Merged, Named, PlayerCommand},
    script::Script,
    tournament::Instruction,
    view::TableView,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Blinds and ante in force. Fixed-limit games derive their bets from the big blind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// Number of the level in a tournament, from 1; 0 at a cash table.
    pub number: u16,
    /// The small blind.
    pub small_blind: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// Every player's ante; zero for none.
    #[serde(default)]
    pub ante: Chips,
}

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Purpose {
    /// Played for money; players come and go.
    Cash {
        /// Smallest buy-in.
        min_buy_in: Chips,
        /// Largest buy-in.
        max_buy_in: Chips,
    },
    /// One table of a tournament; the coordinator seats and moves players.
    Tournament {
        /// Which tournament.
        tournament: TournamentId,
    },
}

/// How long players who cannot be reached are waited for. `docs/decisions/0021-absence.md` says how it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Absence {
    /// Time to act of a player whose connection is gone, in milliseconds, at most 60,000; never longer than `action_ms`.
    pub grace_ms: u32,
    /// After this time, in milliseconds, 100 to 600,000, a player who is away is treated as having left: gives the
    /// seat up at a cash table, and is not waited for at a tournament's.
    pub limit_ms: u32,
}

impl Default for Absence {
    fn default() -> Self {
        Self { grace_ms: crate::tempo::GRACE_MS, limit_ms: crate::tempo::ABSENCE_LIMIT_MS }
    }
}

impl Absence {
    /// Whether both times are within their bounds.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.grace_ms <= 60_000 && self.limit_ms >= 100 && self.limit_ms <= 600_000
    }
}

/// What stays the same about a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableConfig {
    /// Display name, at most 60 characters.
    pub name: String,
    /// The variant's code as in the PHH format, e.g. `NT` for no-limit hold'em.
    pub variant: String,
    /// Number of seats, 2 to 10.
    pub seats: u8,
    /// Blinds and ante (of the first hand, in a tournament).
    pub level: Level,
    /// Cash or tournament.
    pub purpose: Purpose,
    /// Time to act, in milliseconds, 100 to 600,000.
    pub action_ms: u32,
    /// Pause between two hands, in milliseconds, at most 60,000.
    pub hand_pause_ms: u32,
    /// Least time a bot takes for an action, in milliseconds, at most `action_ms / 2`.
    pub bot_pace_ms: u32,
    /// How long players who cannot be reached are waited for.
    #[serde(default)]
    pub absence: Absence,
    /// Whether hands are dealt from scripts only, by [`TableCommand::Script`], and none by itself. Nothing is shuffled then.
    #[serde(default)]
    pub scripted: bool,
}

/// A player to be seated at once when a cash table is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HouseBot {
    /// The bot's account.
    pub player: PlayerId,
    /// Its display name.
    pub name: String,
    /// What it buys in for, at the start and whenever it has lost everything.
    pub buy_in: Chips,
}

/// A request to the owner of a table's partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableRequest {
    /// Which table.
    pub table: TableId,
    /// The command's id: repeats carry the same. Unique per player; for commands without a player, per table.
    pub id: CommandId,
    /// On whose behalf; nobody for commands of the coordinator and the administrator.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// What to do.
    #[schemars(with = "AnyTableCommand")]
    pub command: TableCommand,
    /// Whether whoever asks hears the tables' feed. [`TableReply::Done`] may then ride on what tells of the last of the events
    /// there: see [`TableNews::answers`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_feed: bool,
}

/// What can be asked of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub enum TableCommand {
    /// Create it.
    Create {
        /// Everything that stays the same.
        config: TableConfig,
        /// Bots that sit down at once (cash tables).
        #[serde(default)]
        bots: Vec<HouseBot>,
    },
    /// The player is online on a connection of a gateway.
    Online {
        /// Which connection.
        connection: ConnectionId,
    },
    /// That connection is gone. Means nothing when the player has been heard of on another one since.
    Gone {
        /// Which connection.
        connection: ConnectionId,
    },
    /// Carry on as the tournament says.
    Instruct(Instruction),
    /// See the table and the events after `since`. Changes nothing.
    Resync {
        /// Number of the last event that was seen; none to see the table and the hand being played so far.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Close a cash table after the hand; everybody is paid back.
    Close,
    /// Deal this hand now. Nobody's command but the administrator's, at a table whose configuration says that it is
    /// scripted, and only by table workers that were started for it.
    Script(Script),
    /// What a player asks.
    #[serde(skip)]
    Player {
        /// The player's display name; empty where the table does not show it.
        name: String,
        /// What.
        command: PlayerCommand,
    },
}

impl From<Named> for TableCommand {
    fn from(command: Named) -> Self {
        let (name, command) = command.into();
        Self::Player { name, command }
    }
}

impl Serialize for TableCommand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Player { name, command } => {
                Named::from((name.as_str(), command.clone())).serialize(serializer)
            }
            own => Self::serialize(own, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TableCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        command::read(deserializer)
    }
}

impl<'de> Merged<'de> for TableCommand {
    fn read_command<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Named::deserialize(deserializer).map(Self::from)
    }

    fn read_own<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// The form of a [`TableCommand`].
struct AnyTableCommand;

impl JsonSchema for AnyTableCommand {
    fn schema_name() -> Cow<'static, str> {
        TableCommand::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        command::merge::<TableCommand, Named>(generator)
    }
}

/// What a table answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum TableReply {
    /// Done, and durable.
    Done {
        /// Number of the table's last public event once it was done.
        event_no: u64,
    },
    /// Seated (or about to be, once the cashier has moved the buy-in), and durable.
    Seat {
        /// Which seat.
        seat: SeatNo,
        /// Number of the table's last public event.
        event_no: u64,
    },
    /// The answer to a resync.
    Resync(Box<Resync>),
    /// Not done.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// All that a viewer needs to go on without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resync {
    /// The table after the last of `events`, as this viewer may see it.
    pub view: TableView,
    /// The events after `since`, when the table still remembers all of them (at least those of the current hand). Otherwise, or
    /// without `since`, those of the hand being played so far, or none between hands: the view, which includes them, is where
    /// to go on from.
    #[serde(default)]
    pub events: Option<TableEvents>,
    /// The viewer's own hidden cards.
    #[serde(default)]
    pub cards: Option<PrivateCards>,
}

/// What happened at some tables of a worker, told to all gateways at once: a message of its own for each table and
/// node would cost more than the play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedMessage {
    /// What happened first comes first; a table may be named several times.
    pub told: Vec<TableNews>,
}

/// What happened at one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableNews {
    /// Which.
    pub table: TableId,
    /// The frame for everybody ([`crate::client::ServerMessage::Events`]), in MessagePack.
    #[serde(with = "serde_bytes")]
    #[schemars(with = "Vec<u8>")]
    pub frame: Vec<u8>,
    /// Whom to tell of which hidden cards, and nobody else. Only beside the deal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<DealtCards>,
    /// Inbox of the request that is done with the last of these events ([`TableRequest::on_feed`]): whoever asked gets no other
    /// answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Who has the action after these events, if it is a person: the one viewer who must not be kept waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<PlayerId>,
}

/// One player's hidden cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DealtCards {
    /// Whose.
    pub player: PlayerId,
    /// All that the player holds in the hand.
    pub cards: PrivateCards,
}

/// One line of the lobby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableSummary {
    /// Which table.
    pub table: TableId,
    /// What stays the same about it.
    pub config: TableConfig,
    /// Taken seats.
    pub players: u8,
    /// Hands played so far.
    pub hands: u64,
    /// Whether it is closed.
    pub closed: bool,
}

/// Asked of every table worker at once; each answers for the tables it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkersQuery {
    /// Tables, cash tables first, at most `limit` per worker.
    Tables {
        /// Most tables in an answer, at most 1,000.
        limit: u16,
        /// Whether tables of tournaments are wanted too.
        tournaments: bool,
    },
    /// Where a player sits. Gateways of before [`Self::SeatsOf`] ask so.
    Seats {
        /// Which player.
        player: PlayerId,
    },
    /// Where players sit.
    SeatsOf {
        /// Which players, at most [`MAX_SEATS_OF`].
        players: Vec<PlayerId>,
    },
}

/// Most players whose seats are asked for at once.
pub const MAX_SEATS_OF: usize = 512;

/// A table worker's answer to a [`WorkersQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkersAnswer {
    /// Tables of this worker.
    Tables(Vec<TableSummary>),
    /// Tables of this worker where the player sits.
    Seats(Vec<TableId>),
    /// The players among those asked for who sit at tables of this worker.
    SeatsOf(Vec<PlayerSeats>),
}

/// Where a player sits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayerSeats {
    /// Who.
    pub player: PlayerId,
    /// At which tables.
    pub tables: Vec<TableId>,
}
