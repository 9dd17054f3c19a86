//! Readings of running hands, on record before they happen.

use crate::{Database, Failure, players::signed};
use database::Limits;
use wire::{CommandId, HandNo, Refusal, TableId};

/// The longest reason, in characters.
const MAX_REASON: usize = 200;

/// Returns a reason without spaces at its ends.
///
/// # Errors
/// [`Refusal::BadMessage`] when it is empty, too long or has control characters.
pub fn checked(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
        return Err(Refusal::bad_message(format!(
            "a reason has 1 to {MAX_REASON} characters, without control characters"
        )));
    }
    Ok(reason)
}

/// Puts a reading on record, once for each `id`.
///
/// # Errors
/// A refusal when the reason is empty, too long or has control characters; [`Failure::Database`].
pub async fn note(
    database: &Database,
    id: CommandId,
    (table, hand): (TableId, HandNo),
    reason: &str,
) -> Result<(), Failure> {
    let reason = &checked(reason)?;
    database
        .run(Limits::SHORT, |client| async move {
            let insert = "INSERT INTO inspections (inspection_id, table_id, hand_no, reason)
                VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
            // The numbers of commands use all bits.
            let id = id.0.cast_signed();
            client.execute(insert, &[&id, &signed(table.0), &signed(hand.0), reason]).await?;
            Ok(())
        })
        .await
}
