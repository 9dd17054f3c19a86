//! The ledger's audit of itself, read in one snapshot, for comparisons with the journals.

use crate::{Database, Failure, ledger::AccountId, players::unsigned};
use database::{Limits, Transaction, tokio_postgres::IsolationLevel};
use wire::cashier::{Audit, TableMoney, TournamentMoney};

/// The most faults of a kind in an answer, which has to fit into a message.
const MOST_NAMED: i64 = 100;

/// Returns the ledger's sums and faults.
///
/// # Errors
/// [`Failure::Database`].
pub async fn audit(database: &Database) -> Result<Audit, Failure> {
    database
        .run(Limits::LONG, |mut client| async move {
            let tx = client
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true)
                .start()
                .await?;
            tx.batch_execute("SET LOCAL statement_timeout = '60s'").await?;
            let mut unbalanced = crooked_postings(&tx).await?;
            unbalanced.extend(crooked_accounts(&tx).await?);
            let sum = "SELECT coalesce(sum(balance), 0)::bigint FROM accounts";
            let sum = tx.query_one(sum, &[]).await?.try_get(0)?;
            let mut audit = Audit { sum, unbalanced, tables: Vec::new(), tournaments: Vec::new() };
            let open = "SELECT kind, owner, balance FROM accounts
                WHERE kind IN ('table', 'tournament') AND balance <> 0 ORDER BY kind, owner";
            for row in tx.query(open, &[]).await? {
                let amount = row.try_get(2)?;
                match AccountId::from_columns(row.try_get(0)?, unsigned(row.try_get(1)?)) {
                    Some(AccountId::Table(table)) => audit.tables.push(TableMoney { table, amount }),
                    Some(AccountId::Tournament(tournament)) => {
                        audit.tournaments.push(TournamentMoney { tournament, amount });
                    }
                    _ => {}
                }
            }
            Ok(audit)
        })
        .await
}

/// Returns postings whose entries do not add up to zero, or to the amount in the posting.
async fn crooked_postings(tx: &Transaction<'_>) -> Result<Vec<String>, Failure> {
    let select = "SELECT p.key, coalesce(sum(e.amount), 0)::bigint,
            coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint, p.amount + p.fee
        FROM postings p LEFT JOIN entries e USING (posting_id)
        GROUP BY p.posting_id
        HAVING coalesce(sum(e.amount), 0) <> 0
            OR coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) <> p.amount + p.fee
        ORDER BY p.posting_id LIMIT $1";
    let mut found = Vec::new();
    for row in tx.query(select, &[&MOST_NAMED]).await? {
        let (key, sum, moved, said): (String, i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.push(format!(
            "posting {key}: its entries add up to {sum}, not 0, or move {moved}, not its amount {said}"
        ));
    }
    Ok(found)
}

/// Returns accounts whose balance is not the sum of their entries, or is negative and must not be.
async fn crooked_accounts(tx: &Transaction<'_>) -> Result<Vec<String>, Failure> {
    let select = "SELECT a.kind, a.owner, a.balance, coalesce(s.amount, 0)::bigint
        FROM accounts a
        LEFT JOIN (SELECT kind, owner, sum(amount) AS amount FROM entries GROUP BY kind, owner) s
            USING (kind, owner)
        WHERE a.balance <> coalesce(s.amount, 0) OR (a.balance < 0 AND NOT a.may_owe)
        ORDER BY a.kind, a.owner LIMIT $1";
    let mut found = Vec::new();
    for row in tx.query(select, &[&MOST_NAMED]).await? {
        let (kind, owner, balance, sum): (String, i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.push(format!("account {kind} {owner}: balance {balance}, entries add up to {sum}"));
    }
    Ok(found)
}
