//! `pokerctl table create` and `close`: creates and closes cash tables.

use super::TableError;
use crate::{
    absence::AbsenceArgs,
    ask::{self, AskError},
    context::Context,
    grid::{json_line, say},
    tempo::TempoArgs,
    words,
};
use serde_json::json;
use wire::{
    Chips, TableId,
    cashier::{AdminRequest, CashierReply},
    table::{HouseBot, Level, TableCommand, TableConfig},
};

/// Options of `table create`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Display name
    name: String,
    /// Code of the variant, e.g. NT for no-limit hold'em
    #[arg(long, default_value = "NT", value_parser = words::variant_code)]
    variant: String,
    /// Number of seats
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(2..=10))]
    seats: u8,
    /// Small blind
    #[arg(long, default_value = "50")]
    small_blind: Chips,
    /// Big blind
    #[arg(long, default_value = "100")]
    big_blind: Chips,
    /// Ante of every player
    #[arg(long, default_value = "0")]
    ante: Chips,
    /// Smallest buy-in [default: 20 big blinds]
    #[arg(long)]
    min_buy_in: Option<Chips>,
    /// Largest buy-in [default: 200 big blinds]
    #[arg(long)]
    max_buy_in: Option<Chips>,
    /// Seats that bots take; each bot buys in for 100 big blinds, within the bounds
    #[arg(long, default_value_t = 0)]
    bots: u8,
    /// Open the whole deck to everybody after each hand, folded cards too
    #[arg(long)]
    open_decks: bool,
    #[command(flatten)]
    tempo: TempoArgs,
    #[command(flatten)]
    absence: AbsenceArgs,
}

/// Creates a cash table, with its bots, and prints its number.
pub async fn run(args: Args, context: &Context) -> Result<(), TableError> {
    let (bots, seats) = (args.bots, args.seats);
    if bots > seats {
        return Err(TableError::TooManyBots { bots, seats });
    }
    let bus = context.bus().await?;
    let table = TableId::short(ask::random()?);
    let big_blind = args.big_blind;
    let min_buy_in = args.min_buy_in.unwrap_or(big_blind.times(20));
    let max_buy_in = args.max_buy_in.unwrap_or(big_blind.times(200));
    let bots = match args.bots {
        0 => Vec::new(),
        count => {
            let request = AdminRequest::Bots { count: u32::from(count) };
            let CashierReply::Bots(accounts) = ask::cashier(&bus, &request).await? else {
                return Err(AskError::Unexpected { whom: "the cashier".to_owned() }.into());
            };
            let buy_in = big_blind.times(100).max(min_buy_in).min(max_buy_in);
            accounts
                .into_iter()
                .map(|account| HouseBot { player: account.player, name: account.name, buy_in })
                .collect()
        }
    };
    let config = TableConfig {
        name: args.name,
        variant: args.variant,
        seats: args.seats,
        action_ms: args.tempo.action_ms,
        hand_pause_ms: args.tempo.hand_pause_ms,
        bot_pace_ms: args.tempo.bot_pace_ms,
        absence: args.absence.absence(),
        open_decks: args.open_decks,
        ..TableConfig::cash(
            Level { number: 0, small_blind: args.small_blind, big_blind, ante: args.ante },
            min_buy_in..=max_buy_in,
        )
    };
    let told = format!("{}, {}", words::variant(&config.variant), words::purpose(&config));
    let created = ask::table(&bus, table, TableCommand::Create { config, bots }).await;
    created.map_err(|error| error.of_creation("table"))?;
    if context.json {
        json_line(&json!({ "table": table }));
    } else {
        say(format!("table {table} is open: {told}"));
    }
    Ok(())
}

/// Closes a cash table.
pub async fn close(table: TableId, context: &Context) -> Result<(), TableError> {
    let bus = context.bus().await?;
    ask::table(&bus, table, TableCommand::Close).await?;
    if context.json {
        json_line(&json!({ "table": table }));
    } else {
        say(format!("table {table} closes after the hand"));
    }
    Ok(())
}
