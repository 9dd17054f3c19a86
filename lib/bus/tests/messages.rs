//! Core messages against a real server: requests with repeats, gathering, work queue, gaps,
//! connecting.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use bus::{Bus, BusError, Job, Options, Patience, RequestError, WorkQueue, admin};
use common::Proxy;
use futures::{StreamExt, future::join_all};
use std::time::Duration;
use testkit::{GUARD, Stage};
use tokio::time::{Instant, sleep, timeout};
use wire::subject;

const PATIENCE: Patience = Patience { each: Duration::from_millis(300), total: Duration::from_secs(20) };

async fn ask(bus: &Bus, question: u32) -> Result<u32, RequestError> {
    bus.request(subject::CASHIER_SESSION.to_owned(), &question, PATIENCE).await
}

/// Answers with the number plus one; the first `silent` requests of a subject get no answer.
async fn serve(bus: Bus, mut silent: usize) {
    let mut requests = bus.serve(subject::CASHIER_SESSION.to_owned(), Some("cashier")).await.unwrap();
    bus.flush().await;
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            if silent > 0 {
                silent -= 1;
                continue;
            }
            let question: u32 = request.decode().unwrap();
            request.answer(&(question + 1)).await.unwrap();
        }
    });
}

#[tokio::test]
async fn a_request_is_repeated_until_it_is_answered() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("gateway").await.unwrap();
    let cashier = stage.bus("cashier").await.unwrap();
    // At first there is no responder; later one that does not answer twice.
    let late = async {
        sleep(Duration::from_millis(500)).await;
        serve(cashier.clone(), 2).await;
    };
    let (answer, ()) = tokio::join!(ask(&bus, 41), late);
    assert_eq!(answer.unwrap(), 42);
}

/// An owner is dead, and the requests of many players wait for the next owner: they must not take
/// up the machine.
#[tokio::test]
async fn without_responders_one_request_is_repeated_for_all() {
    const ASKERS: u32 = 500;
    let stage = Stage::open().await.unwrap();
    let proxy = Proxy::start(&stage).await;
    let bus = proxy.bus(&stage, "gateway").await;
    let before = proxy.sent();
    let askers = (0..ASKERS).map(|n| ask(&bus, n));
    let watched = async {
        sleep(Duration::from_millis(500)).await;
        let once = proxy.sent() - before;
        assert!(once > u64::from(ASKERS) * 20, "{once} bytes cannot be all requests");
        sleep(Duration::from_secs(2)).await;
        let repeats = proxy.sent() - before - once;
        serve(stage.bus("cashier").await.unwrap(), 0).await;
        (once, repeats)
    };
    let (answers, (once, repeats)) = tokio::join!(join_all(askers), watched);
    for (answer, n) in answers.into_iter().zip(0..) {
        assert_eq!(answer.unwrap(), n + 1);
    }
    assert!(repeats > 0, "no request was repeated");
    assert!(repeats < once / 2, "{once} bytes of requests, then {repeats} of repeats");
}

#[tokio::test]
async fn a_request_outlives_a_restart_of_the_server() {
    let mut stage = Stage::open().await.unwrap();
    let bus = stage.bus("gateway").await.unwrap();
    serve(stage.bus("cashier").await.unwrap(), 0).await;
    assert_eq!(ask(&bus, 1).await.unwrap(), 2);
    let mut gaps = bus.gaps();
    assert_eq!(*gaps.borrow_and_update(), 0);
    stage.nats.kill().await.unwrap();
    let restart = async {
        sleep(Duration::from_millis(500)).await;
        stage.nats.restart().await.unwrap();
    };
    let (answer, ()) = tokio::join!(ask(&bus, 2), restart);
    assert_eq!(answer.unwrap(), 3);
    timeout(GUARD, gaps.changed()).await.unwrap().unwrap();
    assert_eq!(*gaps.borrow(), 1);
}

#[tokio::test]
async fn an_answer_counts_however_late_it_comes() {
    let stage = Stage::open().await.unwrap();
    let (bus, cashier) = (stage.bus("gateway").await.unwrap(), stage.bus("cashier").await.unwrap());
    let mut requests = cashier.serve(subject::CASHIER_SESSION.to_owned(), Some("cashier")).await.unwrap();
    cashier.flush().await;
    // A responder so busy that each answer takes longer than the first pause, also when requests
    // are repeated.
    let slow = async {
        while let Some(request) = requests.next().await {
            tokio::spawn(async move {
                sleep(PATIENCE.each * 4).await;
                let _ = request.answer(&7_u32).await;
            });
        }
    };
    tokio::select! {
        answer = ask(&bus, 1) => assert_eq!(answer.unwrap(), 7),
        () = slow => panic!("the responder has ended"),
    }
}

