//! Tests of `pokerctl up`: killed, interrupted, started again, and blocked by other programs.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use servers::{Child, Program, Signal};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{process::Command, time::sleep};

/// Guard against hangs: a fleet starts or stops much sooner.
const LIMIT: Duration = Duration::from_secs(90);

/// Returns a folder for a fleet that PostgreSQL can reach, also if the tests run as root and
/// PostgreSQL does not.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new().prefix("poker-up-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
    folder
}

fn pokerctl() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_pokerctl"));
    let role = program.with_file_name("gateway");
    assert!(role.exists(), "{} is missing: run `cargo build --workspace --bins`", role.display());
    program
}

/// Returns the smallest fleet, without a demo, on free ports.
fn small_fleet(data: &Path) -> Program {
    Program::new(pokerctl())
        .args(["up", "--no-demo", "--port-base", "0", "--gateways", "1", "--table-workers", "1"])
        .args(["--bot-workers", "1", "--coordinators", "1", "--data-dir"])
        .arg(data)
        .log(data.with_extension("log"))
}

async fn run(data: &Path, args: &[&str]) -> Output {
    Command::new(pokerctl()).args(args).arg("--data-dir").arg(data).output().await.unwrap()
}

fn described(data: &Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(data.join("fleet.json")).ok()?).ok()
}

async fn until<T>(condition: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "not within {LIMIT:?}: {condition}");
        sleep(Duration::from_millis(30)).await;
    }
}

/// Starts a fleet and waits until it is ready.
async fn up(data: &Path) -> (Child, Value) {
    up_with(data, &[]).await
}

async fn up_with(data: &Path, args: &[&str]) -> (Child, Value) {
    let up = small_fleet(data).args(args).start().await.unwrap();
    // A killed fleet leaves its description behind.
    let ready = |fleet: &Value| fleet["pid"].as_u64() == up.id().map(u64::from) && fleet["ready"] == true;
    let fleet = until("the fleet is ready", || described(data).filter(ready)).await;
    (up, fleet)
}

/// Returns the process ids of a fleet's processes.
fn processes(fleet: &Value) -> Vec<u64> {
    let nodes = fleet["nodes"].as_array().unwrap().iter().map(|node| &node["pid"]);
    let all: Vec<u64> =
        nodes.chain([&fleet["nats_pid"], &fleet["postgres_pid"]]).filter_map(Value::as_u64).collect();
    assert_eq!(all.len(), 8, "{fleet}");
    all
}

/// Returns whether a process runs; a zombie does not.
fn runs(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).is_some_and(|state| state != 'Z')
}

async fn all_gone(processes: &[u64]) {
    until("all processes are gone", || processes.iter().all(|&pid| !runs(pid)).then_some(())).await;
}

#[tokio::test]
async fn a_killed_up_leaves_no_process_and_the_next_up_continues() {
    let folder = folder();
    let data = folder.path().join("data");
    let (mut first, fleet) = up(&data).await;
    let made = run(&data, &["player", "create", "ada", "--credit", "500"]).await;
    assert!(made.status.success(), "{made:?}");
    first.kill().await.unwrap();
    all_gone(&processes(&fleet)).await;

    let left = run(&data, &["nodes"]).await;
    let text = String::from_utf8_lossy(&left.stderr);
    assert!(left.status.code() == Some(1) && text.contains("no fleet runs on"), "{left:?}");

    let (mut second, fleet) = up(&data).await;
    let shown = run(&data, &["--json", "player", "show", "ada"]).await;
    assert!(String::from_utf8_lossy(&shown.stdout).contains("500"), "{shown:?}");
    second.signal(Signal::INT);
    assert!(second.ended().await.unwrap().success());
    assert!(processes(&fleet).iter().all(|&pid| !runs(pid)), "they stop before it does");
    assert!(described(&data).is_none());
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    let stopped: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("✓ stopped ")).collect();
    let order = [
        "gateways",
        "table workers and bot workers",
        "coordinators",
        "archivist",
        "cashier",
        "PostgreSQL",
        "nats-server",
    ];
    assert_eq!(stopped, order);
}

#[tokio::test]
async fn beyond_loopback_players_connect_with_tls_unless_told_otherwise() {
    let folder = folder();
    let data = folder.path().join("data");
    let nameless = run(&data, &["up", "--no-demo", "--port-base", "0", "--listen", "0.0.0.0"]).await;
    let text = String::from_utf8_lossy(&nameless.stderr);
    assert!(nameless.status.code() == Some(1) && text.contains("--host"), "{text}");
    let everywhere = ["--listen", "0.0.0.0", "--host", "localhost"];
    let (mut secure, fleet) = up_with(&data, &everywhere).await;
    let address = fleet["nodes"].as_array().unwrap().iter().find_map(|node| node["addresses"][0].as_str());
    let address = address.unwrap();
    assert!(address.starts_with("tcps://localhost:"), "{fleet}");
    let played = run(&data, &["play", "--visitor"]).await;
    assert!(played.status.success(), "{played:?}");
    let plain = address.replace("tcps", "tcp");
    let refused = run(&data, &["play", "--visitor", "--connect", &plain]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let unknown = run(&data, &["play", "--visitor", "--connect", address]).await;
    let text = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(1) && text.contains("certificate"), "{text}");
    let authority = data.join("tls/authority.pem");
    let given = ["play", "--visitor", "--connect", address, "--ca", authority.to_str().unwrap()];
    let known = run(&data, &given).await;
    assert!(known.status.success(), "{known:?}");
    secure.signal(Signal::INT);
    assert!(secure.ended().await.unwrap().success());

    let (mut plain, fleet) = up_with(&data, &[&everywhere[..], &["--insecure"]].concat()).await;
    assert!(fleet.to_string().contains("tcp://localhost:"), "{fleet}");
    plain.signal(Signal::INT);
    assert!(plain.ended().await.unwrap().success());
}

