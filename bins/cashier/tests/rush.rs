//! A flood of log-ins with invented names: the players' own sessions resume, their log-ins succeed,
//! and the cashier's memory stays bounded.
//!
//! `cargo test -p cashier --release --test rush -- --nocapture` prints a line of JSON with times
//! for each kind of flood.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use bus::{Bus, Patience};
use common::{fleet::Fleet, *};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use wire::{
    Refusal,
    cashier::{CashierReply, Session, SessionRequest},
    subject,
};

/// How long each flood lasts.
const FLOOD: Duration = Duration::from_secs(8);
/// Connections of the flood, each of which sends its next log-in when the last one is answered.
const CONNECTIONS: u32 = 100;
/// Players, so many that none of them opens more sessions than a player may have.
const PLAYERS: u32 = 20;
/// The largest memory of a cashier, in MiB: four hashes at a time, and the rest of the process.
const MOST_MIB: f64 = 100.0;
/// What a gateway waits before it repeats a request that was refused for now, at the longest.
const PAUSE: Duration = Duration::from_millis(320);

/// Sends a request as a gateway does: repeated when no answer comes, and after passing refusals.
async fn as_gateway(bus: &Bus, request: &SessionRequest) -> Option<CashierReply> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let patience = Patience { each: Duration::from_secs(4), total: left };
        let reply = bus.request(subject::CASHIER_SESSION.to_owned(), request, patience).await.ok()?;
        match &reply {
            CashierReply::Refused(refusal) if refusal.is_transient() && Instant::now() + PAUSE < until => {
                sleep(PAUSE).await;
            }
            _ => return Some(reply),
        }
    }
}

/// What became of the requests of one kind.
#[derive(Default)]
struct Tally {
    took: Vec<Duration>,
    failed: u32,
}

impl Tally {
    fn count(&mut self, took: Option<Duration>) {
        match took {
            Some(took) => self.took.push(took),
            None => self.failed += 1,
        }
    }

    /// Returns the time within which a share of the requests was answered, in milliseconds.
    fn ms(&mut self, share: f64) -> f64 {
        self.took.sort();
        let last = self.took.len().saturating_sub(1);
        self.took.get((last as f64 * share) as usize).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }

    fn within(&self, limit: Duration) -> f64 {
        let inside = self.took.iter().filter(|took| **took <= limit).count();
        inside as f64 / (self.took.len() + self.failed as usize) as f64
    }
}

/// Sends log-ins with invented names from some networks until `over`, and returns how many were
/// checked, and how many could not be.
async fn flood(bus: Bus, networks: u32, over: Arc<AtomicBool>) -> (u32, u32) {
    let (checked, refused) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let attackers = (0..CONNECTIONS).map(|number| {
        let (bus, over) = (bus.clone(), Arc::clone(&over));
        let (checked, refused) = (Arc::clone(&checked), Arc::clone(&refused));
        tokio::spawn(async move {
            let address = format!("198.51.{}.7", number % networks);
            for round in 0_u32.. {
                if over.load(Relaxed) {
                    return;
                }
                let name = format!("x{number}-{round}-{networks}");
                let request = log_in_from(&name, "wrong password", Some(&address), None);
                match as_gateway(&bus, &request).await {
                    Some(CashierReply::Refused(Refusal::BadCredentials)) => checked.fetch_add(1, Relaxed),
                    _ => refused.fetch_add(1, Relaxed),
                };
            }
        })
    });
    futures::future::join_all(attackers).await;
    (checked.load(Relaxed), refused.load(Relaxed))
}

fn peak_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// A kind of request of a player.
#[derive(Clone, Copy)]
enum Kind {
    Resume,
    KnownDevice,
    Newcomer,
}

/// Sends requests of players beside a flood, from networks of their own, and returns how long each
/// took; none for a request that did not succeed.
async fn play(bus: &Bus, sessions: &[Session]) -> Vec<(Kind, Option<Duration>)> {
    let mut requests = JoinSet::new();
    let mut send = |kind, request| {
        let bus = bus.clone();
        requests.spawn(async move {
            let began = Instant::now();
            let reply = as_gateway(&bus, &request).await;
            (kind, matches!(reply, Some(CashierReply::Session(_))).then(|| began.elapsed()))
        });
    };
    let began = Instant::now();
    let mut pace = interval(Duration::from_millis(100));
    for number in 0.. {
        pace.tick().await;
        if began.elapsed() >= FLOOD {
            break;
        }
        let session = &sessions[number % sessions.len()];
        send(Kind::Resume, SessionRequest::Resume { token: session.token.clone(), gateway: None });
        let address = format!("192.0.{}.7", number % 200);
        let device = session.device.as_deref().filter(|_| number % 2 == 0);
        let kind = if device.is_some() { Kind::KnownDevice } else { Kind::Newcomer };
        send(kind, log_in_from(&session.account.name, PASSWORD, Some(&address), device));
    }
    requests.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_log_ins_keeps_no_player_out_and_takes_no_memory() {
    let fleet = Fleet::start().await;
    let program = fleet.program("cashier-1").env("RUST_LOG", "info");
    let child = fleet.stage.start_ready(wire::fleet::Role::Cashier, "cashier-1", program).await.unwrap();
    let mut sessions = Vec::new();
    for number in 0..PLAYERS {
        fleet.rich(&format!("Player-{number}"), 100).await;
        let request = log_in_from(&format!("Player-{number}"), PASSWORD, Some("192.0.2.7"), None);
        let reply = fleet.ask(subject::CASHIER_SESSION, &request).await;
        let CashierReply::Session(session) = reply else { panic!("{reply:?}") };
        sessions.push(session);
    }
    for networks in [1, 20] {
        let over = Arc::new(AtomicBool::new(false));
        let flooding = tokio::spawn(flood(fleet.gateway.clone(), networks, Arc::clone(&over)));
        sleep(Duration::from_secs(1)).await;
        let played = timeout(GENEROUS * 2, play(&fleet.gateway, &sessions)).await.unwrap();
        over.store(true, Relaxed);
        let (checked, refused) = timeout(GENEROUS, flooding).await.unwrap().unwrap();
        let peak = peak_mib(child.id().unwrap());
        let (mut resumes, mut devices, mut newcomers) =
            (Tally::default(), Tally::default(), Tally::default());
        for (kind, took) in played {
            match kind {
                Kind::Resume => resumes.count(took),
                Kind::KnownDevice => devices.count(took),
                Kind::Newcomer => newcomers.count(took),
            }
        }
        println!(
            r#"{{"networks": {networks}, "checked": {checked}, "refused": {refused}, "peak_mib": {peak:.1}, "resumes": {}, "resume_p99_ms": {:.1}, "resumes_within_1s": {:.3}, "device_p99_ms": {:.1}, "newcomer_p99_ms": {:.1}, "log_ins_within_5s": {:.3}}}"#,
            resumes.took.len(),
            resumes.ms(0.99),
            resumes.within(Duration::from_secs(1)),
            devices.ms(0.99),
            newcomers.ms(0.99),
            newcomers.within(Duration::from_secs(5)).min(devices.within(Duration::from_secs(5))),
        );
        assert!(checked > 0, "the flood did not flow");
        for (kind, tally) in [("resumes", resumes), ("devices", devices), ("newcomers", newcomers)] {
            assert!(!tally.took.is_empty() && tally.failed == 0, "{kind}: {} failed", tally.failed);
        }
        assert!(peak < MOST_MIB, "{peak:.1} MiB");
    }
}
