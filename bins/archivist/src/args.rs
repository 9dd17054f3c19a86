//! The archivist's command line.

use clap::Parser;
use std::time::Duration;

/// Checks the journals of a poker fleet, archives them in PostgreSQL, and trims archived records.
#[derive(Parser)]
#[command(version)]
pub struct CommandLine {
    /// Options for the connection to NATS.
    #[command(flatten)]
    pub bus: bus::Args,
    /// Options for the connection to the database.
    #[command(flatten)]
    pub database: database::Args,
    /// Months that the archive keeps before they are detached, the current one not counted
    /// [default: all].
    #[arg(long, env = "ARCHIVE_RETENTION_MONTHS", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_200))]
    pub retention_months: Option<u32>,
    /// Seconds that the journal of a closed table or finished tournament stays after it is
    /// archived, for late requests.
    #[arg(long, env = "ARCHIVE_LINGER_S", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub linger_s: u32,
}

impl CommandLine {
    /// Returns how long the journal of a closed table or finished tournament stays after it is
    /// archived, at most a day.
    #[must_use]
    pub fn linger(&self) -> Duration {
        Duration::from_secs(u64::from(self.linger_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
        let usual = CommandLine::parse_from(["archivist"]);
        assert_eq!((usual.linger(), usual.retention_months), (Duration::from_secs(60), None));
    }
}
