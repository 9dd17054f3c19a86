//! Tournaments: what the coordinator is asked, what it tells the tables and what it keeps in its journal.

use crate::{
    Chips, CommandId, HandNo, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    table::{Absence, Level, TableConfig},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a tournament is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentConfig {
    /// Display name, at most 60 characters.
    pub name: String,
    /// The variant's code as in the PHH format, e.g. `NT`.
    pub variant: String,
    /// Seats per table, 2 to 10.
    pub seats: u8,
    /// Most entries, 2 to 100,000.
    pub max_entries: u32,
    /// Fewest entries to start with, at least 2.
    pub min_entries: u32,
    /// Paid per entry into the prize pool.
    pub buy_in: Chips,
    /// Paid per entry to the house.
    pub fee: Chips,
    /// Chips that every entry starts with.
    pub starting_stack: Chips,
    /// The levels, first to last; the last one stays in force.
    pub levels: Vec<LevelSpec>,
    /// When it starts, in milliseconds since 1970; none to start as soon as it is full.
    #[serde(default)]
    pub start_ms: Option<u64>,
    /// Entries that bots take as soon as registration opens (they are house accounts).
    #[serde(default)]
    pub bots: u32,
    /// How the prize pool is split.
    #[serde(default)]
    pub payout: Payout,
    /// Time to act, in milliseconds.
    pub action_ms: u32,
    /// Pause between two hands, in milliseconds.
    pub hand_pause_ms: u32,
    /// Least time a bot takes for an action, in milliseconds.
    #[serde(default)]
    pub bot_pace_ms: u32,
    /// How long players who cannot be reached are waited for.
    #[serde(default)]
    pub absence: Absence,
}

/// One level and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelSpec {
    /// The small blind.
    pub small_blind: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// Every player's ante.
    #[serde(default)]
    pub ante: Chips,
    /// How long it lasts, in seconds.
    pub seconds: u32,
}

/// How a prize pool is split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Payout {
    /// About 15 % of the entries are paid, by a standard table.
    #[default]
    Standard,
    /// These parts of 10,000 for first place, second place, and so on. They add up to 10,000.
    Shares(Vec<u16>),
}

/// Where a tournament is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Players register; nothing is dealt yet.
    Registering,
    /// Tables play.
    Running,
    /// One player has all chips; prizes are known.
    Finished,
    /// Called off; entries were paid back.
    Cancelled,
}

/// A request to the owner of a tournament's partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentRequest {
    /// Which tournament.
    pub tournament: TournamentId,
    /// The command's id: repeats carry the same.
    pub id: CommandId,
    /// On whose behalf; nobody for tables and the administrator.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// What to do.
    pub command: TournamentCommand,
}

/// What can be asked of a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentCommand {
    /// Create it.
    Create {
        /// How it is played.
        config: TournamentConfig,
    },
    /// Take an entry; answered once it is paid for.
    Register {
        /// Display name.
        name: String,
    },
    /// Give an entry back before the start.
    Unregister,
    /// A table finished a hand. Answered with [`TournamentReply::Instruction`].
    Report(Report),
    /// A table has carried out an instruction.
    Applied {
        /// Which table.
        table: TableId,
        /// Number of the instruction.
        instruction: u64,
    },
    /// How it stands. Changes nothing.
    Show {
        /// Most standings to list, best first.
        limit: u32,
    },
    /// Call it off before the start; entries are paid back.
    Cancel,
}

/// What a tournament answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum TournamentReply {
    /// Done, and durable.
    Done,
    /// To a table's report.
    Instruction(Instruction),
    /// To a show.
    Standings(Box<Standings>),
    /// Not done.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// A finished hand as its table reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Which table.
    pub table: TableId,
    /// Which hand. Reports of a table come in order, each repeated until answered.
    pub hand: HandNo,
    /// Number of the last instruction that the table carried out.
    pub applied: u64,
    /// Where the button was.
    pub button: SeatNo,
    /// Who posted (or should next have posted) the big blind.
    pub big_blind: SeatNo,
    /// Chips before and after the hand of everybody at the table; a player with none afterwards is out.
    pub results: Vec<HandResult>,
    /// Actions in the hand.
    pub actions: u32,
}

/// One player's line of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandResult {
    /// Which seat.
    pub seat: SeatNo,
    /// Who.
    pub player: PlayerId,
    /// Chips before the hand.
    pub before: Chips,
    /// Chips after it.
    pub after: Chips,
}

/// What a table does next. Numbered per table from 1; the table carries out each number once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instruction {
    /// Its number.
    pub number: u64,
    /// Level of the next hand.
    pub level: Level,
    /// Players who leave for another table, with the chips last reported.
    #[serde(default)]
    pub remove: Vec<PlayerId>,
    /// Players who arrive.
    #[serde(default)]
    pub add: Vec<Arrival>,
    /// What comes then.
    pub then: Then,
    /// How the tournament stands.
    pub stats: Stats,
}

/// A player who arrives at a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// Who.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play it.
    pub bot: bool,
    /// Their chips.
    pub stack: Chips,
    /// The seat they get.
    pub seat: SeatNo,
}

