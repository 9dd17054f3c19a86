//! Each role's NATS user has exactly the rights that the role needs, tested on a real server.
//!
//! Uses the client library itself, because the bus offers no calls that a role may not make.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use async_nats::{ConnectOptions, Event};
use bus::bucket;
use futures::StreamExt;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use testkit::{GUARD, Stage};
use tokio::time::timeout;
use wire::{
    pass::{PassKeys, PublicKey},
    subject::{CASHIER_SESSION, PASS_KEYS},
};

/// A subject, and the users that may publish or subscribe to it.
struct Right {
    subject: &'static str,
    may: &'static [&'static str],
}

const fn right(subject: &'static str, may: &'static [&'static str]) -> Right {
    Right { subject, may }
}

const USERS: [&str; 7] =
    ["gateway", "table-worker", "bot-worker", "coordinator", "cashier", "archivist", "admin"];

const PUBLISH: [Right; 69] = [
    right("journal.table.9.77", &["table-worker"]),
    right("moved.table.9.1", &["admin"]),
    right("journal.tournament.9.77", &["coordinator"]),
    right("command.table.9.gateway", &["gateway"]),
    right("command.table.9.bot-worker", &["bot-worker"]),
    right("command.table.9.coordinator", &["coordinator"]),
    right("command.table.9.admin", &["admin"]),
    right("command.table.9", &[]),
    right("command.tournament.9.gateway", &["gateway"]),
    right("command.tournament.9.table-worker", &["table-worker"]),
    right("command.tournament.9.admin", &["admin"]),
    right("command.tournament.9", &[]),
    right("feed.tables", &["table-worker"]),
    right("feed.player.77", &["table-worker", "coordinator"]),
    right("query.tables", &["gateway", "coordinator", "admin"]),
    right("query.tournaments", &["gateway", "admin"]),
    right("query.archive", &["admin"]),
    right("cashier.session", &["gateway"]),
    right("cashier.table", &["table-worker"]),
    right("cashier.tournament", &["coordinator"]),
    right("cashier.admin", &["admin"]),
    right("bots.ask", &["table-worker"]),
    right("notice", &["gateway", "cashier", "admin"]),
    right("drain.gateway.x", &["admin"]),
    right("heartbeat.gateway.x", &["gateway"]),
    right("heartbeat.table-worker.x", &["table-worker"]),
    right("heartbeat.bot-worker.x", &["bot-worker"]),
    right("heartbeat.coordinator.x", &["coordinator"]),
    right("heartbeat.cashier.x", &["cashier"]),
    right("heartbeat.archivist.x", &["archivist"]),
    right(
        "alive.gateway.7",
        &["gateway", "table-worker", "bot-worker", "coordinator", "cashier", "archivist"],
    ),
    right("owners.table.9", &[]),
    right("$KV.OWNERS.table.9", &["table-worker"]),
    right("$KV.OWNERS.tournament.9", &["coordinator"]),
    right("$KV.OWNERS.archive.9", &["archivist"]),
    right("$JS.API.STREAM.INFO.KV_OWNERS", &["table-worker", "coordinator", "archivist", "admin"]),
    right("$JS.API.DIRECT.GET.KV_OWNERS", &["table-worker", "coordinator", "archivist", "admin"]),
    right("$KV.PASSES.keys", &["cashier"]),
    right("$KV.PASSES.other", &[]),
    right("$JS.API.DIRECT.GET.KV_PASSES", &["table-worker", "coordinator", "archivist", "admin"]),
    right("$JS.API.STREAM.PURGE.KV_PASSES", &["admin"]),
    right("$JS.API.STREAM.INFO.TABLES_1", &["table-worker", "archivist", "admin"]),
    right("$JS.API.STREAM.INFO.TABLES_63", &["table-worker", "archivist", "admin"]),
    right("$JS.API.DIRECT.GET.TABLES_1", &["table-worker", "archivist", "admin"]),
    right("$JS.API.DIRECT.GET.TABLES_1.journal.table.9.77", &["admin"]),
    right("$JS.API.STREAM.MSG.GET.TABLES_1", &["admin"]),
    right("$JS.API.CONSUMER.CREATE.TABLES_1.x.journal.table.9.77", &["admin"]),
    right("$JS.API.STREAM.INFO.TOURNAMENTS", &["table-worker", "coordinator", "archivist", "admin"]),
    right("$JS.API.DIRECT.GET.TOURNAMENTS", &["coordinator", "archivist", "admin"]),
    right("$JS.API.DIRECT.GET.TABLES_63", &["table-worker", "archivist", "admin"]),
    right("$JS.API.STREAM.NAMES", &["table-worker", "archivist", "admin"]),
    right("$JS.API.STREAM.CREATE.MORE", &["admin"]),
    right("$JS.API.STREAM.PURGE.TABLES_1", &["archivist", "admin"]),
    right("$JS.API.STREAM.PURGE.BOT_ASKS", &["admin"]),
    right("$JS.API.STREAM.PURGE.TOURNAMENTS", &["archivist", "admin"]),
    right("$JS.API.STREAM.PURGE.KV_OWNERS", &["admin"]),
    right("$JS.API.STREAM.UPDATE.TABLES_1", &["admin"]),
    right("$JS.API.DIRECT.GET.BOT_ASKS", &["admin"]),
    right("$JS.API.CONSUMER.INFO.BOT_ASKS.bot-workers", &["bot-worker", "admin"]),
    right("$JS.API.CONSUMER.MSG.NEXT.BOT_ASKS.bot-workers", &["bot-worker", "admin"]),
    right("$JS.ACK.BOT_ASKS.bot-workers.1.1.1.1.1", &["bot-worker"]),
    right("_INBOX_gateway.x.y", &["table-worker"]),
    right("_INBOX_bot-worker.x.y", &["table-worker"]),
    right("_INBOX_coordinator.x.y", &["table-worker"]),
    right("_INBOX_admin.x.y", &["table-worker"]),
    right("_INBOX_cashier.x.y", &[]),
    right("_INBOX_archivist.x.y", &[]),
    right("_INBOX_table-worker.x.y", &[]),
    right("anything", &[]),
];

const SUBSCRIBE: [Right; 37] = [
    right("journal.table.9.77", &[]),
    right("journal.>", &[]),
    right("command.table.9.*", &["table-worker"]),
    right("command.tournament.9.*", &["coordinator"]),
    right("feed.tables", &["gateway"]),
    right("feed.player.77", &["gateway"]),
    right("query.tables", &["table-worker"]),
    right("query.tournaments", &["coordinator"]),
    right("query.archive", &["archivist"]),
    right("cashier.session", &["cashier"]),
    right("cashier.table", &["cashier"]),
    right("cashier.tournament", &["cashier"]),
    right("cashier.admin", &["cashier"]),
    right("bots.ask", &[]),
    right("notice", &["gateway"]),
    right("drain.gateway.x", &["gateway"]),
    right("drain.table-worker.x", &["table-worker"]),
    right("drain.bot-worker.x", &["bot-worker"]),
    right("drain.coordinator.x", &["coordinator"]),
    right("drain.cashier.x", &["cashier"]),
    right("drain.archivist.x", &["archivist"]),
    right("alive.gateway.7", &["gateway"]),
    right("alive.table-worker.7", &["table-worker"]),
    right("alive.archivist.7", &["archivist"]),
    right("heartbeat.>", &USERS),
    right("owners.table.*", &["table-worker"]),
    right("owners.tournament.*", &["coordinator"]),
    right("owners.archive.*", &["archivist"]),
    right("_INBOX_gateway.>", &["gateway"]),
    right("_INBOX_table-worker.>", &["table-worker"]),
    right("_INBOX_bot-worker.>", &["bot-worker"]),
    right("_INBOX_coordinator.>", &["coordinator"]),
    right("_INBOX_cashier.>", &["cashier"]),
    right("_INBOX_archivist.>", &["archivist"]),
    right("_INBOX_admin.>", &["admin"]),
    right("$JS.>", &[]),
    right(">", &[]),
];

/// Number of the next fence; each check has its own.
static FENCES: AtomicUsize = AtomicUsize::new(0);

/// Connects as a user; returns the server's complaints as well.
async fn connect(stage: &Stage, user: &str) -> (async_nats::Client, Arc<Mutex<Vec<String>>>) {
    let complaints = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&complaints);
    let client = ConnectOptions::new()
        .user_and_password(user.to_owned(), stage.nats.password(user).unwrap().to_owned())
        .custom_inbox_prefix(format!("_INBOX_{user}"))
        .event_callback(move |event| {
            let shared = Arc::clone(&shared);
            async move {
                if let Event::ServerError(error) = event {
                    shared.lock().unwrap().push(error.to_string().to_lowercase());
                }
            }
        })
        .connect(stage.nats.url())
        .await
        .unwrap();
    (client, complaints)
}

