//! What the cashier is asked. One request type per subject, so that each role may send only its own.

use crate::{Chips, PlayerId, PostingId, Refusal, TableId, TournamentId, tournament::Place};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asked by gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SessionRequest {
    /// Check a password and open a session.
    LogIn {
        /// Account name.
        name: String,
        /// Password, in clear: the cashier is the only one who hashes.
        password: String,
    },
    /// Continue a session, perhaps on another node.
    Resume {
        /// The token of the session.
        token: String,
    },
    /// End a session.
    LogOut {
        /// The token of the session.
        token: String,
    },
    /// What a player has.
    Balance {
        /// Who.
        player: PlayerId,
    },
}

/// Asked by table workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TableMoneyRequest {
    /// Move money from a player's balance into play at a table.
    BuyIn {
        /// The posting.
        posting: PostingId,
        /// Whose money.
        player: PlayerId,
        /// Where it goes.
        table: TableId,
        /// How much.
        amount: Chips,
    },
    /// Move money out of play, back to the player's balance.
    CashOut {
        /// The posting.
        posting: PostingId,
        /// Whose money.
        player: PlayerId,
        /// Where it comes from.
        table: TableId,
        /// How much.
        amount: Chips,
    },
}

/// Asked by coordinators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentMoneyRequest {
    /// Take buy-in and fee of an entry.
    Enter {
        /// Which tournament.
        tournament: TournamentId,
        /// Whose entry.
        player: PlayerId,
        /// Which of the player's entries in this tournament, from 0: rises with every reservation, so
        /// that whoever withdraws and comes back pays again, and a belated repeat of an entry that was
        /// paid back is refused.
        #[serde(default)]
        entry: u32,
        /// Into the prize pool.
        buy_in: Chips,
        /// To the house.
        fee: Chips,
    },
    /// Pay an entry back.
    Refund {
        /// Which tournament.
        tournament: TournamentId,
        /// Whose entry.
        player: PlayerId,
        /// Which of the player's entries in this tournament, as in [`Self::Enter`].
        #[serde(default)]
        entry: u32,
        /// Out of the prize pool.
        buy_in: Chips,
        /// From the house.
        fee: Chips,
    },
    /// Record the places and pay the prizes.
    Settle {
        /// Which tournament.
        tournament: TournamentId,
        /// Its name.
        name: String,
        /// All places; prizes add up to the prize pool.
        places: Vec<Place>,
        /// When it ended, in milliseconds since 1970.
        finished_ms: u64,
    },
    /// House accounts for bots, the same ones each time.
    Bots {
        /// How many, at most 100,000.
        count: u32,
    },
}

/// Asked by the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdminRequest {
    /// Make an account.
    CreatePlayer {
        /// Account name: 3 to 20 of letters, digits, `_` and `-`.
        name: String,
        /// Password, at least 8 characters.
        password: String,
    },
    /// Find an account.
    ShowPlayer {
        /// By name or by number.
        player: String,
    },
    /// Add money to a balance.
    Credit {
        /// The posting.
        posting: PostingId,
        /// Whose balance.
        player: PlayerId,
        /// How much.
        amount: Chips,
    },
    /// Ban an account or lift the ban. Works network-wide at once.
    Ban {
        /// Who.
        player: PlayerId,
        /// Whether to ban (or to lift the ban).
        banned: bool,
    },
    /// House accounts for bots, the same ones each time.
    Bots {
        /// How many, at most 100,000.
        count: u32,
    },
    /// The recorded places of a finished tournament.
    Results {
        /// Which tournament.
        tournament: TournamentId,
    },
    /// What the ledger says, for `verify`.
    Audit,
    /// Guests: accounts of the house for programs that play in great numbers, named `<prefix>-<number>`, each with a new
    /// session in place of its earlier ones. They have no password, so nobody can log in to them; those that are not
    /// there yet are made. A name that somebody else has is refused, so no session of theirs is ever opened.
    Guests {
        /// Begins the names: with `-` and the number at most 20 characters.
        prefix: String,
        /// Number of the first.
        first: u32,
        /// How many, at most 1,000.
        count: u32,
        /// What each is credited, once per amount.
        credit: Chips,
    },
}

/// What the cashier answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum CashierReply {
    /// Done (perhaps earlier: a repeat gets the same answer).
    Done,
    /// A session is open.
    Session(Session),
    /// A balance.
    Balance {
        /// Free money.
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
    /// Recorded places, first place first.
    Results(Vec<RankedPlace>),
    /// What the ledger says.
    Audit(Audit),
    /// Not done.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Who.
    pub account: Account,
    /// What continues the session on any node.
    pub token: String,
}

/// An account's number and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// The player.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
}

/// An account as the administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayerDetails {
    /// Number and name.
    pub account: Account,
    /// Whether it is a house account for bots.
    pub bot: bool,
    /// Whether it is banned.
    pub banned: bool,
    /// Free money. Bots may owe the house, so it can be negative.
    pub balance: i64,
    /// Money at tables.
    pub in_play: Chips,
    /// Tournament prizes so far.
    pub prizes: Chips,
}

/// A recorded place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RankedPlace {
    /// From 1.
    pub place: u32,
    /// Who.
    pub account: Account,
    /// What they won.
    pub prize: Chips,
}

/// What the ledger says, for checks against the journals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// All balances together; zero when the books balance.
    pub sum: i64,
    /// Postings whose two sides differ, or accounts whose balance is not the sum of their postings.
    pub unbalanced: Vec<String>,
    /// Money in play, table by table.
    pub tables: Vec<TableMoney>,
    /// Prize pools that are not paid out yet.
    pub tournaments: Vec<TournamentMoney>,
}

/// Money in play at one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableMoney {
    /// Which table.
    pub table: TableId,
    /// How much.
    pub amount: i64,
}

/// Prize pool of one tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentMoney {
    /// Which tournament.
    pub tournament: TournamentId,
    /// How much.
    pub amount: i64,
}
