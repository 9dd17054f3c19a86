//! Bringing a fleet up: servers, what is applied to them, role processes, and waiting until all are ready.

use super::{
    UpError,
    book::Book,
    plan::{Planned, Size},
    processes::{Kind, Processes, Surroundings},
    secrets::Secrets,
};
use crate::{
    commands::apply,
    console::Console,
    context::{self, Context, DEFAULT_DATA_DIR},
    database::Database,
    fleet::Fleet,
    home::Home,
};
use bus::{Bus, Peers};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions};
use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use wire::fleet::{Heartbeat, Role};

/// How long all processes may take to get ready.
const READY: Duration = Duration::from_secs(60);
/// A process that dies this often before it is ready will not get ready.
const DEATHS: u32 = 3;
/// The roles that log in to the database, each as the user of its name.
const LOGINS: [Role; 2] = [Role::Cashier, Role::Archivist];

/// The book of a fleet that has no process yet.
///
/// # Errors
/// When the fleet's folder cannot be written.
pub fn book(context: &Context) -> Result<Book, UpError> {
    let folder = context.data_dir.canonicalize().unwrap_or_else(|_| context.data_dir.clone());
    let fleet = Fleet {
        pid: std::process::id(),
        nats_url: String::new(),
        nats_pid: None,
        nats_monitor_port: None,
        postgres_pid: None,
        credentials: None,
        database_url_file: folder.join("credentials/database-url"),
        logs: folder.join("logs"),
        ready: false,
        nodes: Vec::new(),
    };
    Ok(Book::open(folder, fleet)?)
}

/// What a start needs.
pub struct Start<'a> {
    /// How many processes, where.
    pub size: &'a Size,
    /// The global options.
    pub context: &'a Context,
    /// The project's files.
    pub home: &'a Home,
    /// What is written down.
    pub book: &'a Book,
    /// The person who watches.
    pub console: &'a Console,
}

