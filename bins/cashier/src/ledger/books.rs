//! Decisions on postings, from the accounts and earlier postings they depend on. Pure.
//!
//! Invariants: a refused posting moves no money, and neither does any repeat of it; an accepted one
//! has entries that add up to zero, and the postings decided after it see it.

use super::{AccountId, Columns, Movement, Posting, TournamentEntry, settle_key};
use std::collections::HashMap;
use wire::{Chips, PlayerId, Refusal, TableId, TournamentId};

/// An account as read under a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its balance.
    pub balance: i64,
    /// Whether it may be negative.
    pub may_owe: bool,
    /// Whether it is the balance of a banned player.
    pub banned: bool,
}

/// An earlier posting, by its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The kind of movement.
    pub kind: String,
    /// The player whose money moved; `None` for a settlement.
    pub player: Option<u64>,
    /// The number of the table or tournament.
    pub place: Option<u64>,
    /// The amount, without the fee.
    pub amount: u64,
    /// The fee.
    pub fee: u64,
    /// The digest of contents that have no column (a settlement's).
    pub digest: Option<Vec<u8>>,
}

impl Recorded {
    /// Returns whether these columns are the posting's.
    #[must_use]
    pub fn is(&self, columns: &Columns) -> bool {
        self.kind == columns.kind
            && self.player == Some(columns.player.0)
            && self.place == columns.place
            && self.amount == columns.amount.0
            && self.fee == columns.fee.0
    }
}

impl From<&Columns> for Recorded {
    fn from(columns: &Columns) -> Self {
        Self {
            kind: columns.kind.to_owned(),
            player: Some(columns.player.0),
            place: columns.place,
            amount: columns.amount.0,
            fee: columns.fee.0,
            digest: None,
        }
    }
}

/// One entry of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The account.
    pub account: AccountId,
    /// The amount that the account gains; negative for a loss.
    pub amount: i64,
}

/// The result of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostingResult {
    /// The posting is new and has these entries.
    New(Vec<Side>),
    /// The posting was recorded before.
    Repeated,
    /// The posting is refused, and its sender takes that as final: the refusal is to be recorded.
    Refused(Refusal),
}

/// A posting that was refused before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedPosting {
    /// Its columns.
    pub recorded: Recorded,
    /// The answer to it and to every repeat.
    pub refusal: Refusal,
}

/// The accounts and earlier postings that decisions depend on.
#[derive(Debug, Default)]
pub struct Books {
    /// Accounts by id.
    pub accounts: HashMap<AccountId, Account>,
    /// Postings by key.
    pub postings: HashMap<String, Recorded>,
    /// Refused postings by key.
    pub refused: HashMap<String, RefusedPosting>,
}

impl Books {
    /// Decides on one posting, and adds it to the books when it is accepted, or refused for good.
    ///
    /// # Errors
    /// A refusal that is not recorded, or has been recorded before. [`Refusal::AlreadyExists`] when
    /// the key was used with other contents.
    pub fn post(&mut self, posting: &Posting) -> Result<PostingResult, Refusal> {
        let columns = posting.columns();
        if let Some(refused) = self.refused.get(&posting.key) {
            let same = refused.recorded.is(&columns);
            return Err(if same { refused.refusal.clone() } else { Refusal::AlreadyExists });
        }
        if let Some(recorded) = self.postings.get(&posting.key) {
            if !recorded.is(&columns) {
                return Err(Refusal::AlreadyExists);
            }
            return match posting.movement {
                // The entry was paid and refunded, and this is a late repeat of the payment (or a
                // new entry under an old number): the answer "done" would give an entry without
                // payment.
                Movement::Enter(entry) if self.postings.contains_key(&entry.refund_key()) => {
                    Err(Refusal::TournamentPast)
                }
                _ => Ok(PostingResult::Repeated),
            };
        }
        let sides = match self.sides(&posting.movement).and_then(|sides| self.check(sides)) {
            Ok(sides) => sides,
            Err(refusal) => return self.refuse(posting, refusal),
        };
        for side in &sides {
            self.accounts.entry(side.account).or_default().balance += side.amount;
        }
        self.postings.insert(posting.key.clone(), Recorded::from(&columns));
        Ok(PostingResult::New(sides))
    }

    /// Records a refusal, if it ends the matter for the sender. A repeat may arrive much later than
    /// the answer to the first copy; carried out when the balance covers it, it would move money
    /// that the sender's journal says was never moved. Cash-outs and refunds are owed to players,
    /// and their senders repeat them until they are paid. The lock on the player's account orders
    /// all copies of a posting; without an account there is no such lock, and the refusal is not
    /// recorded.
    fn refuse(&mut self, posting: &Posting, refusal: Refusal) -> Result<PostingResult, Refusal> {
        let columns = posting.columns();
        let is_final = match posting.movement {
            Movement::BuyIn { .. } | Movement::Enter(_) | Movement::Credit { .. } => true,
            Movement::CashOut { .. } | Movement::Refund(_) => false,
        };
        if !is_final || self.known(columns.player).is_err() {
            return Err(refusal);
        }
        let refused = RefusedPosting { recorded: Recorded::from(&columns), refusal: refusal.clone() };
        self.refused.insert(posting.key.clone(), refused);
        Ok(PostingResult::Refused(refusal))
    }

