//! Reads accounts and postings under locks, and writes the accepted and the refused postings.
//!
//! Invariant: every transaction locks accounts in one statement, in the same order, before it reads
//! postings, and holds no other lock that another transaction may wait for. So there are no
//! deadlocks, and the read values stay valid until the commit.

use super::{
    AccountId, Posting,
    books::{Account, Books, PostingResult, Recorded, RefusedPosting, Side},
};
use crate::{
    Failure,
    players::{signed, unsigned},
};
use database::{Client, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use wire::Refusal;

/// Creates the accounts of tables and tournaments that get their first posting. They are committed
/// separately, because an account without entries changes no sum.
///
/// # Errors
/// [`Failure::Database`].
pub async fn open_accounts(client: &Client, accounts: &BTreeSet<AccountId>) -> Result<(), Failure> {
    let made = |id: &&AccountId| matches!(id, AccountId::Table(_) | AccountId::Tournament(_));
    let (kinds, owners) = columns(accounts.iter().filter(made));
    if kinds.is_empty() {
        return Ok(());
    }
    let insert = client
        .prepare_cached(
            "INSERT INTO accounts (kind, owner)
            SELECT w.kind, w.owner FROM unnest($1::text[], $2::bigint[]) AS w (kind, owner)
            WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.kind = w.kind AND a.owner = w.owner)
            ORDER BY w.kind, w.owner ON CONFLICT DO NOTHING",
        )
        .await?;
    client.execute(&insert, &[&kinds, &owners]).await?;
    Ok(())
}

/// Locks the accounts and reads the postings of `keys`, refused ones too.
///
/// # Errors
/// [`Failure::Database`].
pub async fn read(
    tx: &Transaction<'_>,
    accounts: &BTreeSet<AccountId>,
    keys: &[String],
) -> Result<Books, Failure> {
    let lock = tx
        .prepare_cached(
            "SELECT a.kind, a.owner, a.balance, a.may_owe, coalesce(p.banned, false)
            FROM unnest($1::text[], $2::bigint[]) AS w (kind, owner)
            JOIN accounts a ON a.kind = w.kind AND a.owner = w.owner
            LEFT JOIN players p ON a.kind = 'player' AND p.player_id = a.owner
            ORDER BY a.kind, a.owner FOR NO KEY UPDATE OF a",
        )
        .await?;
    let select = tx
        .prepare_cached(
            "SELECT key, kind, player_id, place_id, amount, fee, digest, NULL::bytea
            FROM postings WHERE key = ANY($1)
            UNION ALL SELECT key, kind, player_id, place_id, amount, fee, NULL, refusal
            FROM refused_postings WHERE key = ANY($1)",
        )
        .await?;
    let (kinds, owners) = columns(accounts.iter());
    let mut books = Books::default();
    for row in tx.query(&lock, &[&kinds, &owners]).await? {
        let account = Account { balance: row.try_get(2)?, may_owe: row.try_get(3)?, banned: row.try_get(4)? };
        if let Some(id) = AccountId::from_columns(row.try_get(0)?, unsigned(row.try_get(1)?)) {
            books.accounts.insert(id, account);
        }
    }
    // The statement after the locks sees the postings that were committed while the locks were
    // waited for.
    for row in tx.query(&select, &[&keys]).await? {
        let recorded = Recorded {
            kind: row.try_get(1)?,
            player: row.try_get::<_, Option<i64>>(2)?.map(unsigned),
            place: row.try_get::<_, Option<i64>>(3)?.map(unsigned),
            amount: unsigned(row.try_get(4)?),
            fee: unsigned(row.try_get(5)?),
            digest: row.try_get(6)?,
        };
        match row.try_get::<_, Option<&[u8]>>(7)? {
            None => books.postings.insert(row.try_get(0)?, recorded).map(drop),
            Some(bytes) => {
                let refused = RefusedPosting { recorded, refusal: decoded(bytes) };
                books.refused.insert(row.try_get(0)?, refused).map(drop)
            }
        };
    }
    Ok(books)
}

/// Returns a recorded refusal. One that this version does not know stays a refusal.
fn decoded(refusal: &[u8]) -> Refusal {
    wire::codec::decode(refusal).unwrap_or_else(|_| {
        Refusal::bad_message("this request was refused by a later version of the cashier")
    })
}

/// Writes new postings and their entries. The database itself adds the entries to the balances, and
/// refuses entries that do not add up to zero.
///
/// # Errors
/// [`Failure::Database`].
pub async fn write(tx: &Transaction<'_>, new: &[(&Posting, Vec<Side>)]) -> Result<(), Failure> {
    let mut rows = PostingRows::default();
    let mut entries = EntryRows::default();
    for (posting, sides) in new {
        rows.push(posting);
        entries.push(&posting.key, sides);
    }
    let insert = tx
        .prepare_cached(
            "WITH posted AS (
                INSERT INTO postings (key, kind, player_id, place_id, amount, fee)
                SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                RETURNING posting_id, key)
            INSERT INTO entries (posting_id, kind, owner, amount)
            SELECT posting_id, e.kind, e.owner, e.amount
            FROM unnest($7::text[], $8::text[], $9::bigint[], $10::bigint[]) AS e (key, kind, owner, amount)
            JOIN posted USING (key)",
        )
        .await?;
    tx.execute(
        &insert,
        &[
            &rows.keys,
            &rows.kinds,
            &rows.players,
            &rows.places,
            &rows.amounts,
            &rows.fees,
            &entries.keys,
            &entries.kinds,
            &entries.owners,
            &entries.amounts,
        ],
    )
    .await?;
    write_stakes(tx, new).await
}