/// The table answers with a message to all gateways; only the sender of the request takes it for
/// the answer.
#[tokio::test]
async fn an_answer_rides_on_a_feed_message() {
    let stage = Stage::open().await.unwrap();
    let (bus, other) = (stage.bus("gateway").await.unwrap(), stage.bus("gateway").await.unwrap());
    let (heard, commands) = (subject::TABLE_FEED.to_owned(), "command.table.0.gateway".to_owned());
    let mut feed = bus.subscribe(heard.clone()).await.unwrap();
    let mut also = other.subscribe(heard.clone()).await.unwrap();
    let worker = stage.bus("table-worker").await.unwrap();
    let mut requests = worker.serve(commands.clone(), None).await.unwrap();
    for each in [&bus, &other, &worker] {
        each.flush().await;
    }
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let told = (request.decode::<u32>().unwrap(), request.inbox().unwrap());
            worker.publish(heard.clone(), wire::codec::encode(&told).unwrap().into()).await.unwrap();
        }
    });
    let hear = async {
        loop {
            let message = feed.next().await.unwrap();
            let (question, inbox): (u32, String) = wire::codec::decode(&message.payload).unwrap();
            bus.answered(bus.question(&inbox).unwrap(), &(question + 1)).unwrap();
        }
    };
    let ask = async {
        for question in 0..100_u32 {
            let answer: u32 = bus.request(commands.clone(), &question, PATIENCE).await.unwrap();
            assert_eq!(answer, question + 1);
        }
    };
    tokio::select! {
        () = ask => {}
        () = hear => {}
        () = sleep(GUARD) => panic!("no answer"),
    }
    for _ in 0..100 {
        let message = timeout(GUARD, also.next()).await.unwrap().unwrap();
        let (_, inbox): (u32, String) = wire::codec::decode(&message.payload).unwrap();
        assert_eq!(other.question(&inbox), None);
    }
}

#[tokio::test]
async fn a_request_is_given_up_when_its_patience_is_over() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("gateway").await.unwrap();
    let patience = Patience { total: Duration::from_millis(400), ..PATIENCE };
    let started = Instant::now();
    let answer: Result<u32, _> = bus.request(subject::CASHIER_SESSION.to_owned(), &1_u32, patience).await;
    assert!(matches!(answer, Err(RequestError::TimedOut { .. })), "{answer:?}");
    assert!(started.elapsed() >= Duration::from_millis(350));
    serve(stage.bus("cashier").await.unwrap(), 0).await;
    let answer: Result<String, _> = bus.request(subject::CASHIER_SESSION.to_owned(), &1_u32, PATIENCE).await;
    assert!(matches!(answer, Err(RequestError::Codec { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_request_that_waits_in_the_queue_is_not_repeated() {
    const MANY: u32 = 12;
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("gateway").await.unwrap();
    let cashier = stage.bus("cashier").await.unwrap();
    let mut requests = cashier.serve(subject::CASHIER_SESSION.to_owned(), None).await.unwrap();
    cashier.flush().await;
    let answer_slowly = async {
        let mut heard = Vec::new();
        // Each answer takes less time than the patience, all together several times as long.
        while heard.len() < MANY as usize + 1 {
            let request = requests.next().await.unwrap();
            heard.push(request.decode::<u32>().unwrap());
            sleep(PATIENCE.each / 3).await;
            // One request is lost: a later one is answered, so it is repeated.
            if heard.len() != 2 {
                request.answer(heard.last().unwrap()).await.unwrap();
            }
        }
        heard
    };
    let all = futures::future::join_all((0..MANY).map(|n| {
        let bus = &bus;
        async move {
            sleep(PATIENCE.each / 5 * n).await;
            ask(bus, n).await.unwrap()
        }
    }));
    let (mut heard, answers) =
        timeout(GUARD, async { tokio::join!(answer_slowly, all) }).await.expect("all requests are answered");
    assert_eq!(answers, (0..MANY).collect::<Vec<_>>());
    let lost = heard.remove(1);
    heard.sort_unstable();
    assert_eq!(heard, answers, "a request that was not lost was repeated");
    assert_eq!(lost, 1);
}

#[tokio::test]
async fn one_request_gathers_many_answers() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("gateway").await.unwrap();
    let window = Duration::from_millis(500);
    let nobody: Vec<u32> = bus.gather(subject::QUERY_TABLES, &1_u32, 3, GUARD).await.unwrap();
    assert_eq!(nobody, [0_u32; 0]);
    for n in 0..3_u32 {
        let worker = stage.bus("table-worker").await.unwrap();
        let mut requests = worker.serve(subject::QUERY_TABLES.to_owned(), None).await.unwrap();
        worker.flush().await;
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                request.answer(&n).await.unwrap();
            }
        });
    }
    // The server may learn of the last subscription only after the first request.
    while bus.gather::<_, u32>(subject::QUERY_TABLES, &1_u32, 3, window).await.unwrap().len() < 3 {}
    let started = Instant::now();
    let mut answers: Vec<u32> = bus.gather(subject::QUERY_TABLES, &1_u32, 3, GUARD).await.unwrap();
    assert!(started.elapsed() < GUARD / 2, "it waits no longer than for the expected answers");
    answers.sort_unstable();
    assert_eq!(answers, [0, 1, 2]);
    let answers: Vec<u32> = bus.gather(subject::QUERY_TABLES, &1_u32, 9, window).await.unwrap();
    assert_eq!(answers.len(), 3);
}

