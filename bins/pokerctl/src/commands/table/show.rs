//! `pokerctl table show`: prints a table as a visitor sees it.

use super::TableError;
use crate::{
    ask::{self, AskError},
    context::Context,
    grid::{json_line, say},
    screen,
};
use wire::{
    TableId,
    table::{TableCommand, TableReply},
};

/// Prints the table in its current state.
pub async fn run(table: TableId, context: &Context) -> Result<(), TableError> {
    let bus = context.bus().await?;
    let reply = ask::table(&bus, table, TableCommand::Resync { since: None }).await?;
    let TableReply::Resync(resync) = reply else {
        return Err(AskError::Unexpected { whom: format!("table {table}") }.into());
    };
    if context.json {
        json_line(&resync.view);
    } else {
        say(screen::table(&resync.view, None, &[], None));
    }
    Ok(())
}
