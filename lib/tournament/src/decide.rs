//! The commands of a tournament, and the decisions before its start.

use crate::{config, entry::EntryStatus, state::Tournament};
use wire::{
    PlayerId, Refusal, TableId,
    cashier::Account,
    event::Seed,
    tournament::{Phase, Report, TournamentCommand, TournamentConfig, TournamentEvent},
};

/// A command of a tournament.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Creates the tournament.
    Create {
        /// The configuration.
        config: TournamentConfig,
    },
    /// Holds an entry for a player.
    Register {
        /// The player.
        player: PlayerId,
        /// Display name.
        name: String,
    },
    /// Holds entries for bots: as many of these accounts as are still wanted and have no entry.
    EnterBots {
        /// House accounts.
        bots: Vec<Account>,
    },
    /// Gives an entry back before the start.
    Unregister {
        /// The player.
        player: PlayerId,
    },
    /// Cancels the tournament before the start.
    Cancel,
    /// The cashier's answers to [`crate::Effect::Enter`]. Answers about entries that are no longer
    /// held have no effect.
    Paid(Vec<Payment>),
    /// The cashier has paid these entries back ([`crate::Effect::Refund`]).
    Refunded(Vec<PlayerId>),
    /// Starts the tournament when it is due ([`Tournament::next_deadline_ms`]): draws seats, or
    /// cancels when there are too few entries.
    Start {
        /// The seed of the seat draw: 32 bytes from the operating system.
        seed: Seed,
    },
    /// Opens the next tables under these ids ([`crate::Effect::OpenTables`]).
    OpenTables {
        /// Ids that no table has.
        tables: Vec<TableId>,
    },
    /// A table finished a hand.
    Report(Report),
    /// A table has carried out an instruction.
    Applied {
        /// The table.
        table: TableId,
        /// The number of the instruction.
        instruction: u64,
    },
    /// The cashier has recorded places and paid prizes ([`crate::Effect::Settle`]).
    Settled,
}

impl Command {
    /// Returns the command of a message from this player (`None` for tables and the administrator);
    /// `None` for [`TournamentCommand::Show`], which only reads.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] when the sender may not send that command.
    pub fn from_wire(player: Option<PlayerId>, command: TournamentCommand) -> Result<Option<Self>, Refusal> {
        let command = match (player, command) {
            (_, TournamentCommand::Show { .. }) => return Ok(None),
            (Some(player), TournamentCommand::Register { name }) => Self::Register { player, name },
            (Some(player), TournamentCommand::Unregister) => Self::Unregister { player },
            (None, TournamentCommand::Create { config }) => Self::Create { config },
            (None, TournamentCommand::Cancel) => Self::Cancel,
            (None, TournamentCommand::Report(report)) => Self::Report(report),
            (None, TournamentCommand::Applied { table, instruction }) => Self::Applied { table, instruction },
            (Some(_), _) => {
                return Err(Refusal::bad_message(
                    "players may only register, unregister and show the standings",
                ));
            }
            (None, _) => {
                return Err(Refusal::bad_message(
                    "registering and unregistering need the player in the message",
                ));
            }
        };
        Ok(Some(command))
    }
}

/// The cashier's answer about one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The player.
    pub player: PlayerId,
    /// Number of the entry, as in [`crate::Effect::Enter`].
    pub entry: u32,
    /// The reason of the refusal; `None` when the entry is paid.
    pub refused: Option<Refusal>,
}