#[tokio::test]
async fn a_feed_arrives_in_order() {
    let stage = Stage::open().await.unwrap();
    let (worker, gateway) = (stage.bus("table-worker").await.unwrap(), stage.bus("gateway").await.unwrap());
    let feed = subject::TABLE_FEED.to_owned();
    let mut heard = gateway.subscribe(feed.clone()).await.unwrap();
    // The server may learn of the subscription only after the first messages.
    while timeout(Duration::from_millis(50), heard.next()).await.is_err() {
        worker.publish(feed.clone(), "begin".into()).await.unwrap();
    }
    for n in 0..1_000_u32 {
        worker.publish(feed.clone(), n.to_be_bytes().to_vec().into()).await.unwrap();
    }
    let mut next = 0_u32;
    while next < 1_000 {
        let message = timeout(GUARD, heard.next()).await.unwrap().unwrap();
        assert_eq!(message.subject.as_str(), feed);
        if message.payload != "begin" {
            assert_eq!(message.payload[..], next.to_be_bytes());
            next += 1;
        }
    }
}

#[tokio::test]
async fn messages_that_are_not_taken_in_time_are_a_gap() {
    let stage = Stage::open().await.unwrap();
    let (worker, gateway) = (stage.bus("table-worker").await.unwrap(), stage.bus("gateway").await.unwrap());
    let feed = subject::TABLE_FEED.to_owned();
    let heard = gateway.subscribe(feed.clone()).await.unwrap();
    let mut gaps = gateway.gaps();
    let publish = async {
        loop {
            for _ in 0..10_000 {
                worker.publish(feed.clone(), "x".into()).await.unwrap();
            }
            worker.flush().await;
        }
    };
    tokio::select! {
        changed = timeout(GUARD, gaps.changed()) => changed.unwrap().unwrap(),
        () = publish => {}
    }
    drop(heard);
}

/// Returns all jobs of one request.
async fn take(queue: &WorkQueue, max: usize, wait: Duration) -> Vec<Job> {
    let mut taken = Vec::new();
    let mut jobs = queue.take(max, wait).await.unwrap();
    while let Some(job) = jobs.next().await.unwrap() {
        taken.push(job);
    }
    taken
}

