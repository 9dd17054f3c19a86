//! `pokerctl tournament`: creates, lists, shows and cancels tournaments, and registers players.

use super::{
    player,
    tables::{GatherError, ask_all},
};
use crate::{
    absence::AbsenceArgs,
    ask::{self, AskError},
    context::{ConnectError, Context},
    grid::{Grid, json_line, say},
    tempo::TempoArgs,
    words,
};
use bus::Bus;
use clap::Subcommand;
use serde_json::json;
use std::{
    fs, io,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};
use wire::{
    Chips, TournamentId,
    fleet::Role,
    subject,
    tournament::{
        CoordinatorsAnswer, CoordinatorsQuery, LevelSpec, Payout, Standings, TournamentCommand,
        TournamentConfig, TournamentSummary,
    },
};

/// Options of `tournament`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create a tournament and open its registration
    Create(Box<Create>),
    /// List tournaments, the newest first
    List {
        /// Maximum number of tournaments per coordinator
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Show a tournament's standings
    Show {
        /// The tournament's number
        tournament: TournamentId,
        /// Maximum number of players to list
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Register a player, who pays for the entry
    Register {
        /// The tournament's number
        tournament: TournamentId,
        /// The player's name or number
        player: String,
    },
    /// Cancel a tournament before its start; entries are paid back
    Cancel {
        /// The tournament's number
        tournament: TournamentId,
    },
}

/// The options of `tournament create`.
#[derive(Debug, clap::Args)]
struct Create {
    /// Display name
    name: String,
    /// File with the whole configuration as JSON (form: schemas/json/TournamentRequest.json), in
    /// place of all other options; its name is replaced by NAME
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Code of the variant, e.g. NT for no-limit hold'em
    #[arg(long, default_value = "NT", value_parser = words::variant_code)]
    variant: String,
    /// Seats per table
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(2..=10))]
    seats: u8,
    /// Maximum number of entries
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    entries: u32,
    /// Minimum number of entries at the start
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    min_entries: u32,
    /// Entries that bots take
    #[arg(long, default_value_t = 0)]
    bots: u32,
    /// Amount of an entry that goes into the prize pool
    #[arg(long, default_value = "1000")]
    buy_in: Chips,
    /// Amount of an entry that goes to the house
    #[arg(long, default_value = "100")]
    fee: Chips,
    /// Chips of an entry at the start
    #[arg(long, default_value = "5000")]
    stack: Chips,
    /// A level as SMALL/BIG[/ANTE], e.g. 25/50/5; repeat for further levels [default: 20 levels
    /// from 25/50]
    #[arg(long = "level", value_name = "BLINDS", value_parser = parse_level)]
    levels: Vec<LevelSpec>,
    /// Length of each level, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    level_seconds: u32,
    /// Time until the start, in seconds, at most a year [default: the tournament starts when it is
    /// full]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=31_536_000))]
    start_in: Option<u64>,
    /// Shares of first place, second place and so on, in 1/10000 of the prize pool [default: a
    /// standard table]
    #[arg(long, value_delimiter = ',', value_name = "PARTS")]
    shares: Vec<u16>,
    #[command(flatten)]
    tempo: TempoArgs,
    #[command(flatten)]
    absence: AbsenceArgs,
}

/// The reason why a tournament cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum TournamentError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A role does not answer, or refuses.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The coordinators cannot be asked.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The configuration cannot be read.
    #[error("cannot read {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The configuration is not valid.
    #[error("{path} is not a valid tournament configuration: {error}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: serde_json::Error,
    },
}

/// Runs the command.
///
/// # Errors
/// When the fleet cannot be reached, or a role does not answer or refuses.
pub async fn run(args: Args, context: &Context) -> Result<(), TournamentError> {
    let bus = context.bus().await?;
    match args.what {
        What::Create(create) => {
            let config = create.config()?;
            let tournament = TournamentId::short(ask::random()?);
            let created = ask::tournament(&bus, tournament, TournamentCommand::Create { config }).await;
            created.map_err(|error| error.of_creation("tournament"))?;
            done(context, tournament, "is open for registration");
        }
        What::List { limit } => list(&bus, context, limit).await?,
        What::Show { tournament, limit } => {
            let standings = ask::standings(&bus, tournament, limit).await?;
            if context.json { json_line(&standings) } else { show(&standings) }
        }
        What::Register { tournament, player } => {
            let account = player::find(&bus, &player).await?.account;
            let command = TournamentCommand::Register { name: account.name.clone() };
            ask::tournament_for(&bus, tournament, Some(account.player), command).await?;
            done(context, tournament, &format!("has an entry of {}", account.name));
        }
        What::Cancel { tournament } => {
            ask::tournament(&bus, tournament, TournamentCommand::Cancel).await?;
            done(context, tournament, "is cancelled");
        }
    }
    Ok(())
}

fn done(context: &Context, tournament: TournamentId, result: &str) {
    if context.json {
        json_line(&json!({ "tournament": tournament }));
    } else {
        say(format!("tournament {tournament} {result}"));
    }
}