impl Start<'_> {
    /// Starts everything that was asked for and waits until it is ready. Gives the administrator's connection.
    ///
    /// # Errors
    /// When a port is taken, a program is missing, or something does not start.
    pub async fn run(&self, processes: &mut Processes) -> Result<Bus, UpError> {
        let programs = programs();
        Surroundings::check(&programs)?;
        let logs = self.book.fleet().logs;
        let (nodes, held) = self.size.nodes(&logs)?;
        self.book.change(|fleet| fleet.nodes = nodes.iter().map(Planned::describe).collect())?;

        let (nats_url, passwords) = self.nats(processes).await?;
        let (owner_url, logins) = self.postgres(processes).await?;
        let bus = context::connect(&nats_url, passwords.as_deref()).await?;
        self.apply(&bus, &owner_url, &logins).await?;

        let surroundings = Surroundings {
            programs,
            args: vec!["--nats-url".into(), nats_url],
            passwords,
            database_urls: logins.into_iter().map(|login| (login.role, login.url)).collect(),
        };
        let peers = Peers::watch(&bus).await?;
        drop(held);
        for node in &nodes {
            processes.keep_node(node, &surroundings);
        }
        self.wait(&peers, &nodes).await?;
        self.greet();
        Ok(bus)
    }

    /// Starts nats-server, unless one was named. Gives its address and the folder of its users' passwords.
    async fn nats(&self, processes: &mut Processes) -> Result<(String, Option<PathBuf>), UpError> {
        let (url, passwords) = match &self.context.nats_url {
            Some(url) => (url.clone(), None),
            None => {
                let waiting = self.console.wait_for("starting nats-server");
                let nats = Nats::start(NatsOptions {
                    dir: Some(self.context.data_dir.join("nats")),
                    port: self.size.nats_port(),
                    config: Some(self.home.nats()),
                    monitored: self.size.nats_monitored,
                })
                .await?;
                drop(waiting);
                let found = (nats.url(), nats.password_file("admin").parent().map(PathBuf::from));
                self.console.done(format!("nats-server at {}", nats.url()));
                self.book.change(|fleet| fleet.nats_monitor_port = nats.monitor_port())?;
                processes.keep_server(Kind::Nats, nats);
                found
            }
        };
        self.book.change(|fleet| {
            fleet.nats_url.clone_from(&url);
            fleet.credentials.clone_from(&passwords);
        })?;
        Ok((url, passwords))
    }

    /// Starts PostgreSQL, unless a database was named. Gives the owner's address and the roles' logins.
    async fn postgres(&self, processes: &mut Processes) -> Result<(String, Vec<Login>), UpError> {
        let path = self.book.fleet().database_url_file;
        let secrets = Secrets::open(path.parent().map(PathBuf::from).unwrap_or_default())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Ok(url) = env::var("DATABASE_URL") {
            secrets.keep(&name, &url)?;
            let login = |role| Login { role, url: url.clone(), password: None };
            return Ok((url.clone(), LOGINS.map(login).into()));
        }
        let waiting = self.console.wait_for("starting PostgreSQL");
        let postgres = Postgres::start(PostgresOptions {
            dir: Some(self.context.data_dir.join("postgres")),
            port: self.size.postgres_port(),
            durable: true,
        })
        .await?;
        drop(waiting);
        let port = postgres.port();
        let owner_url = postgres.url();
        secrets.keep(&name, &owner_url)?;
        self.console.done(format!("PostgreSQL at 127.0.0.1:{port}"));
        processes.keep_server(Kind::Postgres, postgres);
        let login = |role: Role| -> Result<Login, UpError> {
            let (user, database) = (role.name(), servers::postgres::NAME);
            let password = secrets.password(&format!("database-{user}"))?;
            let url = format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}");
            Ok(Login { role, url, password: Some(password) })
        };
        let logins = LOGINS.into_iter().map(login).collect::<Result<_, _>>()?;
        Ok((owner_url, logins))
    }

    /// Applies `nats/` and `schemas/sql`.
    async fn apply(&self, bus: &Bus, owner_url: &str, logins: &[Login]) -> Result<(), UpError> {
        let _waiting = self.console.wait_for("applying streams and migrations");
        let nats = apply::nats(bus, self.home).await?;
        let mut database = Database::connect(owner_url).await?;
        let migrations = database.migrate(&self.home.sql()).await?;
        for login in logins {
            if let Some(password) = &login.password {
                database.let_user_in(login.role.name(), password).await?;
            }
        }
        self.console.done(format!(
            "streams, buckets and consumers: {} new or changed, {} right already; migrations: {} new",
            nats.nats.len(),
            nats.unchanged,
            migrations.len()
        ));
        Ok(())
    }

    /// Waits until every process has reported ready.
    async fn wait(&self, peers: &Peers, nodes: &[Planned]) -> Result<(), UpError> {
        let started = Instant::now();
        let waiting = self.console.wait_for("starting the roles");
        loop {
            let ready = ready(peers);
            let missing: Vec<_> = nodes
                .iter()
                .filter(|node| !ready.iter().any(|beat| beat.node.as_str() == node.node))
                .collect();
            let Some(first) = missing.first() else {
                break;
            };
            waiting.now(format!(
                "{} of {} ready; waiting for {}",
                nodes.len() - missing.len(),
                nodes.len(),
                missing.iter().map(|node| node.node.as_str()).collect::<Vec<_>>().join(", ")
            ));
            for node in &missing {
                self.is_alive(node)?;
            }
            if started.elapsed() > READY {
                return Err(UpError::NotReady {
                    node: first.node.clone(),
                    seconds: READY.as_secs(),
                    log: first.log.display().to_string(),
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(waiting);
        self.console.done(format!(
            "{} roles ready after {:.1} s",
            nodes.len(),
            started.elapsed().as_secs_f64()
        ));
        let beats = ready(peers);
        self.book.change(|fleet| {
            fleet.ready = true;
            for beat in beats {
                let node = fleet.nodes.iter_mut().find(|node| node.node == beat.node.as_str());
                if let Some(node) = node {
                    node.addresses = beat.addresses;
                }
            }
        })?;
        Ok(())
    }

    fn is_alive(&self, node: &Planned) -> Result<(), UpError> {
        let deaths = self.book.deaths(&node.node);
        if deaths.count < DEATHS {
            return Ok(());
        }
        Err(UpError::Dies {
            node: node.node.clone(),
            last_line: deaths.last_line,
            log: node.log.display().to_string(),
        })
    }

    /// Says where players go, how to be one, and where logs are.
    fn greet(&self) {
        let fleet = self.book.fleet();
        let pokerctl = self.pokerctl();
        self.console.say("");
        for node in fleet.nodes.iter().filter(|node| !node.addresses.is_empty()) {
            self.console.say(format!("  {}  {}", node.node, node.addresses.join("  ")));
        }
        self.console.say(format!("  logs       {}", fleet.logs.display()));
        self.console.say(format!("  to play    {pokerctl} player create NAME --credit 50000"));
        self.console.say(format!("             {pokerctl} play --name NAME\n"));
    }
}

impl Start<'_> {
    /// How this program is called for this fleet.
    fn pokerctl(&self) -> String {
        let mut words = env::args().next().unwrap_or_else(|| "pokerctl".into());
        if self.context.data_dir != Path::new(DEFAULT_DATA_DIR) {
            words.push_str(&format!(" --data-dir {}", self.context.data_dir.display()));
        }
        words
    }
}

/// How the processes of a role log in to the database.
struct Login {
    role: Role,
    url: String,
    /// To be set in the database; none when the database is not the fleet's own.
    password: Option<String>,
}

/// Everybody who has reported ready and is not about to stop.
fn ready(peers: &Peers) -> Vec<Heartbeat> {
    Role::ALL
        .into_iter()
        .flat_map(|role| peers.alive(role))
        .filter(|beat| beat.ready && !beat.draining)
        .collect()
}

/// The roles' programs are beside this one.
fn programs() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.parent().map(PathBuf::from).unwrap_or_default()
}
