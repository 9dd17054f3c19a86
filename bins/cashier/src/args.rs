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
    /// Seconds for which a session pass is valid: the proof of a log-in without which table workers
    /// and coordinators take no command of a player. Gateways renew passes at half of it, so this
    /// is twice the time for which play goes on while no cashier answers.
    #[arg(long, env = "CASHIER_PASS_SECONDS", default_value_t = 1_800, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub pass_seconds: u32,
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