/// What a table does after it has taken players in and given players up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Then {
    /// Play the next hand.
    Play,
    /// Wait for another instruction.
    Wait,
    /// Close: all players have been removed or are out.
    Close,
}

/// How the tournament stands, as told to every table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// Entries in all.
    pub entries: u32,
    /// Players left.
    pub players_left: u32,
    /// Tables left.
    pub tables: u32,
    /// Average stack, rounded down.
    pub average_stack: Chips,
}

/// How a tournament stands, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standings {
    /// Which tournament.
    pub tournament: TournamentId,
    /// How it is played.
    pub config: TournamentConfig,
    /// Where it is in its life.
    pub phase: Phase,
    /// The level in force.
    pub level: Level,
    /// Counts and the average stack.
    pub stats: Stats,
    /// All prizes together.
    pub prize_pool: Chips,
    /// Hands played.
    pub hands: u64,
    /// Actions played.
    pub actions: u64,
    /// When the first hand began, in milliseconds since 1970; 0 before.
    pub started_ms: u64,
    /// Whether the cashier has recorded places and paid prizes.
    pub settled: bool,
    /// The tables in play.
    pub tables: Vec<TableId>,
    /// Players, best first: those left by chips, then those out by place.
    pub players: Vec<Standing>,
}

/// One player's line of the standings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The player's rank now, or the final place.
    pub place: u32,
    /// Who.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play it.
    pub bot: bool,
    /// Chips; zero when out.
    pub stack: Chips,
    /// The table, while in play.
    #[serde(default)]
    pub table: Option<TableId>,
    /// The prize, once the place is final.
    pub prize: Chips,
}

/// One line of the lobby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentSummary {
    /// Which tournament.
    pub tournament: TournamentId,
    /// Display name.
    pub name: String,
    /// The variant's code.
    pub variant: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Entries so far.
    pub entries: u32,
    /// Most entries.
    pub max_entries: u32,
    /// Players left.
    pub players_left: u32,
    /// Paid per entry into the prize pool.
    pub buy_in: Chips,
    /// Paid per entry to the house.
    pub fee: Chips,
}

/// Asked of every coordinator at once; each answers for the tournaments it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CoordinatorsQuery {
    /// Tournaments, the newest first, at most `limit` per coordinator.
    Tournaments {
        /// Most tournaments in an answer, at most 1,000.
        limit: u16,
    },
}

/// A coordinator's answer to a [`CoordinatorsQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CoordinatorsAnswer {
    /// Tournaments of this coordinator.
    Tournaments(Vec<TournamentSummary>),
}

/// A player's final place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// From 1. Players who share a place have the same number.
    pub place: u32,
    /// Who.
    pub player: PlayerId,
    /// What they win.
    pub prize: Chips,
}

/// What a tournament's journal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentEvent {
    /// The tournament came to be.
    Created {
        /// How it is played.
        config: TournamentConfig,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// An entry is held while the cashier takes buy-in and fee.
    EntryReserved {
        /// Who.
        player: PlayerId,
        /// Display name.
        name: String,
        /// Whether bot workers play it.
        bot: bool,
    },
    /// An entry is paid for.
    EntryConfirmed {
        /// Whose.
        player: PlayerId,
    },
    /// An entry was not covered and is free again.
    EntryRefused {
        /// Whose.
        player: PlayerId,
        /// What the cashier said: whoever asks again is told the same.
        #[serde(default)]
        refusal: Option<Refusal>,
    },
    /// An entry was given back; the cashier pays it back.
    EntryWithdrawn {
        /// Whose.
        player: PlayerId,
    },
    /// The cashier has paid an entry back.
    EntryRefunded {
        /// Whose.
        player: PlayerId,
    },
    /// Seats are drawn, tables come to be, the clock runs.
    Started {
        /// When, in milliseconds since 1970.
        at_ms: u64,
        /// What the seats were drawn from.
        seed: crate::event::Seed,
    },
    /// A table came to be.
    TableOpened {
        /// Which.
        table: TableId,
        /// How it is made.
        config: TableConfig,
    },
    /// A table finished a hand.
    HandReported {
        /// What it reported.
        report: Report,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// A player is out.
    Busted {
        /// Who.
        player: PlayerId,
        /// Their place.
        place: u32,
        /// What it pays.
        #[serde(default)]
        prize: Chips,
    },
    /// A table was told how to go on.
    Instructed {
        /// Which table.
        table: TableId,
        /// What it was told.
        instruction: Instruction,
    },
    /// A table has carried out an instruction.
    InstructionApplied {
        /// Which table.
        table: TableId,
        /// Which instruction.
        number: u64,
    },
    /// A player is to move: leaves `from` with its next instruction, arrives at `to` after that.
    MoveOrdered {
        /// Who.
        player: PlayerId,
        /// Old table.
        from: TableId,
        /// New table.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// It is over: places and prizes.
    Finished {
        /// All of them, first place first.
        places: Vec<Place>,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// The cashier has recorded places and paid prizes.
    Settled,
    /// Called off.
    Cancelled,
}
