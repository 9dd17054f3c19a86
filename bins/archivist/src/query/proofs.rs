//! How far each table is archived, and which tournaments are.

use super::MOST_TABLES;
use crate::{context::Context, error::ArchiveError, rows::signed};
use audit::Chain;
use database::{
    Limits,
    tokio_postgres::{self, Row},
};
use std::sync::Arc;
use wire::{
    Refusal, TableId, TournamentId,
    archive::{ArchiveAnswer, MOST_NAMED, TableProof},
};

/// The columns from which [`proof`] makes its answer.
const COLUMNS: &str =
    "SELECT table_id, stream, archived_to, hands, hands_chain, instructions, instructions_chain,
    closed_at IS NOT NULL FROM archive.tables";

/// Returns the tables that are open by the archive, with ids above `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn open(context: &Context, after: TableId) -> Result<ArchiveAnswer, ArchiveError> {
    let select =
        format!("{COLUMNS} WHERE closed_at IS NULL AND table_id > $1 ORDER BY table_id LIMIT {MOST_TABLES}");
    let read = |client: database::Client| {
        let select = select.clone();
        async move { proofs(&client.query(&select, &[&signed(after.0)]).await?) }
    };
    // The tables that are over may be many, and lie between the others.
    let tables = context.database.run(Limits::LONG, read).await?;
    let more = tables.len() == MOST_TABLES as usize;
    Ok(ArchiveAnswer::TableProofs { tables, more })
}

/// Answers with these tables, as far as they are known.
///
/// # Errors
/// When the database does not answer.
pub async fn named(context: &Context, tables: Vec<TableId>) -> Result<ArchiveAnswer, ArchiveError> {
    if tables.len() > MOST_NAMED {
        let reason = format!("at most {MOST_NAMED} tables may be named in one query");
        return Ok(ArchiveAnswer::Refused(Refusal::bad_message(reason)));
    }
    let select = format!("{COLUMNS} WHERE table_id = ANY ($1) ORDER BY table_id");
    let ids: Arc<[i64]> = tables.iter().map(|table| signed(table.0)).collect();
    let read = |client: database::Client| {
        let (select, ids) = (select.clone(), Arc::clone(&ids));
        async move { proofs(&client.query(&select, &[&&*ids]).await?) }
    };
    let tables = context.database.run(Limits::SHORT, read).await?;
    Ok(ArchiveAnswer::TableProofs { tables, more: false })
}

/// Answers with the finished tournaments, those after one.
///
/// # Errors
/// When the database does not answer.
pub async fn tournaments(context: &Context, after: TournamentId) -> Result<ArchiveAnswer, ArchiveError> {
    let select = "SELECT tournament_id FROM archive.tournaments WHERE tournament_id > $1 ORDER BY tournament_id LIMIT $2";
    let read = |client: database::Client| async move {
        let rows = client.query(select, &[&signed(after.0), &MOST_TABLES]).await?;
        let ids = rows.iter().map(|row| row.try_get::<_, i64>(0).map(|id| TournamentId(id as u64)));
        Ok::<_, ArchiveError>(ids.collect::<Result<Vec<_>, _>>()?)
    };
    let tournaments = context.database.run(Limits::SHORT, read).await?;
    let more = tournaments.len() == MOST_TABLES as usize;
    Ok(ArchiveAnswer::Tournaments { tournaments, more })
}

fn proofs(rows: &[Row]) -> Result<Vec<TableProof>, ArchiveError> {
    Ok(rows.iter().map(proof).collect::<Result<_, _>>()?)
}

fn proof(row: &Row) -> Result<TableProof, tokio_postgres::Error> {
    let number = |column| row.try_get::<_, i64>(column).map(|number| number as u64);
    let sum = |column| row.try_get::<_, &[u8]>(column).map(|hash| Chain::stored(0, hash).text());
    Ok(TableProof {
        table: TableId(number(0)?),
        stream: row.try_get(1)?,
        archived_to: number(2)?,
        hands: number(3)?,
        hands_sum: sum(4)?,
        instructions: number(5)?,
        instructions_sum: sum(6)?,
        over: row.try_get(7)?,
    })
}
