//! The double-entry ledger: movements of money between accounts, each under a key.
//!
//! A request becomes a [`Posting`]; [`books`] decides on it (pure), [`store`] reads and writes
//! (SQL), [`queue`] puts postings that arrive together into one transaction.

pub mod books;
pub mod queue;
pub mod store;

use std::fmt;
use wire::{
    Chips, PlayerId, PostingId, Refusal, TableId, TournamentId, cashier::TableMoneyRequest, text::Quoted,
};

/// Prefixes of keys that the cashier makes itself; ids from other roles must not begin with them.
const OWN_KEYS: [&str; 3] = ["enter.", "refund.", "settle."];
/// The longest key in bytes.
const LONGEST_KEY: usize = 120;

/// A ledger account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountId {
    /// The house's capital: the other side of credits.
    Equity,
    /// A player's free money.
    Player(PlayerId),
    /// Fees.
    Revenue,
    /// Money at a table.
    Table(TableId),
    /// A prize pool that is not paid out.
    Tournament(TournamentId),
}

impl AccountId {
    /// Returns kind and number, the columns of the table `accounts`.
    #[must_use]
    pub fn columns(self) -> (&'static str, u64) {
        match self {
            Self::Equity => ("equity", 0),
            Self::Player(player) => ("player", player.0),
            Self::Revenue => ("revenue", 0),
            Self::Table(table) => ("table", table.0),
            Self::Tournament(tournament) => ("tournament", tournament.0),
        }
    }

    /// Returns the account with a kind and number; `None` for an unknown kind.
    #[must_use]
    pub fn from_columns(kind: &str, owner: u64) -> Option<Self> {
        Some(match kind {
            "equity" => Self::Equity,
            "player" => Self::Player(PlayerId(owner)),
            "revenue" => Self::Revenue,
            "table" => Self::Table(TableId(owner)),
            "tournament" => Self::Tournament(TournamentId(owner)),
            _ => return None,
        })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, owner) = self.columns();
        write!(f, "{kind} {owner}")
    }
}

/// A movement of money. Settlements, which have thousands of entries, are in [`crate::settlement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// From a player's balance to a table.
    BuyIn {
        /// The player.
        player: PlayerId,
        /// The table.
        table: TableId,
        /// The amount.
        amount: Chips,
    },
    /// From a table to the player's balance.
    CashOut {
        /// The player.
        player: PlayerId,
        /// The table.
        table: TableId,
        /// The amount.
        amount: Chips,
    },
    /// From a player's balance to a prize pool, and the fee to the house.
    Enter(TournamentEntry),
    /// The refund of an entry.
    Refund(TournamentEntry),
    /// From the house to a player's balance.
    Credit {
        /// The player.
        player: PlayerId,
        /// The amount.
        amount: Chips,
    },
}

/// A player's entry in a tournament.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TournamentEntry {
    /// The tournament.
    pub tournament: TournamentId,
    /// The player.
    pub player: PlayerId,
    /// The number of the player's entry in the tournament.
    pub number: u32,
    /// The amount for the prize pool.
    pub buy_in: Chips,
    /// The amount for the house.
    pub fee: Chips,
}

impl TournamentEntry {
    /// Returns the key of the payment.
    #[must_use]
    pub fn enter_key(&self) -> String {
        format!("enter.{}.{}.{}", self.tournament, self.player, self.number)
    }

    /// Returns the key of the refund.
    #[must_use]
    pub fn refund_key(&self) -> String {
        format!("refund.{}.{}.{}", self.tournament, self.player, self.number)
    }
}

/// Returns the key of a tournament's settlement. Once it is posted, the pool does not change.
#[must_use]
pub fn settle_key(tournament: TournamentId) -> String {
    format!("settle.{tournament}")
}

/// A movement with the key under which it is carried out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The key.
    pub key: String,
    /// The movement.
    pub movement: Movement,
}

impl Posting {
    /// Returns a posting under an id that its sender chose.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] for ids that cannot be keys, and for amounts and numbers out of
    /// range.
    pub fn named(id: PostingId, movement: Movement) -> Result<Self, Refusal> {
        let key = id.0;
        if key.is_empty() || key.len() > LONGEST_KEY || key.contains(char::is_control) {
            return Err(Refusal::bad_message("a posting id has 1 to 120 bytes and no control characters"));
        }
        if OWN_KEYS.iter().any(|own| key.starts_with(own)) {
            return Err(Refusal::bad_message(format!(
                "posting id {}: ids that begin with {} are the cashier's own",
                Quoted(&key),
                OWN_KEYS.join(", ")
            )));
        }
        Self { key, movement }.checked()
    }

