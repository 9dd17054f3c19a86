//! Tournaments: commands to the coordinator, its instructions to tables, and the events of its
//! journals.

use crate::{
    Chips, CommandId, HandNo, PlayerId, Refusal, SeatNo, TableId, TournamentId,
    items::{self, Item, Undecoded},
    pass::Pass,
    seed::Seed,
    table_config::{Absence, Level, TableConfig},
    unknown::Content,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of a tournament, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentConfig {
    /// Display name, at most 60 characters.
    pub name: String,
    /// The variant's code as in the PHH format, e.g. `NT`.
    pub variant: String,
    /// Seats per table, 2 to 10.
    pub seats: u8,
    /// Maximum number of entries, 2 to 100,000.
    pub max_entries: u32,
    /// Minimum number of entries at the start, at least 2.
    pub min_entries: u32,
    /// Amount of an entry that goes into the prize pool.
    pub buy_in: Chips,
    /// Amount of an entry that goes to the house.
    pub fee: Chips,
    /// Chips of an entry at the start.
    pub starting_stack: Chips,
    /// The levels in order; the last one stays in force.
    pub levels: Vec<LevelSpec>,
    /// Time of the start, in milliseconds since 1970; none for a start when the tournament is full.
    #[serde(default)]
    pub start_ms: Option<u64>,
    /// Entries that bots take when registration opens (house accounts).
    #[serde(default)]
    pub bots: u32,
    /// How the prize pool is divided.
    #[serde(default)]
    pub payout: Payout,
    /// Time to act, in milliseconds.
    pub action_ms: u32,
    /// Pause between two hands, in milliseconds.
    pub hand_pause_ms: u32,
    /// Shortest time that a bot takes for an action, in milliseconds.
    #[serde(default)]
    pub bot_pace_ms: u32,
    /// The times that count for absent players.
    #[serde(default)]
    pub absence: Absence,
}

/// A level and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelSpec {
    /// The small blind.
    pub small_blind: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// Ante of each player.
    #[serde(default)]
    pub ante: Chips,
    /// Length of the level, in seconds.
    pub seconds: u32,
}

/// How a prize pool is divided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Payout {
    /// A standard table, by which about 15 % of the entries are paid.
    #[default]
    Standard,
    /// Shares in 1/10,000 for first place, second place, and so on. They add up to 10,000.
    Shares(Vec<u16>),
}

/// The phase of a tournament.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Players register; no hand is dealt yet.
    Registering,
    /// Tables play.
    Running,
    /// One player has all chips; the prizes are known.
    Finished,
    /// Cancelled before the start; entries were paid back.
    Cancelled,
}

/// A request to the owner of a tournament's partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentRequest {
    /// The tournament.
    pub tournament: TournamentId,
    /// The command's id, under which it is repeated.
    pub id: CommandId,
    /// The player who sends it; none for commands of tables and the administrator.
    #[serde(default)]
    pub player: Option<PlayerId>,
    /// The command.
    pub command: TournamentCommand,
    /// The proof that the player has logged in, as in [`crate::table::TableRequest::pass`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

/// A command to a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentCommand {
    /// Creates the tournament.
    Create {
        /// The configuration.
        config: TournamentConfig,
    },
    /// Takes an entry; answered once it is paid.
    Register {
        /// Display name.
        name: String,
    },
    /// Gives the entry back before the start.
    Unregister,
    /// Reports a finished hand. Answered with [`TournamentReply::Instruction`].
    Report(Report),
    /// Reports that a table has carried out an instruction.
    Applied {
        /// The table.
        table: TableId,
        /// Number of the instruction.
        instruction: u64,
    },
    /// Returns the standings, without a record.
    Show {
        /// Number of players to list, best first.
        limit: u32,
    },
    /// Cancels the tournament before the start; entries are paid back.
    Cancel,
}

/// A tournament's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum TournamentReply {
    /// The command was carried out, and the result is durable.
    Done,
    /// Answers a report.
    Instruction(Instruction),
    /// Answers [`TournamentCommand::Show`].
    Standings(Box<Standings>),
    /// Refused.
    #[strum(to_string = "refused: {0}")]
    Refused(Refusal),
}

/// A table's report of a finished hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The table.
    pub table: TableId,
    /// The hand. A table reports its hands in order, and repeats each report until it is answered.
    pub hand: HandNo,
    /// Number of the last instruction that the table carried out.
    pub applied: u64,
    /// The button's seat.
    pub button: SeatNo,
    /// The seat that posted the big blind, or should have.
    pub big_blind: SeatNo,
    /// Chips of all players at the table before and after the hand; a player with none afterwards
    /// is bust.
    pub results: Vec<HandResult>,
    /// Number of actions in the hand.
    pub actions: u32,
}

/// A player's chips in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandResult {
    /// The seat.
    pub seat: SeatNo,
    /// The player.
    pub player: PlayerId,
    /// Chips before the hand.
    pub before: Chips,
    /// Chips after the hand.
    pub after: Chips,
}

/// An instruction to a table. Numbered per table from 1; the table carries out each number once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instruction {
    /// The instruction's number.
    pub number: u64,
    /// Level of the next hand.
    pub level: Level,
    /// Players who leave for another table, with their chips of the last report.
    #[serde(default)]
    pub remove: Vec<PlayerId>,
    /// Players who arrive.
    #[serde(default)]
    pub add: Vec<Arrival>,
    /// The table's next step afterwards.
    pub then: Then,
    /// Numbers of the whole tournament.
    pub stats: Stats,
}

/// A player who arrives at a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// The player.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play the seat.
    pub bot: bool,
    /// The chips.
    pub stack: Chips,
    /// The assigned seat.
    pub seat: SeatNo,
}