    fn sides(&self, movement: &Movement) -> Result<Vec<Side>, Refusal> {
        match *movement {
            Movement::BuyIn { player, table, amount } => {
                self.check_player(player)?;
                self.cover(player, amount)?;
                Ok(sides(&[
                    (AccountId::Player(player), -signed(amount)),
                    (AccountId::Table(table), signed(amount)),
                ]))
            }
            Movement::CashOut { player, table, amount } => {
                self.known(player)?;
                self.check_table(table, amount)?;
                Ok(sides(&[
                    (AccountId::Table(table), -signed(amount)),
                    (AccountId::Player(player), signed(amount)),
                ]))
            }
            Movement::Enter(entry) => self.enter(&entry),
            Movement::Refund(entry) => self.refund(&entry),
            Movement::Credit { player, amount } => {
                let account = self.known(player)?;
                let after = account.balance.saturating_add(signed(amount));
                if after > signed(Chips::MAX) {
                    let max = Chips(unsigned(signed(Chips::MAX).saturating_sub(account.balance)));
                    return Err(Refusal::AboveMaximum { max });
                }
                Ok(sides(&[
                    (AccountId::Equity, -signed(amount)),
                    (AccountId::Player(player), signed(amount)),
                ]))
            }
        }
    }

    fn enter(&self, entry: &TournamentEntry) -> Result<Vec<Side>, Refusal> {
        self.check_open(entry.tournament)?;
        self.check_player(entry.player)?;
        self.cover(entry.player, entry.buy_in.plus(entry.fee))?;
        Ok(sides(&[
            (AccountId::Player(entry.player), -signed(entry.buy_in.plus(entry.fee))),
            (AccountId::Tournament(entry.tournament), signed(entry.buy_in)),
            (AccountId::Revenue, signed(entry.fee)),
        ]))
    }

    /// Pays back exactly the amounts that were paid: the entry must be on record with them.
    fn refund(&self, entry: &TournamentEntry) -> Result<Vec<Side>, Refusal> {
        self.check_open(entry.tournament)?;
        let paid = self.postings.get(&entry.enter_key()).ok_or(Refusal::NotRegistered)?;
        if (paid.amount, paid.fee) != (entry.buy_in.0, entry.fee.0) {
            return Err(Refusal::bad_message(format!(
                "refund of {} and fee {}, but {} and fee {} were paid",
                entry.buy_in, entry.fee, paid.amount, paid.fee
            )));
        }
        Ok(sides(&[
            (AccountId::Tournament(entry.tournament), -signed(entry.buy_in)),
            (AccountId::Revenue, -signed(entry.fee)),
            (AccountId::Player(entry.player), signed(entry.buy_in.plus(entry.fee))),
        ]))
    }

    fn known(&self, player: PlayerId) -> Result<Account, Refusal> {
        let account = self.accounts.get(&AccountId::Player(player));
        account.copied().ok_or(Refusal::NoSuchPlayer)
    }

    /// Checks that the player exists and is not banned.
    fn check_player(&self, player: PlayerId) -> Result<(), Refusal> {
        if self.known(player)?.banned { Err(Refusal::Banned) } else { Ok(()) }
    }

    fn cover(&self, player: PlayerId, amount: Chips) -> Result<(), Refusal> {
        let account = self.known(player)?;
        if account.may_owe || account.balance >= signed(amount) {
            return Ok(());
        }
        Err(Refusal::InsufficientFunds { balance: Chips(unsigned(account.balance)) })
    }

    fn check_table(&self, table: TableId, amount: Chips) -> Result<(), Refusal> {
        let in_play = self.accounts.get(&AccountId::Table(table)).map_or(0, |a| a.balance);
        if in_play >= signed(amount) {
            return Ok(());
        }
        tracing::error!(%table, %amount, in_play, "a cash-out exceeds the chips in play at the table: it is refused; check the table's journal with `pokerctl verify`");
        Err(Refusal::bad_message(format!(
            "cash-out of {amount} at table {table}, but only {in_play} is in play there"
        )))
    }

    fn check_open(&self, tournament: TournamentId) -> Result<(), Refusal> {
        if self.postings.contains_key(&settle_key(tournament)) {
            return Err(Refusal::TournamentPast);
        }
        Ok(())
    }

    /// Checks, before the database does, that no account leaves its range and only accounts that
    /// may owe become negative.
    fn check(&self, sides: Vec<Side>) -> Result<Vec<Side>, Refusal> {
        for side in &sides {
            let account = self.accounts.get(&side.account).copied().unwrap_or_default();
            let after = account.balance.checked_add(side.amount);
            if !after.is_some_and(|after| after >= 0 || account.may_owe) {
                return Err(Refusal::bad_message(format!(
                    "an entry of {} would take account {} with balance {} out of its range",
                    side.amount, side.account, account.balance
                )));
            }
        }
        Ok(sides)
    }
}

/// Returns the entries whose amount is not zero.
fn sides(all: &[(AccountId, i64)]) -> Vec<Side> {
    let side = |&(account, amount): &(AccountId, i64)| Side { account, amount };
    all.iter().filter(|(_, amount)| *amount != 0).map(side).collect()
}

/// Returns an amount as a signed number. Amounts are checked to be below 2^54, so they fit.
fn signed(amount: Chips) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

/// Returns a balance as an unsigned number; a debt becomes 0.
fn unsigned(balance: i64) -> u64 {
    u64::try_from(balance).unwrap_or(0)
}

#[cfg(test)]
mod tests;
