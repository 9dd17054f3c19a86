//! Rows of the database as columns, written in one statement for any number of rows.

use crate::{
    batch::Piece,
    error::ArchiveError,
    hand::{self, Hand},
};
use database::{Transaction, tokio_postgres::types::ToSql};

/// The values of a statement: a column for each parameter that is an array.
type Columns<'a> = [&'a (dyn ToSql + Sync)];

/// Returns the month of a time in milliseconds since 1970, as its first day (UTC): `2026-11-01`.
pub fn month(at_ms: u64) -> String {
    let seconds = i64::try_from(at_ms / 1_000).unwrap_or(i64::MAX);
    let date = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-01", date.year(), u8::from(date.month()))
}

/// Returns a number in the database's form: ids and sequences are below 2^63.
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Executes a statement, which each connection prepares once.
///
/// # Errors
/// When the database refuses.
pub async fn write(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &Columns<'_>,
) -> Result<(), ArchiveError> {
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, values).await?;
    Ok(())
}

/// Rows of `archive.hands`.
#[derive(Default)]
pub struct HandRows {
    ended: Vec<i64>,
    table: Vec<i64>,
    number: Vec<i64>,
    tournament: Vec<Option<i64>>,
    variant: Vec<String>,
    small_blind: Vec<i64>,
    big_blind: Vec<i64>,
    ante: Vec<i64>,
    players: Vec<i16>,
    actions: Vec<i32>,
    pot: Vec<i64>,
    board: Vec<String>,
    first: Vec<i64>,
    last: Vec<i64>,
    body: Vec<Vec<u8>>,
}

impl HandRows {
    /// Adds the row of a piece that ends with a hand.
    pub fn push(&mut self, piece: &Piece, hand: &Hand, body: Vec<u8>) {
        let level = &hand.start.level;
        self.ended.push(signed(hand.ended_ms));
        self.table.push(signed(piece.table.0));
        self.number.push(signed(hand.number().0));
        self.tournament.push(piece.facts.tournament().map(|tournament| signed(tournament.0)));
        self.variant.push(piece.facts.config.variant.clone());
        self.small_blind.push(signed(level.small_blind.0));
        self.big_blind.push(signed(level.big_blind.0));
        self.ante.push(signed(level.ante.0));
        self.players.push(hand.players.len() as i16);
        self.actions.push(i32::try_from(hand.actions).unwrap_or(i32::MAX));
        self.pot.push(signed(hand.pot.0));
        self.board.push(hand::text(&hand.board));
        self.first.push(piece.records.first().map_or(0, |first| signed(first.sequence)));
        self.last.push(piece.records.last().map_or(0, |last| signed(last.sequence)));
        self.body.push(body);
    }

    /// Returns the number of bytes of all bodies.
    pub fn bytes(&self) -> usize {
        self.body.iter().map(Vec::len).sum()
    }

    /// Writes the rows, if there are any.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        if self.table.is_empty() {
            return Ok(());
        }
        let insert = "INSERT INTO archive.hands (ended_at, table_id, hand_no, tournament_id, variant, small_blind,
                big_blind, ante, players, actions, pot, board, first, last, body)
            SELECT to_timestamp(ended / 1000.0), table_id, hand_no, tournament_id, variant, small_blind, big_blind,
                ante, players, actions, pot, board, first, last, body
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::smallint[], $10::integer[], $11::bigint[], $12::text[],
                $13::bigint[], $14::bigint[], $15::bytea[])
            AS r (ended, table_id, hand_no, tournament_id, variant, small_blind, big_blind, ante, players, actions,
                pot, board, first, last, body)
            ON CONFLICT DO NOTHING";
        let columns: &Columns<'_> = &[
            &self.ended,
            &self.table,
            &self.number,
            &self.tournament,
            &self.variant,
            &self.small_blind,
            &self.big_blind,
            &self.ante,
            &self.players,
            &self.actions,
            &self.pot,
            &self.board,
            &self.first,
            &self.last,
            &self.body,
        ];
        write(transaction, insert, columns).await
    }
}

