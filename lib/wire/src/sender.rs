//! The sender of a command, as the subject names it.
//!
//! The server lets each NATS user publish commands only under the token of its own
//! (`nats/server.conf`), so a receiver takes a sender's authority from the subject, never from the
//! message.

use crate::{
    PlayerId, Refusal,
    command::PlayerCommand,
    table::{Purpose, TableCommand},
    tournament::TournamentCommand,
};

/// The sender of a command to a table or tournament.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Sender {
    /// A gateway, on behalf of players and visitors.
    Gateway,
    /// A table worker, for its tables.
    TableWorker,
    /// A bot worker, for house bots.
    BotWorker,
    /// A coordinator, for its tournaments.
    Coordinator,
    /// The administrator.
    Admin,
}

impl Sender {
    /// Returns the sender that a command's subject names; `None` for other subjects.
    #[must_use]
    pub fn of_subject(subject: &str) -> Option<Self> {
        let mut tokens = subject.strip_prefix("command.")?.split('.');
        let sender = tokens.nth(2)?.parse().ok()?;
        tokens.next().is_none().then_some(sender)
    }

    /// Checks that this sender may send a command to a table on behalf of `player`.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] when it may not.
    pub fn check_table(self, player: Option<PlayerId>, command: &TableCommand) -> Result<(), Refusal> {
        let is_allowed = match command {
            TableCommand::Player { command, .. } => {
                let acts = matches!(command, PlayerCommand::Act { .. });
                let speaks = matches!(self, Self::Gateway | Self::Admin) || (self == Self::BotWorker && acts);
                speaks && player.is_some()
            }
            TableCommand::Online { .. } | TableCommand::Gone { .. } => {
                self == Self::Gateway && player.is_some()
            }
            TableCommand::Resync { .. } => matches!(self, Self::Gateway | Self::Admin),
            TableCommand::Create { config, bots } => match config.purpose {
                Purpose::Cash { .. } => self == Self::Admin,
                Purpose::Tournament { .. } => self == Self::Coordinator && bots.is_empty(),
            },
            TableCommand::Instruct(_) => self == Self::Coordinator && player.is_none(),
            TableCommand::Close | TableCommand::Script(_) => self == Self::Admin,
        };
        self.refuse_unless(is_allowed)
    }

    /// Checks that this sender may send a command to a tournament on behalf of `player`.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] when it may not.
    pub fn check_tournament(
        self,
        player: Option<PlayerId>,
        command: &TournamentCommand,
    ) -> Result<(), Refusal> {
        let is_allowed = match command {
            TournamentCommand::Register { .. } | TournamentCommand::Unregister => {
                matches!(self, Self::Gateway | Self::Admin) && player.is_some()
            }
            TournamentCommand::Show { .. } => matches!(self, Self::Gateway | Self::Admin),
            TournamentCommand::Report(_) | TournamentCommand::Applied { .. } => {
                self == Self::TableWorker && player.is_none()
            }
            TournamentCommand::Create { .. } | TournamentCommand::Cancel => self == Self::Admin,
        };
        self.refuse_unless(is_allowed)
    }

    fn refuse_unless(self, is_allowed: bool) -> Result<(), Refusal> {
        if is_allowed {
            return Ok(());
        }
        Err(Refusal::bad_message(format!("the sender ({self}) has no right to send that command")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject;
    use strum::VariantArray;

    #[test]
    fn the_sender_is_the_subjects_last_token() {
        for &sender in Sender::VARIANTS {
            let table = subject::table_commands_of(crate::TableId(7), sender);
            assert_eq!(Sender::of_subject(&table), Some(sender), "{table}");
            let tournament = subject::tournament_commands_of(crate::TournamentId(7), sender);
            assert_eq!(Sender::of_subject(&tournament), Some(sender), "{tournament}");
        }
        for other in ["command.table.7", "command.table.7.cashier", "command.table.7.admin.x", "feed.tables"]
        {
            assert_eq!(Sender::of_subject(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_administrator_opens_and_closes_cash_tables() {
        for &sender in Sender::VARIANTS {
            let may = sender.check_table(None, &TableCommand::Close);
            assert_eq!(may.is_ok(), sender == Sender::Admin, "{sender}");
        }
    }

    #[test]
    fn only_tables_report_hands_and_only_gateways_and_the_administrator_register_players() {
        let applied = TournamentCommand::Applied { table: crate::TableId(1), instruction: 1 };
        let register = TournamentCommand::Register { name: "ann".to_owned() };
        for &sender in Sender::VARIANTS {
            let reports = sender.check_tournament(None, &applied).is_ok();
            assert_eq!(reports, sender == Sender::TableWorker, "{sender}");
            let registers = sender.check_tournament(Some(PlayerId(1)), &register).is_ok();
            assert_eq!(registers, matches!(sender, Sender::Gateway | Sender::Admin), "{sender}");
        }
        assert!(Sender::Gateway.check_tournament(None, &register).is_err());
    }

    #[test]
    fn a_bot_worker_only_acts_and_a_gateway_only_speaks_for_players() {
        let resync = TableCommand::Resync { since: None };
        assert!(Sender::BotWorker.check_table(Some(PlayerId(1)), &resync).is_err());
        let leave = PlayerCommand::Leave.by("");
        assert!(Sender::BotWorker.check_table(Some(PlayerId(1)), &leave).is_err());
        assert!(Sender::Gateway.check_table(Some(PlayerId(1)), &leave).is_ok());
        assert!(Sender::Gateway.check_table(None, &leave).is_err());
        assert!(Sender::Gateway.check_table(None, &resync).is_ok());
    }
}
