//! Starts a fleet: servers, role processes, and the wait until all are ready. Between servers and
//! role processes, the caller applies streams, buckets and migrations.

use crate::{
    book::Book,
    fleet::FleetError,
    keep::Kind,
    plan::{Held, Plan, Planned, PortError},
    processes::{NoProgram, Processes, Surroundings},
};
use bus::{Bus, BusError, Peers};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, ServerError, secret};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use wire::fleet::{Heartbeat, Role};

/// Time limit for all processes to be ready.
const READY: Duration = Duration::from_secs(60);
/// Number of deaths of a process before it is ready after which the start fails.
const DEATHS: u32 = 3;
/// The roles that log in to the database, each as the user of its name.
const LOGINS: [Role; 2] = [Role::Cashier, Role::Archivist];

/// The reason why a fleet does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The fleet's folder cannot be used.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// A role's program is missing.
    #[error(transparent)]
    Program(#[from] NoProgram),
    /// A port is taken.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A server does not start, or a password cannot be stored.
    #[error(transparent)]
    Server(ServerError),
    /// Heartbeats cannot be received.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A role's process does not stay alive.
    #[error("{node} does not start: {last_line} (its log is {log})")]
    Dies {
        /// The process.
        node: String,
        /// The last line of its log.
        last_line: String,
        /// Path of its log.
        log: String,
    },
    /// A role's process is not ready in time.
    #[error("{node} is not ready after {seconds} s: see its log {log}")]
    NotReady {
        /// The process.
        node: String,
        /// The time limit, in seconds.
        seconds: u64,
        /// Path of its log.
        log: String,
    },
}

impl From<ServerError> for StartError {
    /// Converts a taken port into the error that names the fleet's options.
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::PortTaken { program, port } => {
                Self::Port(PortError::Taken { port, what: program.to_owned() })
            }
            other => Self::Server(other),
        }
    }
}

/// The parameters of a start.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The processes and their ports.
    pub plan: &'a Plan,
    /// The fleet's folder, with the servers' data and passwords.
    pub folder: &'a Path,
    /// The fleet's description.
    pub book: &'a Book,
}

/// The role processes of a start, with ports that are reserved until they run.
#[derive(Debug)]
pub struct Roles {
    nodes: Vec<Planned>,
    programs: PathBuf,
    held: Held,
}

/// The NATS server that a fleet uses.
#[derive(Clone, Debug)]
pub struct NatsServer {
    /// The server's address, or several, separated by commas.
    pub url: String,
    /// Folder of its users' passwords; none if the environment has one for all.
    pub passwords: Option<PathBuf>,
}

/// The database that a fleet uses.
#[derive(Clone, Debug)]
pub struct Database {
    /// Address, password included, by which the database's owner logs in.
    pub owner_url: String,
    /// The port, if the database is the fleet's own.
    pub port: Option<u16>,
    /// The logins of roles.
    pub logins: Vec<Login>,
}

/// The database login of a role.
#[derive(Clone, Debug)]
pub struct Login {
    /// The role.
    pub role: Role,
    /// The address, password included.
    pub url: String,
    /// The password, to be set in the database; none if the database is not the fleet's own.
    pub password: Option<String>,
}

impl Roles {
    /// Returns the number of processes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
}