/// Rows of `archive.hand_players`.
#[derive(Default)]
pub struct PlayerRows {
    ended: Vec<i64>,
    player: Vec<i64>,
    table: Vec<i64>,
    number: Vec<i64>,
    tournament: Vec<Option<i64>>,
    variant: Vec<String>,
    small_blind: Vec<i64>,
    big_blind: Vec<i64>,
    seat: Vec<i16>,
    cards: Vec<String>,
    shown: Vec<bool>,
    committed: Vec<i64>,
    won: Vec<i64>,
}

impl PlayerRows {
    /// Adds a row for each player of a hand.
    pub fn push(&mut self, piece: &Piece, hand: &Hand) {
        for player in &hand.players {
            self.ended.push(signed(hand.ended_ms));
            self.player.push(signed(player.player.0));
            self.table.push(signed(piece.table.0));
            self.number.push(signed(hand.number().0));
            self.tournament.push(piece.facts.tournament().map(|tournament| signed(tournament.0)));
            self.variant.push(piece.facts.config.variant.clone());
            self.small_blind.push(signed(hand.start.level.small_blind.0));
            self.big_blind.push(signed(hand.start.level.big_blind.0));
            self.seat.push(i16::from(player.seat));
            self.cards.push(hand::text(&player.cards));
            self.shown.push(player.shown);
            self.committed.push(signed(player.committed.0));
            self.won.push(signed(player.won.0));
        }
    }

    /// Writes the rows, if there are any.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        if self.table.is_empty() {
            return Ok(());
        }
        let insert = "INSERT INTO archive.hand_players (ended_at, player_id, table_id, hand_no, tournament_id, variant,
                small_blind, big_blind, seat, cards, shown, committed, won)
            SELECT to_timestamp(ended / 1000.0), player_id, table_id, hand_no, tournament_id, variant, small_blind,
                big_blind, seat, cards, shown, committed, won
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
                $7::bigint[], $8::bigint[], $9::smallint[], $10::text[], $11::boolean[], $12::bigint[], $13::bigint[])
            AS r (ended, player_id, table_id, hand_no, tournament_id, variant, small_blind, big_blind, seat, cards,
                shown, committed, won)
            ON CONFLICT DO NOTHING";
        let columns: &Columns<'_> = &[
            &self.ended,
            &self.player,
            &self.table,
            &self.number,
            &self.tournament,
            &self.variant,
            &self.small_blind,
            &self.big_blind,
            &self.seat,
            &self.cards,
            &self.shown,
            &self.committed,
            &self.won,
        ];
        write(transaction, insert, columns).await
    }
}

/// Rows of `archive.stretches`.
#[derive(Default)]
pub struct StretchRows {
    ended: Vec<i64>,
    table: Vec<i64>,
    stream: Vec<String>,
    first: Vec<i64>,
    last: Vec<i64>,
    body: Vec<Vec<u8>>,
}

impl StretchRows {
    /// Adds the row of a piece without a finished hand.
    pub fn push(&mut self, stream: &str, piece: &Piece, ended_ms: u64, body: Vec<u8>) {
        self.ended.push(signed(ended_ms));
        self.table.push(signed(piece.table.0));
        self.stream.push(stream.to_owned());
        self.first.push(piece.records.first().map_or(0, |first| signed(first.sequence)));
        self.last.push(piece.records.last().map_or(0, |last| signed(last.sequence)));
        self.body.push(body);
    }

    /// Returns the number of bytes of all bodies.
    pub fn bytes(&self) -> usize {
        self.body.iter().map(Vec::len).sum()
    }

