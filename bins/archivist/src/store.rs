//! The archive in the database. Each write may be repeated: the statements skip rows that exist
//! already.

use crate::{
    batch::{Archive, Batch, FinishedTournament, Piece, TournamentPart},
    error::ArchiveError,
    pack::Packer,
    rows::{self, HandRows, PieceRows, PlayerRows, StretchRows, month, signed},
};
use audit::Chain;
use database::{Limits, Transaction, tokio_postgres::types::ToSql};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use wire::{TableId, codec};

/// The database, with the errors of archivists.
pub type Database = database::Database<ArchiveError>;

/// Prepares connections to the database at `url`, at most `connections` at a time. Does not connect
/// yet.
///
/// # Errors
/// When the address is malformed.
pub fn open(url: &str, connections: usize) -> Result<Database, database::DatabaseError> {
    // Two archivists of one stream may write the same rows at the same time.
    let contended = &["streams_pkey", "tables_pkey"];
    Database::new(database::Options {
        url,
        connections,
        application: "archivist",
        migration: database::SCHEMA_VERSION,
        contended,
    })
}

/// A packed batch: packed once, and written again after a failure.
pub struct Packed {
    stream: String,
    batch: Batch,
    hands: HandRows,
    players: PlayerRows,
    stretches: StretchRows,
    pieces: PieceRows,
    months: BTreeSet<String>,
}

impl Packed {
    /// Packs a batch of a stream.
    ///
    /// # Errors
    /// When a record cannot be encoded.
    pub fn new(stream: &str, batch: Batch, packer: &mut Packer) -> Result<Self, ArchiveError> {
        let mut packed = Self {
            stream: stream.to_owned(),
            hands: HandRows::default(),
            players: PlayerRows::default(),
            stretches: StretchRows::default(),
            pieces: PieceRows::default(),
            months: batch.parts.iter().map(|part| month(part.ended_ms)).collect(),
            batch,
        };
        for piece in &packed.batch.pieces {
            let body = packer.pack(&piece.records)?;
            packed.pieces.push(piece, codec::encode(&piece.facts.config)?);
            match &piece.hand {
                Some(hand) => {
                    packed.months.insert(month(hand.ended_ms));
                    packed.players.push(piece, hand);
                    packed.hands.push(piece, hand, body);
                }
                None => {
                    packed.months.insert(month(ended_ms(piece)));
                    packed.stretches.push(&packed.stream, piece, ended_ms(piece), body);
                }
            }
        }
        Ok(packed)
    }

    /// Returns the batch.
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Returns the number of bytes of all bodies.
    pub fn bytes(&self) -> usize {
        self.hands.bytes() + self.stretches.bytes()
    }

    async fn write(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        for month in &self.months {
            rows::write(transaction, "SELECT archive.open_month($1::text::date)", &[month]).await?;
        }
        // Sent together: one wait for the database. In this order, so that the error is the first
        // statement's and not that of one after it in the failed transaction.
        tokio::try_join!(
            biased;
            self.hands.write(transaction),
            self.players.write(transaction),
            self.stretches.write(transaction),
            self.pieces.write(transaction, &self.stream),
            self.write_stream(transaction),
        )?;
        for part in &self.batch.parts {
            write_part(transaction, part).await?;
        }
        for tournament in &self.batch.tournaments {
            write_tournament(transaction, tournament).await?;
        }
        self.write_violations(transaction).await
    }

    async fn write_violations(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        for violation in &self.batch.violations {
            let place = violation.location.to_string();
            let rule = violation.rule.to_string();
            let sequence = violation.sequence.map_or(0, signed);
            let insert = "INSERT INTO archive.violations (place, stream, sequence, rule, what)
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
            let row: &[&(dyn ToSql + Sync)] = &[&place, &self.stream, &sequence, &rule, &violation.what];
            rows::write(transaction, insert, row).await?;
        }
        Ok(())
    }

    /// Writes how far the stream is archived. Two archivists that read the same stream at the same
    /// time for a moment count its records once: the one that is further wins.
    async fn write_stream(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        let upsert = "INSERT INTO archive.streams AS s (name, read_to, records, hands) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE SET read_to = excluded.read_to, records = s.records + excluded.records,
                hands = s.hands + excluded.hands, read_at = now()
            WHERE s.read_to < excluded.read_to";
        let hands = self.batch.pieces.iter().filter(|piece| piece.hand.is_some()).count() as u64;
        let (read_to, records) = (signed(self.batch.read_to), signed(self.batch.records));
        rows::write(transaction, upsert, &[&self.stream, &read_to, &records, &signed(hands)]).await?;
        Ok(())
    }
}

async fn write_part(transaction: &Transaction<'_>, part: &TournamentPart) -> Result<(), ArchiveError> {
    let insert = "INSERT INTO archive.tournament_parts (ended_at, tournament_id, part, body)
        VALUES (to_timestamp($1::bigint / 1000.0), $2, $3, $4) ON CONFLICT DO NOTHING";
    let (ended, tournament) = (signed(part.ended_ms), signed(part.tournament.0));
    rows::write(transaction, insert, &[&ended, &tournament, &(part.part as i32), &part.body]).await?;
    Ok(())
}