impl Tournament {
    /// Returns the events of a command at a time. The list is empty when the command was carried
    /// out before or has no effect. `resumed` is that of the record that stores the events
    /// ([`wire::journal::Record::resumed`]).
    ///
    /// # Errors
    /// A named refusal; the state does not change.
    pub fn decide(
        &self,
        command: Command,
        now_ms: u64,
        resumed: bool,
    ) -> Result<Vec<TournamentEvent>, Refusal> {
        if let Command::Create { config } = command {
            return self.create(config, now_ms);
        }
        if self.core.config.is_none() {
            return Err(Refusal::NoSuchTournament);
        }
        let level = self.core.level(now_ms, resumed);
        match command {
            Command::Create { .. } => Err(Refusal::AlreadyExists),
            Command::Register { player, name } => self.register(player, name, now_ms),
            Command::EnterBots { bots } => Ok(self.enter_bots(bots)),
            Command::Unregister { player } => self.unregister(player),
            Command::Cancel => match self.core.phase {
                Phase::Registering => Ok(vec![TournamentEvent::Cancelled]),
                _ => Err(Refusal::TournamentPast),
            },
            Command::Paid(payments) => Ok(payments.into_iter().flat_map(|paid| self.paid(paid)).collect()),
            Command::Refunded(players) => {
                let due = |player: &PlayerId| self.stage(*player) == Some(EntryStatus::Withdrawn);
                let refunded = players.into_iter().filter(due);
                Ok(refunded.map(|player| TournamentEvent::EntryRefunded { player }).collect())
            }
            Command::Start { seed } => self.start(seed, now_ms),
            Command::OpenTables { tables } => Ok(self.open(&tables, level)),
            Command::Report(report) => self.report(report, now_ms, level),
            Command::Applied { table, instruction } => self.applied(table, instruction, level),
            Command::Settled => {
                let due = self.core.phase == Phase::Finished && !self.core.settled;
                Ok(due.then_some(TournamentEvent::Settled).into_iter().collect())
            }
        }
    }

    fn create(&self, config: TournamentConfig, now_ms: u64) -> Result<Vec<TournamentEvent>, Refusal> {
        if self.core.config.is_some() {
            return Err(Refusal::AlreadyExists);
        }
        config::check_all_but_name(&config)?;
        Ok(vec![TournamentEvent::Created { config, at_ms: now_ms }])
    }

    fn register(&self, player: PlayerId, name: String, now_ms: u64) -> Result<Vec<TournamentEvent>, Refusal> {
        let config = self.core.config.as_ref().ok_or(Refusal::NoSuchTournament)?;
        let closed = config.start_ms.is_some_and(|start_ms| now_ms >= start_ms);
        if self.core.phase != Phase::Registering || closed {
            return Err(Refusal::RegistrationClosed);
        }
        match self.stage(player) {
            None => {}
            Some(EntryStatus::Withdrawn) => {
                return Err(Refusal::unavailable("the last entry is still being paid back"));
            }
            Some(_) => return Err(Refusal::AlreadyRegistered),
        }
        if self.core.held.saturating_add(self.core.bots_to_come()) >= config.max_entries {
            return Err(Refusal::TournamentFull);
        }
        Ok(vec![TournamentEvent::EntryReserved { player, name, bot: false }])
    }

    fn enter_bots(&self, mut bots: Vec<Account>) -> Vec<TournamentEvent> {
        if self.core.phase != Phase::Registering {
            return Vec::new();
        }
        bots.sort_by_key(|bot| bot.player);
        bots.dedup_by_key(|bot| bot.player);
        let new = bots.into_iter().filter(|bot| !self.entries.contains_key(&bot.player));
        new.take(self.core.bots_to_come() as usize)
            .map(|bot| TournamentEvent::EntryReserved { player: bot.player, name: bot.name, bot: true })
            .collect()
    }

    fn unregister(&self, player: PlayerId) -> Result<Vec<TournamentEvent>, Refusal> {
        if self.core.phase != Phase::Registering {
            return Err(Refusal::TournamentPast);
        }
        match self.stage(player) {
            Some(EntryStatus::Paid) => Ok(vec![TournamentEvent::EntryWithdrawn { player }]),
            Some(EntryStatus::Reserved) => Err(Refusal::unavailable("the entry is still being paid")),
            _ => Err(Refusal::NotRegistered),
        }
    }

    /// Confirms an entry. An entry that is paid only after registration has ended is withdrawn in
    /// the same record.
    fn paid(&self, payment: Payment) -> Vec<TournamentEvent> {
        let player = payment.player;
        let held = |entry: &crate::entry::Entry| {
            entry.number == payment.entry && entry.stage == EntryStatus::Reserved
        };
        if !self.entries.get(&player).is_some_and(held) {
            return Vec::new();
        }
        if let Some(refusal) = payment.refused {
            return vec![TournamentEvent::EntryRefused { player, refusal: Some(refusal) }];
        }
        let mut events = vec![TournamentEvent::EntryConfirmed { player }];
        if self.core.phase != Phase::Registering {
            events.push(TournamentEvent::EntryWithdrawn { player });
        }
        events
    }
}
