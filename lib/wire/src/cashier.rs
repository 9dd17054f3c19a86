//! Requests to the cashier and its answers. Each role has a request type and subject of its own, so
//! that it cannot send other roles' requests.

use crate::{
    Chips, CommandId, HandNo, PlayerId, PostingId, Refusal, TableId, TournamentId,
    pass::GrantedPass,
    second_factor::{SecondFactorReply, SecondFactorRequest},
    tournament::Place,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests of gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SessionRequest {
    /// Checks a password and opens a session.
    LogIn {
        /// Account name.
        name: String,
        /// The password, not hashed: only the cashier hashes passwords.
        password: String,
        /// The client's IP address, without a port; none from a gateway of an earlier version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// The device's token, from the [`Session`] of an earlier log-in; none from a client that
        /// has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
        /// A code of the second factor, or a recovery code; needed for accounts that have one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The gateway's process, to which a pass is given; none from a gateway of an earlier
        /// version, which gets none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<u64>,
    },
    /// Continues a session, perhaps on another gateway.
    Resume {
        /// The token of the session.
        token: String,
        /// The gateway's process, to which a pass is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<u64>,
    },
    /// Ends a session.
    LogOut {
        /// The token of the session.
        token: String,
    },
    /// Changes the password, and ends the player's other sessions.
    ChangePassword {
        /// The token of the session.
        token: String,
        /// The password until now.
        old: String,
        /// The password from now on.
        new: String,
        /// As in [`Self::LogIn`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A request about the second factor of a session's player.
    SecondFactor {
        /// The token of the session.
        token: String,
        /// The request.
        request: SecondFactorRequest,
    },
    /// Returns the sessions of a session's player.
    Sessions {
        /// The token of the session that asks.
        token: String,
    },
    /// Ends one of the player's other sessions.
    EndSession {
        /// The token of the session that asks.
        token: String,
        /// Number of the session to end.
        session: u64,
    },
    /// Returns which of some sessions have ended, and passes of the others: asked by a gateway that
    /// may have missed notices, or whose passes expire.
    Check {
        /// The sessions, at most [`MOST_CHECKED`].
        sessions: Vec<HeldSession>,
        /// The gateway's process, to which passes are given. Without it the answer is
        /// [`CashierReply::Ended`], else [`CashierReply::Checked`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<u64>,
    },
    /// Returns a player's balance.
    Balance {
        /// The player.
        player: PlayerId,
    },
}

/// The most sessions in one [`SessionRequest::Check`]: a request of some 120 kB.
pub const MOST_CHECKED: usize = 1_000;

/// A session that a gateway has open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldSession {
    /// The player.
    pub player: PlayerId,
    /// The token of the session.
    pub token: String,
}

/// Requests of table workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TableMoneyRequest {
    /// Moves money from a player's balance into play at a table.
    BuyIn {
        /// The posting.
        posting: PostingId,
        /// The player.
        player: PlayerId,
        /// The table.
        table: TableId,
        /// The amount.
        amount: Chips,
    },
    /// Moves money out of play, back to the player's balance.
    CashOut {
        /// The posting.
        posting: PostingId,
        /// The player.
        player: PlayerId,
        /// The table.
        table: TableId,
        /// The amount.
        amount: Chips,
    },
}

/// Requests of coordinators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentMoneyRequest {
    /// Takes buy-in and fee of an entry.
    Enter {
        /// The tournament.
        tournament: TournamentId,
        /// The player.
        player: PlayerId,
        /// Number of the player's entry in this tournament, from 0. It rises with every
        /// reservation, so that a player who withdraws and registers again pays again, and a late
        /// repeat of a refunded entry is refused.
        #[serde(default)]
        entry: u32,
        /// Amount that goes into the prize pool.
        buy_in: Chips,
        /// Amount that goes to the house.
        fee: Chips,
    },
    /// Pays an entry back.
    Refund {
        /// The tournament.
        tournament: TournamentId,
        /// The player.
        player: PlayerId,
        /// Number of the player's entry in this tournament, as in [`Self::Enter`].
        #[serde(default)]
        entry: u32,
        /// Amount that comes out of the prize pool.
        buy_in: Chips,
        /// Amount that comes from the house.
        fee: Chips,
    },
    /// Records the places and pays the prizes.
    Settle {
        /// The tournament.
        tournament: TournamentId,
        /// The tournament's name.
        name: String,
        /// All places; the prizes add up to the prize pool.
        places: Vec<Place>,
        /// Time of the tournament's end, in milliseconds since 1970.
        finished_ms: u64,
    },
    /// Returns house accounts for bots, the same ones each time.
    Bots {
        /// Number of accounts, at most 100,000.
        count: u32,
    },
}