/// The next step of a table after the players of an instruction have left and arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Then {
    /// Play the next hand.
    Play,
    /// Wait for another instruction.
    Wait,
    /// Close: all players have left or are bust.
    Close,
}

/// Numbers of a tournament, as tables get them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// Number of entries.
    pub entries: u32,
    /// Number of players left.
    pub players_left: u32,
    /// Number of tables left.
    pub tables: u32,
    /// Average stack, rounded down.
    pub average_stack: Chips,
}

/// The standings of a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standings {
    /// The tournament.
    pub tournament: TournamentId,
    /// The configuration.
    pub config: TournamentConfig,
    /// The phase.
    pub phase: Phase,
    /// The level in force.
    pub level: Level,
    /// Counts and the average stack.
    pub stats: Stats,
    /// Sum of all prizes.
    pub prize_pool: Chips,
    /// Number of hands played.
    pub hands: u64,
    /// Number of actions played.
    pub actions: u64,
    /// Time of the first hand's start, in milliseconds since 1970; 0 before.
    pub started_ms: u64,
    /// Whether the cashier has recorded places and paid prizes.
    pub settled: bool,
    /// The tables in play.
    pub tables: Vec<TableId>,
    /// Players, best first: those left by chips, then bust ones by place.
    pub players: Vec<Standing>,
}

/// A player's line of the standings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The player's current rank, or the final place.
    pub place: u32,
    /// The player.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play the seat.
    pub bot: bool,
    /// Chips; zero for a bust player.
    pub stack: Chips,
    /// The player's table, unless bust.
    #[serde(default)]
    pub table: Option<TableId>,
    /// The prize, once the place is final.
    pub prize: Chips,
}

/// One line of the lobby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TournamentSummary {
    /// The tournament.
    pub tournament: TournamentId,
    /// Display name.
    pub name: String,
    /// The variant's code.
    pub variant: String,
    /// The phase.
    pub phase: Phase,
    /// Number of entries so far.
    pub entries: u32,
    /// Maximum number of entries.
    pub max_entries: u32,
    /// Number of players left.
    pub players_left: u32,
    /// Amount of an entry that goes into the prize pool.
    pub buy_in: Chips,
    /// Amount of an entry that goes to the house.
    pub fee: Chips,
}

impl Item for TournamentSummary {
    fn undecoded(line: Content) -> Undecoded<Self> {
        Undecoded::structure(&line)
    }
}

/// A query to all coordinators; each answers for the tournaments that it owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CoordinatorsQuery {
    /// Tournaments, the newest first, at most `limit` per coordinator.
    Tournaments {
        /// Number of tournaments in an answer, at most 1,000.
        limit: u16,
    },
}

/// A coordinator's answer to a [`CoordinatorsQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CoordinatorsAnswer {
    /// Tournaments of this coordinator.
    Tournaments(#[serde(deserialize_with = "items::read")] Vec<TournamentSummary>),
}

/// A player's final place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The place, from 1. Players who share a place have the same number.
    pub place: u32,
    /// The player.
    pub player: PlayerId,
    /// The prize.
    pub prize: Chips,
}

/// An event of a tournament's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TournamentEvent {
    /// The tournament was created.
    Created {
        /// The configuration.
        config: TournamentConfig,
        /// Time, in milliseconds since 1970.
        at_ms: u64,
    },
    /// An entry is reserved while the cashier takes buy-in and fee.
    EntryReserved {
        /// The player.
        player: PlayerId,
        /// Display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
    },
    /// An entry is paid.
    EntryConfirmed {
        /// The player.
        player: PlayerId,
    },
    /// An entry was not paid and is free again.
    EntryRefused {
        /// The player.
        player: PlayerId,
        /// The cashier's refusal, which repeats of the request get too.
        #[serde(default)]
        refusal: Option<Refusal>,
    },
    /// An entry was given back; the cashier pays it back.
    EntryWithdrawn {
        /// The player.
        player: PlayerId,
    },
    /// The cashier has paid an entry back.
    EntryRefunded {
        /// The player.
        player: PlayerId,
    },
    /// The tournament started: the seats are drawn, and the first level began.
    Started {
        /// Time, in milliseconds since 1970.
        at_ms: u64,
        /// The seed of the seat draw.
        seed: Seed,
        /// Whether levels go by the time that has certainly passed since the start. In tournaments
        /// that were started by earlier versions they go by the owner's clock.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counts_time: bool,
    },
    /// A table was opened.
    TableOpened {
        /// The table.
        table: TableId,
        /// The table's configuration.
        config: TableConfig,
    },
    /// A table finished a hand.
    HandReported {
        /// The report.
        report: Report,
        /// Time, in milliseconds since 1970.
        at_ms: u64,
    },
    /// A player is bust.
    Busted {
        /// The player.
        player: PlayerId,
        /// The player's place.
        place: u32,
        /// The prize.
        #[serde(default)]
        prize: Chips,
    },
    /// A table got an instruction.
    Instructed {
        /// The table.
        table: TableId,
        /// The instruction.
        instruction: Instruction,
    },
    /// A table has carried out an instruction.
    InstructionApplied {
        /// The table.
        table: TableId,
        /// The instruction's number.
        number: u64,
    },
    /// A player is to move: leaves `from` with its next instruction, and arrives at `to`
    /// afterwards.
    MoveOrdered {
        /// The player.
        player: PlayerId,
        /// Old table.
        from: TableId,
        /// New table.
        to: TableId,
        /// New seat.
        seat: SeatNo,
    },
    /// The tournament is over: its places and prizes.
    Finished {
        /// All places, first place first.
        places: Vec<Place>,
        /// Time, in milliseconds since 1970.
        at_ms: u64,
    },
    /// The cashier has recorded places and paid prizes.
    Settled,
    /// The tournament was cancelled.
    Cancelled,
}
