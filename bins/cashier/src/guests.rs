//! Guests: accounts of the house for measurements with great numbers of players. Hashing a password
//! for each would take longer than the measurement.
//!
//! Invariants: a guest has no password, which distinguishes it from a person; no session is opened
//! here for any other account; a guest has one session, the latest.

use crate::{
    Database, Failure,
    ledger::{Movement, Posting, queue::Ledger},
    names::check_form,
    players::unsigned,
    sessions,
};
use database::{Limits, Transaction};
use futures::future::try_join_all;
use std::collections::BTreeMap;
use wire::{
    Chips, PlayerId, PostingId, Refusal,
    cashier::{Account, Session},
};

/// The most guests in one request: their sessions fit into one message, their postings into the
/// ledger's queue.
const MOST: u32 = 1_000;
/// The value in place of a password's hash: it matches no password.
pub const NO_PASSWORD: &str = "!";

/// Names of guests, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guests(Vec<String>);

impl Guests {
    /// Returns the guests `<prefix>-<first>` to `<prefix>-<first + count - 1>`.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] for a count out of range, [`Refusal::BadAccount`] when the prefix
    /// makes no valid names.
    pub fn new(prefix: &str, first: u32, count: u32) -> Result<Self, Refusal> {
        let end = first.checked_add(count).filter(|_| (1..=MOST).contains(&count));
        let end = end.ok_or_else(|| Refusal::bad_message(format!("1 to {MOST} guests at a time")))?;
        let names: Vec<String> = (first..end).map(|number| format!("{prefix}-{number}")).collect();
        names.iter().try_for_each(|name| check_form(name))?;
        Ok(Self(names))
    }
}

/// Creates the guests that do not exist, and opens a session for each.
///
/// # Errors
/// [`Refusal::NameTaken`] when another account has one of the names, [`Refusal::Banned`] when one
/// of the guests is banned; in both cases no guest is made or changed.
pub async fn open(database: &Database, guests: &Guests) -> Result<Vec<Session>, Failure> {
    let tokens = guests.0.iter().map(|_| sessions::new_token()).collect::<Result<Vec<_>, _>>()?;
    let (names, tokens) = (&guests.0, &tokens);
    database
        .run(Limits::LONG, |mut client| async move {
            let tx = client.transaction().await?;
            make(&tx, names).await?;
            let found = find(&tx, names).await?;
            let players: Vec<i64> = found.iter().map(|(player, _)| *player).collect();
            sessions::replace_all(&tx, &players, tokens).await?;
            tx.commit().await?;
            let session = |((player, name), token): ((i64, String), &String)| Session {
                account: Account { player: PlayerId(unsigned(player)), name },
                token: token.clone(),
                device: None,
                pass: None,
            };
            Ok(found.into_iter().zip(tokens).map(session).collect())
        })
        .await
}

/// Credits each guest; a repeat with the same amount is not posted again.
///
/// # Errors
/// Those of [`Ledger::post`].
pub async fn credit(ledger: &Ledger, guests: &[Session], amount: Chips) -> Result<(), Refusal> {
    if amount.is_zero() {
        return Ok(());
    }
    let credits = guests.iter().map(|guest| async {
        let player = guest.account.player;
        let key = PostingId(format!("guest.{player}.{amount}"));
        ledger.post(Posting::named(key, Movement::Credit { player, amount })?).await
    });
    try_join_all(credits).await.map(|_| ())
}

async fn make(tx: &Transaction<'_>, names: &[String]) -> Result<(), Failure> {
    let insert = "WITH made AS (
            INSERT INTO players (name, password_hash) SELECT name, $2 FROM unnest($1::text[]) AS wanted (name)
            ORDER BY name ON CONFLICT DO NOTHING RETURNING player_id)
        INSERT INTO accounts (kind, owner) SELECT 'player', player_id FROM made";
    tx.execute(insert, &[&names, &NO_PASSWORD]).await?;
    Ok(())
}

/// Returns the number and name of each guest, in the order of the names.
async fn find(tx: &Transaction<'_>, names: &[String]) -> Result<Vec<(i64, String)>, Failure> {
    let keys: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let select = "SELECT player_id, name, lower(name COLLATE \"C\"), password_hash, banned FROM players
        WHERE lower(name COLLATE \"C\") = ANY($1) FOR SHARE";
    let mut found = BTreeMap::new();
    for row in tx.query(select, &[&keys]).await? {
        let (key, hash, banned): (String, Option<String>, bool) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        if hash.as_deref() != Some(NO_PASSWORD) {
            return Err(Refusal::NameTaken.into());
        }
        if banned {
            return Err(Refusal::Banned.into());
        }
        found.insert(key, (row.try_get(0)?, row.try_get(1)?));
    }
    let known = keys.iter().map(|key| found.remove(key));
    known.collect::<Option<_>>().ok_or_else(|| Refusal::unavailable("accounts").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_counts_are_checked() {
        assert_eq!(Guests::new("guest", 9, 2).unwrap().0, ["guest-9", "guest-10"]);
        for (prefix, first, count) in [
            ("guest", 1, 0),
            ("guest", 1, MOST + 1),
            ("guest", u32::MAX, 2),
            ("a b", 1, 1),
            ("", 1, 1),
            ("12345678901234567", 100, 1),
        ] {
            assert!(Guests::new(prefix, first, count).is_err(), "{prefix:?} {first} {count}");
        }
    }
}
