//! The protocol between clients and gateways, version 1.
//!
//! Over TCP, a frame is a big-endian `u32` length and that many bytes of MessagePack. Over
//! WebSocket, a message is one frame: MessagePack in binary messages with subprotocol
//! `poker.v1.msgpack`, JSON in text messages with `poker.v1.json`. Each request is answered exactly
//! once, by a [`ServerFrame`] whose `re` is the request's `id`; frames without `re` are not
//! answers. A request without an answer may be sent again under the same id, on any connection.

use crate::{
    Chips, CommandId, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    cashier::SessionSummary,
    command::{self, AtTable, Merged, PlayerCommand},
    event::Unseating,
    items,
    second_factor::{SecondFactorReply, SecondFactorRequest},
    table::TableSummary,
    tournament::{Standings, TournamentSummary},
    view::TableView,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

pub use crate::{event::TableEvents, view::PrivateCards};

/// Largest frame that a gateway accepts, in bytes. Larger ones close the connection.
pub const MAX_CLIENT_FRAME: usize = 16 * 1024;
/// Largest frame that a gateway sends, in bytes.
pub const MAX_SERVER_FRAME: usize = 4 * 1024 * 1024;
/// Longest line of chat, in characters, without spaces at its ends.
pub const MAX_LINE: u16 = 200;
/// Largest number of commands to one table that a client may have sent without an answer: tables
/// remember as many answers of each player. The next command waits for an answer.
pub const MAX_UNANSWERED: usize = 4;
/// Time after its first sending within which a command to a table may be repeated, in milliseconds:
/// tables remember answers longer than that. Afterwards, only the table's events show whether it
/// was carried out.
pub const REPEATED_FOR_MS: u64 = 600_000;
/// WebSocket subprotocol: MessagePack in binary messages.
pub const SUBPROTOCOL_MSGPACK: &str = "poker.v1.msgpack";
/// WebSocket subprotocol: JSON in text messages.
pub const SUBPROTOCOL_JSON: &str = "poker.v1.json";

/// A frame of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientFrame {
    /// Version of the protocol: 1.
    pub v: u8,
    /// The request's id, unique per player: start at a random number and count up.
    pub id: CommandId,
    /// The request.
    #[schemars(with = "AnyClientMessage")]
    pub m: ClientMessage,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub enum ClientMessage {
    /// Logs in. Answered with [`ServerMessage::Welcome`].
    LogIn {
        /// Account name.
        name: String,
        /// Password.
        password: String,
        /// The device's token, from an earlier welcome of the same account: a device that was
        /// logged in before is not locked out by wrong passwords that others try.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
        /// A code of the player's authenticator, or a recovery code; needed for accounts with a
        /// second factor, whose log-ins are else refused with [`Refusal::CodeNeeded`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// Continues a session after a lost connection. Answered with [`ServerMessage::Welcome`].
    Resume {
        /// The token of the last welcome.
        token: String,
    },
    /// Ends the session; its token becomes invalid.
    LogOut,
    /// Changes the password, and ends the player's other sessions; other devices are no longer
    /// known.
    ChangePassword {
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
        /// As in [`ClientMessage::LogIn`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// Turns the account's second factor on or off, or makes new recovery codes. Answered with
    /// [`ServerMessage::SecondFactor`], or as done.
    SecondFactor(SecondFactorRequest),
    /// Asks for the player's sessions. Answered with [`ServerMessage::Sessions`].
    Sessions,
    /// Ends another session of the player.
    EndSession {
        /// The session's number.
        session: u64,
    },
    /// Shows that the connection works. Answered with [`ServerMessage::Pong`].
    Ping,
    /// Asks for the gateway's time; only for gateways whose hello has it. Answered with
    /// [`ServerMessage::Time`].
    Time,
    /// Asks for tables and tournaments. Answered with [`ServerMessage::Lobby`].
    Lobby,
    /// Asks for one page of the same. Answered with [`ServerMessage::LobbyPage`]. Gateways of
    /// earlier versions refuse it as a bad message: ask for [`ClientMessage::Lobby`] then.
    LobbyPage {
        /// The page, from 0.
        page: u32,
    },
    /// Asks for the player's money. Answered with [`ServerMessage::Balance`].
    Balance,
    /// Asks for the tables where the player has a seat. Answered with [`ServerMessage::Seats`].
    Seats,
    /// Takes an entry in a tournament.
    Register {
        /// The tournament.
        tournament: TournamentId,
    },
    /// Gives the entry back, before the start.
    Unregister {
        /// The tournament.
        tournament: TournamentId,
    },
    /// Asks for a tournament's standings. Answered with [`ServerMessage::Standings`].
    Standings {
        /// The tournament.
        tournament: TournamentId,
        /// Number of players to list, at most 1,000.
        limit: u32,
    },
    /// Watches a table from now on. Answered with [`ServerMessage::Table`].
    Watch {
        /// The table.
        table: TableId,
        /// Number of the last event seen, to get the events after it.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Stops watching a table.
    Unwatch {
        /// The table.
        table: TableId,
    },
    /// Asks for a table's state, and the events after `since`. Answered with
    /// [`ServerMessage::Table`].
    Resync {
        /// The table.
        table: TableId,
        /// Number of the last event seen.
        #[serde(default)]
        since: Option<u64>,
    },
    /// A command to a table. Answered with [`ServerMessage::Done`], unless the command says
    /// otherwise.
    #[serde(skip)]
    Command {
        /// The table.
        table: TableId,
        /// The command.
        command: PlayerCommand,
    },
}

impl PlayerCommand {
    /// Returns the command as a client sends it.
    #[must_use]
    pub const fn at(self, table: TableId) -> ClientMessage {
        ClientMessage::Command { table, command: self }
    }
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

/// A frame of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerFrame {
    /// Version of the protocol: 1.
    pub v: u8,
    /// The id of the request that this answers; none if the frame is not an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<CommandId>,
    /// The message.
    pub m: ServerMessage,
}

/// An answer, or a message without a request ("unasked").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServerMessage {
    /// Unasked, first on every connection that the gateway accepts. A full gateway sends
    /// [`ServerMessage::Closing`] instead.
    Hello {
        /// Name of the gateway.
        node: String,
        /// Version of the fleet's software, for people.
        version: String,
        /// Longest silence, in milliseconds, before the gateway closes the connection: ping more
        /// often.
        idle_ms: u32,
        /// The gateway's time, in milliseconds since 1970: count down to deadlines by it, not by
        /// your own clock. Absent from gateways that do not know [`ClientMessage::Time`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now_ms: Option<u64>,
    },
    /// A session is open.
    Welcome {
        /// The player that is logged in.
        player: PlayerId,
        /// Display name.
        name: String,
        /// The token that continues the session on any gateway.
        token: String,
        /// Tables where the player has a seat.
        seats: Vec<TableId>,
        /// After a log-in, the device's token: keep it and send it with later log-ins. It opens
        /// nothing without the password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    },
    /// The request was carried out, and the result is durable.
    Done,
    /// The request was not carried out.
    Refused {
        /// The reason.
        refusal: Refusal,
        /// The reason in words.
        text: String,
    },
    /// Answers a ping.
    Pong,
    /// The gateway's time.
    Time {
        /// The gateway's time, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Tables and tournaments.
    Lobby {
        /// Cash tables.
        #[serde(deserialize_with = "items::read")]
        tables: Vec<TableSummary>,
        /// Tournaments.
        #[serde(deserialize_with = "items::read")]
        tournaments: Vec<TournamentSummary>,
    },
    /// A page of tables and tournaments. They change between two pages: one may come twice, or not
    /// at all.
    LobbyPage {
        /// The page, from 0.
        page: u32,
        /// Number of pages at present.
        pages: u32,
        /// Cash tables, at most 100.
        #[serde(deserialize_with = "items::read")]
        tables: Vec<TableSummary>,
        /// Tournaments, at most 100.
        #[serde(deserialize_with = "items::read")]
        tournaments: Vec<TournamentSummary>,
    },
    /// The player's money.
    Balance {
        /// Money in the balance.
        balance: Chips,
        /// Money at tables.
        in_play: Chips,
    },
    /// The player's sessions, the one that was used last first.
    Sessions(Vec<SessionSummary>),
    /// A secret for the player's authenticator, or recovery codes.
    SecondFactor(SecondFactorReply),
    /// Tables where the player has a seat.
    Seats(Vec<TableId>),
    /// A tournament's standings.
    Standings(Box<Standings>),
    /// A seat was taken.
    Seated {
        /// The table.
        table: TableId,
        /// The seat.
        seat: SeatNo,
    },
    /// A table as the viewer may see it: the state from which to continue. While it is watched,
    /// events after `view.event_no` follow unasked.
    Table {
        /// The table, after `events`.
        view: Box<TableView>,
        /// The events after the requested `since`, if the table remembers all of them. Otherwise,
        /// or without `since`, the events of the current hand so far: then the view, which includes
        /// them, is a new start.
        #[serde(default)]
        events: Option<TableEvents>,
        /// The player's own hidden cards.
        #[serde(default)]
        cards: Option<PrivateCards>,
    },
    /// Unasked: events of a watched table, in order.
    Events(TableEvents),
    /// Unasked: the player's own hidden cards.
    Cards(PrivateCards),
    /// Unasked: the player was given a seat (by a tournament). The table is watched from now on.
    GivenSeat {
        /// The table.
        table: TableId,
        /// The seat.
        seat: SeatNo,
        /// The tournament, if it gave the seat.
        #[serde(default)]
        tournament: Option<TournamentId>,
    },
    /// Unasked: the player no longer has a seat at the table.
    LostSeat {
        /// The table.
        table: TableId,
        /// The reason.
        reason: Unseating,
    },
    /// Unasked: the player's time ran out at a table. A command there, e.g.
    /// [`PlayerCommand::SitIn`], ends the absence; after the table's limit, the player counts as
    /// having left. As long as the player is connected, the gateway tells the table so.
    TimedOut {
        /// The table.
        table: TableId,
    },
    /// Unasked: the player's tournament is over.
    Placed {
        /// The tournament.
        tournament: TournamentId,
        /// The player's place.
        place: u32,
        /// The player's prize.
        prize: Chips,
    },
    /// Unasked: the state of the fleet's services. Sent when it has changed, and after the hello
    /// unless all services work.
    Service(Service),
    /// Unasked, last: the gateway closes the connection.
    Closing {
        /// The reason.
        reason: Closing,
        /// Addresses of other gateways to try, the best first: `tcp://host:port` on a TCP
        /// connection, `ws://host:port/` on a WebSocket. Without a scheme, it is TCP.
        #[serde(default)]
        elsewhere: Vec<String>,
    },
}

/// The state of the fleet's services. A service that does not work keeps all acknowledged commands,
/// and recovers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Whether hands continue. While they do not, no clock runs out: the actor gets the full time
    /// again afterwards.
    pub tables: bool,
    /// Whether logging in, sitting down, registering and balances are possible. Players who leave
    /// meanwhile are paid afterwards.
    pub money: bool,
    /// Whether tournaments accept entries, and their tables continue after a hand.
    pub tournaments: bool,
}

impl Service {
    /// All services of the fleet work.
    pub const WHOLE: Self = Self { tables: true, money: true, tournaments: true };
}

/// The reason why a gateway closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
pub enum Closing {
    /// The gateway has as many connections as it may have.
    #[strum(to_string = "the gateway is full")]
    NodeFull,
    /// The gateway stops.
    #[strum(to_string = "the gateway stops")]
    NodeStopping,
    /// The player is online on another connection now.
    #[strum(to_string = "you are online on another connection")]
    OnlineElsewhere,
    /// The account is banned.
    #[strum(to_string = "this account is banned")]
    Banned,
    /// The session was ended by the administrator.
    #[strum(to_string = "the session has ended: log in again")]
    SessionEnded,
    /// A frame was larger than allowed.
    #[strum(to_string = "a frame was too large")]
    FrameTooLarge,
    /// Too many frames were malformed.
    #[strum(to_string = "too many frames were malformed")]
    Malformed,
    /// Messages were sent too fast for too long.
    #[strum(to_string = "messages were sent too fast for too long")]
    TooFast,
    /// The client was silent for too long.
    #[strum(to_string = "the client was silent for too long")]
    Idle,
    /// The client did not read fast enough.
    #[strum(to_string = "the client did not read fast enough")]
    TooSlow,
    /// There are as many connections from the client's address or network as there may be. Clients
    /// of earlier versions do not know this reason, and see the connection end.
    #[strum(to_string = "there are too many connections from your address")]
    TooManyConnections,
}

impl Closing {
    /// Returns the WebSocket close code for the reason.
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
            Self::TooManyConnections => 4006,
            Self::SessionEnded => 4007,
        }
    }
}