/// Requests of the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdminRequest {
    /// Creates an account.
    CreatePlayer {
        /// Account name: 3 to 20 of letters, digits, `_` and `-`.
        name: String,
        /// Password, at least 8 characters.
        password: String,
    },
    /// Returns an account.
    ShowPlayer {
        /// The account's name or number.
        player: String,
    },
    /// Adds money to a balance.
    Credit {
        /// The posting.
        posting: PostingId,
        /// The player.
        player: PlayerId,
        /// The amount.
        amount: Chips,
    },
    /// Bans an account, or lifts the ban. Takes effect in the whole fleet at once.
    Ban {
        /// The player.
        player: PlayerId,
        /// Whether to ban, or to lift the ban.
        banned: bool,
    },
    /// Returns a player's sessions.
    Sessions {
        /// The player.
        player: PlayerId,
    },
    /// Ends all sessions of a player and forgets the player's devices. The player's connection is
    /// closed at once.
    EndSessions {
        /// The player.
        player: PlayerId,
    },
    /// Turns a player's second factor off and puts that on record, once however often it is
    /// repeated.
    RemoveSecondFactor {
        /// The request's number.
        id: CommandId,
        /// The player.
        player: PlayerId,
        /// The reason: 1 to 200 characters, none of them a control character.
        reason: String,
    },
    /// Returns house accounts for bots, the same ones each time.
    Bots {
        /// Number of accounts, at most 100,000.
        count: u32,
    },
    /// Returns the recorded places of a finished tournament.
    Results {
        /// The tournament.
        tournament: TournamentId,
    },
    /// Returns the ledger's sums, for `pokerctl verify`.
    Audit,
    /// Puts on record that hidden cards of a running hand are shown, before they are. Put on record
    /// once, however often it is repeated.
    Inspect {
        /// The reading's number.
        id: CommandId,
        /// The table.
        table: TableId,
        /// The hand.
        hand: HandNo,
        /// The reason: 1 to 200 characters, none of them a control character.
        reason: String,
    },
    /// Returns guests, named `<prefix>-<number>`, each with a new session in place of its earlier
    /// ones. Guests that do not exist yet are created. They have no password, so logging in to them
    /// is not possible. A name of another account is refused, so that a session of another account
    /// is never opened.
    Guests {
        /// First part of the names: with `-` and the number at most 20 characters.
        prefix: String,
        /// Number of the first guest.
        first: u32,
        /// Number of guests, at most 1,000.
        count: u32,
        /// Amount that each guest is credited, once per amount.
        credit: Chips,
    },
}

/// Answers of the cashier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum CashierReply {
    /// Done, perhaps at an earlier repeat.
    Done,
    /// A session is open.
    Session(Session),
    /// A balance.
    Balance {
        /// Money in the balance.
        balance: Chips,
        /// Money at tables.
        in_play: Chips,
    },
    /// House accounts for bots.
    Bots(Vec<Account>),
    /// Guests and their sessions, by number.
    Guests(Vec<Session>),
    /// An account.
    Player(PlayerDetails),
    /// Sessions of a player, the one that was used last first.
    Sessions(Vec<SessionSummary>),
    /// A secret or recovery codes.
    SecondFactor(SecondFactorReply),
    /// Of the sessions that were asked about, those that have ended.
    Ended(Vec<EndedSession>),
    /// The same for a gateway that takes passes: which sessions have ended, and passes of the
    /// others.
    Checked(CheckedSessions),
    /// Recorded places, first place first.
    Results(Vec<RankedPlace>),
    /// The ledger's sums.
    Audit(Audit),
    /// Refused.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// The account.
    pub account: Account,
    /// The token that continues the session on any gateway.
    pub token: String,
    /// After a log-in, the token by which the cashier knows the device from now on: a device that
    /// was logged in before is not locked out by guesses of others. None from a cashier of an
    /// earlier version, and for sessions that are opened without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The proof of the log-in that the gateway shows with the player's commands. None from a
    /// cashier of an earlier version, and for sessions that no gateway asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<GrantedPass>,
}

/// A session as its player sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionSummary {
    /// The session's number.
    pub session: u64,
    /// Time of the log-in, in milliseconds since 1970.
    pub opened_ms: u64,
    /// Time of the last use, in milliseconds since 1970, to the hour.
    pub used_ms: u64,
    /// The network of the log-in: an address without its last bits; none for sessions that were
    /// opened before networks were noted, or without a password.
    #[serde(default)]
    pub network: Option<String>,
    /// Whether the session is the one that asks.
    #[serde(default)]
    pub own: bool,
}

/// A session that has ended, of those in a [`SessionRequest::Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndedSession {
    /// Its place in the request, from 0.
    pub index: u32,
    /// Whether its player is banned.
    pub banned: bool,
}

/// The answer to a [`SessionRequest::Check`] of a gateway that takes passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedSessions {
    /// The sessions that have ended.
    pub ended: Vec<EndedSession>,
    /// Passes of the other ones.
    pub passes: Vec<CheckedPass>,
}

/// The pass of a session of a [`SessionRequest::Check`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedPass {
    /// The session's place in the request, from 0.
    pub index: u32,
    /// The pass.
    pub granted: GrantedPass,
}

/// An account's number and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// The player.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
}

/// An account in full, for the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayerDetails {
    /// Number and name.
    pub account: Account,
    /// Whether the account is a house account for bots.
    pub bot: bool,
    /// Whether the account is banned.
    pub banned: bool,
    /// Whether log-ins need a code of a second factor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
    /// The balance. Bots may owe the house, so it can be negative.
    pub balance: i64,
    /// Money at tables.
    pub in_play: Chips,
    /// Tournament prizes so far.
    pub prizes: Chips,
}

/// A recorded place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RankedPlace {
    /// The place, from 1.
    pub place: u32,
    /// The account.
    pub account: Account,
    /// The prize.
    pub prize: Chips,
}

/// The ledger's sums, for comparison with the journals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// Sum of all balances; zero if the ledger is balanced.
    pub sum: i64,
    /// Postings whose entries do not add up to zero, and accounts whose balance is not the sum of
    /// their entries, in words.
    pub unbalanced: Vec<String>,
    /// Money in play at each table.
    pub tables: Vec<TableMoney>,
    /// Prize pools that are not paid out yet.
    pub tournaments: Vec<TournamentMoney>,
}

/// Money in play at one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableMoney {
    /// The table.
    pub table: TableId,
    /// The amount.
    pub amount: i64,
}

/// Prize pool of one tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentMoney {
    /// The tournament.
    pub tournament: TournamentId,
    /// The amount.
    pub amount: i64,
}
