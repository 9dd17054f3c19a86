//! Compares finished tournaments with their tables once both are archived: hands and instructions
//! must be the same.

use crate::{context::Context, error::ArchiveError, rows::signed};
use audit::{Location, Report, Rule};
use database::Limits;
use wire::{TableId, TournamentId, subject};

/// Number of tournaments that are compared at once.
const MOST: i64 = 100;

/// A table whose journal differs from its tournament's.
struct Difference {
    table: TableId,
    tournament: TournamentId,
    what: String,
}

/// Compares the tournaments that were not compared yet and whose tables are all archived.
///
/// # Errors
/// When the database does not answer.
pub async fn cross(context: &Context) -> Result<(), ArchiveError> {
    let ready = ready(context).await?;
    if ready.is_empty() {
        return Ok(());
    }
    let mut report = Report::default();
    for Difference { table, tournament, what } in differences(context, &ready).await? {
        let what = format!("tournament {tournament}: {what}");
        report.violation(Location::Table(table), None, Rule::Tournament, what);
    }
    context.tell(subject::TOURNAMENTS_STREAM, &mut report, &mut 0);
    mark(context, ready, report).await
}

/// Returns the tournaments that can be compared now.
async fn ready(context: &Context) -> Result<Vec<i64>, ArchiveError> {
    let select = "SELECT tournament_id FROM archive.tournaments AS t WHERE crossed_at IS NULL
            AND NOT EXISTS (SELECT FROM archive.tournament_tables AS told
                LEFT JOIN archive.tables AS done USING (table_id)
                WHERE told.tournament_id = t.tournament_id AND done.closed_at IS NULL)
        ORDER BY ended_at LIMIT $1";
    let found = |client: database::Client| async move {
        let rows = client.query(select, &[&MOST]).await?;
        Ok::<_, ArchiveError>(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    };
    context.database.run(Limits::LONG, found).await
}

async fn differences(context: &Context, tournaments: &[i64]) -> Result<Vec<Difference>, ArchiveError> {
    let select = "SELECT told.tournament_id, told.table_id, told.hands, done.hands, told.instructions, done.instructions
        FROM archive.tournament_tables AS told JOIN archive.tables AS done USING (table_id)
        WHERE told.tournament_id = ANY ($1)
            AND (told.hands, told.hands_chain, told.instructions, told.instructions_chain)
                IS DISTINCT FROM (done.hands, done.hands_chain, done.instructions, done.instructions_chain)";
    let found = |client: database::Client| async move {
        let mut differences = Vec::new();
        for row in client.query(select, &[&tournaments]).await? {
            let number = |column| row.try_get::<_, i64>(column);
            let (reported, played) = (number(2)?, number(3)?);
            let (told, done) = (number(4)?, number(5)?);
            let what = format!(
                "it has {reported} hands and {told} instructions on record, the table {played} and {done}, or other ones"
            );
            let table = TableId(number(1)? as u64);
            differences.push(Difference { table, tournament: TournamentId(number(0)? as u64), what });
        }
        Ok::<_, ArchiveError>(differences)
    };
    context.database.run(Limits::LONG, found).await
}

/// Marks tournaments as compared, together with the violations, in one transaction.
async fn mark(context: &Context, tournaments: Vec<i64>, report: Report) -> Result<(), ArchiveError> {
    let (tournaments, report) = (&tournaments, &report);
    let mark = |mut client: database::Client| async move {
        let transaction = client.transaction().await?;
        for violation in &report.found {
            let insert = "INSERT INTO archive.violations (place, stream, sequence, rule, what)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
            let (place, rule) = (violation.location.to_string(), violation.rule.to_string());
            let stream = subject::TOURNAMENTS_STREAM;
            transaction.execute(insert, &[&place, &stream, &signed(0), &rule, &violation.what]).await?;
        }
        let update = "UPDATE archive.tournaments SET crossed_at = now() WHERE tournament_id = ANY ($1)";
        transaction.execute(update, &[tournaments]).await?;
        transaction.commit().await?;
        Ok::<_, ArchiveError>(())
    };
    context.database.run(Limits::LONG, mark).await
}
