//! The connections of this gateway, and which of them is which player's.

use crate::{format, outbox::Outbox};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use wire::{
    PlayerId,
    cashier::HeldSession,
    client::{Closing, ServerMessage},
    codec::Encoding,
    pass::{GrantedPass, Pass},
};

/// A gateway that has not heard its own notice for this long has lost it.
const NOTICE_LOST: Duration = Duration::from_secs(2);
/// Time after an answer of the cashier about a session before a refused pass makes the gateway ask
/// again.
const REFUSED_AGAIN: Duration = Duration::from_secs(2);

/// All connections of a gateway.
#[derive(Debug)]
pub(crate) struct Connections {
    next: AtomicU64,
    inner: Mutex<Inner>,
    /// Told when an owner does not accept a pass.
    passes_wanted: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    by_number: HashMap<u64, Connection>,
    by_player: HashMap<PlayerId, Online>,
}

#[derive(Debug)]
struct Connection {
    outbox: Arc<Outbox>,
    player: Option<PlayerId>,
}

/// The connection on which a player is online.
#[derive(Debug)]
struct Online {
    number: u64,
    /// The connection's name in the fleet.
    name: String,
    /// The token of the player's session.
    token: String,
    since: Instant,
    /// Whether the notice to all gateways, this one included, has come back.
    announced: bool,
    /// The pass of the player's session; none until the cashier has given one.
    pass: Option<Pass>,
    /// When the cashier is asked for the next pass.
    renewal: Instant,
    /// The earliest time of that after a refused pass, so that an owner that accepts no pass causes
    /// no flood of requests.
    not_before: Instant,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self { next: AtomicU64::new(1), inner: Mutex::default(), passes_wanted: Notify::new() }
    }

    /// Adds a connection and returns its number.
    pub(crate) fn add(&self, outbox: &Arc<Outbox>) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = Connection { outbox: Arc::clone(outbox), player: None };
        self.lock().by_number.insert(number, connection);
        number
    }

    /// Removes a connection.
    pub(crate) fn remove(&self, number: u64) {
        self.went_offline(number);
        self.lock().by_number.remove(&number);
    }

    /// Notes that a player is online on a connection of this gateway, and closes the player's other
    /// connection here.
    pub(crate) fn came_online(&self, session: HeldSession, number: u64, name: String) {
        let HeldSession { player, token } = session;
        let mut inner = self.lock();
        let Some(connection) = inner.by_number.get_mut(&number) else { return };
        connection.player = Some(player);
        let now = Instant::now();
        let online = Online {
            number,
            name,
            token,
            since: now,
            announced: false,
            pass: None,
            renewal: now,
            not_before: now,
        };
        let before = inner.by_player.insert(player, online);
        if let Some(before) = before.filter(|before| before.number != number) {
            inner.close(before.number, Closing::OnlineElsewhere);
        }
    }

    /// Notes that the player of a connection is no longer online on it.
    pub(crate) fn went_offline(&self, number: u64) {
        let mut inner = self.lock();
        let player = inner.by_number.get_mut(&number).and_then(|connection| connection.player.take());
        let Some(player) = player else { return };
        if inner.by_player.get(&player).is_some_and(|online| online.number == number) {
            inner.by_player.remove(&player);
        }
    }

    /// Handles a notice that a player is online on the connection of this name. A different
    /// connection of the player here is closed; of two that came online at the same time the one
    /// announced last stays.
    pub(crate) fn heard_online(&self, player: PlayerId, name: &str) {
        let mut inner = self.lock();
        let Some(online) = inner.by_player.get_mut(&player) else { return };
        if online.name == name {
            online.announced = true;
            return;
        }
        // The notice of the connection here is still to come, and closes the other one.
        if !online.announced && online.since.elapsed() < NOTICE_LOST {
            return;
        }
        let number = online.number;
        inner.close(number, Closing::OnlineElsewhere);
    }

    /// Closes the connection of a player who was banned.
    pub(crate) fn heard_banned(&self, player: PlayerId) {
        self.close_player(player, Closing::Banned);
    }

    /// Handles a notice that a player's sessions have ended.
    pub(crate) fn heard_ended(&self, player: PlayerId) {
        self.close_player(player, Closing::SessionEnded);
    }

    /// Returns all open sessions.
    pub(crate) fn sessions(&self) -> Vec<HeldSession> {
        self.lock().by_player.iter().map(held).collect()
    }

    /// Returns the open sessions that need a new pass by now.
    pub(crate) fn without_fresh_pass(&self) -> Vec<HeldSession> {
        let now = Instant::now();
        self.lock().by_player.iter().filter(|(_, online)| online.renewal <= now).map(held).collect()
    }

    /// Notes the pass of a session, if it is still the player's.
    pub(crate) fn got_pass(&self, session: &HeldSession, granted: GrantedPass) {
        let mut inner = self.lock();
        let online = inner.by_player.get_mut(&session.player);
        if let Some(online) = online.filter(|online| online.token == session.token) {
            online.pass = Some(granted.pass);
            online.renewal = Instant::now() + Duration::from_millis(u64::from(granted.valid_ms) / 2);
        }
    }

    /// Notes that the cashier gave no pass of a session: it is asked again after this time.
    pub(crate) fn got_no_pass(&self, session: &HeldSession, again: Duration) {
        let mut inner = self.lock();
        let online = inner.by_player.get_mut(&session.player);
        if let Some(online) = online.filter(|online| online.token == session.token) {
            let now = Instant::now();
            (online.renewal, online.not_before) = (now + again, now + REFUSED_AGAIN);
        }
    }

    /// Returns the pass of a player who is online here.
    pub(crate) fn pass_of(&self, player: PlayerId) -> Option<Pass> {
        self.lock().by_player.get(&player)?.pass.clone()
    }

    /// Notes that an owner did not accept this pass for a player: the cashier is asked for the next
    /// one, unless there is another pass by now. Returns whether the player is online here.
    pub(crate) fn pass_refused(&self, player: PlayerId, pass: Option<&Pass>) -> bool {
        let mut inner = self.lock();
        let Some(online) = inner.by_player.get_mut(&player) else { return false };
        if online.pass.as_ref() == pass {
            online.renewal = online.renewal.min(online.not_before.max(Instant::now()));
            self.passes_wanted.notify_one();
        }
        true
    }

    /// Returns when an owner has not accepted a pass.
    pub(crate) async fn passes_wanted(&self) {
        self.passes_wanted.notified().await;
    }

    /// Closes the connection of a session that has ended, if it is still that session's.
    pub(crate) fn session_ended(&self, session: &HeldSession, reason: Closing) {
        let inner = self.lock();
        let online = inner.by_player.get(&session.player);
        if let Some(online) = online.filter(|online| online.token == session.token) {
            inner.close(online.number, reason);
        }
    }

    fn close_player(&self, player: PlayerId, reason: Closing) {
        let inner = self.lock();
        if let Some(online) = inner.by_player.get(&player) {
            inner.close(online.number, reason);
        }
    }

    /// Gives a message for a player to the player's session, if the player is online here.
    pub(crate) fn heard_private(&self, player: PlayerId, frame: Bytes) {
        self.with_outbox(player, |outbox| outbox.hear(frame));
    }

    /// Calls `tell` with a player's outbox, if the player is online here.
    pub(crate) fn with_outbox(&self, player: PlayerId, tell: impl FnOnce(&Arc<Outbox>)) {
        let inner = self.lock();
        let online = inner.by_player.get(&player);
        if let Some(connection) = online.and_then(|online| inner.by_number.get(&online.number)) {
            tell(&connection.outbox);
        }
    }

    /// Returns the outbox with the most bytes that wait or are being written: of a client that
    /// reads nothing, if there is one. None when no outbox has any.
    pub(crate) fn fullest(&self) -> Option<Arc<Outbox>> {
        let inner = self.lock();
        let filled = inner.by_number.values().map(|connection| (connection.outbox.fill(), connection));
        let fullest = filled.filter(|((_, bytes), _)| *bytes > 0).max_by_key(|(fill, _)| *fill);
        fullest.map(|(_, connection)| Arc::clone(&connection.outbox))
    }

    /// Sends a message on all connections.
    pub(crate) fn tell_all(&self, message: &ServerMessage) {
        let frame = |format| format::encode(None, message.clone(), format);
        let (packed, json) = (frame(Encoding::MessagePack), frame(Encoding::Json));
        for connection in self.lock().by_number.values() {
            connection.outbox.push(match connection.outbox.format() {
                Encoding::MessagePack => packed.clone(),
                Encoding::Json => json.clone(),
            });
        }
    }

    /// Notes on all connections that messages for players may have been lost.
    pub(crate) fn doubt_all(&self) {
        self.lock().by_number.values().for_each(|connection| connection.outbox.doubt());
    }

    /// Closes all connections.
    pub(crate) fn close_all(&self, reason: Closing) {
        self.lock().by_number.values().for_each(|connection| connection.outbox.close(reason));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn held((player, online): (&PlayerId, &Online)) -> HeldSession {
    HeldSession { player: *player, token: online.token.clone() }
}

impl Inner {
    fn close(&self, number: u64, reason: Closing) {
        if let Some(connection) = self.by_number.get(&number) {
            connection.outbox.close(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PlayerId = PlayerId(1);

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::alone(Encoding::Json))
    }

    fn session(token: &str) -> HeldSession {
        HeldSession { player: ANN, token: token.to_owned() }
    }

    #[test]
    fn a_session_that_has_ended_closes_its_own_connection_only() {
        let connections = Connections::new();
        let one = outbox();
        connections.came_online(session("new"), connections.add(&one), "a.1".into());
        assert_eq!(connections.sessions(), [session("new")]);
        connections.session_ended(&session("old"), Closing::SessionEnded);
        assert_eq!(one.closing(), None, "the player has logged in again since");
        connections.session_ended(&session("new"), Closing::SessionEnded);
        assert_eq!(one.closing(), Some(Closing::SessionEnded));
    }

    fn granted(byte: u8, valid_ms: u32) -> GrantedPass {
        GrantedPass { pass: Pass(vec![byte]), valid_ms }
    }

    #[test]
    fn a_pass_is_renewed_at_half_of_its_time_or_when_an_owner_does_not_accept_it() {
        let connections = Connections::new();
        connections.came_online(session("1"), connections.add(&outbox()), "a.1".into());
        assert_eq!(connections.pass_of(ANN), None);
        assert_eq!(connections.without_fresh_pass(), [session("1")], "without a pass");
        connections.got_pass(&session("0"), granted(0, 3_600_000));
        assert_eq!(connections.pass_of(ANN), None, "of an earlier session");
        connections.got_pass(&session("1"), granted(1, 0));
        assert_eq!(connections.without_fresh_pass(), [session("1")], "half of no time is over");
        connections.got_pass(&session("1"), granted(2, 3_600_000));
        assert_eq!(connections.pass_of(ANN), Some(Pass(vec![2])));
        assert_eq!(connections.without_fresh_pass(), []);
        connections.pass_refused(ANN, Some(&Pass(vec![1])));
        assert_eq!(connections.without_fresh_pass(), [], "the one before was refused");
        assert!(connections.pass_refused(ANN, Some(&Pass(vec![2]))));
        assert_eq!(connections.without_fresh_pass(), [session("1")]);
        connections.got_no_pass(&session("1"), Duration::from_secs(10));
        assert!(connections.pass_refused(ANN, Some(&Pass(vec![2]))));
        assert_eq!(connections.without_fresh_pass(), [], "the cashier has just been asked");
        assert!(!connections.pass_refused(PlayerId(99), None), "the player is not online here");
    }

    #[test]
    fn a_second_connection_here_closes_the_first() {
        let connections = Connections::new();
        let (one, two) = (outbox(), outbox());
        let (first, second) = (connections.add(&one), connections.add(&two));
        connections.came_online(session("1"), first, "a.1".into());
        connections.came_online(session("1"), first, "a.1".into());
        assert_eq!(one.closing(), None, "a second log-in on one connection is no second connection");
        connections.came_online(session("2"), second, "a.2".into());
        assert_eq!(one.closing(), Some(Closing::OnlineElsewhere));
        connections.remove(first);
        connections.heard_online(ANN, "a.2");
        assert_eq!(two.closing(), None);
        connections.heard_online(ANN, "b.1");
        assert_eq!(two.closing(), Some(Closing::OnlineElsewhere));
    }

    #[test]
    fn of_two_connections_at_the_same_time_one_stays() {
        let nodes = [Connections::new(), Connections::new()];
        let outboxes = [outbox(), outbox()];
        for (i, gateway) in nodes.iter().enumerate() {
            let number = gateway.add(&outboxes[i]);
            gateway.came_online(session("1"), number, format!("{i}"));
        }
        for name in ["0", "1"] {
            nodes.iter().for_each(|gateway| gateway.heard_online(ANN, name));
        }
        assert_eq!(outboxes[0].closing(), Some(Closing::OnlineElsewhere));
        assert_eq!(outboxes[1].closing(), None);
    }

    #[test]
    fn a_ban_closes_the_players_connection_only() {
        let connections = Connections::new();
        let (one, two) = (outbox(), outbox());
        connections.came_online(session("1"), connections.add(&one), "a.1".into());
        connections.add(&two);
        connections.heard_banned(ANN);
        connections.heard_banned(PlayerId(7));
        assert_eq!(one.closing(), Some(Closing::Banned));
        assert_eq!(two.closing(), None);
    }
}
