//! The house's bots: accounts without a log-in whose balance may be negative, created when they are
//! first asked for.

use crate::{Database, Failure, bot_names::bot_name, players::unsigned};
use database::{Client, Limits};
use wire::{PlayerId, Refusal, cashier::Account};

/// The most bots that the house has.
pub const MOST_BOTS: u32 = 100_000;
/// The most bots created by one statement.
const CHUNK: u32 = 10_000;

/// The limits of a request for bots. A wait for bots that another cashier is creating takes longer
/// than a wait for a lock.
const LIMITS: Limits = Limits { patience: Limits::LONG.attempt, ..Limits::LONG };

/// Returns the first `count` bots, the same ones each time, and creates those that do not exist.
///
/// # Errors
/// [`Refusal::BadMessage`] for a count above [`MOST_BOTS`].
pub async fn first(database: &Database, count: u32) -> Result<Vec<Account>, Failure> {
    if count > MOST_BOTS {
        return Err(Refusal::bad_message(format!("at most {MOST_BOTS} bots")).into());
    }
    database
        .run(LIMITS, |client| async move {
            let bots = list(&client, count).await?;
            if bots.len() == count as usize {
                return Ok(bots);
            }
            for from in (1..=count).step_by(CHUNK as usize) {
                make(&client, from, count.min(from + CHUNK - 1)).await?;
            }
            list(&client, count).await
        })
        .await
}

async fn list(client: &Client, count: u32) -> Result<Vec<Account>, Failure> {
    let select = "SELECT player_id, name FROM players WHERE bot_number <= $1 ORDER BY bot_number";
    let rows = client.query(select, &[&number(count)]).await?;
    let account = |row: &database::tokio_postgres::Row| {
        Ok(Account { player: PlayerId(unsigned(row.try_get(0)?)), name: row.try_get(1)? })
    };
    rows.iter().map(account).collect()
}

/// Creates the bots `from..=to` that do not exist. All cashiers create them in the order of their
/// numbers, so two at once do not block each other.
async fn make(client: &Client, from: u32, to: u32) -> Result<(), Failure> {
    let numbers: Vec<i32> = (from..=to).map(number).collect();
    let names: Vec<String> = (from..=to).map(bot_name).collect();
    let insert = "WITH wanted AS (
            SELECT number, name FROM unnest($1::int[], $2::text[]) AS w (number, name)
            WHERE NOT EXISTS (SELECT FROM players WHERE bot_number = number)),
        made AS (
            INSERT INTO players (name, bot_number) SELECT name, number FROM wanted ORDER BY number
            ON CONFLICT (bot_number) DO NOTHING RETURNING player_id)
        INSERT INTO accounts (kind, owner, may_owe) SELECT 'player', player_id, true FROM made";
    client.execute(insert, &[&numbers, &names]).await?;
    Ok(())
}

fn number(bot: u32) -> i32 {
    i32::try_from(bot).unwrap_or(i32::MAX)
}
