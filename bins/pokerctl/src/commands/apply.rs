//! `pokerctl apply`: applies the streams, buckets and consumers of `nats/` and the migrations of
//! `schemas/sql` to the servers. May be repeated; objects that are up to date stay unchanged. If
//! `nats/` has more streams of tables than before, partitions are moved to them while their tables
//! are played; the next `apply` completes an interrupted move.

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

/// The reason why the servers cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The project's files are not found.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The NATS server does not answer, or refuses.
    #[error(transparent)]
    Nats(#[from] AdminError),
    /// PostgreSQL does not answer, or refuses.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The applied objects.
#[derive(Debug, Default, Serialize)]
pub struct Applied {
    /// Streams, buckets and consumers that were created or changed.
    pub nats: Vec<String>,
    /// Number of streams, buckets and consumers that were up to date.
    pub unchanged: usize,
    /// Partitions of tables that were moved to other streams.
    pub moved: usize,
    /// Longest time that a moved partition could not store records, in milliseconds.
    pub stood_still_ms: u64,
    /// Migrations that were applied.
    pub migrations: Vec<String>,
}

/// Applies all streams, buckets, consumers and migrations to the fleet's servers.
///
/// # Errors
/// When a server does not answer, or refuses.
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

/// Applies streams, buckets and consumers, and shows the progress of moved partitions.
///
/// # Errors
/// When the server does not answer, or refuses.
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
