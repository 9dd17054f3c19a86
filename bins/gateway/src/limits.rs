//! Bounds of a gateway, and why they are what they are.

use std::time::Duration;

/// Messages a second that a connection may send for long: a person at twenty tables, or a bot with reserve.
pub(crate) const RATE: u32 = 50;
/// Messages that it may send at once: going on at a hundred tables after a reconnect.
pub(crate) const BURST: u32 = 100;
/// Messages refused as too fast, less those that were not, before the connection is closed.
pub(crate) const TOO_FAST: u32 = 200;
/// Messages that make no sense before the connection is closed.
pub(crate) const MALFORMED: u8 = 5;
/// Requests of one connection that are under way or wait for another one on the same table. Further ones are not read.
pub(crate) const IN_FLIGHT: usize = 32;
/// Tables that one connection may watch.
pub(crate) const WATCHED: usize = 256;

/// Frames that wait for a slow reader: about a minute of a busy table.
pub(crate) const OUTBOX_FRAMES: usize = 1_024;
/// Bytes that wait for a slow reader. One frame more always fits, or a large answer could never be sent.
pub(crate) const OUTBOX_BYTES: usize = 1 << 20;
/// While more than this waits, the connection's requests wait too: answers fill no memory, only events do.
pub(crate) const OUTBOX_CALM: usize = 64 << 10;
/// Bytes of several frames that are written at once: more would only be copied to wait in front of the socket.
pub(crate) const TOGETHER: usize = 8 << 10;
/// What is told to somebody who is not asked to act, less than this after something else was, may wait so long for more to come:
/// a system call and a wake-up for each of five players is most of what an action costs. Less than anybody notices.
pub(crate) const BATCH_DELAY: Duration = Duration::from_millis(25);
/// Live events of one table that are held for one viewer until its snapshot comes, in messages. More are asked for anew.
pub(crate) const HELD: usize = 1_024;

/// A WebSocket handshake takes at most this long.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// A connection that takes nothing for this long is closed.
pub(crate) const WRITE: Duration = Duration::from_secs(10);
/// Time to hand over the last words.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);
/// Time for requests under way to finish when the gateway stops.
pub(crate) const DRAINING: Duration = Duration::from_secs(1);
/// What the other side still sends is read for this long after the last words, or the words would be lost: closing a
/// socket with unread bytes resets the connection.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// Connections beyond the limit that are told so at the same time; further ones are dropped without a word.
pub(crate) const TURNED_AWAY: u32 = 256;

/// One attempt of a request to a table or a tournament, before it is repeated.
pub(crate) const EACH: Duration = Duration::from_secs(1);
/// One attempt of a request to the cashier: hashing a password takes its time when many log in.
pub(crate) const EACH_CASHIER: Duration = Duration::from_secs(4);
/// All attempts together: several takeovers fit.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// First pause before a request is repeated that was refused for a passing reason: a hand-over takes no
/// longer. Doubles up to [`PAUSE`].
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longest of these pauses at first: what a hand-over or a takeover costs a player at most beside itself.
pub(crate) const PAUSE: Duration = Duration::from_millis(40);
/// For so long pauses stay that short: takeovers take less. What takes longer is not sped up by
/// questions, but an overloaded owner is slowed down by them.
pub(crate) const PROMPT: Duration = Duration::from_secs(1);
/// Longest pause after that: doubles from [`PAUSE`] on.
pub(crate) const LONG_PAUSE: Duration = Duration::from_millis(320);
/// How long the answers of all workers are waited for. Only one that is gone, or very busy, makes anybody wait that long.
pub(crate) const GATHER: Duration = Duration::from_secs(1);
/// Questions after players' seats that are under way at the same time, each for as many players as wait by then.
pub(crate) const SEAT_QUESTIONS: usize = 4;
/// Players who may wait to be asked for; further ones wait to wait.
pub(crate) const SEATS_WAITING: usize = 1_024;
/// How long everybody is shown the same lobby.
pub(crate) const LOBBY_AGE: Duration = Duration::from_millis(500);
/// Lines of the lobby, tables and tournaments each.
pub(crate) const LOBBY_LINES: usize = 1_000;
/// Players in the standings.
pub(crate) const STANDINGS: u32 = 1_000;
/// Tables that are asked again at the same time after messages may have been lost.
pub(crate) const REPAIRS: usize = 128;
/// How long a gateway waits before it says that a connection is gone: most players are back on another one by then.
pub(crate) const DISCONNECT_DELAY: Duration = Duration::from_secs(1);
/// Tables that are told at the same time who is gone.
pub(crate) const DISCONNECTS_AT_ONCE: usize = 128;
/// Pause before a table is asked again that did not answer.
pub(crate) const REPAIR_PAUSE: Duration = Duration::from_secs(1);
