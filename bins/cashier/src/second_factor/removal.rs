//! Second factors that the administrator turns off, for players who have lost the authenticator and
//! the recovery codes.

use super::store;
use crate::{
    Database, Failure, inspections,
    players::{check_known, signed},
};
use database::Limits;
use wire::{CommandId, PlayerId, Refusal};

/// Turns a player's second factor off and puts that on record, once for each `id`.
///
/// # Errors
/// A refusal when the reason is empty, too long or has control characters;
/// [`Refusal::NoSuchPlayer`]; [`Refusal::NoSecondFactor`].
pub async fn remove(
    database: &Database,
    id: CommandId,
    player: PlayerId,
    reason: &str,
) -> Result<(), Failure> {
    let reason = &inspections::checked(reason)?;
    database
        .run(Limits::SHORT, |mut client| async move {
            let player = signed(player.0);
            let tx = client.transaction().await?;
            check_known(&tx, player).await?;
            let insert = "INSERT INTO second_factor_removals (removal_id, player_id, reason)
                VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            // The numbers of commands use all bits.
            let is_new = tx.execute(insert, &[&id.0.cast_signed(), &player, reason]).await? == 1;
            // A repeat removes no second factor that was turned on since.
            if is_new && !store::end(&tx, player).await? {
                return Err(Refusal::NoSecondFactor.into());
            }
            tx.commit().await?;
            Ok(())
        })
        .await
}
