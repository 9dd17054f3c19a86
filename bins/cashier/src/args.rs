//! The cashier's command line.

use clap::Parser;

/// Keeps the accounts, the ledger and the results of a poker fleet in PostgreSQL.
#[derive(Parser)]
#[command(version)]
pub struct CommandLine {
    /// The connection to NATS.
    #[command(flatten)]
    pub bus: bus::Args,
    /// The connection to the database.
    #[command(flatten)]
    pub database: database::Args,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }
}