#[tokio::test]
async fn a_second_up_on_the_same_folder_names_the_first_one() {
    let folder = folder();
    let data = folder.path().join("data");
    let (mut first, fleet) = up(&data).await;
    let second = run(&data, &["up", "--no-demo", "--port-base", "0"]).await;
    let text = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(&format!("process id {}", first.id().unwrap())), "{text}");
    assert!(processes(&fleet).iter().all(|&pid| runs(pid)), "the first one is not disturbed");
    first.signal(Signal::TERM);
    assert!(first.ended().await.unwrap().success());
}

#[tokio::test]
async fn a_killed_process_is_started_again_at_the_same_address() {
    let folder = folder();
    let data = folder.path().join("data");
    let (mut up, before) = up(&data).await;
    let old = processes(&before);
    for &pid in &old {
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    let again = until("all processes run again", || {
        let fleet = described(&data)?;
        let new = processes(&fleet);
        new.iter().all(|pid| runs(*pid) && !old.contains(pid)).then_some(fleet)
    })
    .await;
    assert_eq!(again["nats_url"], before["nats_url"]);
    let addresses = |fleet: &Value| -> Vec<Value> {
        fleet["nodes"].as_array().unwrap().iter().map(|node| node["addresses"].clone()).collect()
    };
    assert_eq!(addresses(&again), addresses(&before));
    // The answer shows that it works: the cashier needs NATS and PostgreSQL for it.
    let made = run(&data, &["player", "create", "ida", "--credit", "500"]).await;
    assert!(made.status.success(), "{made:?}");
    up.signal(Signal::TERM);
    assert!(up.ended().await.unwrap().success());
}

#[tokio::test]
async fn the_shuffle_of_a_played_hand_is_verified() {
    let folder = folder();
    let data = folder.path().join("data");
    let (mut up, _) = up(&data).await;
    let quick = ["--hand-pause-ms", "0", "--bot-pace-ms", "0"];
    let made = run(&data, &[&["--json", "table", "create", "x", "--bots", "3"], &quick[..]].concat()).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let table =
        made["table"].as_u64().map_or_else(|| made["table"].as_str().unwrap().to_owned(), |n| n.to_string());
    let began = Instant::now();
    let verdict = loop {
        let verified = run(&data, &["--json", "hand", "verify", &format!("{table}.1")]).await;
        if verified.status.success() {
            break verified;
        }
        let text = String::from_utf8_lossy(&verified.stderr);
        assert!(text.contains("no finished hand 1") && began.elapsed() < LIMIT, "{verified:?}");
        sleep(Duration::from_millis(100)).await;
    };
    let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert!(verdict["commitment_holds"] == true && verdict["deal_holds"] == true, "{verdict}");
    a_running_hand_is_shown_for_a_reason_alone(&data).await;
    up.signal(Signal::TERM);
    assert!(up.ended().await.unwrap().success());
}

async fn a_running_hand_is_shown_for_a_reason_alone(data: &Path) {
    let slow = ["--bots", "3", "--hand-pause-ms", "0", "--action-ms", "60000", "--bot-pace-ms", "30000"];
    let made = run(data, &[&["--json", "table", "create", "slow"], &slow[..]].concat()).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let table =
        made["table"].as_u64().map_or_else(|| made["table"].as_str().unwrap().to_owned(), |n| n.to_string());
    let began = Instant::now();
    loop {
        let log = run(data, &["--json", "table", "log", &table]).await;
        assert!(!String::from_utf8_lossy(&log.stdout).contains("HandStarted"), "{log:?}");
        if String::from_utf8_lossy(&log.stderr).contains("hand 1 is running") {
            break;
        }
        assert!(began.elapsed() < LIMIT, "no hand begins: {log:?}");
        sleep(Duration::from_millis(100)).await;
    }
    let unexplained = run(data, &["--json", "table", "log", &table, "--break-glass", " "]).await;
    assert!(unexplained.status.code() == Some(1) && unexplained.stdout.is_empty(), "{unexplained:?}");
    let explained = run(data, &["--json", "table", "log", &table, "--break-glass", "a test"]).await;
    assert!(explained.status.success(), "{explained:?}");
    assert!(String::from_utf8_lossy(&explained.stdout).contains("HandStarted"), "{explained:?}");
}

#[tokio::test]
async fn an_obstacle_to_the_start_is_reported_in_one_sentence() {
    let folder = folder();
    let data = folder.path().join("data");
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    for (args, part) in [
        (["--port-base", "0", "--nats-port", &port], format!("port {port} for nats-server is taken")),
        (["--port-base", "0", "--tcp-port-base", &port], format!("port {port} for gateway-1 is taken")),
        (["--port-base", "0", "--home", "/nowhere"], "nats/ and schemas/sql".to_owned()),
    ] {
        let failed = run(&data, &[&["up", "--no-demo"], &args[..]].concat()).await;
        let text = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(1), "{text}");
        assert!(text.lines().count() == 1 && text.contains(&part), "{text}");
    }
    let missing = Command::new(pokerctl())
        .args(["up", "--port-base", "0", "--data-dir"])
        .arg(&data)
        .env("NATS_SERVER_BIN", "/nowhere/nats-server")
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&missing.stderr);
    assert!(text.contains("make fetch") && text.contains("NATS_SERVER_BIN"), "{text}");
}
