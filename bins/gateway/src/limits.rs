//! The bounds of a gateway and their reasons.

use std::time::Duration;

/// Messages per second that a connection may send over a long time: a person at twenty tables, or a
/// bot with a reserve.
pub(crate) const RATE: u32 = 50;
/// Messages that a connection may send at once: to resume a hundred tables after a reconnect.
pub(crate) const BURST: u32 = 100;
/// Balance of messages refused as too fast, less accepted ones, at which the connection is closed.
pub(crate) const TOO_FAST: u32 = 200;
/// Malformed messages after which the connection is closed.
pub(crate) const MALFORMED: u8 = 5;
/// Requests of one connection that are under way or wait in a lane. Further frames are not read.
pub(crate) const IN_FLIGHT: usize = 32;
/// Tables that one connection may watch.
pub(crate) const WATCHED: usize = 256;

/// Frames that wait for a client that reads slowly: about a minute of a busy table.
pub(crate) const OUTBOX_FRAMES: usize = 1_024;
/// Bytes that wait for a client that reads slowly. The last frame may exceed this, or a large
/// answer could never be sent.
pub(crate) const OUTBOX_BYTES: usize = 1 << 20;
/// Most that a visitor may draw at once, as a time at the visitor's rate: a lobby of a thousand
/// tables a few times, or a hundred tables.
pub(crate) const VISITOR_BURST: Duration = Duration::from_secs(8);
/// While more bytes than this wait, the connection's requests wait too, so that only events fill
/// the outbox, and not answers.
pub(crate) const OUTBOX_CALM: usize = 64 << 10;
/// Bytes of several frames that are written at once: more would only be copied to wait in front of
/// the socket.
pub(crate) const TOGETHER: usize = 8 << 10;
/// How long a frame that is not urgent waits for others, if another frame was sent less than this
/// before. A system call and a wake-up for each of five players is most of the cost of an action.
/// The delay is too short to be noticed.
pub(crate) const BATCH_DELAY: Duration = Duration::from_millis(25);
/// Live events of one table that are held for one viewer until its snapshot comes, in messages.
/// Beyond, they are dropped and the table is asked again.
pub(crate) const HELD: usize = 1_024;

/// Time limit of a WebSocket handshake, its answers included, and of one of TLS before it.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time without a written byte after which a connection with waiting frames is closed.
pub(crate) const WRITE: Duration = Duration::from_secs(10);
/// Time to write the last frames before the connection is closed.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);
/// Time for requests under way to finish when the gateway stops.
pub(crate) const DRAINING: Duration = Duration::from_secs(1);
/// How long the client's bytes are still read after the last frames: closing a socket with unread
/// bytes resets the connection, and the frames would be lost.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// Connections beyond the limits that are told so at the same time; further ones are closed without
/// an answer.
pub(crate) const TURNED_AWAY: u32 = 256;
/// How many of them may be from one address, so that others are told too.
pub(crate) const TURNED_AWAY_HERE: u32 = 16;
/// Time limit for a connection that was let in to resume a session, because there are too many
/// without one.
pub(crate) const RESUME: Duration = Duration::from_secs(5);
/// Largest PROXY header, in bytes: addresses take 52, and load balancers add some hundred.
pub(crate) const PROXY_HEADER: usize = 4 << 10;
/// Time limit for a load balancer to send the PROXY header.
pub(crate) const PROXY: Duration = Duration::from_secs(5);
/// Connections of load balancers whose PROXY header is awaited; further ones are not accepted yet.
pub(crate) const PROXIED: usize = 1_024;
/// WebSocket connections that are accepted and wait for their handshake to begin.
pub(crate) const ACCEPTED: usize = 64;

/// Time until a request to a table or a tournament is repeated.
pub(crate) const EACH: Duration = Duration::from_secs(1);
/// Time until a request to the cashier is repeated: hashing passwords takes long when many players
/// log in.
pub(crate) const EACH_CASHIER: Duration = Duration::from_secs(4);
/// Time limit of all repeats: several takeovers fit.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// First pause before a request is repeated that was refused for now: a hand-over takes no longer.
/// Doubles up to [`PAUSE`].
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longest of these pauses at first: the most that it adds to a hand-over or a takeover.
pub(crate) const PAUSE: Duration = Duration::from_millis(40);
/// How long pauses stay that short: takeovers take less. More frequent repeats do not speed up a
/// longer outage, and slow an overloaded owner down.
pub(crate) const PROMPT: Duration = Duration::from_secs(1);
/// Longest pause after that; doubles from [`PAUSE`] on.
pub(crate) const LONG_PAUSE: Duration = Duration::from_millis(320);
/// Time limit for the answers of all workers; it passes only if one has died or is very busy.
pub(crate) const GATHER: Duration = Duration::from_secs(1);
/// Queries for players' seats that are under way at the same time, each for all players that wait
/// when it is sent.
pub(crate) const SEAT_QUESTIONS: usize = 4;
/// Players that may wait for a query for their seats; further log-ins wait.
pub(crate) const SEATS_WAITING: usize = 1_024;
/// How long a gateway shows the same lobby.
pub(crate) const LOBBY_AGE: Duration = Duration::from_millis(500);
/// Lines of the lobby, for tables and tournaments each.
pub(crate) const LOBBY_LINES: usize = 1_000;
/// Lines of a page of the lobby, for tables and tournaments each.
pub(crate) const LOBBY_PAGE: usize = 100;
/// Players in the standings.
pub(crate) const STANDINGS: u32 = 1_000;
/// Tables that are asked for a resync at the same time after messages may have been lost.
pub(crate) const REPAIRS: usize = 128;
/// How long a gateway waits before it reports a lost connection to tables: most players have
/// reconnected by then.
pub(crate) const DISCONNECT_DELAY: Duration = Duration::from_secs(1);
/// Tables that are told of lost connections at the same time.
pub(crate) const DISCONNECTS_AT_ONCE: usize = 128;
/// Tables that wait to be told of one player's lost connection: all players of a full gateway at
/// three tables each. Further tables are not told, and the clocks of these players run out in full.
pub(crate) const DISCONNECTS_WAITING: usize = 65_536;
/// Pause before a table that did not answer is asked again.
pub(crate) const REPAIR_PAUSE: Duration = Duration::from_secs(1);
