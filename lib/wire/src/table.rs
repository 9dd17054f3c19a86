//! Commands to tables, and the tables' answers.

use crate::{
    Chips, CommandId, ConnectionId, PlayerId, Refusal, SeatNo, TableId,
    command::{self, Merged, Named, PlayerCommand},
    event::TableEvents,
    items::{self, Item, Undecoded},
    pass::Pass,
    script::Script,
    tournament::Instruction,
    unknown::Content,
    view::{PrivateCards, TableView},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

pub use crate::table_config::{Absence, Level, Purpose, TableConfig};

/// A bot that gets a seat when a cash table is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HouseBot {
    /// The bot's account.
    pub player: PlayerId,
    /// The bot's display name.
    pub name: String,
    /// The buy-in, at the start and whenever the bot has no chips left.
    pub buy_in: Chips,
}

/// A request to the owner of a table's partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableRequest {
    /// The table.
    pub table: TableId,
    /// The command's id, under which it is repeated. Unique per player; for commands without a
    /// player, per table.
    pub id: CommandId,
    /// The player who sends it; none for commands of the coordinator and the administrator.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// The command.
    #[schemars(with = "AnyTableCommand")]
    pub command: TableCommand,
    /// Whether the sender gets the tables' feed. [`TableReply::Done`] may then ride on the table
    /// news with the last of the events: see [`TableNews::answers`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_feed: bool,
    /// The proof that the player has logged in. The owner asks for it when the sender is a gateway
    /// and a player is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

/// A command to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub enum TableCommand {
    /// Creates the table.
    Create {
        /// The configuration.
        config: TableConfig,
        /// Bots that get seats at once (cash tables).
        #[serde(default)]
        bots: Vec<HouseBot>,
    },
    /// Notes that the player is online on a connection of a gateway.
    Online {
        /// The connection.
        connection: ConnectionId,
    },
    /// Notes that the connection is lost. Ignored if the player was online on another connection
    /// since.
    Gone {
        /// The connection.
        connection: ConnectionId,
    },
    /// Carries out an instruction of the tournament.
    Instruct(Instruction),
    /// Returns the table's state and the events after `since`, without a record.
    Resync {
        /// Number of the last event that was seen; none for the table's state and the events of the
        /// current hand.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Closes a cash table after the hand; all players are paid back.
    Close,
    /// Deals this hand now. Only the administrator may send it, only to tables whose configuration
    /// is scripted, and only table workers that were started for scripts accept it.
    Script(Script),
    /// A command of a player.
    #[serde(skip)]
    Player {
        /// The player's display name; empty for commands with which the table does not show it.
        name: String,
        /// The command.
        command: PlayerCommand,
    },
}

impl PlayerCommand {
    /// Returns the command as it is sent to a table. `name` is the player's display name, kept only
    /// if the table shows it.
    #[must_use]
    pub fn by(self, name: &str) -> TableCommand {
        Named::from((name, self)).into()
    }
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

/// A table's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum TableReply {
    /// The command was carried out, and the result is durable.
    Done {
        /// Number of the table's last public event afterwards.
        event_no: u64,
    },
    /// The player has the seat, or will have it when the cashier has moved the buy-in; the
    /// reservation is durable.
    Seat {
        /// The seat.
        seat: SeatNo,
        /// Number of the table's last public event.
        event_no: u64,
    },
    /// Answers a resync.
    Resync(Box<Resync>),
    /// Refused.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// A resync: the state and the events with which a viewer continues without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resync {
    /// The table's state after the last of `events`, as this viewer may see it.
    pub view: TableView,
    /// The events after `since`, if the table remembers all of them (at least those of the current
    /// hand). Otherwise, or without `since`, the events of the current hand so far, or none between
    /// hands: then the view, which includes them, is the state from which to continue.
    #[serde(default)]
    pub events: Option<TableEvents>,
    /// The viewer's own hidden cards.
    #[serde(default)]
    pub cards: Option<PrivateCards>,
}

/// News of some tables of a worker, in one message to all gateways: separate messages for each
/// table and gateway would cost more than the play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedMessage {
    /// The news in the order of the events; a table may have several.
    pub told: Vec<TableNews>,
}

/// News of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableNews {
    /// The table.
    pub table: TableId,
    /// The frame for all viewers ([`crate::client::ServerMessage::Events`]), in MessagePack.
    #[serde(with = "serde_bytes")]
    #[schemars(with = "Vec<u8>")]
    pub frame: Vec<u8>,
    /// The hidden cards of the players who were dealt some, each for that player only. Only with a
    /// deal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<DealtCards>,
    /// Inbox of the request that the last of these events carries out ([`TableRequest::on_feed`]):
    /// its sender gets no other answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The player who has the action after these events, unless it is a bot: the viewer for whom
    /// the news is urgent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<PlayerId>,
}

/// One player's hidden cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DealtCards {
    /// The player.
    pub player: PlayerId,
    /// All cards that the player holds in the hand.
    pub cards: PrivateCards,
}

/// One line of the lobby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableSummary {
    /// The table.
    pub table: TableId,
    /// The table's configuration.
    pub config: TableConfig,
    /// Number of taken seats.
    pub players: u8,
    /// Hands played so far.
    pub hands: u64,
    /// Whether it is closed.
    pub closed: bool,
}

impl Item for TableSummary {
    fn undecoded(line: Content) -> Undecoded<Self> {
        Undecoded::structure(&line)
    }
}

/// A query to all table workers; each answers for the tables that it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkersQuery {
    /// Tables, cash tables first, at most `limit` per worker.
    Tables {
        /// Number of tables in an answer, at most 1,000.
        limit: u16,
        /// Whether tables of tournaments are included.
        tournaments: bool,
    },
    /// Tables where a player has a seat. Sent by gateways of versions before [`Self::SeatsOf`].
    Seats {
        /// The player.
        player: PlayerId,
    },
    /// Tables where players have seats.
    SeatsOf {
        /// The players, at most [`MAX_SEATS_OF`].
        players: Vec<PlayerId>,
    },
}

/// Largest number of players in a query for seats.
pub const MAX_SEATS_OF: usize = 512;

/// A table worker's answer to a [`WorkersQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkersAnswer {
    /// Tables of this worker.
    Tables(#[serde(deserialize_with = "items::read")] Vec<TableSummary>),
    /// Tables of this worker where the player has a seat.
    Seats(Vec<TableId>),
    /// The players of the query who have seats at tables of this worker.
    SeatsOf(Vec<PlayerSeats>),
}

/// The tables where a player has a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayerSeats {
    /// The player.
    pub player: PlayerId,
    /// At which tables.
    pub tables: Vec<TableId>,
}
