//! Real servers are started, killed, restarted and orphaned.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Program, ServerError, Signal, postgres};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

fn quick() -> PostgresOptions {
    PostgresOptions { dir: None, port: None, durable: false }
}

async fn one_row(postgres: &Postgres, sql: &str) -> String {
    let connected = tokio_postgres::connect(&postgres.url(), tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn make_table(postgres: &Postgres) {
    let connected = tokio_postgres::connect(&postgres.url(), tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE TABLE kept AS SELECT 'here'::text AS x").await.unwrap();
}

async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

fn is_alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test]
async fn nats_starts_restarts_and_stops() {
    let mut nats = Nats::start(NatsOptions::default()).await.unwrap();
    let (port, first) = (nats.port(), nats.child().id().unwrap());
    assert!(listens(port).await);
    nats.kill().await.unwrap();
    assert!(!is_alive(first) && !listens(port).await);
    nats.restart().await.unwrap();
    assert!(listens(port).await);
    assert_eq!(nats.port(), port);
    let dir = nats.dir().to_owned();
    nats.stop().await.unwrap();
    assert!(!listens(port).await);
    drop(nats);
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let nats = Nats::start(NatsOptions::default()).await.unwrap();
    let again = NatsOptions { port: Some(nats.port()), ..NatsOptions::default() };
    let error = Nats::start(again).await.unwrap_err();
    assert!(matches!(error, ServerError::PortTaken { port, .. } if port == nats.port()), "{error}");
    let error = Postgres::start(PostgresOptions { port: Some(nats.port()), ..quick() }).await.unwrap_err();
    assert!(matches!(error, ServerError::PortTaken { .. }), "{error}");
}

#[tokio::test]
async fn a_broken_configuration_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("server.conf"), "include ./local.conf\nlisten: $NOWHERE\n").unwrap();
    let config = Some(folder.path().to_owned());
    let error = Nats::start(NatsOptions { config, ..NatsOptions::default() }).await.unwrap_err();
    assert!(error.to_string().contains("NOWHERE"), "{error}");
}

/// Needs a folder on a disk with less than 64 MB: `mount -t tmpfs -o size=10m tmpfs DIR`.
#[tokio::test]
#[ignore = "set SMALL_DISK to such a folder"]
async fn a_full_disk_is_named() {
    let Some(dir) = std::env::var_os("SMALL_DISK").map(PathBuf::from) else { return };
    let options = NatsOptions { dir: Some(dir.join("nats")), ..NatsOptions::default() };
    let error = Nats::start(options).await.unwrap_err();
    assert!(matches!(error, ServerError::DiskFull { .. }), "{error}");
    let options = PostgresOptions { dir: Some(dir.join("postgres")), ..quick() };
    let error = Postgres::start(options).await.unwrap_err();
    assert!(matches!(error, ServerError::DiskFull { .. }), "{error}");
}

#[tokio::test]
async fn passwords_stay_and_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let text = "include ./local.conf\nlisten: $NATS_ADDRESS\njetstream { store_dir: $NATS_STORE }\n\
        authorization { users: [ { user: table-worker, password: $TABLE_WORKER_PASSWORD } ] }\n";
    fs::write(folder.path().join("server.conf"), text).unwrap();
    let options = NatsOptions {
        dir: Some(folder.path().join("data")),
        port: None,
        config: Some(folder.path().to_owned()),
        monitored: false,
    };
    let nats = Nats::start(options.clone()).await.unwrap();
    let first = nats.password("table-worker").unwrap().to_owned();
    assert_eq!(fs::read_to_string(nats.password_file("table-worker")).unwrap(), first);
    for file in [nats.password_file("table-worker"), nats.dir().join("local.conf")] {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    drop(nats);
    let nats = Nats::start(options).await.unwrap();
    assert_eq!(nats.password("table-worker"), Some(first.as_str()));
    assert_eq!(nats.password("gateway"), None);
}

