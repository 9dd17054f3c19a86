//! Answers queries about the archive. All archivists read the same database, so any of them can
//! answer.

mod proofs;

use crate::{context::Context, error::ArchiveError, pack, rows::signed};
use bus::{Request, Requests};
use database::Limits;
use futures::StreamExt;
use std::sync::Arc;
use tokio::sync::Semaphore;
use wire::{
    HandNo, Refusal, TableId,
    archive::{ArchiveAnswer, ArchiveQuery, Archived, ArchivedHand, Proof, StreamProof},
    codec,
    event::TableEvent,
};

/// The queue group of archivists: each query goes to one of them.
pub const QUEUE: &str = "archivist";
/// Number of queries that are answered at once; further ones wait in the subscription.
const MOST_AT_ONCE: usize = 16;
/// Number of pieces that are read for one answer; a large answer ends earlier.
const MOST_PIECES: i64 = 64;
/// Packed bytes after which an answer takes no further piece: unpacked, they are about ten times as
/// many, and a message may have 8 MB.
const MOST_BYTES: usize = 256 * 1024;
/// Number of tables in one answer.
const MOST_TABLES: i64 = 10_000;
/// Number of violations that are described.
const MOST_DESCRIBED: i64 = 20;

/// Answers queries until the subscription ends.
pub async fn serve(mut queries: Requests, context: Arc<Context>) {
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    while let Some(query) = queries.next().await {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let context = Arc::clone(&context);
        tokio::spawn(async move {
            reply(&query, &context).await;
            drop(permit);
        });
    }
}

async fn reply(query: &Request, context: &Context) {
    let answer = match query.decode::<ArchiveQuery>() {
        Ok(asked) => answer(context, asked).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a query about the archive cannot be answered: it is refused, and its sender may repeat it");
            ArchiveAnswer::Refused(Refusal::unavailable("archive"))
        }),
        Err(error) => ArchiveAnswer::Refused(Refusal::bad_message(error.to_string())),
    };
    if let Err(error) = query.answer(&answer).await {
        tracing::debug!(%error, "an answer to a query was not sent: its sender repeats the query or goes without");
    }
}

async fn answer(context: &Context, asked: ArchiveQuery) -> Result<ArchiveAnswer, ArchiveError> {
    match asked {
        ArchiveQuery::Proof => proof(context).await.map(ArchiveAnswer::Proof),
        ArchiveQuery::Tables { after } => tables(context, after).await,
        ArchiveQuery::Records { table, after } => records(context, table, after).await,
        ArchiveQuery::Hand { table, hand } => one_hand(context, table, hand).await,
        ArchiveQuery::OpenTables { after } => proofs::open(context, after).await,
        ArchiveQuery::TableProofs { tables } => proofs::named(context, tables).await,
        ArchiveQuery::Tournaments { after } => proofs::tournaments(context, after).await,
    }
}

async fn proof(context: &Context) -> Result<Proof, ArchiveError> {
    let read = |client: database::Client| async move {
        let number =
            |row: &database::tokio_postgres::Row, column| row.try_get::<_, i64>(column).map(|n| n as u64);
        let mut proof = Proof::default();
        let streams = "SELECT name, read_to, trimmed_to, records, hands FROM archive.streams ORDER BY name";
        for row in client.query(streams, &[]).await? {
            proof.hands += number(&row, 4)?;
            proof.streams.push(StreamProof {
                name: row.try_get(0)?,
                read_to: number(&row, 1)?,
                trimmed_to: number(&row, 2)?,
                records: number(&row, 3)?,
            });
        }
        let counts = "SELECT (SELECT count(*) FROM archive.tournaments WHERE crossed_at IS NULL),
            (SELECT count(*) FROM archive.violations)";
        let row = client.query_one(counts, &[]).await?;
        (proof.uncrossed, proof.violations) = (number(&row, 0)?, number(&row, 1)?);
        let first =
            "SELECT place, stream, sequence, what FROM archive.violations ORDER BY violation_id LIMIT $1";
        for row in client.query(first, &[&MOST_DESCRIBED]).await? {
            let (place, stream): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            let (sequence, what): (i64, &str) = (row.try_get(2)?, row.try_get(3)?);
            proof.described.push(format!("{place}, {stream} record {sequence}: {what}"));
        }
        Ok::<_, ArchiveError>(proof)
    };
    context.database.run(Limits::SHORT, read).await
}

async fn tables(context: &Context, after: TableId) -> Result<ArchiveAnswer, ArchiveError> {
    let select = "SELECT table_id FROM archive.tables WHERE table_id > $1 ORDER BY table_id LIMIT $2";
    let read = |client: database::Client| async move {
        let rows = client.query(select, &[&signed(after.0), &MOST_TABLES]).await?;
        let id = |row: &database::tokio_postgres::Row| row.try_get::<_, i64>(0).map(|id| TableId(id as u64));
        Ok::<_, ArchiveError>(rows.iter().map(id).collect::<Result<Vec<_>, _>>()?)
    };
    let tables = context.database.run(Limits::SHORT, read).await?;
    let more = tables.len() == MOST_TABLES as usize;
    Ok(ArchiveAnswer::Tables { tables, more })
}

async fn records(context: &Context, table: TableId, after: u64) -> Result<ArchiveAnswer, ArchiveError> {
    let select = "SELECT body FROM (
            SELECT first, last, body FROM archive.hands WHERE table_id = $1 AND last > $2
            UNION ALL SELECT first, last, body FROM archive.stretches WHERE table_id = $1 AND last > $2) AS pieces
        ORDER BY first, last LIMIT $3";
    let read = |client: database::Client| async move {
        let rows = client.query(select, &[&signed(table.0), &signed(after), &MOST_PIECES]).await?;
        Ok::<_, ArchiveError>(rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Vec<u8>>, _>>()?)
    };
    let bodies = context.database.run(Limits::SHORT, read).await?;
    let (mut records, mut bytes, mut taken) = (Vec::<Archived<TableEvent>>::new(), 0, 0);
    for body in &bodies {
        if bytes > MOST_BYTES {
            break;
        }
        let known = records.last().map_or(after, |last| last.sequence);
        // Two archivists that read a stream at the same time for a moment may have cut it at
        // different places.
        records
            .extend(pack::unpack(body)?.into_iter().filter(|record: &Archived<_>| record.sequence > known));
        (bytes, taken) = (bytes + body.len(), taken + 1);
    }
    let more = taken < bodies.len() || bodies.len() == MOST_PIECES as usize;
    Ok(ArchiveAnswer::Records { records, more })
}

async fn one_hand(context: &Context, table: TableId, hand: HandNo) -> Result<ArchiveAnswer, ArchiveError> {
    let select = "SELECT config, body FROM archive.hands JOIN archive.tables USING (table_id)
        WHERE table_id = $1 AND hand_no = $2 LIMIT 1";
    let read = |client: database::Client| async move {
        let row = client.query_opt(select, &[&signed(table.0), &signed(hand.0)]).await?;
        let found = row.map(|row| Ok::<_, database::DatabaseError>((row.try_get(0)?, row.try_get(1)?)));
        Ok::<_, ArchiveError>(found.transpose()?)
    };
    let found: Option<(Vec<u8>, Vec<u8>)> = context.database.run(Limits::SHORT, read).await?;
    let Some((config, body)) = found else {
        return Ok(ArchiveAnswer::Refused(Refusal::NoSuchHand));
    };
    let config = codec::decode(&config)?;
    let records = pack::unpack(&body)?;
    Ok(ArchiveAnswer::Hand(Box::new(ArchivedHand { table, config, records })))
}