async fn write_tournament(
    transaction: &Transaction<'_>,
    tournament: &FinishedTournament,
) -> Result<(), ArchiveError> {
    let insert = "INSERT INTO archive.tournaments
            (tournament_id, name, variant, created_at, ended_at, players, records, parts)
        VALUES ($1, $2, $3, to_timestamp($4::bigint / 1000.0), to_timestamp($5::bigint / 1000.0), $6, $7, $8)
        ON CONFLICT DO NOTHING";
    let id = signed(tournament.tournament.0);
    let (created, ended) = (signed(tournament.created_ms), signed(tournament.ended_ms));
    let (players, parts) = (tournament.players as i32, tournament.parts as i32);
    let row: &[&(dyn ToSql + Sync)] = &[
        &id,
        &tournament.name,
        &tournament.variant,
        &created,
        &ended,
        &players,
        &signed(tournament.records),
        &parts,
    ];
    rows::write(transaction, insert, row).await?;
    let insert = "INSERT INTO archive.tournament_tables
            (tournament_id, table_id, hands, hands_chain, instructions, instructions_chain)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    for table in &tournament.tables {
        let (hands, instructions) = (&table.hands, &table.instructions);
        let row: &[&(dyn ToSql + Sync)] = &[
            &id,
            &signed(table.table.0),
            &signed(hands.count),
            &&hands.hash[..],
            &signed(instructions.count),
            &&instructions.hash[..],
        ];
        rows::write(transaction, insert, row).await?;
    }
    Ok(())
}

/// Returns the sequence of the last archived record of a stream; 0 if there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn read_to(database: &Database, stream: &str) -> Result<u64, ArchiveError> {
    let stream = Arc::<str>::from(stream);
    let load = move |client: database::Client| {
        let stream = Arc::clone(&stream);
        async move {
            let read_to = "SELECT read_to FROM archive.streams WHERE name = $1";
            let read_to = client.query_opt(read_to, &[&&*stream]).await?;
            Ok(read_to.map_or(Ok(0), |row| row.try_get::<_, i64>(0))? as u64)
        }
    };
    database.run(Limits::LONG, load).await
}

/// Returns the state of the archive of all tables in some streams.
///
/// # Errors
/// When the database does not answer.
pub async fn tables(
    database: &Database,
    streams: Vec<String>,
) -> Result<HashMap<TableId, Archive>, ArchiveError> {
    let streams = Arc::new(streams);
    let load = move |client: database::Client| {
        let streams = Arc::clone(&streams);
        async move {
            let tables =
                "SELECT table_id, archived_to, records, hands, hands_chain, instructions, instructions_chain
                FROM archive.tables WHERE stream = ANY ($1)
                    AND (closed_at IS NULL OR closed_at > now() - interval '7 days')";
            let mut archived = HashMap::new();
            for row in client.query(tables, &[&*streams]).await? {
                let table = TableId(row.try_get::<_, i64>(0)? as u64);
                let known = Archive {
                    archived_to: row.try_get::<_, i64>(1)? as u64,
                    records: row.try_get::<_, i64>(2)? as u64,
                    hands: Chain::stored(row.try_get(3)?, row.try_get(4)?),
                    instructions: Chain::stored(row.try_get(5)?, row.try_get(6)?),
                };
                archived.insert(table, known);
            }
            Ok(archived)
        }
    };
    database.run(Limits::LONG, load).await
}

/// Writes a batch in one transaction.
///
/// # Errors
/// When the database does not answer, or refuses.
pub async fn write(database: &Database, packed: &Arc<Packed>) -> Result<(), ArchiveError> {
    let write = |mut client: database::Client| {
        let packed = Arc::clone(packed);
        async move {
            let transaction = client.transaction().await?;
            packed.write(&transaction).await?;
            transaction.commit().await?;
            Ok(())
        }
    };
    database.run(Limits::LONG, write).await
}

/// Records how far a stream has been trimmed.
///
/// # Errors
/// When the database does not answer.
pub async fn trimmed(database: &Database, stream: &str, to: u64) -> Result<(), ArchiveError> {
    let stream = Arc::<str>::from(stream);
    let note = move |client: database::Client| {
        let stream = Arc::clone(&stream);
        async move {
            let update = "UPDATE archive.streams SET trimmed_to = greatest(trimmed_to, $2) WHERE name = $1";
            client.execute(update, &[&&*stream, &signed(to)]).await?;
            Ok(())
        }
    };
    database.run(Limits::LONG, note).await
}

/// Returns the time of a piece's last record, in milliseconds since 1970.
fn ended_ms(piece: &Piece) -> u64 {
    piece.records.last().map_or(0, |last| last.at_ms)
}