    /// Returns the posting of a table's request.
    ///
    /// # Errors
    /// As [`Self::named`].
    pub fn of_table(request: TableMoneyRequest) -> Result<Self, Refusal> {
        let (id, movement) = match request {
            TableMoneyRequest::BuyIn { posting, player, table, amount } => {
                (posting, Movement::BuyIn { player, table, amount })
            }
            TableMoneyRequest::CashOut { posting, player, table, amount } => {
                (posting, Movement::CashOut { player, table, amount })
            }
        };
        Self::named(id, movement)
    }

    /// Returns the posting that pays an entry.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] for amounts and numbers out of range.
    pub fn enter(entry: TournamentEntry) -> Result<Self, Refusal> {
        let key = entry.enter_key();
        let movement = Movement::Enter(entry);
        Self { key, movement }.checked()
    }

    /// Returns the posting that pays an entry back.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] for amounts and numbers out of range.
    pub fn refund(entry: TournamentEntry) -> Result<Self, Refusal> {
        let key = entry.refund_key();
        let movement = Movement::Refund(entry);
        Self { key, movement }.checked()
    }

    fn checked(self) -> Result<Self, Refusal> {
        let columns = self.columns();
        let whole = columns.amount > Chips::MAX || columns.fee > Chips::MAX;
        let nothing = columns.amount.is_zero()
            && matches!(self.movement, Movement::BuyIn { .. } | Movement::Credit { .. });
        if whole || nothing {
            return Err(Refusal::bad_message(format!(
                "{} of {}: amounts are 1 to {}",
                columns.kind,
                columns.amount,
                Chips::MAX
            )));
        }
        if columns.player.0 > wire::ids::MAX_ID || columns.place.unwrap_or(0) > wire::ids::MAX_ID {
            return Err(Refusal::bad_message("numbers of players, tables and tournaments are below 2^53"));
        }
        Ok(self)
    }

    /// Returns the posting's columns in the table `postings`.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let (kind, player, place, amount, fee) = match self.movement {
            Movement::BuyIn { player, table, amount } => {
                ("buy-in", player, Some(table.0), amount, Chips::ZERO)
            }
            Movement::CashOut { player, table, amount } => {
                ("cash-out", player, Some(table.0), amount, Chips::ZERO)
            }
            Movement::Enter(entry) => {
                ("enter", entry.player, Some(entry.tournament.0), entry.buy_in, entry.fee)
            }
            Movement::Refund(entry) => {
                ("refund", entry.player, Some(entry.tournament.0), entry.buy_in, entry.fee)
            }
            Movement::Credit { player, amount } => ("credit", player, None, amount, Chips::ZERO),
        };
        Columns { kind, player, place, amount, fee }
    }

    /// Returns the accounts between which the posting moves money.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountId> {
        match self.movement {
            Movement::BuyIn { player, table, .. } | Movement::CashOut { player, table, .. } => {
                vec![AccountId::Player(player), AccountId::Table(table)]
            }
            Movement::Enter(entry) | Movement::Refund(entry) => vec![
                AccountId::Player(entry.player),
                AccountId::Tournament(entry.tournament),
                AccountId::Revenue,
            ],
            Movement::Credit { player, .. } => vec![AccountId::Player(player), AccountId::Equity],
        }
    }

    /// Returns the keys of the postings that the decision depends on, its own included.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        match self.movement {
            Movement::Enter(entry) | Movement::Refund(entry) => {
                vec![entry.enter_key(), entry.refund_key(), settle_key(entry.tournament)]
            }
            _ => vec![self.key.clone()],
        }
    }
}

/// The columns of a posting in the table `postings`, except its key. Two postings are the same when
/// these are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The kind of movement.
    pub kind: &'static str,
    /// The player whose money moves.
    pub player: PlayerId,
    /// The number of the table or tournament.
    pub place: Option<u64>,
    /// The amount, without the fee.
    pub amount: Chips,
    /// The fee.
    pub fee: Chips,
}
