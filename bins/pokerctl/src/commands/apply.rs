//! `pokerctl apply`: brings the streams, buckets and consumers of `nats/` and the migrations of
//! `schemas/sql` to the servers. May be repeated; what is right already stays as it is. Where there
//! are more streams of tables than before, partitions are moved to them while their tables are
//! played; when that is interrupted, the next `apply` completes it.

use crate::{
    console::Console,
    context::{ConnectError, Context},
    database::{Database, DatabaseError},
    home::{Home, NoHome},
};
use bus::{
    Bus,
    admin::{AdminError, Applied as What, Progress},
};
use serde::Serialize;
use std::path::PathBuf;

/// Options of `apply`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, with nats/ and schemas/sql [default: found above the working folder]
    #[arg(long, env = "POKER_HOME", value_name = "FOLDER")]
    home: Option<PathBuf>,
}

/// Why the servers cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The project's files are not found.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The NATS server refuses.
    #[error(transparent)]
    Nats(#[from] AdminError),
    /// PostgreSQL refuses.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Applied {
    /// Streams, buckets and consumers that were made or changed.
    pub nats: Vec<String>,
    /// The number of those that were right already.
    pub unchanged: usize,
    /// Partitions of tables that were moved to other streams.
    pub moved: usize,
    /// The longest that a moved partition stood still, in milliseconds.
    pub stood_still_ms: u64,
    /// Migrations that were applied.
    pub migrations: Vec<String>,
}

/// Applies everything to the fleet's servers.
///
/// # Errors
/// When a server cannot be reached or refuses.
pub async fn run(args: Args, context: &Context) -> Result<(), ApplyError> {
    let home = Home::find(args.home.as_deref())?;
    let bus = context.bus().await?;
    let console = Console::new(context.json);
    let mut applied = nats(&bus, &home, &console).await?;
    let mut database = Database::connect(&context.database_url()?).await?;
    applied.migrations = database.migrate(&home.sql()).await?;
    if context.json {
        if let Ok(line) = serde_json::to_string(&applied) {
            println!("{line}");
        }
        return Ok(());
    }
    for name in applied.nats.iter().chain(&applied.migrations) {
        console.done(name);
    }
    console.say(format!("{} right already", applied.unchanged));
    Ok(())
}

/// Applies streams, buckets and consumers, and shows how far partitions are moved.
///
/// # Errors
/// When the server refuses.
pub async fn nats(bus: &Bus, home: &Home, console: &Console) -> Result<Applied, AdminError> {
    let mut applied = Applied::default();
    let mut show = |progress| {
        if let Progress::Moved { stream, moved, of, stood_still_ms } = progress {
            (applied.moved, applied.stood_still_ms) = (moved, applied.stood_still_ms.max(stood_still_ms));
            console.say(format!(
                "{moved} of {of} partitions moved; the last ones, from stream {stream}, stood still for {stood_still_ms} ms"
            ));
        }
    };
    let objects = bus::admin::apply_telling(bus, &home.nats(), &mut show).await?;
    for object in objects {
        match object.what {
            What::Created => applied.nats.push(format!("{} created", object.name)),
            What::Updated => applied.nats.push(format!("{} changed", object.name)),
            What::Moved => applied.nats.push(format!("{} moved", object.name)),
            What::Unchanged => applied.unchanged += 1,
        }
    }
    Ok(applied)
}