#[tokio::test]
async fn postgres_keeps_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let options = || PostgresOptions { dir: Some(folder.path().join("data")), ..quick() };
    let mut server = Postgres::start(options()).await.unwrap();
    assert!(one_row(&server, "SELECT version()").await.contains("PostgreSQL"));
    make_table(&server).await;
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(one_row(&server, "SELECT x FROM kept").await, "here");
    server.stop().await.unwrap();
    drop(server);
    let server = Postgres::start(options()).await.unwrap();
    assert_eq!(one_row(&server, "SELECT x FROM kept").await, "here");
    let wrong = server.url().replace("postgres://poker:", "postgres://poker:x");
    assert!(tokio_postgres::connect(&wrong, tokio_postgres::NoTls).await.is_err());
    drop(server);
    postgres::remove(&folder.path().join("data")).unwrap();
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn a_child_that_ignores_the_signal_is_killed() {
    let mut child = Program::new("/bin/sh")
        .args(["-c", "trap '' TERM; while :; do sleep 0.1; done"])
        .start()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let status = child.stop(Duration::from_millis(200)).await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::KILL.as_raw()));
    assert_eq!(child.id(), None);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let error = Program::new("/nowhere/at-all").start().await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/at-all"), "{error}");
}

#[tokio::test]
async fn a_program_inherits_only_the_variables_that_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let program = Program::new("/usr/bin/env").inherits(|name| name == "PATH").env("OWN", "1").log(&log);
    program.start().await.unwrap().ended().await.unwrap();
    let text = fs::read_to_string(&log).unwrap();
    let mut names: Vec<&str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["OWN", "PATH"]);
}

/// Runs one of the ignored tests below in a process of its own.
fn own_process(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

#[tokio::test]
async fn no_process_outlives_a_killed_parent() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("ids");
    let mut parent = own_process("parent_that_will_be_killed").env("NOTE", &note).spawn().unwrap();
    let started = Instant::now();
    while !note.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "the servers do not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ids: Vec<u32> =
        fs::read_to_string(&note).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert!(ids.len() == 3 && ids.iter().all(|&id| is_alive(id)));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let killed = Instant::now();
    while ids.iter().any(|&id| is_alive(id)) {
        assert!(killed.elapsed() < Duration::from_secs(20), "a child outlives its parent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "started by no_process_outlives_a_killed_parent"]
async fn parent_that_will_be_killed() {
    let Some(note) = std::env::var_os("NOTE") else { return };
    let folder = Path::new(&note).parent().unwrap().to_owned();
    let nats_options = NatsOptions { dir: Some(folder.join("nats")), ..NatsOptions::default() };
    let mut nats = Nats::start(nats_options).await.unwrap();
    let postgres_options = PostgresOptions { dir: Some(folder.join("postgres")), ..quick() };
    let mut postgres = Postgres::start(postgres_options).await.unwrap();
    // Started from a thread that ends at once: the child must live on nevertheless.
    let runtime = tokio::runtime::Handle::current();
    let start = move || runtime.block_on(Program::new("/bin/sleep").arg("1000").start());
    let child = std::thread::spawn(start).join().unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ids = [nats.child().id(), postgres.child().id(), child.id()];
    let text: String = ids.iter().map(|id| format!("{}\n", id.unwrap())).collect();
    fs::write(folder.join("new"), text).unwrap();
    fs::rename(folder.join("new"), &note).unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[test]
fn postgres_runs_from_and_in_private_folders() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let tree = servers::find::postgres_bin().unwrap().parent().unwrap().to_owned();
    let copied = Command::new("cp").arg("-r").arg(&tree).arg(folder.path().join("tree")).status();
    assert!(copied.unwrap().success());
    let status = own_process("postgres_in_a_private_folder")
        .env("PG_BIN_DIR", folder.path().join("tree/bin"))
        .env("FOLDER", folder.path())
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test]
#[ignore = "started by postgres_runs_from_and_in_private_folders"]
async fn postgres_in_a_private_folder() {
    let Some(folder) = std::env::var_os("FOLDER").map(PathBuf::from) else { return };
    let dir = folder.join("data");
    let options = || PostgresOptions { dir: Some(dir.clone()), ..quick() };
    let server = Postgres::start(options()).await.unwrap();
    make_table(&server).await;
    drop(server);
    let server = Postgres::start(options()).await.unwrap();
    assert_eq!(one_row(&server, "SELECT x FROM kept").await, "here");
    drop(server);
    let place = fs::read_to_string(dir.join("place")).map(PathBuf::from);
    postgres::remove(&dir).unwrap();
    if let Ok(place) = place {
        assert!(!place.exists());
        // A place that does not exist is an error, not a new database.
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("place"), place.display().to_string()).unwrap();
        let error = Postgres::start(options()).await.unwrap_err();
        assert!(matches!(error, ServerError::PlaceGone { .. }), "{error}");
    }
}
