//! Starts a fleet step by step, and reports each step to a person.

use super::UpError;
use crate::{
    commands::apply,
    console::Console,
    context::{self, Context, DEFAULT_DATA_DIR},
    database::Database,
    home::Home,
};
use bus::Bus;
use std::{
    env,
    path::{Path, PathBuf},
    time::Instant,
};
use supervisor::{Book, Plan, Processes, Start};

/// Starts the fleet of a plan and waits until it is ready. Returns the administrator's connection.
///
/// # Errors
/// When a port is taken, a program is missing, or a server or process does not start.
pub async fn start(
    plan: &Plan,
    context: &Context,
    home: &Home,
    book: &Book,
    console: &Console,
    processes: &mut Processes,
) -> Result<Bus, UpError> {
    let start = Start { plan, folder: &context.data_dir, book };
    let roles = start.roles(programs())?;
    let nats = match &context.nats_url {
        Some(url) => start.named_nats(url)?,
        None => {
            let waiting = console.wait_for("starting nats-server");
            let nats = start.nats(processes, home.nats()).await?;
            drop(waiting);
            console.done(format!("nats-server at {}", nats.url));
            nats
        }
    };
    let database = match env::var("DATABASE_URL") {
        Ok(url) => start.named_database(&url)?,
        Err(_) => {
            let waiting = console.wait_for("starting PostgreSQL");
            let database = start.postgres(processes).await?;
            drop(waiting);
            if let Some(port) = database.port {
                console.done(format!("PostgreSQL at 127.0.0.1:{port}"));
            }
            database
        }
    };
    let bus = context::administrator(&book.fleet()).await?;
    apply(&bus, home, &database, console).await?;

    let waiting = console.wait_for("starting the roles");
    let (all, began) = (roles.count(), Instant::now());
    let tell = |missing: &[&str]| {
        let ready = all - missing.len();
        waiting.now(format!("{ready} of {all} ready; waiting for {}", missing.join(", ")));
    };
    start.run(roles, processes, nats, database, &bus, tell).await?;
    drop(waiting);
    console.done(format!("{all} roles ready after {:.1} s", began.elapsed().as_secs_f64()));
    greet(book, context, console);
    Ok(bus)
}

/// Applies `nats/` and `schemas/sql`.
async fn apply(
    bus: &Bus,
    home: &Home,
    database: &supervisor::Database,
    console: &Console,
) -> Result<(), UpError> {
    let _waiting = console.wait_for("applying streams and migrations");
    let nats = apply::nats(bus, home, console).await?;
    let mut owner = Database::connect(&database.owner_url).await?;
    let migrations = owner.migrate(&home.sql()).await?;
    for login in &database.logins {
        if let Some(password) = &login.password {
            owner.let_user_in(login.role.name(), password).await?;
        }
    }
    console.done(format!(
        "streams, buckets and consumers: {} new or changed, {} right already; migrations: {} new",
        nats.nats.len(),
        nats.unchanged,
        migrations.len()
    ));
    Ok(())
}

/// Prints the gateways' addresses, how to play, and the folder of logs.
fn greet(book: &Book, context: &Context, console: &Console) {
    let fleet = book.fleet();
    let pokerctl = pokerctl(context);
    console.say("");
    for node in fleet.nodes.iter().filter(|node| !node.addresses.is_empty()) {
        console.say(format!("  {}  {}", node.node, node.addresses.join("  ")));
    }
    console.say(format!("  logs       {}", fleet.logs.display()));
    console.say(format!("  to play    {pokerctl} player create NAME --credit 50000"));
    console.say(format!("             {pokerctl} play --name NAME\n"));
}

/// Returns the command by which this program is called for this fleet.
fn pokerctl(context: &Context) -> String {
    let mut words = env::args().next().unwrap_or_else(|| "pokerctl".into());
    if context.data_dir != Path::new(DEFAULT_DATA_DIR) {
        words.push_str(&format!(" --data-dir {}", context.data_dir.display()));
    }
    words
}

/// Returns the folder of the roles' programs, which is this program's.
fn programs() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.parent().map(PathBuf::from).unwrap_or_default()
}