    /// Writes the rows, if there are any.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, transaction: &Transaction<'_>) -> Result<(), ArchiveError> {
        if self.table.is_empty() {
            return Ok(());
        }
        let insert = "INSERT INTO archive.stretches (ended_at, table_id, stream, first, last, body)
            SELECT to_timestamp(ended / 1000.0), table_id, stream, first, last, body
            FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[])
            AS r (ended, table_id, stream, first, last, body)
            ON CONFLICT DO NOTHING";
        let columns: &Columns<'_> =
            &[&self.ended, &self.table, &self.stream, &self.first, &self.last, &self.body];
        write(transaction, insert, columns).await
    }
}

/// Rows of `archive.tables`: the newest state of each table, written after its pieces.
#[derive(Default)]
pub struct PieceRows {
    table: Vec<i64>,
    archived_to: Vec<i64>,
    tournament: Vec<Option<i64>>,
    name: Vec<String>,
    variant: Vec<String>,
    config: Vec<Vec<u8>>,
    created: Vec<Option<i64>>,
    closed: Vec<Option<i64>>,
    records: Vec<i64>,
    hands: Vec<i64>,
    hands_chain: Vec<Vec<u8>>,
    instructions: Vec<i64>,
    instructions_chain: Vec<Vec<u8>>,
}

impl PieceRows {
    /// Adds the state of the table's archive after a piece.
    pub fn push(&mut self, piece: &Piece, config: Vec<u8>) {
        let (facts, archive) = (&piece.facts, &piece.archive);
        self.table.push(signed(piece.table.0));
        self.archived_to.push(signed(archive.archived_to));
        self.tournament.push(facts.tournament().map(|tournament| signed(tournament.0)));
        self.name.push(facts.config.name.clone());
        self.variant.push(facts.config.variant.clone());
        self.config.push(config);
        self.created.push(facts.created_ms.map(signed));
        self.closed.push(piece.closed_ms.map(signed));
        self.records.push(signed(archive.records));
        self.hands.push(signed(archive.hands.count));
        self.hands_chain.push(archive.hands.hash.to_vec());
        self.instructions.push(signed(archive.instructions.count));
        self.instructions_chain.push(archive.instructions.hash.to_vec());
    }

    /// Writes the rows. A table's row only moves forward; a later stream of its journal has higher
    /// sequences.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, transaction: &Transaction<'_>, stream: &str) -> Result<(), ArchiveError> {
        if self.table.is_empty() {
            return Ok(());
        }
        let upsert = "INSERT INTO archive.tables AS t (table_id, stream, archived_to, tournament_id, name, variant,
                config, created_at, closed_at, records, hands, hands_chain, instructions, instructions_chain)
            SELECT DISTINCT ON (table_id) table_id, $14, archived_to, tournament_id, name, variant, config,
                to_timestamp(created / 1000.0), to_timestamp(closed / 1000.0), records, hands, hands_chain,
                instructions, instructions_chain
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[], $12::bigint[], $13::bytea[])
            AS r (table_id, archived_to, tournament_id, name, variant, config, created, closed, records, hands,
                hands_chain, instructions, instructions_chain)
            ORDER BY table_id, archived_to DESC
            ON CONFLICT (table_id) DO UPDATE SET stream = excluded.stream, archived_to = excluded.archived_to,
                created_at = coalesce(t.created_at, excluded.created_at), closed_at = excluded.closed_at,
                records = excluded.records, hands = excluded.hands, hands_chain = excluded.hands_chain,
                instructions = excluded.instructions, instructions_chain = excluded.instructions_chain
            WHERE t.archived_to < excluded.archived_to";
        let columns: &Columns<'_> = &[
            &self.table,
            &self.archived_to,
            &self.tournament,
            &self.name,
            &self.variant,
            &self.config,
            &self.created,
            &self.closed,
            &self.records,
            &self.hands,
            &self.hands_chain,
            &self.instructions,
            &self.instructions_chain,
            &stream,
        ];
        write(transaction, upsert, columns).await
    }
}