/// Returns whether the server has let a message or subscription pass. The server complains in
/// order: after its complaint about the fence, which no user may publish to, no earlier complaint
/// is on its way.
async fn passes(client: &async_nats::Client, complaints: &Mutex<Vec<String>>, subject: &str) -> bool {
    let has = |subject: &str| {
        let quoted = format!("\"{}\"", subject.to_lowercase());
        complaints.lock().unwrap().iter().any(|complaint| complaint.contains(&quoted))
    };
    let fence = format!("fence.{}", FENCES.fetch_add(1, Ordering::Relaxed));
    client.publish(fence.clone(), "".into()).await.unwrap();
    common::until("the server complains of the fence", || has(&fence)).await;
    !has(subject)
}

#[tokio::test]
async fn each_role_has_exactly_the_rights_that_it_needs() {
    let stage = Stage::open().await.unwrap();
    let mut wrong = Vec::new();
    for user in USERS {
        let (client, complaints) = connect(&stage, user).await;
        for Right { subject, may } in &PUBLISH {
            complaints.lock().unwrap().clear();
            client.publish(*subject, "{}".into()).await.unwrap();
            if passes(&client, &complaints, subject).await != may.contains(&user) {
                wrong.push(format!("{user} publishes {subject}"));
            }
        }
        for Right { subject, may } in &SUBSCRIBE {
            complaints.lock().unwrap().clear();
            let subscription = client.subscribe(*subject).await.unwrap();
            if passes(&client, &complaints, subject).await != may.contains(&user) {
                wrong.push(format!("{user} subscribes to {subject}"));
            }
            drop(subscription);
        }
    }
    assert!(wrong.is_empty(), "the rights are not as they should be: {wrong:#?}");
}

