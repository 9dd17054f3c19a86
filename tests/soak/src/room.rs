//! The accounts with money and sessions, the cash tables and the tournaments of a run.

use crate::options::Options;
use anyhow::{Context, bail};
use bus::Patience;
use futures::{StreamExt, TryStreamExt, stream};
use std::time::Duration;
use testkit::Fleet;
use wire::{
    Chips, CommandId, PlayerId, PostingId, TableId,
    cashier::{AdminRequest, CashierReply},
    table::{HouseBot, Level, TableCommand, TableConfig, TableReply},
    tournament::{LevelSpec, Payout, TournamentConfig},
};

/// Initial balance of every player.
pub const CREDIT: Chips = Chips(100_000_000);
/// Buy-in of a player at a table.
pub const BUY_IN: Chips = Chips(2_000);
/// Seats of a cash table.
const SEATS: u8 = 6;
/// One table in this many has a bot of the house too.
const BOT_AT_EVERY: u32 = 4;
/// Requests at the same time while accounts and tables are made.
const AT_ONCE: usize = 64;
/// Patience of the administrator's requests.
pub const PATIENCE: Patience = Patience { each: Duration::from_secs(2), total: Duration::from_secs(60) };

/// An account with an open session.
#[derive(Clone, Debug)]
pub struct Account {
    /// The player's id.
    pub player: PlayerId,
    /// The token that resumes the session.
    pub token: String,
}

/// Makes accounts with sessions in the database, because hashing a password for each would take
/// longer than the run, and credits them through the cashier.
///
/// # Errors
/// When the database or the cashier refuses.
pub async fn accounts(fleet: &Fleet, count: u32) -> anyhow::Result<Vec<Account>> {
    let (client, connection) = tokio_postgres::connect(&fleet.database_url()?, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    let insert = "
        WITH made AS (
            INSERT INTO players (name, password_hash)
            SELECT 'soak-' || n, 'nobody logs in' FROM generate_series(1, $1::integer) AS n
            RETURNING player_id, name),
        opened AS (
            INSERT INTO sessions (token_hash, player_id)
            SELECT sha256(convert_to('session of ' || name, 'UTF8')), player_id FROM made),
        booked AS (INSERT INTO accounts (kind, owner) SELECT 'player', player_id FROM made)
        SELECT player_id, name FROM made";
    let rows = client.query(insert, &[&i32::try_from(count)?]).await.context("no accounts")?;
    drop(client);
    driver.await??;
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        let player = PlayerId(u64::try_from(row.try_get::<_, i64>(0)?)?);
        let token = format!("session of {}", row.try_get::<_, String>(1)?);
        accounts.push(Account { player, token });
    }
    accounts.sort_by_key(|account| account.player);
    stream::iter(&accounts)
        .map(|account| async move {
            let player = account.player;
            let posting = PostingId(format!("soak-credit.{player}"));
            fleet.cashier(AdminRequest::Credit { posting, player, amount: CREDIT }).await.map(drop)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(accounts)
}

/// Opens the cash tables, some of them with a bot of the house.
///
/// # Errors
/// When a table is refused.
pub async fn tables(fleet: &Fleet, options: &Options) -> anyhow::Result<Vec<TableId>> {
    let bots = options.tables / BOT_AT_EVERY;
    let CashierReply::Bots(bots) = fleet.cashier(AdminRequest::Bots { count: bots }).await? else {
        bail!("the cashier does not return bots");
    };
    let ids: Vec<TableId> = (0..options.tables)
        .map(|number| {
            TableId::short(options.seed.wrapping_mul(0x9e37_79b9).wrapping_add(u64::from(number) + 1))
        })
        .collect();
    stream::iter(ids.iter().enumerate())
        .map(|(number, &table)| {
            let bot = (number % BOT_AT_EVERY as usize == 0).then(|| bots.get(number / BOT_AT_EVERY as usize));
            let bots = bot.flatten().map(|bot| HouseBot {
                player: bot.player,
                name: bot.name.clone(),
                buy_in: BUY_IN,
            });
            let config = cash(options, number);
            let command = TableCommand::Create { config, bots: bots.into_iter().collect() };
            async move {
                match fleet.ask_table(table, None, CommandId(1), command).await? {
                    TableReply::Done { .. } => Ok(()),
                    reply => bail!("table {table} was not created: {reply:?}"),
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(ids)
}

fn cash(options: &Options, number: usize) -> TableConfig {
    // Mostly hold'em, with a few other variants, so that cards are dealt in every way.
    let variant = match number % 10 {
        7 => "PO",
        8 => "F7S",
        9 => "F2L3D",
        _ => "NT",
    };
    TableConfig {
        name: format!("soak {number}"),
        variant: variant.to_owned(),
        seats: SEATS,
        action_ms: options.action_ms,
        hand_pause_ms: 500,
        bot_pace_ms: 300,
        ..TableConfig::cash(
            Level {
                number: 0,
                small_blind: Chips(5),
                big_blind: Chips(10),
                ante: Chips(u64::from(variant == "F7S")),
            },
            Chips(200)..=Chips(4_000),
        )
    }
}

/// Returns the configuration of a tournament that client programs and twice as many bots play in
/// about a minute.
#[must_use]
pub fn tournament(options: &Options) -> TournamentConfig {
    let people = options.tournament_players;
    let entries = people * 3;
    let level = |big_blind: u64| LevelSpec {
        small_blind: Chips(big_blind / 2),
        big_blind: Chips(big_blind),
        ante: Chips::ZERO,
        seconds: 6,
    };
    TournamentConfig {
        name: "soak".to_owned(),
        variant: "NT".to_owned(),
        seats: SEATS,
        max_entries: entries,
        min_entries: 2,
        buy_in: Chips(1_000),
        fee: Chips(100),
        starting_stack: Chips(1_500),
        levels: [20, 40, 60, 100, 160, 240, 400, 600, 1_000, 2_000, 4_000, 8_000].map(level).to_vec(),
        start_ms: None,
        bots: entries - people,
        payout: Payout::Standard,
        action_ms: options.action_ms,
        hand_pause_ms: 100,
        bot_pace_ms: 50,
        absence: wire::table::Absence::default(),
    }
}

/// Returns a player's balance and the chips in play, by the cashier.
///
/// # Errors
/// When the cashier does not answer.
pub async fn balance(fleet: &Fleet, player: PlayerId) -> anyhow::Result<(i64, Chips)> {
    match fleet.cashier(AdminRequest::ShowPlayer { player: player.to_string() }).await? {
        CashierReply::Player(details) => Ok((details.balance, details.in_play)),
        reply => bail!("player {player}: {reply:?}"),
    }
}
