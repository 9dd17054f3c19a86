//! The protocol between players' programs and gateways, version 1.
//!
//! Over TCP a frame is a big-endian `u32` length and that many bytes of MessagePack. Over WebSocket a message is one
//! frame: MessagePack in binary messages with subprotocol `poker.v1.msgpack`, JSON in text messages with `poker.v1.json`.
//! Every request is answered exactly once, by a [`ServerFrame`] whose `re` is the request's `id`; frames without `re`
//! come unasked. A request that was not answered may be sent again with the same id, on any connection.

use crate::{
    Card, Chips, CommandId, HandNo, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    command::{self, AtTable, Merged, PlayerCommand},
    event::{Event, Unseating},
    table::TableSummary,
    tournament::{Standings, TournamentSummary},
    view::TableView,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Largest frame that a gateway accepts, in bytes. Larger ones close the connection.
pub const MAX_CLIENT_FRAME: usize = 16 * 1024;
/// Largest frame that a gateway sends, in bytes.
pub const MAX_SERVER_FRAME: usize = 4 * 1024 * 1024;
/// Longest line of chat, in characters, without the blanks around it.
pub const MAX_LINE: u16 = 200;
/// Most commands to one table that a program may have sent and not seen answered: tables remember as many answers of each
/// player. The next one waits for an answer.
pub const MAX_UNANSWERED: usize = 4;
/// How long after it was first sent a command to a table may be repeated, in milliseconds: tables remember answers for
/// longer than that. What became of it then shows in the table's events only.
pub const REPEATED_FOR_MS: u64 = 600_000;
/// WebSocket subprotocol: MessagePack in binary messages.
pub const SUBPROTOCOL_MSGPACK: &str = "poker.v1.msgpack";
/// WebSocket subprotocol: JSON in text messages.
pub const SUBPROTOCOL_JSON: &str = "poker.v1.json";

/// What a player's program sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientFrame {
    /// Version of the protocol: 1.
    pub v: u8,
    /// The request's id. Unique per player: start at a random number and count up.
    pub id: CommandId,
    /// The request.
    #[schemars(with = "AnyClientMessage")]
    pub m: ClientMessage,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub enum ClientMessage {
    /// Log in. Answered with [`ServerMessage::Welcome`].
    LogIn {
        /// Account name.
        name: String,
        /// Password.
        password: String,
    },
    /// Continue a session after a lost connection. Answered with [`ServerMessage::Welcome`].
    Resume {
        /// The token of the last welcome.
        token: String,
    },
    /// End the session; the token is of no use any more.
    LogOut,
    /// Ask for nothing; shows that the connection lives.
    Ping,
    /// Ask what time it is, of a node whose hello says so too. Answered with [`ServerMessage::Time`].
    Time,
    /// Tables and tournaments. Answered with [`ServerMessage::Lobby`].
    Lobby,
    /// Money. Answered with [`ServerMessage::Balance`].
    Balance,
    /// Where the player sits. Answered with [`ServerMessage::Seats`].
    Seats,
    /// Take an entry in a tournament.
    Register {
        /// Which tournament.
        tournament: TournamentId,
    },
    /// Give the entry back, before the start.
    Unregister {
        /// Which tournament.
        tournament: TournamentId,
    },
    /// How a tournament stands. Answered with [`ServerMessage::Standings`].
    Standings {
        /// Which tournament.
        tournament: TournamentId,
        /// Most players to list, at most 1,000.
        limit: u32,
    },
    /// Follow a table from now on. Answered with [`ServerMessage::Table`].
    Watch {
        /// Which table.
        table: TableId,
        /// Number of the last event seen, to get what came after it.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Follow a table no longer.
    Unwatch {
        /// Which table.
        table: TableId,
    },
    /// See a table again, and the events after `since`. Answered with [`ServerMessage::Table`].
    Resync {
        /// Which table.
        table: TableId,
        /// Number of the last event seen.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Ask something of a table. Answered with [`ServerMessage::Done`], where nothing else is said.
    #[serde(skip)]
    Command {
        /// Which table.
        table: TableId,
        /// What.
        command: PlayerCommand,
    },
}

impl Serialize for ClientMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Command { table, command } => {
                AtTable::from((*table, command.clone())).serialize(serializer)
            }
            own => Self::serialize(own, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClientMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        command::read(deserializer)
    }
}

impl<'de> Merged<'de> for ClientMessage {
    fn read_command<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (table, command) = AtTable::deserialize(deserializer)?.into();
        Ok(Self::Command { table, command })
    }

    fn read_own<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// The form of a [`ClientMessage`].
struct AnyClientMessage;

impl JsonSchema for AnyClientMessage {
    fn schema_name() -> Cow<'static, str> {
        ClientMessage::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        command::merge::<ClientMessage, AtTable>(generator)
    }
}

/// What a gateway sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerFrame {
    /// Version of the protocol: 1.
    pub v: u8,
    /// The id of the request that this answers; none when it comes unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<CommandId>,
    /// The message.
    pub m: ServerMessage,
}