#[tokio::test]
async fn a_request_may_be_answered_though_the_inbox_is_foreign() {
    let stage = Stage::open().await.unwrap();
    let (gateway, _) = connect(&stage, "gateway").await;
    for (server, subject) in [
        ("table-worker", "command.table.9.gateway"),
        ("coordinator", "command.tournament.9.gateway"),
        ("cashier", "cashier.session"),
    ] {
        let (client, complaints) = connect(&stage, server).await;
        let mut questions = client.subscribe(subject).await.unwrap();
        assert!(passes(&client, &complaints, subject).await);
        let answer = async {
            let question = timeout(GUARD, questions.next()).await.unwrap().unwrap();
            let reply = question.reply.unwrap();
            client.publish(reply.clone(), "yes".into()).await.unwrap();
            // The server allows one answer only.
            client.publish(reply.clone(), "again".into()).await.unwrap();
            reply
        };
        let (answered, reply) = tokio::join!(gateway.request(subject, "?".into()), answer);
        assert_eq!(answered.unwrap().payload, "yes");
        // A table worker may answer at any time, not only once for each request:
        // docs/decisions/0027-how-events-reach-players.md.
        let again = passes(&client, &complaints, &reply).await;
        assert_eq!(again, server == "table-worker", "whether {server} answers twice");
    }
}

#[tokio::test]
async fn connecting_without_a_password_is_refused() {
    let stage = Stage::open().await.unwrap();
    assert!(async_nats::connect(stage.nats.url()).await.is_err());
    for user in USERS {
        let options = ConnectOptions::new().user_and_password(user.to_owned(), String::new());
        assert!(options.connect(stage.nats.url()).await.is_err(), "{user}");
    }
}

#[tokio::test]
async fn an_answer_goes_to_an_inbox_only_and_into_no_bucket() {
    let stage = Stage::open().await.unwrap();
    let cashier = stage.bus("cashier").await.unwrap();
    let mut requests = cashier.serve(CASHIER_SESSION.to_owned(), Some("cashier")).await.unwrap();
    cashier.flush().await;
    let (gateway, _) = connect(&stage, "gateway").await;
    // The cashier may write that key, and the gateway may not.
    gateway.publish_with_reply(CASHIER_SESSION, PASS_KEYS, "x".into()).await.unwrap();
    gateway.flush().await.unwrap();
    let request = timeout(GUARD, requests.next()).await.unwrap().unwrap();
    request.answer(&PassKeys { keys: Vec::new() }).await.unwrap();
    cashier.flush().await;
    let worker = stage.bus("table-worker").await.unwrap();
    let keys: Option<PassKeys> = bucket::read(&worker, "PASSES", PASS_KEYS).await.unwrap();
    assert!(keys.is_none(), "the answer is the cashiers' key now");
}

#[tokio::test]
async fn an_answer_of_the_server_into_a_bucket_counts_as_no_value() {
    let stage = Stage::open().await.unwrap();
    let (coordinator, _) = connect(&stage, "coordinator").await;
    let planted = wire::codec::encode(&PassKeys { keys: vec![PublicKey([7; 32])] }).unwrap();
    let own = "$KV.OWNERS.tournament.0";
    coordinator.request(own, planted.into()).await.unwrap();
    let read = format!(r#"{{"last_by_subj":"{own}"}}"#);
    coordinator.publish_with_reply("$JS.API.DIRECT.GET.KV_OWNERS", PASS_KEYS, read.into()).await.unwrap();
    coordinator.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let worker = stage.bus("table-worker").await.unwrap();
    let keys = bucket::read::<PassKeys>(&worker, "PASSES", PASS_KEYS).await;
    println!("{keys:?}");
    assert!(!matches!(keys, Ok(Some(_))), "a coordinator has made itself a key: {keys:?}");
}