impl Start<'_> {
    /// Chooses ports for the role processes, and checks that their programs are in the folder
    /// `programs`.
    ///
    /// # Errors
    /// When a port is taken or a program is missing.
    pub fn roles(&self, programs: PathBuf) -> Result<Roles, StartError> {
        Surroundings::check(&programs)?;
        let (nodes, held) = self.plan.nodes(&self.book.fleet().logs)?;
        self.book.change(|fleet| {
            fleet.nodes = nodes.iter().map(Planned::describe).collect();
            fleet.authority = self.plan.tls.as_ref().and_then(|tls| tls.authority.clone());
        })?;
        Ok(Roles { nodes, programs, held })
    }

    /// Records a given NATS server in the description.
    ///
    /// # Errors
    /// When the fleet's folder cannot be written.
    pub fn named_nats(&self, url: &str) -> Result<NatsServer, StartError> {
        self.note(NatsServer { url: url.to_owned(), passwords: None })
    }

    /// Starts nats-server with the configuration in a folder.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn nats(&self, processes: &mut Processes, config: PathBuf) -> Result<NatsServer, StartError> {
        let nats = Nats::start(NatsOptions {
            dir: Some(self.folder.join("nats")),
            port: self.plan.ports.nats(),
            config: Some(config),
            monitored: self.plan.nats_monitored,
        })
        .await?;
        let passwords = nats.password_file("admin").parent().map(PathBuf::from);
        let server = NatsServer { url: nats.url(), passwords };
        self.book.change(|fleet| fleet.nats_monitor_port = nats.monitor_port())?;
        processes.keep_server(Kind::Nats, nats);
        self.note(server)
    }

    fn note(&self, server: NatsServer) -> Result<NatsServer, StartError> {
        self.book.change(|fleet| {
            fleet.nats_url.clone_from(&server.url);
            fleet.credentials.clone_from(&server.passwords);
        })?;
        Ok(server)
    }

    /// Records a given database.
    ///
    /// # Errors
    /// When its address cannot be stored in the fleet's folder.
    pub fn named_database(&self, url: &str) -> Result<Database, StartError> {
        self.keep_url(url)?;
        let login = |role| Login { role, url: url.to_owned(), password: None };
        Ok(Database { owner_url: url.to_owned(), port: None, logins: LOGINS.map(login).into() })
    }

    /// Starts PostgreSQL.
    ///
    /// # Errors
    /// When the server does not start, or a password cannot be stored.
    pub async fn postgres(&self, processes: &mut Processes) -> Result<Database, StartError> {
        let postgres = Postgres::start(PostgresOptions {
            dir: Some(self.folder.join("postgres")),
            port: self.plan.ports.postgres(),
            durable: true,
        })
        .await?;
        let (port, owner_url) = (postgres.port(), postgres.url());
        let folder = self.keep_url(&owner_url)?;
        processes.keep_server(Kind::Postgres, postgres);
        let login = |role: Role| -> Result<Login, ServerError> {
            let (user, database) = (role.name(), servers::postgres::NAME);
            let password = secret::kept_password(&folder.join(format!("database-{user}")))?;
            let url = format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}");
            Ok(Login { role, url, password: Some(password) })
        };
        let logins = LOGINS.into_iter().map(login).collect::<Result<_, _>>()?;
        Ok(Database { owner_url, port: Some(port), logins })
    }

    /// Stores the address by which the database's owner logs in. Returns the folder of such
    /// secrets.
    fn keep_url(&self, url: &str) -> Result<PathBuf, ServerError> {
        let path = self.book.fleet().database_url_file;
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        secret::private_folder(&folder)?;
        secret::write_private(&path, &format!("{url}\n"))?;
        Ok(folder)
    }

    /// Starts the role processes and waits until each has reported ready; meanwhile calls `tell`
    /// with the names of the others.
    ///
    /// # Errors
    /// When one of them has died three times, or is not ready after a minute.
    pub async fn run(
        &self,
        roles: Roles,
        processes: &mut Processes,
        nats: NatsServer,
        database: Database,
        bus: &Bus,
        tell: impl Fn(&[&str]),
    ) -> Result<(), StartError> {
        let Roles { nodes, programs, held } = roles;
        let surroundings = Surroundings {
            programs,
            args: vec!["--nats-url".into(), nats.url],
            passwords: nats.passwords,
            database_urls: database.logins.into_iter().map(|login| (login.role, login.url)).collect(),
        };
        let peers = Peers::watch(bus).await?;
        drop(held);
        for node in &nodes {
            processes.keep_node(node, &surroundings);
        }
        self.wait(&peers, &nodes, tell).await?;
        let beats = ready(&peers);
        self.book.change(|fleet| {
            fleet.ready = true;
            for beat in beats {
                if let Some(node) = fleet.nodes.iter_mut().find(|node| node.node == beat.node.as_str()) {
                    node.addresses = beat.addresses;
                }
            }
        })?;
        Ok(())
    }

    async fn wait(&self, peers: &Peers, nodes: &[Planned], tell: impl Fn(&[&str])) -> Result<(), StartError> {
        let started = Instant::now();
        loop {
            let ready = ready(peers);
            let is_missing = |node: &&Planned| !ready.iter().any(|beat| beat.node.as_str() == node.node);
            let missing: Vec<&Planned> = nodes.iter().filter(is_missing).collect();
            let Some(first) = missing.first() else { return Ok(()) };
            let names: Vec<&str> = missing.iter().map(|node| node.node.as_str()).collect();
            tell(&names);
            for node in &missing {
                self.is_alive(node)?;
            }
            if started.elapsed() > READY {
                return Err(StartError::NotReady {
                    node: first.node.clone(),
                    seconds: READY.as_secs(),
                    log: first.log.display().to_string(),
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn is_alive(&self, node: &Planned) -> Result<(), StartError> {
        let deaths = self.book.deaths(&node.node);
        if deaths.count < DEATHS {
            return Ok(());
        }
        Err(StartError::Dies {
            node: node.node.clone(),
            last_line: deaths.last_line,
            log: node.log.display().to_string(),
        })
    }
}

/// Returns the heartbeats of the processes that are ready and not draining.
fn ready(peers: &Peers) -> Vec<Heartbeat> {
    let alive = Role::ALL.into_iter().flat_map(|role| peers.alive(role));
    alive.filter(|beat| beat.ready && !beat.draining).collect()
}