/// An answer, or something that comes unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServerMessage {
    /// Unasked, first on every connection that the node takes. One that is full says [`ServerMessage::Closing`] instead.
    Hello {
        /// Name of the gateway.
        node: String,
        /// Version of the fleet's software, for people.
        version: String,
        /// Longest silence, in milliseconds, before the node closes the connection: ping more often.
        idle_ms: u32,
        /// The node's time, in milliseconds since 1970: count down to deadlines by it, not by your own
        /// clock. Absent from nodes that do not know [`ClientMessage::Time`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now_ms: Option<u64>,
    },
    /// A session is open.
    Welcome {
        /// Who you are.
        player: PlayerId,
        /// Display name.
        name: String,
        /// What continues the session on any node.
        token: String,
        /// Tables where the player sits.
        seats: Vec<TableId>,
    },
    /// Done, and durable.
    Done,
    /// Not done, and why.
    Refused {
        /// Which refusal.
        refusal: Refusal,
        /// The same in words.
        text: String,
    },
    /// Answer to a ping.
    Pong,
    /// What time it is.
    Time {
        /// The node's time, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Tables and tournaments.
    Lobby {
        /// Cash tables.
        tables: Vec<TableSummary>,
        /// Tournaments.
        tournaments: Vec<TournamentSummary>,
    },
    /// Money.
    Balance {
        /// Free money.
        balance: Chips,
        /// Money at tables.
        in_play: Chips,
    },
    /// Tables where the player sits.
    Seats(Vec<TableId>),
    /// How a tournament stands.
    Standings(Box<Standings>),
    /// A seat was taken.
    Seated {
        /// Which table.
        table: TableId,
        /// Which seat.
        seat: SeatNo,
    },
    /// A table as you may see it: where to go on from. Events after `view.event_no` follow unasked while watching.
    Table {
        /// The table, after `events`.
        view: Box<TableView>,
        /// The events after the `since` asked for, when the table remembers all of them. Otherwise, or without `since`, those of the
        /// hand being played so far: then the view, which includes them, is a new start.
        #[serde(default)]
        events: Option<TableEvents>,
        /// Your own hidden cards.
        #[serde(default)]
        cards: Option<PrivateCards>,
    },
    /// Unasked: events of a watched table, in order.
    Events(TableEvents),
    /// Unasked: your own hidden cards.
    Cards(PrivateCards),
    /// Unasked: you were given a seat (by a tournament); the table is being watched from now on.
    GivenSeat {
        /// Which table.
        table: TableId,
        /// Which seat.
        seat: SeatNo,
        /// The tournament, if it gave the seat.
        #[serde(default)]
        tournament: Option<TournamentId>,
    },
    /// Unasked: you no longer have a seat there.
    LostSeat {
        /// Which table.
        table: TableId,
        /// Why.
        reason: Unseating,
    },
    /// Unasked: your time ran out at a table. Send something there, e.g. [`PlayerCommand::SitIn`]:
    /// after the table's limit you are treated
    /// as having left. As long as you are connected, the gateway tells the table that you are.
    TimedOut {
        /// Which table.
        table: TableId,
    },
    /// Unasked: your tournament is over for you.
    Placed {
        /// Which tournament.
        tournament: TournamentId,
        /// Your place.
        place: u32,
        /// Your prize.
        prize: Chips,
    },
    /// Unasked: what works of the fleet behind the node. Comes when that has changed, and after the hello unless everything works.
    Service(Service),
    /// Unasked, last: the node closes the connection.
    Closing {
        /// Why.
        reason: Closing,
        /// Addresses of other nodes to try, the best first: `tcp://host:port` on a TCP connection, `ws://host:port/` on a
        /// WebSocket. Without a scheme it is TCP.
        #[serde(default)]
        elsewhere: Vec<String>,
    },
}

/// What works of the fleet. Nothing that was acknowledged is lost by what does not, and all of it goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Whether hands go on. While they do not, no clock runs out: whose turn it is gets the full time again afterwards.
    pub tables: bool,
    /// Whether logging in, sitting down, registering and balances are possible. Who leaves meanwhile is paid afterwards.
    pub money: bool,
    /// Whether tournaments take entries and go on after their hands.
    pub tournaments: bool,
}

impl Service {
    /// Everything works.
    pub const WHOLE: Self = Self { tables: true, money: true, tournaments: true };
}

/// Why a gateway closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
pub enum Closing {
    /// The node has as many connections as it may have.
    #[strum(to_string = "the node is full")]
    NodeFull,
    /// The node stops.
    #[strum(to_string = "the node stops")]
    NodeStopping,
    /// The player is online on another connection now.
    #[strum(to_string = "you are online on another connection")]
    OnlineElsewhere,
    /// The account is banned.
    #[strum(to_string = "this account is banned")]
    Banned,
    /// A frame was larger than allowed.
    #[strum(to_string = "a frame was too large")]
    FrameTooLarge,
    /// A frame could not be understood, too many times.
    #[strum(to_string = "too many frames could not be understood")]
    Malformed,
    /// Messages kept coming too fast.
    #[strum(to_string = "messages kept coming too fast")]
    TooFast,
    /// Nothing was heard for too long.
    #[strum(to_string = "nothing was heard for too long")]
    Idle,
    /// The connection did not take what was sent to it.
    #[strum(to_string = "what was sent was not taken in time")]
    TooSlow,
}

impl Closing {
    /// The WebSocket close code that goes with it.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::NodeFull => 1013,
            Self::NodeStopping => 1001,
            Self::OnlineElsewhere => 4001,
            Self::Banned => 4002,
            Self::FrameTooLarge => 1009,
            Self::Malformed => 1007,
            Self::TooFast => 4003,
            Self::Idle => 4004,
            Self::TooSlow => 4005,
        }
    }
}

/// Events of one table, in order. `events[i]` has number `first + i`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableEvents {
    /// Which table.
    pub table: TableId,
    /// Number of the first of them.
    pub first: u64,
    /// The events.
    pub events: Vec<Event>,
}

impl TableEvents {
    /// Number of the last event (`first - 1` when there is none).
    #[must_use]
    pub fn last(&self) -> u64 {
        (self.first + self.events.len() as u64).saturating_sub(1)
    }
}

/// A player's own hidden cards in the current hand, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrivateCards {
    /// Which table.
    pub table: TableId,
    /// Which hand.
    pub hand: HandNo,
    /// The cards.
    pub cards: Vec<Card>,
}