#[tokio::test]
async fn a_job_goes_to_one_taker_and_when_dropped_to_another() {
    let stage = Stage::open().await.unwrap();
    let (first, second) = (stage.bus("bot-worker").await.unwrap(), stage.bus("bot-worker").await.unwrap());
    let queue = |bus: Bus| async move {
        WorkQueue::open(&bus, subject::BOT_ASKS_STREAM, subject::BOT_ASKS_CONSUMER).await.unwrap()
    };
    let (first, second) = (queue(first).await, queue(second).await);
    let started = Instant::now();
    assert!(take(&first, 10, Duration::from_millis(200)).await.is_empty());
    assert!(started.elapsed() >= Duration::from_millis(150));

    let table = stage.bus("table-worker").await.unwrap();
    for n in 0..10_u8 {
        table.publish(subject::BOT_ASK.to_owned(), vec![n].into()).await.unwrap();
    }
    table.flush().await;
    let mut taken = take(&first, 6, GUARD).await;
    let others = take(&second, 4, GUARD).await;
    // The first taker acknowledges five jobs, and dies over the sixth.
    let lost = taken.pop().unwrap();
    for job in taken.iter().chain(&others) {
        job.ack().await.unwrap();
    }
    let mut seen: Vec<u8> = taken.iter().chain(&others).map(|job| job.payload[0]).collect();
    drop((first, taken));
    let again = timeout(GUARD, take(&second, 1, Duration::from_secs(20))).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].payload, lost.payload);
    again[0].ack().await.unwrap();
    seen.push(again[0].payload[0]);
    seen.sort_unstable();
    assert_eq!(seen, (0..10).collect::<Vec<u8>>());
    // Acknowledged jobs cannot come again.
    timeout(GUARD, async {
        while second.unsettled().await.unwrap() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_waiting_worker_gets_a_job_without_delay() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("bot-worker").await.unwrap();
    let queue = WorkQueue::open(&bus, subject::BOT_ASKS_STREAM, subject::BOT_ASKS_CONSUMER).await.unwrap();
    let table = stage.bus("table-worker").await.unwrap();
    let ask = async {
        sleep(Duration::from_millis(300)).await;
        table.publish(subject::BOT_ASK.to_owned(), "x".into()).await.unwrap();
        Instant::now()
    };
    let take = async {
        let mut jobs = queue.take(10, Duration::from_secs(10)).await.unwrap();
        (jobs.next().await.unwrap(), Instant::now())
    };
    let ((job, taken), asked) = tokio::join!(take, ask);
    assert_eq!(job.unwrap().payload, "x");
    assert!(taken - asked < Duration::from_secs(2), "{:?}", taken - asked);
}

#[tokio::test]
async fn a_second_apply_makes_no_change() {
    let stage = Stage::open().await.unwrap();
    let bus = stage.bus("admin").await.unwrap();
    let dir = servers::find::nats_config().unwrap();
    let again = admin::apply(&bus, &dir).await.unwrap();
    assert_eq!(again.len(), 13);
    assert!(again.iter().all(|object| object.what == admin::Applied::Unchanged), "{again:?}");

    // A changed file changes the existing streams.
    let changed = tempfile::tempdir().unwrap();
    let file = changed.path().join("tables.json");
    let text = std::fs::read_to_string(dir.join("tables.json")).unwrap();
    std::fs::write(&file, text.replace("Journals of tables", "changed")).unwrap();
    let what: Vec<_> =
        admin::apply(&bus, changed.path()).await.unwrap().into_iter().map(|o| o.what).collect();
    assert_eq!(what, [admin::Applied::Updated; 8]);
    for bad in ["{", r#"{"streams": 0, "config": {}}"#, r#"{"streams": 65, "config": {}}"#] {
        std::fs::write(&file, bad).unwrap();
        let error = admin::apply(&bus, changed.path()).await.unwrap_err();
        assert!(error.to_string().contains("tables.json"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_server_give_different_errors() {
    let mut stage = Stage::open().await.unwrap();
    let wrong = Options { password: Some("wrong".into()), ..stage.options("gateway") };
    let started = Instant::now();
    let error = Bus::connect(wrong).await.err().unwrap();
    assert!(matches!(error, BusError::Unauthorized { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let bad = Options { urls: vec!["nats://:::".into()], ..stage.options("gateway") };
    assert!(matches!(Bus::connect(bad).await.err().unwrap(), BusError::BadUrl { .. }));

    let options = stage.options("gateway");
    stage.nats.stop().await.unwrap();
    // A server that comes up a little later is waited for.
    let late = async {
        sleep(Duration::from_secs(1)).await;
        stage.nats.restart().await.unwrap();
    };
    let (connected, ()) = tokio::join!(Bus::connect(options.clone()), late);
    connected.unwrap();
    stage.nats.stop().await.unwrap();
    let error = Bus::connect(options).await.err().unwrap();
    assert!(matches!(error, BusError::Unreachable { .. }), "{error}");
}