/// Writes refused postings.
///
/// # Errors
/// [`Failure::Database`]; [`Refusal::Unavailable`] when a refusal cannot be encoded.
async fn write_refused(tx: &Transaction<'_>, refused: &[(&Posting, Refusal)]) -> Result<(), Failure> {
    let mut rows = PostingRows::default();
    let mut refusals = Vec::with_capacity(refused.len());
    for (posting, refusal) in refused {
        rows.push(posting);
        refusals.push(wire::codec::encode(refusal).map_err(|_| Refusal::unavailable("ledger"))?);
    }
    let insert = tx
        .prepare_cached(
            "INSERT INTO refused_postings (key, kind, player_id, place_id, amount, fee, refusal)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bytea[])",
        )
        .await?;
    tx.execute(
        &insert,
        &[&rows.keys, &rows.kinds, &rows.players, &rows.places, &rows.amounts, &rows.fees, &refusals],
    )
    .await?;
    Ok(())
}

/// Updates the stakes of players at tables. The lock on the player's account guards them too.
async fn write_stakes(tx: &Transaction<'_>, new: &[(&Posting, Vec<Side>)]) -> Result<(), Failure> {
    // Per player and table: whether there was a cash-out, and the buy-ins after it.
    let mut stakes: BTreeMap<(i64, i64), (bool, i64)> = BTreeMap::new();
    for (posting, _) in new {
        let columns = posting.columns();
        let key = (signed(columns.player.0), signed(columns.place.unwrap_or(0)));
        match columns.kind {
            "buy-in" => {
                let stake = stakes.entry(key).or_default();
                stake.1 = stake.1.saturating_add(signed(columns.amount.0));
            }
            "cash-out" => *stakes.entry(key).or_default() = (true, 0),
            _ => {}
        }
    }
    let left: (Vec<i64>, Vec<i64>) = stakes.iter().filter(|(_, s)| s.0).map(|(key, _)| *key).unzip();
    if !left.0.is_empty() {
        let delete = tx
            .prepare_cached(
                "DELETE FROM stakes s USING unnest($1::bigint[], $2::bigint[]) AS w (player_id, table_id)
                WHERE s.player_id = w.player_id AND s.table_id = w.table_id",
            )
            .await?;
        tx.execute(&delete, &[&left.0, &left.1]).await?;
    }
    stakes.retain(|_, stake| stake.1 > 0);
    if !stakes.is_empty() {
        let (players, tables): (Vec<i64>, Vec<i64>) = stakes.keys().copied().unzip();
        let amounts: Vec<i64> = stakes.values().map(|stake| stake.1).collect();
        let upsert = tx
            .prepare_cached(
                "INSERT INTO stakes AS s (player_id, table_id, amount)
                SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
                ON CONFLICT (player_id, table_id) DO UPDATE SET amount = s.amount + excluded.amount",
            )
            .await?;
        tx.execute(&upsert, &[&players, &tables, &amounts]).await?;
    }
    Ok(())
}

/// Posts all of `postings` in one transaction and returns the result of each in their order: `true`
/// for a new posting, `false` for a repeat.
///
/// # Errors
/// [`Failure::Database`]; then none of them is known to be posted.
pub async fn post(client: &mut Client, postings: &[Posting]) -> Result<Vec<Result<bool, Refusal>>, Failure> {
    let accounts: BTreeSet<AccountId> = postings.iter().flat_map(Posting::accounts).collect();
    let keys: Vec<String> = postings.iter().flat_map(Posting::keys).collect();
    open_accounts(client, &accounts).await?;
    let tx = client.transaction().await?;
    let mut books = read(&tx, &accounts, &keys).await?;
    let (mut new, mut refused) = (Vec::new(), Vec::new());
    let mut outcomes = Vec::with_capacity(postings.len());
    for posting in postings {
        outcomes.push(match books.post(posting) {
            Ok(PostingResult::New(sides)) => {
                new.push((posting, sides));
                Ok(true)
            }
            Ok(PostingResult::Repeated) => Ok(false),
            Ok(PostingResult::Refused(refusal)) => {
                refused.push((posting, refusal.clone()));
                Err(refusal)
            }
            Err(refusal) => Err(refusal),
        });
    }
    if !new.is_empty() {
        write(&tx, &new).await?;
    }
    if !refused.is_empty() {
        write_refused(&tx, &refused).await?;
    }
    tx.commit().await?;
    Ok(outcomes)
}

fn columns<'a>(accounts: impl Iterator<Item = &'a AccountId>) -> (Vec<&'static str>, Vec<i64>) {
    accounts
        .map(|id| {
            let (kind, owner) = id.columns();
            (kind, signed(owner))
        })
        .unzip()
}

#[derive(Default)]
struct PostingRows<'a> {
    keys: Vec<&'a str>,
    kinds: Vec<&'static str>,
    players: Vec<i64>,
    places: Vec<Option<i64>>,
    amounts: Vec<i64>,
    fees: Vec<i64>,
}

impl<'a> PostingRows<'a> {
    fn push(&mut self, posting: &'a Posting) {
        let columns = posting.columns();
        self.keys.push(&posting.key);
        self.kinds.push(columns.kind);
        self.players.push(signed(columns.player.0));
        self.places.push(columns.place.map(signed));
        self.amounts.push(signed(columns.amount.0));
        self.fees.push(signed(columns.fee.0));
    }
}

#[derive(Default)]
struct EntryRows<'a> {
    keys: Vec<&'a str>,
    kinds: Vec<&'static str>,
    owners: Vec<i64>,
    amounts: Vec<i64>,
}

impl<'a> EntryRows<'a> {
    fn push(&mut self, key: &'a str, sides: &[Side]) {
        for side in sides {
            let (kind, owner) = side.account.columns();
            self.keys.push(key);
            self.kinds.push(kind);
            self.owners.push(signed(owner));
            self.amounts.push(side.amount);
        }
    }
}
