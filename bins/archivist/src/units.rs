//! The task of one owned unit: a stream of tables' journals, or the tournaments'.

use crate::{context::Context, error::ArchiveError};
use bus::Tenure;
use std::sync::Arc;

/// Archives a unit until it is released.
///
/// # Errors
/// When the stream or the database does not answer; the unit is begun again then.
pub async fn run(_context: Arc<Context>, unit: u16, mut tenure: Tenure) -> Result<(), ArchiveError> {
    tracing::debug!(unit, "begun");
    tenure.ends().await;
    Ok(())
}
