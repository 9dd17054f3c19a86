//! The allowed dependencies between crates. All others are forbidden.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// The crates of the workspace that each crate may use, tests apart.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("host", &["wire"]),
    ("poker", &["wire", "host"]),
    ("tournament", &["wire", "host"]),
    ("audit", &["wire", "poker", "tournament"]),
    ("bus", &["wire"]),
    ("client", &["wire", "framing", "poker", "tls"]),
    ("database", &["tls"]),
    ("framing", &[]),
    ("hosting", &["wire", "bus", "host"]),
    ("passes", &["wire", "bus"]),
    ("servers", &[]),
    ("tls", &[]),
    ("supervisor", &["wire", "bus", "servers"]),
    ("history", &["wire", "bus", "poker"]),
    (
        "testkit",
        &["wire", "bus", "client", "database", "history", "poker", "servers", "supervisor", "tournament"],
    ),
    ("gateway", &["wire", "bus", "framing", "tls"]),
    ("table-worker", &["wire", "bus", "host", "hosting", "passes", "poker"]),
    ("bot-worker", &["wire", "bus", "poker"]),
    ("coordinator", &["wire", "bus", "host", "hosting", "passes", "tournament"]),
    ("cashier", &["wire", "bus", "database", "passes"]),
    ("archivist", &["wire", "audit", "bus", "database", "poker", "tournament"]),
    ("pokerctl", &["wire", "audit", "bus", "database", "history", "poker", "client", "supervisor", "tls"]),
    ("swarm", &["wire", "bus", "client", "framing", "poker", "servers", "supervisor"]),
    ("fleet-tests", &["wire"]),
    ("simulator", &["wire", "audit", "client", "host", "poker", "testkit", "tournament"]),
    ("soak", &["wire", "bus", "client", "history", "poker", "servers", "testkit"]),
];

/// Libraries that only these crates may use, because to hide them is the crates' purpose.
const KEPT_APART: &[(&str, &[&str])] = &[
    ("async-nats", &["bus"]),
    ("tokio-postgres", &["pokerctl", "soak"]),
    ("deadpool-postgres", &["database"]),
    ("axum", &["gateway"]),
    ("rustls", &["tls"]),
    ("tokio-rustls", &["tls"]),
    ("rustls-native-certs", &["tls"]),
    ("rcgen", &["tls"]),
    ("tokio-postgres-rustls", &["database"]),
    ("argon2", &["cashier"]),
    ("ed25519-dalek", &["passes"]),
];

/// Pure crates use no tokio, no NATS, no clock, no entropy, no logging.
const PURE: &[&str] = &["wire", "host", "poker", "tournament", "audit"];
const IMPURE: &[&str] =
    &["tokio", "async-nats", "futures", "tracing", "getrandom", "rand", "time", "chrono", "log", "rustix"];

type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Returns the normal and build dependencies of every crate of the workspace.
#[allow(clippy::unwrap_used)] // only tests call it
fn dependencies() -> Dependencies {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let of = |package: &cargo_metadata::Package| {
        let used = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
        used.map(|d| d.name.to_string()).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), of(package))).collect()
}

/// Returns descriptions of all forbidden dependencies.
fn offences(dependencies: &Dependencies) -> Vec<String> {
    let mut offences = Vec::new();
    let ours: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    for (name, used) in dependencies {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            offences.push(format!(
                "{name} is not listed: add it to ALLOWED with the crates that it may depend on"
            ));
            continue;
        };
        for other in used {
            let other = other.as_str();
            if ours.contains(other) && !allowed.contains(&other) {
                offences.push(format!("{name} may not depend on {other}"));
            }
            if KEPT_APART.iter().any(|(library, users)| *library == other && !users.contains(&name.as_str()))
            {
                offences.push(format!("{name} may not use {other}"));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&other) {
                offences.push(format!("{name} is pure and may not depend on {other}"));
            }
        }
    }
    offences
}

#[test]
fn crates_have_only_allowed_dependencies() {
    assert_eq!(offences(&dependencies()), Vec::<String>::new());
}

#[test]
fn forbidden_dependencies_are_noticed() {
    let planted = [
        ("gateway", "poker"),
        ("gateway", "table-worker"),
        ("coordinator", "async-nats"),
        ("poker", "tokio"),
        ("newcomer", "wire"),
        ("bot-worker", "tokio-postgres"),
        ("wire", "bus"),
    ];
    for (name, other) in planted {
        let mut dependencies = dependencies();
        dependencies.entry(name.to_owned()).or_default().insert(other.to_owned());
        assert_eq!(offences(&dependencies).len(), 1, "{name} using {other} is not noticed");
    }
}