async fn list(bus: &Bus, context: &Context, limit: u16) -> Result<(), TournamentError> {
    let query = CoordinatorsQuery::Tournaments { limit };
    let answers = ask_all(bus, subject::QUERY_TOURNAMENTS, &query, Role::Coordinator).await?;
    let tournaments: Vec<TournamentSummary> =
        answers.into_iter().flat_map(|CoordinatorsAnswer::Tournaments(tournaments)| tournaments).collect();
    if context.json {
        tournaments.iter().for_each(json_line);
        return Ok(());
    }
    let mut grid = Grid::new(&["#tournament", "name", "variant", "phase", "entries", "#left", "buy-in"]);
    for tournament in &tournaments {
        grid.row(vec![
            tournament.tournament.to_string(),
            tournament.name.clone(),
            words::variant(&tournament.variant).to_owned(),
            tournament.phase.to_string(),
            format!("{} of {}", tournament.entries, tournament.max_entries),
            tournament.players_left.to_string(),
            format!("{} + {}", words::chips(tournament.buy_in), words::chips(tournament.fee)),
        ]);
    }
    grid.print("no tournaments");
    Ok(())
}

/// Prints a tournament's standings.
pub fn show(standings: &Standings) {
    let (config, stats) = (&standings.config, &standings.stats);
    say(format!(
        "{} (tournament {}): {}, {}",
        config.name,
        standings.tournament,
        words::variant(&config.variant),
        standings.phase
    ));
    say(format!(
        "level {} at {}; {} of {} players left at {} tables, average stack {}; prize pool {}",
        standings.level.number,
        words::level(&standings.level),
        stats.players_left,
        stats.entries,
        stats.tables,
        words::chips(stats.average_stack),
        words::chips(standings.prize_pool)
    ));
    say(format!("{} hands, {} actions", words::number(standings.hands), words::number(standings.actions)));
    let mut grid = Grid::new(&["#place", "player", "#chips", "table", "#prize"]);
    for player in &standings.players {
        let bot = if player.bot { " (bot)" } else { "" };
        let table = player.table.map_or_else(String::new, |table| table.to_string());
        let prize = if player.prize.is_zero() { String::new() } else { words::chips(player.prize) };
        grid.row(vec![
            player.place.to_string(),
            format!("{}{bot}", player.name),
            words::chips(player.stack),
            table,
            prize,
        ]);
    }
    grid.print("no player has registered yet");
}

impl Create {
    fn config(self) -> Result<TournamentConfig, TournamentError> {
        if let Some(path) = self.config {
            let text = fs::read_to_string(&path)
                .map_err(|error| TournamentError::File { path: path.clone(), error })?;
            let config: TournamentConfig =
                serde_json::from_str(&text).map_err(|error| TournamentError::Config { path, error })?;
            return Ok(TournamentConfig { name: self.name, ..config });
        }
        let mut levels = if self.levels.is_empty() { ladder() } else { self.levels };
        levels.iter_mut().for_each(|level| level.seconds = self.level_seconds);
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        Ok(TournamentConfig {
            name: self.name,
            variant: self.variant,
            seats: self.seats,
            max_entries: self.entries,
            min_entries: self.min_entries,
            buy_in: self.buy_in,
            fee: self.fee,
            starting_stack: self.stack,
            levels,
            start_ms: self.start_in.map(|seconds| now_ms + seconds * 1_000),
            bots: self.bots,
            payout: if self.shares.is_empty() { Payout::Standard } else { Payout::Shares(self.shares) },
            action_ms: self.tempo.action_ms,
            hand_pause_ms: self.tempo.hand_pause_ms,
            bot_pace_ms: self.tempo.bot_pace_ms,
            absence: self.absence.absence(),
        })
    }
}

/// Returns the default levels: each about 1.5 times the one before, with antes from the fourth on.
fn ladder() -> Vec<LevelSpec> {
    const BIG_BLINDS: [u64; 20] = [
        50, 75, 100, 150, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400, 3_200, 4_800, 6_400, 9_600, 12_800,
        20_000, 30_000, 50_000,
    ];
    let level = |(index, &big_blind): (usize, &u64)| LevelSpec {
        small_blind: Chips(big_blind / 2),
        big_blind: Chips(big_blind),
        ante: if index < 3 { Chips::ZERO } else { Chips(big_blind / 10) },
        seconds: 0,
    };
    BIG_BLINDS.iter().enumerate().map(level).collect()
}

/// Parses `SMALL/BIG` or `SMALL/BIG/ANTE`.
fn parse_level(text: &str) -> Result<LevelSpec, String> {
    let amounts: Result<Vec<Chips>, _> = text.split('/').map(str::parse).collect();
    match amounts.as_deref() {
        Ok(&[small_blind, big_blind]) => {
            Ok(LevelSpec { small_blind, big_blind, ante: Chips::ZERO, seconds: 0 })
        }
        Ok(&[small_blind, big_blind, ante]) => Ok(LevelSpec { small_blind, big_blind, ante, seconds: 0 }),
        _ => Err("write SMALL/BIG or SMALL/BIG/ANTE, e.g. 25/50/5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parsed() {
        let level = parse_level("25/50/5").unwrap();
        assert_eq!((level.small_blind, level.big_blind, level.ante), (Chips(25), Chips(50), Chips(5)));
        assert_eq!(parse_level("25/50").unwrap().ante, Chips::ZERO);
        assert!(parse_level("25").is_err() && parse_level("a/b").is_err() && parse_level("1/2/3/4").is_err());
    }

    #[test]
    fn the_default_levels_rise() {
        let levels = ladder();
        assert!(levels.windows(2).all(|pair| pair[0].big_blind < pair[1].big_blind));
        assert!(levels.iter().all(|level| level.small_blind.times(2) <= level.big_blind));
    }
}
